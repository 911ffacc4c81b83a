"""`--exact`: nothing is missed even where fingerprints collide; models with fingerprints of few bits see to that."""

import json
from pathlib import Path

import pytest
from quorate.checker.commands.root import run
from quorate.checker.model import Limits, Options
from quorate.checker.native import check
from quorate.checker.native.binding import load_model
from quorate.checker.native.compiler import find_compiler, library, runtime_library
from quorate.checker.native.engine import Native, Prepared, write
from quorate.checker.result import Result
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.reader import read

FIVE = read(TwoPhaseCommit, {"managers": 5}, [])


def colliding(options: Options) -> Result:
    """The search with fingerprints of eight bits."""
    program, compiler = write(FIVE, options), find_compiler()
    built = library("model", program.text, compiler, ("-DFINGERPRINT_MASK=0xff",))
    return Native(
        FIVE, options, Prepared(program, load_model(runtime_library(compiler), built, program.state.words))
    ).run()


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(("symmetry", "dead"), [(False, False), (False, True), (True, True)])
def test_states_whose_fingerprints_collide_are_told_apart(workers: int, symmetry: bool, dead: bool) -> None:
    options = Options(symmetry=symmetry, dead_values=dead, exact=True, workers=workers)
    found, expected = colliding(options), check(FIVE, Options(symmetry=symmetry, dead_values=dead))
    assert (found.verdict, found.distinct, found.generated, found.depth, found.actions, found.distinct_actions) == (
        expected.verdict,
        expected.distinct,
        expected.generated,
        expected.depth,
        expected.actions,
        expected.distinct_actions,
    )
    assert found.bounds["missed_by_collision"] == 0.0


def test_without_it_they_are_not() -> None:
    assert colliding(Options(symmetry=False)).distinct <= 255 < 8_832


def test_a_memory_limit_ends_the_search() -> None:
    tree = read(TwoPhaseCommit, {"managers": 8}, [])
    found = check(tree, Options(symmetry=False, exact=True, limits=Limits(memory=3 * 2**20)))
    assert (found.verdict, found.reason) == ("undecided", "memory")


def test_the_chance_of_a_missed_state_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["check", "two-phase-commit", "managers=6", "--no-symmetry", "--no-dead-values", "--engine", "native"]
    assert run(words) == 0
    assert "a state is missed with probability 7e-11" in capsys.readouterr().out
    assert run([*words, "--output-format", "json"]) == 0
    chance = json.loads(capsys.readouterr().out)["bounds"]["missed_by_collision"]
    assert chance == pytest.approx(50_816**2 / 2**65, rel=0.05)
    assert run([*words, "--exact"]) == 0
    assert "states were compared in full" in capsys.readouterr().out
    assert run([*words, "--exact", "--checkpoint", str(tmp_path / "x")]) == 2
    assert "with --exact there are no checkpoints" in capsys.readouterr().err
