"""Generated C and the runtime under the address, undefined-behaviour and thread sanitizers, without a complaint."""

import subprocess
from pathlib import Path

import pytest
from quorate.checker.model import Options
from quorate.checker.native.compiler import RUNTIME
from quorate.checker.native.engine import write
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang import ir
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.zab import Zab

DRIVER = Path(__file__).with_name("driver.c")
STRICT = ("-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-pthread", f"-I{RUNTIME}")


def built(folder: Path, tree: ir.Specification, options: Options, *flags: str, compiler: str = "gcc") -> Path:
    text, program = folder / "model.c", folder / "search"
    text.write_text(write(tree, options).text)
    sources = [str(path) for path in (DRIVER, text, *sorted(RUNTIME.glob("*.c")))]
    run = subprocess.run([compiler, *STRICT, *flags, *sources, "-o", str(program)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[:3000]
    return program


def searched(program: Path, *given: str) -> tuple[int, ...]:
    run = subprocess.run([program, *given], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0 and not run.stderr, run.stderr[:3000]
    return tuple(int(number) for number in run.stdout.split())


ZAB = {"servers": 2, "timeouts": 1, "transactions": 2, "epochs": 2, "restarts": 0}


@pytest.mark.parametrize("flags", [("-O1", "-fsanitize=address,undefined"), ("-O1", "-fsanitize=thread")])
def test_two_phase_commit_runs_clean(tmp_path: Path, flags: tuple[str, ...]) -> None:
    tree = read(TwoPhaseCommit, {"managers": 5}, [])
    program = built(tmp_path, tree, Options(symmetry=False, dead_values=True, profile=True), *flags)
    assert searched(program, "1") == searched(program, "3") == (1, 1_299, 8_331, 17)
    assert searched(program, "2", "0", "exact") == (1, 1_299, 8_331, 17)
    program = built(tmp_path, tree, Options(symmetry=False), *flags)
    assert searched(program, "1") == searched(program, "3") == (1, 8_832, 58_146, 17)
    assert searched(program, "2", "1200000")[0] == 9, "too small a memory ends the search"


@pytest.mark.slow
@pytest.mark.parametrize("flags", [("-O1", "-fsanitize=address,undefined"), ("-O1", "-fsanitize=thread")])
@pytest.mark.parametrize("symmetry", [False, True])
def test_zab_runs_clean(tmp_path: Path, flags: tuple[str, ...], symmetry: bool) -> None:
    program = built(tmp_path, read(Zab, ZAB, []), Options(symmetry=symmetry), *flags)
    one, two = (searched(program, workers, "0", *(["symmetric"] * symmetry)) for workers in "12")
    assert one == two and one[0] == 1


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_c_text_compiles_without_a_warning(tmp_path: Path, compiler: str) -> None:
    options = Options(dead_values=True, profile=True)
    built(tmp_path, read(Zab, ZAB, []), options, "-O0", compiler=compiler)
    built(tmp_path, read(Zab, ZAB, []), Options(), "-O0", compiler=compiler)
