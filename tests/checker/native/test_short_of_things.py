"""Memory, disk, cache or compiler are missing or give out: the message is clear, and nothing is lost."""

import importlib
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from quorate.checker import engines
from quorate.checker.model import Limits, Options
from quorate.checker.native import check, compiler
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang import ir
from quorate.spec.lang.reader import read

WHOLE = (296_448, 2_744_706, 23)


def specification(managers: int = 7) -> ir.Specification:
    return read(TwoPhaseCommit, {"managers": managers}, [])


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("memory", [1_500_000, 2_000_000, 3_000_000])
def test_a_search_that_had_too_little_memory_goes_on_with_more(tmp_path: Path, memory: int, workers: int) -> None:
    """The table overflows in the middle of a level; the search stops before the task that does not fit."""
    options = Options(symmetry=False, checkpoint=tmp_path / "search", workers=workers)
    short = check(specification(), replace(options, limits=Limits(memory=memory)))
    assert (short.verdict, short.reason) == ("undecided", "memory")
    assert 0 < short.distinct < WHOLE[0]
    whole = check(specification(), replace(options, resume=True))
    assert (whole.verdict, whole.distinct, whole.generated, whole.depth) == ("holds", *WHOLE)


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow beyond 150 kB: writing fails as on a full disk."""
    least, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, most))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))


def test_a_full_disk_ends_the_search_and_keeps_the_checkpoint_before(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    options = Options(symmetry=False, checkpoint=tmp_path / "search")
    check(specification(), replace(options, limits=Limits(seconds=0.0)))
    before = (tmp_path / "search").read_bytes()
    request.getfixturevalue("full_disk")
    short = check(specification(), replace(options, resume=True, limits=Limits(memory=6_000_000)))
    assert (short.verdict, short.reason) == ("undecided", "disk")
    assert "not written" in str(short.bounds["checkpoint"])
    assert str(short.bounds["checkpoint"]).endswith("; the one before is kept")
    assert (tmp_path / "search").read_bytes() == before
    whole = check(specification(), Options(symmetry=False, checkpoint=tmp_path / "search", resume=True))
    assert (whole.verdict, whole.distinct, whole.generated, whole.depth) == ("holds", *WHOLE)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Compiler and cache are looked for again, before and after."""
    functions = (compiler.find_compiler, compiler._cache)
    for function in functions:
        function.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    for function in functions:
        function.cache_clear()


def test_a_cache_that_cannot_be_written_is_done_without(fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("QUORATE_CACHE", "/proc/quorate")
    problem = compiler.cache_problem()
    assert problem is not None and problem.startswith("/proc/quorate cannot be written (No such file or directory)")
    assert check(specification(3), Options(symmetry=False)).distinct == 288


def test_a_cache_that_is_deleted_is_made_again(tmp_path: Path, fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("QUORATE_CACHE", str(tmp_path / "cache"))
    assert check(specification(3), Options(symmetry=False)).distinct == 288
    shutil.rmtree(tmp_path / "cache")
    assert check(specification(3), Options(symmetry=False)).distinct == 288
    assert len(list((tmp_path / "cache").iterdir())) == 3, "the runtime, the model, and its first unit"
    assert compiler.cache_problem() is None


def test_a_full_cache_is_done_without(tmp_path: Path, fresh: pytest.MonkeyPatch) -> None:
    """The place of a library is taken by a folder, which is what a lost file system looks like."""
    fresh.setenv("QUORATE_CACHE", str(tmp_path))
    tree, options = specification(3), Options(symmetry=False)
    found = compiler.find_compiler()
    compiler.runtime_path(found).with_suffix(f".{os.getpid()}.tmp").mkdir()
    assert check(tree, options).distinct == 288


def test_without_cc_the_wheel_compiles(tmp_path: Path, fresh: pytest.MonkeyPatch) -> None:
    """Here a stand-in for ziglang, which hands on to the real compiler by its full name."""
    real = shutil.which("cc")
    (tmp_path / "ziglang").mkdir()
    (tmp_path / "ziglang" / "__init__.py").touch()
    call = f"import os, sys\nos.execv({real!r}, ['cc', *sys.argv[2:]])\n"
    (tmp_path / "ziglang" / "__main__.py").write_text(call)
    fresh.syspath_prepend(tmp_path)
    fresh.setenv("PYTHONPATH", str(tmp_path))
    fresh.setattr(shutil, "which", lambda name, **_: name if name == sys.executable else None)
    importlib.invalidate_caches()
    assert compiler.find_compiler().command == (sys.executable, "-m", "ziglang", "cc")
    assert check(specification(3), Options(symmetry=False)).distinct == 288


def test_without_any_compiler_the_reference_engine_runs_and_one_line_says_why(fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("PATH", "/nowhere")
    fresh.delenv("QUORATE_CC", raising=False)
    fresh.setattr(compiler, "_ziglang", list)
    line = engines.slow_because()
    assert line is not None and line.startswith("running in Python, slowly: no C compiler")
    assert "pip install ziglang" in line and "\n" not in line
    assert engines.check(specification(3), Options(symmetry=False)).engine == "reference"
    with pytest.raises(engines.NoEngine, match="neither `cc` nor the ziglang wheel"):
        engines.check(specification(3), Options(symmetry=False), "native")


def test_a_compiler_ends_with_the_process_that_does_not_need_it_any_more(tmp_path: Path) -> None:
    """Here one that never gets done. The process waits until it runs, and ends."""
    compiling, slow = tmp_path / "compiling", tmp_path / "slow"
    slow.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo slow && exit\necho $$ > {compiling}\nexec sleep 600\n')
    slow.chmod(0o755)
    code = (
        "import pathlib, time\n"
        "from quorate.checker.native import compiler\n"
        "compiler.begin_runtime()\n"
        f"while not (place := pathlib.Path({str(compiling)!r})).exists() or not place.read_text(): time.sleep(0.01)\n"
    )
    settings = {"QUORATE_CC": str(slow), "QUORATE_CACHE": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env={**os.environ, **settings}, timeout=300, check=True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(compiling.read_text()), 0)
    assert not list(tmp_path.glob("quorate-*")), "nothing is left behind"
