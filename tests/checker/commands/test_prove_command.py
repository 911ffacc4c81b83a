"""`quorate prove`: what is asked, what is answered, and the exit codes."""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

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


def test_what_cannot_go_on_holds(tmp_path: Path) -> None:
    (tmp_path / "countdown.py").write_text(COUNTDOWN)
    found = ask("countdown.py", "--steps", "5")
    assert found.return_value == 0
    assert "holds in every reachable state of this configuration: no path has more than 3 steps" in found.output


COUNTDOWN = '''"""It ends at zero."""

from quorate.spec.lang import Range, Spec, action, invariant, require, state, terminal


class Left(Range, low=0, high=3):
    """How often."""


class Countdown(Spec):
    left: Left = state(Left(3))

    @action
    def count(self) -> None:
        require(self.left > 0)
        self.left = Left(self.left - 1)

    @invariant
    def never_below(self) -> bool:
        """It ends at zero."""
        return self.left >= 0

    @terminal
    def over(self) -> bool:
        """Nothing is left."""
        return self.left == 0
'''


def data_of(page: Path) -> dict[str, Any]:
    text = page.read_text().partition('<script type="text/plain" id="data">')[2].partition("</script>")[0]
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(text)))
    return found


def test_a_violation_is_written_as_a_page(tmp_path: Path) -> None:
    found = ask("two-phase-commit", "managers=2", "--variant", "commit-early", "--steps", "5", "--html", "v.html")
    assert found.return_value == 1
    data = data_of(tmp_path / "v.html")
    assert (data["property"], len(data["labels"]), data["badge"][0]) == ("consistent", 4, "shortest")


def test_a_counterexample_to_induction_is_written_as_a_page_that_is_marked(tmp_path: Path) -> None:
    words = ["two-phase-commit", "managers=2", "--inductive", "consistent"]
    assert ask(*words, "--html", "cti.html").return_value == 4
    data = data_of(tmp_path / "cti.html")
    assert data["texts"][data["labels"][0]] == "anywhere"
    assert len(data["labels"]) == 2
    assert data["badge"][0] == "not a behaviour"
    assert data["headline"] == "counterexample to induction: consistent holds before the last step, and not after it"
    assert data["notices"][0].startswith("This is no behaviour: it starts from a state that need not be reachable")
    assert data["command"] == "quorate prove two-phase-commit managers=2 --inductive consistent"


def test_without_a_trace_there_is_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "ewd840", "nodes=3", "--inductive", "all", "--html", "none.html"]) == 0
    assert "there is nothing to show, so none.html is not written" in capsys.readouterr().err
    assert not (tmp_path / "none.html").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["epochs"], 0, "holds: proved for any size"),
        (["epochs", "--variant", "accept-again"], 1, "violated: 1 obligation refuted"),
        (["epochs", "--without", "acknowledges_once"], 1, "violated: 2 obligations refuted"),
        (["epochs", "--rlimit", "1", "--no-cores", "--variant", "accept-again"], 1, "violated: 1 obligation refuted"),
    ],
    ids=["holds", "a bug", "something left out", "few resources"],
)
def test_any_size_asks_the_relational_theory(words: list[str], code: int, said: str) -> None:
    found = ask(*words, "--any-size", "--jobs", "1")
    assert found.return_value == code, found.output
    assert said in found.output


def test_any_size_as_data_page_and_graph(tmp_path: Path) -> None:
    words = ["epochs", "--any-size", "--jobs", "1", "--variant", "accept-again"]
    found = ask(*words, "--output-format", "json", "--html", "proof.html", "--graph", "proof.svg")
    entry = json.loads(found.output)
    refuted = [one["name"] for one in entry["obligations"] if one["status"] == "refuted"]
    assert (entry["verdict"], refuted) == ("violated", ["send_ackepoch / acknowledges_once"])
    assert entry["command"] == "quorate prove epochs --variant accept-again --any-size"
    assert "#fecaca" in (tmp_path / "proof.svg").read_text()
    assert "send_ackepoch / acknowledges_once" in (tmp_path / "proof.html").read_text()


@pytest.mark.parametrize("limit", ["--timeout", "--memory"])
@pytest.mark.parametrize(
    "question",
    [["lamport-mutex", "--steps", "30"], ["lamport-mutex", "--inductive", "all"], ["epochs", "--any-size"]],
    ids=["steps", "inductive", "any size"],
)
def test_a_limit_ends_undecided(question: list[str], limit: str) -> None:
    """Each of these takes longer, and more."""
    found = ask(*question, limit, {"--timeout": "0.1s", "--memory": "1M"}[limit])
    assert found.return_value == 4, found.output
    reason = {"--timeout": "the time limit was reached", "--memory": "the memory limit was reached"}[limit]
    assert "undecided" in found.output and reason in found.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ewd840", "--steps", "3", "--k-induction", "2"], "--steps and --k-induction are different questions"),
        (["ewd840", "--inductive", "nope"], "Ewd840 has no invariant 'nope'"),
        (["zab", "servers=3", "--any-size"], "a proof for any size has no constants; leave out servers=3"),
        (["paxos", "--any-size"], "there is no theory 'paxos' for any size"),
        (["zab", "--without", "no_loss", "--graph", "x.svg"], "--without and --graph are about a proof for any size"),
        (["epochs", "--any-size", "--variant", "hope"], "no variant 'hope'"),
        (["epochs", "--any-size", "--without", "hope"], "no conjunct 'hope'"),
        (["epochs", "--any-size", "--graph", "x.png"], "a proof graph is written as .svg or .dot"),
    ],
    ids=[
        "two questions",
        "unknown invariant",
        "constants",
        "unknown theory",
        "any size only",
        "unknown bug",
        "unknown conjunct",
        "no picture",
    ],
)
def test_mistakes_have_a_cure(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", *words]) == 2
    assert message in capsys.readouterr().err
