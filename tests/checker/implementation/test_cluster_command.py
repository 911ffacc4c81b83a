"""`quorate check impl:cluster` is a check like any other: verdict, exit codes, limits, reports, traces, mistakes."""

import json
import os
import select
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from quorate.checker.commands.root import run
from quorate.checker.implementation import Budget, check, command
from quorate.checker.pytest_plugin import CheckFailed, _checked, _request
from quorate.traces.store import read


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Quorate = Callable[..., Outcome]


@pytest.fixture
def quorate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Quorate:
    """Runs `quorate …` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)

    def outcome(*words: str) -> Outcome:
        code = run(list(words))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return outcome


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Switches seeded bugs on, which no command can."""
    return lambda *bugs: monkeypatch.setattr(command, "PLANTED", bugs)


def test_it_holds(quorate: Quorate) -> None:
    found = quorate("check", "impl:cluster", "servers=3", "transactions=1", "--quiet")
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith("impl:cluster servers=3 transactions=1 crashes=0 ")
    assert found.out.endswith(" reduction=1 refinement=0: holds for the whole space of this configuration\n")


def test_what_is_said_of_it(quorate: Quorate) -> None:
    out = quorate("check", "impl:cluster", "transactions=0", "elections=0", "servers=2", "rounds=1", "timeouts=1").out
    assert "holds for the whole space of this configuration within the boundary within_rounds\n" in out
    assert " generated states outside within_rounds were checked, and not explored further\n" in out
    assert (
        "checked: one_leader, agreement, durability, completeness, epochs, promises, fair_votes, worthy_winner" in out
    )
    assert "reached: all_delivered (in 1 states), epoch_established (in " in out
    assert "interleavings that make no difference were left out; reduction=0 takes them all" in out


def test_json(quorate: Quorate) -> None:
    found = quorate("check", "impl:cluster", "transactions=0", "reduction=0", "--output-format", "json")
    document = json.loads(found.out)
    expected = check(Budget(transactions=0)).result
    assert (document["distinct"], document["generated"]) == (expected.distinct, expected.generated)
    assert {name: one["generated"] for name, one in document["actions"].items()} == expected.actions
    assert document["bounds"]["transactions"] == 0 and document["constants"]["reduction"] == 0
    assert document["specification"]["source"] == "impl:cluster"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--max-depth", "8"], "the limit of depth 8 was reached"),
        (["--max-states", "20"], "the limit of 20 states was reached"),
        (["--timeout", "0.0001"], "the time of 0.0001 s was up"),
        (["--memory", "1M"], "the memory of 1.0 MiB was used up"),
    ],
)
def test_a_limit_is_exit_code_4(quorate: Quorate, words: list[str], said: str) -> None:
    found = quorate("check", "impl:cluster", *words, "--quiet")
    assert found.code == 4
    assert f"no violation found, incomplete: {said}\n" in found.out


def test_a_violation(quorate: Quorate, plant: Callable[..., None]) -> None:
    plant("commit-alone")
    found = quorate("check", "impl:cluster", "reduction=0", "--html", "page.html")
    assert found.code == 1
    assert ": violated: durability\n" in found.out
    assert (
        " 10. request(0)\n       log[0][0]              + Txn(zxid=Zxid(epoch=1, counter=1), request=1)\n" in found.out
    )
    assert "why durability is violated in state 10: A quorum has on disk what was ever delivered.\n" in found.out
    assert "         synced[0] = 1  (since step 10, request(0))\n" in found.out
    assert "repeat with: quorate check impl:cluster reduction=0\ntrace in:    .quorate/traces/" in found.out
    assert "<!doctype html>" in Path("page.html").read_text()[:200].lower()
    assert quorate("check", "impl:cluster", "--expect", "violated", "-q").code == 0
    assert quorate("check", "impl:cluster", "--exit-zero", "-q").code == 0


def test_one_property(quorate: Quorate, plant: Callable[..., None]) -> None:
    plant("commit-alone")
    found = quorate("check", "impl:cluster", "--property", "agreement", "--property", "epochs")
    assert found.code == 0
    assert "checked: agreement, epochs\n" in found.out
    assert quorate("check", "impl:cluster", "--property", "deadlock").code == 5


def test_vacuous_success(quorate: Quorate) -> None:
    words = ("check", "impl:cluster", "servers=2", "elections=0", "rounds=1", "--max-depth", "3")
    assert quorate(*words, "--fail-on", "violation,vacuous").code == 0  # it is incomplete, and says so
    found = quorate("check", "impl:cluster", "transactions=1", "elections=1", "--fail-on", "violation,vacuous")
    assert found.code == 0


