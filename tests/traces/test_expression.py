"""Expressions of the reader's own: read as the language is, valued after every step, and never run."""

from pathlib import Path

import pytest
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.errors import Refused
from quorate.spec.lang.reader import load
from quorate.traces.expression import TooMuch, Value, history

RELAY = Path(__file__).parent / "specifications" / "relay.py"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("self.decision", [(1, "None"), (3, "Decision.COMMIT")]),
        ("phase[rm2]", [(1, "Phase.WORKING"), (4, "Phase.COMMITTED")]),
        ("sum(1 for r in RM if phase[r] is Phase.WORKING)", [(1, "3"), (2, "2"), (4, "1")]),
        ("Set(r for r in RM if self.phase[r] is Phase.ABORTED)", [(1, "{}"), (2, "{rm1}")]),
        ("phase != before.phase", [(1, "False"), (2, "True"), (3, "False"), (4, "True")]),
        ("managers + 1", [(1, "4")]),
        ("rm1 in sent", [(1, "False")]),
    ],
)
def test_values_step_by_step(early_commit, text, values):
    assert history(TwoPhaseCommit, early_commit, text) == [Value(step, shown) for step, shown in values]


def test_what_fails_in_a_state_fails_there_only(relay):
    trace = relay("logs_grow", "forget")
    found = history(load(str(RELAY)), trace, "self.log[server1].last")
    assert found[0].fails and "empty" in found[0].text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "phase[",
        "phase[rm9]",
        "nonsense",
        "open('/etc/passwd')",
        "__import__('os').system('true')",
        "().__class__.__bases__",
        "self.prepare(rm1)",
        "[r for r in RM]",
        "lambda: 1",
        "(x := 1)",
        "1.5",
        "'text'",
        "phase = 1",
        "phase\n; phase",
        "(" * 400 + ")" * 90,
        "\x00",
    ],
)
def test_what_is_not_in_the_language_is_refused(early_commit, text):
    with pytest.raises(Refused):
        history(TwoPhaseCommit, early_commit, text)


def test_the_work_is_bounded(early_commit):
    with pytest.raises(TooMuch, match="501 letters"):
        history(TwoPhaseCommit, early_commit, "1" * 501)
    deep = "sum(1 " + " ".join(f"for {name} in RM" for name in "abcdefghijklmn") + ")"
    with pytest.raises(TooMuch, match="binds names about"):
        history(TwoPhaseCommit, early_commit, deep)
    with pytest.raises(TooMuch, match="binds names about"):
        history(TwoPhaseCommit, early_commit, "any(a > b for a in range(60000) for b in range(60000))")
