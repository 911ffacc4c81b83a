"""A search that was stopped, killed or short of memory goes on as if nothing had happened, or says why not."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from quorate.checker.model import Limits, Options, Progress
from quorate.checker.native import check
from quorate.checker.native.checkpoint import CheckpointRefused
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang import ir
from quorate.spec.lang.reader import read

WHOLE = (296_448, 2_744_706, 23)


def specification(managers: int = 7) -> ir.Specification:
    return read(TwoPhaseCommit, {"managers": managers}, [])


@pytest.fixture
def stopped(tmp_path: Path) -> Callable[[int], Path]:
    """Searches until the time limit, again and again, until there is a checkpoint in the middle."""

    def make(workers: int) -> Path:
        path = tmp_path / "search"
        options = Options(symmetry=False, checkpoint=path, workers=workers, limits=Limits(seconds=0.0))
        found = check(specification(), options)
        assert (found.verdict, found.reason) == ("undecided", "seconds")
        assert 0 < found.distinct < WHOLE[0]
        return path

    return make


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stopped_search_goes_on_to_the_same_counts(stopped: Callable[[int], Path], workers: int) -> None:
    options = Options(symmetry=False, checkpoint=stopped(workers), resume=True, workers=3 - workers)
    found = check(specification(), options)
    assert (found.verdict, found.distinct, found.generated, found.depth) == ("holds", *WHOLE)
    assert found.witnesses["all_commit"] is not None


def test_another_run_and_a_damaged_file_are_refused(stopped: Callable[[int], Path]) -> None:
    path = stopped(1)
    options = Options(symmetry=False, checkpoint=path, resume=True)
    with pytest.raises(CheckpointRefused, match=r"constants was \{'managers': 7\}, now \{'managers': 6\}"):
        check(specification(6), options)
    with pytest.raises(CheckpointRefused, match="deadlock was True, now False"):
        check(specification(), replace(options, deadlock=False))
    data = bytearray(path.read_bytes())
    data[-200] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointRefused, match="damaged"):
        check(specification(), options)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointRefused, match="damaged"):
        check(specification(), options)
    path.write_bytes(b"something else")
    with pytest.raises(CheckpointRefused, match="not a checkpoint"):
        check(specification(), options)


@pytest.mark.parametrize("place", ["/dev/full/search", "/nowhere/search"])
def test_a_checkpoint_that_cannot_be_written_says_why_and_stops_nothing(place: str) -> None:
    options = Options(symmetry=False, checkpoint=Path(place), checkpoint_seconds=0.0)
    found = check(specification(), options)
    assert (found.verdict, found.distinct, found.generated, found.depth) == ("holds", *WHOLE)
    assert str(found.bounds["checkpoint"]).startswith(f"not written to {place}: No")


def test_a_killed_search_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "search"
    program = (
        "from pathlib import Path\n"
        "from quorate.checker.model import Options\n"
        "from quorate.checker.native import check\n"
        "from quorate.spec.classics.two_phase_commit import TwoPhaseCommit\n"
        "from quorate.spec.lang.reader import read\n"
        f"options = Options(symmetry=False, checkpoint=Path({str(path)!r}), checkpoint_seconds=0.0)\n"
        "check(read(TwoPhaseCommit, {'managers': 8}, []), options)\n"
    )
    running = subprocess.Popen([sys.executable, "-c", program], env=os.environ.copy())
    deadline = time.monotonic() + 60
    while not path.exists() and time.monotonic() < deadline:
        assert running.poll() is None, "the search has ended before it was killed"
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    found = check(specification(8), Options(symmetry=False, checkpoint=path, resume=True, workers=2))
    assert (found.verdict, found.distinct, found.generated, found.depth) == ("holds", 1_745_408, 18_507_778, 26)


def test_a_small_memory_sends_the_frontier_to_disk_and_changes_no_count() -> None:
    options = Options(symmetry=False, limits=Limits(memory=7_000_000))
    found = check(specification(), options)
    assert (found.verdict, found.distinct, found.generated, found.depth) == ("holds", *WHOLE)


def test_too_small_a_memory_ends_the_search_undecided() -> None:
    found = check(specification(), Options(symmetry=False, limits=Limits(memory=3_000_000)))
    assert (found.verdict, found.reason, found.complete) == ("undecided", "memory", False)


def test_an_interrupt_gives_what_is_known_so_far() -> None:
    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    found = check(specification(9), Options(symmetry=False, progress=interrupt))
    assert (found.verdict, found.reason) == ("undecided", "interrupted")
    assert found.distinct > 1


def test_ctrl_c_is_heeded_while_c_is_searching(tmp_path: Path) -> None:
    """A real signal to a process that waits for the search: it is answered at once, with what is known so far."""
    program = (
        "import os, signal, threading\n"
        "from quorate.checker.engines import check\n"
        "from quorate.checker.model import Options\n"
        "from quorate.spec.classics.two_phase_commit import TwoPhaseCommit\n"
        "from quorate.spec.lang.reader import read\n"
        "def interrupt(_):\n"
        "    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "options = Options(symmetry=False, progress=interrupt, workers=2)\n"
        "found = check(read(TwoPhaseCommit, {'managers': 12}, []), options, 'native')\n"
        "print(found.engine, found.verdict, found.reason, found.distinct > 1000)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert run.stdout == "native undecided interrupted True\n", run.stderr
