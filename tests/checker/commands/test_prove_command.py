"""`quorate prove`: what is asked, what is answered, and the exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from quorate.checker.commands.prove import prove
from quorate.checker.commands.root import run


def ask(*words: str) -> Result:
    return CliRunner().invoke(prove, list(words), standalone_mode=False)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_inductive_invariant_holds() -> None:
    found = ask("ewd840", "nodes=3", "--inductive", "all")
    assert found.return_value == 0
    assert "holds in every reachable state of this configuration, by induction" in found.output


def test_a_violation_is_a_trace_that_is_explained() -> None:
    found = ask("two-phase-commit", "managers=2", "--variant", "commit-early", "--steps", "5")
    assert found.return_value == 1
    assert "violated: consistent" in found.output and "counterexample to consistent, 4 states" in found.output
    assert "why consistent is violated in state 4" in found.output
    assert "repeat with: quorate prove two-phase-commit managers=2 --variant commit-early --steps 5" in found.output


def test_a_counterexample_to_induction_says_that_it_proves_little() -> None:
    found = ask("two-phase-commit", "managers=2", "--inductive", "consistent", "--reachable")
    assert found.return_value == 4
    assert "undecided: the invariants are not inductive" in found.output
    assert "counterexample to induction, 2 states; the first need not be reachable" in found.output
    assert "the first state is not reachable: it is none of the 56 that are" in found.output


def test_a_bound_is_no_proof() -> None:
    found = ask("two-phase-commit", "managers=2", "--steps", "3", "--output-format", "json")
    assert found.return_value == 4
    entry = json.loads(found.output)
    assert entry["verdict"] == "undecided" and entry["bounds"]["why"] == "no violation within 3 steps"


def test_any_size_asks_the_relational_theory() -> None:
    found = ask("znodes", "--any-size")
    assert found.return_value == 0, found.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ewd840", "--steps", "3", "--k-induction", "2"], "--steps and --k-induction are different questions"),
        (["ewd840", "--inductive", "nope"], "Ewd840 has no invariant 'nope'"),
        (["zab", "servers=3", "--any-size"], "a proof for any size has no constants; leave out servers=3"),
        (["paxos", "--any-size"], "there is no theory 'paxos' for any size"),
    ],
    ids=["two questions", "unknown invariant", "constants", "unknown theory"],
)
def test_mistakes_have_a_cure(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", *words]) == 2
    assert message in capsys.readouterr().err