# ------------------------------------------------------------------------------------------------- stored traces


@pytest.fixture
def stored(quorate: Quorate, plant: Callable[..., None]) -> Path:
    """The trace of a planted bug; the bug is gone again when the trace is looked at."""
    plant("commit-alone")
    quorate("check", "impl:cluster", "-q")
    plant()
    (path,) = Path(".quorate/traces").glob("*.json")
    return path


def test_a_trace_is_replayed_on_the_nodes(quorate: Quorate, stored: Path) -> None:
    assert read(stored).variants == ["commit-alone"]
    shown = quorate("trace", "show", "last")
    assert shown.code == 0
    assert "counterexample to durability, 12 states\n" in shown.out
    assert " 12. request(0)\n" in shown.out
    matrix = quorate("trace", "show", "last", "--properties").out
    assert "durability" in matrix and "worthy_winner" in matrix


def test_a_trace_that_does_not_happen_is_not_shown(quorate: Quorate, stored: Path) -> None:
    """Without the bug the last step leads elsewhere; a digest that fits does not help."""
    import msgspec
    from quorate.traces.store import VERSION, _Envelope, digest

    changed = msgspec.structs.replace(read(stored), variants=[])
    stored.write_bytes(msgspec.json.encode(_Envelope(VERSION, digest(changed), changed)))
    found = quorate("trace", "show", "last")
    assert found.code == 2
    assert "is no behaviour of impl:cluster: step 12 (request(0)) leads to another state: " in found.err
    strange = msgspec.structs.replace(changed, variants=["no-such-bug"])
    stored.write_bytes(msgspec.json.encode(_Envelope(VERSION, digest(strange), strange)))
    assert "impl:cluster has no seeded bugs no-such-bug" in quorate("trace", "show", "last").err


def test_why_and_why_not(quorate: Quorate, stored: Path) -> None:
    assert "false  2 * len(keepers) > servers\n" in quorate("trace", "why", "last").out
    out = quorate("trace", "why", "last", "--step", "9", "--action", "request(0)").out
    assert "the first guard that fails, at checker/implementation/picture/world.py:" in out
    assert "false  self.phase[server] is Phase.BROADCAST\n" in out
    assert "phase[0] = Phase." in out


def test_eval_shrink_diff_and_export(quorate: Quorate, stored: Path) -> None:
    assert " 12. request(0)\n       2\n" in quorate("trace", "eval", "last", "committed[0] + len(delivered)").out
    shrunk = quorate("trace", "shrink", "last", "--output", "short.json")
    assert "simpler: 12 → 10 states, 0 → 0 faults, 3 → 2 servers, " in shrunk.out
    assert "   10. * request(0)\n" in shrunk.out
    told = quorate("trace", "diff", "last", "short.json").out
    assert told.startswith("12 and 10 states, the first 3 the same\n")
    assert "lined up by their causes: " in told
    for form in ("itf", "dot", "mermaid", "markdown", "timeline", "timeline-svg", "graphml", "space-dot"):
        assert quorate("trace", "export", "last", "--format", form).code == 0, form
    timeline = quorate("trace", "export", "short.json", "--format", "mermaid").out
    assert "server0" in timeline and "server1" in timeline


def test_a_trace_is_a_regression_test(quorate: Quorate, stored: Path) -> None:
    assert quorate("trace", "export", "last", "--format", "pytest", "--output", "test_it.py").code == 0
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "assert meaning.holds('durability', state, before)" in done.stdout


# ---------------------------------------------------------------------------------------------------- refinement


def test_a_mismatch_shows_both_sides_and_the_guard(quorate: Quorate, plant: Callable[..., None]) -> None:
    plant("promise-twice")
    words = ("transactions=0", "elections=2", "timeouts=1", "refinement=1")
    found = quorate("check", "impl:cluster", *words, "--property", "refinement")
    assert found.code == 1
    assert ": violated: refinement\n" in found.out
    assert "       zab_accepted_epoch[0]  0 → 1\n" in found.out
    assert "       refines                True → False\n" in found.out
    assert (
        "why refinement is violated in state 5: Every step is one of the specifications zab and election" in found.out
    )
    assert "  zab: accepted_epoch of server 0 is 0 in the implementation and 1 in the specification; " in found.out
    assert " needs " in found.out and "(spec/zookeeper/zab" in found.out
    assert quorate("trace", "why", "last").out in found.out
    assert quorate("trace", "eval", "last", "zab_accepted_epoch[0] - accepted_epoch[0]").out.endswith("       1\n")


