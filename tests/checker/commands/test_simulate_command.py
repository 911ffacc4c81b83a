"""`quorate simulate`: what walks find is shown, shortened, stored; where they find nothing, they say so."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from quorate.checker.commands.mistakes import Mistake
from quorate.checker.commands.root import COMMANDS
from quorate.checker.native.command import simulate


def run(*words: str) -> Result:
    return CliRunner().invoke(simulate, words, standalone_mode=False)


def test_a_violation_is_shortened_and_its_trace_is_stored(tmp_path: Path) -> None:
    place = tmp_path / "trace.json"
    found = run("two-phase-commit", "managers=3", "--variant", "commit-early", "--trace", str(place))
    assert found.return_value == 1, found.output
    assert "consistent is violated" in found.output and " to 4 states; * cannot be left out" in found.output
    assert found.output.count("* ") == 5, "every step is needed"
    assert place.exists()


def test_walks_without_a_finding_are_incomplete_and_say_what_was_taken() -> None:
    found = run("two-phase-commit", "--walks", "500", "--seed", "5")
    assert found.return_value == 4
    assert found.output.startswith("no violation found, incomplete: 500 random walks")
    assert "seed 5" in found.output and "never taken" not in found.output


def test_abstract_states_are_counted_by_a_variable() -> None:
    found = run("two-phase-commit", "--walks", "300", "--seed", "5", "--by", "phase")
    assert found.return_value == 4 and "by phase: " in found.output
    assert "WORK WORK WORK" in found.output
    mistaken = run("two-phase-commit", "--by", "fase").exception
    assert isinstance(mistaken, Mistake) and "'fase' is no variable with few values" in str(mistaken)
    assert "phase" in str(mistaken)


@pytest.mark.parametrize("name", ["simulate"])
def test_it_is_a_command(name: str) -> None:
    assert name in COMMANDS