# ------------------------------------------------------------------------------------------------- other programs


def test_reports_for_other_programs(quorate: Quorate, plant: Callable[..., None]) -> None:
    plant("commit-alone")
    formats = ("junit", "sarif", "gitlab", "jsonl", "markdown", "github")
    asked = [word for one in formats for word in ("--output-format", one, "--output", f"report.{one}")]
    assert quorate("check", "impl:cluster", *asked).code == 1
    sarif = json.loads(Path("report.sarif").read_text())["runs"][0]["results"][0]
    assert sarif["ruleId"] == "Implementation.durability"
    assert len(sarif["codeFlows"][0]["threadFlows"][0]["locations"]) == 12
    suite = ElementTree.parse("report.junit").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("10", "1")
    assert json.loads(Path("report.gitlab").read_text())[0]["location"]["path"].endswith("picture/world.py")
    assert json.loads(Path("report.jsonl").read_text())["trace"]["steps"][-1]["action"] == "request"
    assert "**violated: durability**" in Path("report.markdown").read_text()
    assert Path("report.github").read_text().startswith("::error file=")


CHECKS = """
[[tool.quorate.check]]
specification = "impl:cluster"
constants = { servers = 2 }

[[tool.quorate.check]]
name = "one property"
specification = "impl:cluster"
properties = ["agreement"]
max-depth = 9
"""


def test_ci(quorate: Quorate, plant: Callable[..., None]) -> None:
    Path("pyproject.toml").write_text(CHECKS)
    assert len(tomllib.loads(CHECKS)["tool"]["quorate"]["check"]) == 2
    found = quorate("ci")
    assert found.code == 4
    assert "ok     impl:cluster servers=2: holds for the whole space of this configuration\n" in found.out
    assert "FAILED one property: no violation found, incomplete: the limit of depth 9 was reached\n" in found.out
    plant("half-quorums")
    found = quorate("ci", "impl*", "--output-format", "junit")
    assert found.code == 1 and '<failure type="violated" message="durability is violated">' in found.out


def test_the_pytest_plugin(quorate: Quorate, plant: Callable[..., None]) -> None:
    report = _checked(_request("impl:cluster", transactions=0), 60)
    assert report.result.verdict == "holds"
    plant("commit-alone")
    with pytest.raises(CheckFailed, match="violated: durability"):
        _checked(_request("impl:cluster"), 60)


def test_ctrl_c_is_130_with_what_was_found(tmp_path: Path) -> None:
    """A whole process on a terminal: it is interrupted once its first progress line has been seen."""
    master, terminal = os.openpty()
    program = "from quorate.checker.cli import main; main()"
    words = ["check", "impl:cluster", "transactions=2", "crashes=1", "elections=0", "--output-format", "json"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *words], stdout=subprocess.PIPE, stderr=terminal, cwd=tmp_path, text=True
    )
    os.close(terminal)
    try:
        seen = b""
        while b"distinct states" not in seen and select.select([master], [], [], 60)[0]:
            seen += os.read(master, 1000)
        assert b"frontier" in seen
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        os.close(master)
    document = json.loads(out)
    assert process.returncode == 130
    assert (document["verdict"], document["reason"]) == ("undecided", "interrupted")
    assert document["distinct"] > 1 and document["trace"] is None


# ------------------------------------------------------------------------------------------------------ mistakes


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["crash=1"], "impl:cluster has no constant 'crash'; did you mean 'crashes'?"),
        (["servers=0"], "servers=0 is out of bounds: servers (number of servers) is 1 to 7"),
        (["servers=x"], "servers=x: 'x' is not a whole number"),
        (["reduction=2"], "reduction=2 is out of bounds"),
        (["reduction=1", "refinement=1"], "choose one of them"),
        (["crashes=1", "crashes=2"], "crashes is given twice"),
        (["--variant", "commit-alone"], "--variant is for specifications, not for impl:cluster"),
        (["--split", "all"], "--split is for specifications, not for impl:cluster"),
        (["--check-all"], "--check-all is for specifications, not for impl:cluster"),
        (["--property", "durabilty"], "has no property 'durabilty'; did you mean 'durability'?"),
        (["--engine", "native"], "leave --engine out"),
        (["simulated=5"], "simulated is for traces of simulated runs"),
    ],
)
def test_mistakes(quorate: Quorate, words: list[str], said: str) -> None:
    found = quorate("check", "impl:cluster", *words)
    assert found.code == 2
    assert said in found.err
