"""What a terminal shows of a trace and its explanation: golden texts."""

from dataclasses import replace

import pytest
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import load, read
from quorate.traces.changes import changes
from quorate.traces.comparing.difference import compare
from quorate.traces.replay import replay
from quorate.traces.text import render_alternatives, render_difference, render_trace, render_why
from quorate.traces.trace import Step, Trace
from quorate.traces.why import alternatives, why_violated


def explained(trace: Trace) -> str:
    reason = why_violated(replay(trace))
    assert reason is not None
    return render_trace(trace) + "\n" + render_why(trace, reason)


def test_two_phase_commit(early_commit, golden):
    golden(explained(early_commit))


def test_two_phase_commit_with_all_values(early_commit, golden):
    golden(render_trace(early_commit, full=True))


def test_what_else_could_happen(early_commit, golden):
    golden(render_alternatives(early_commit, 2, alternatives(early_commit, 2)))


def test_an_invariant_over_computed_values(relay, golden):
    golden(explained(relay("nobody_has_two_rounds")))


def test_a_step_invariant(relay, golden):
    golden(explained(relay("logs_grow", "forget")))


def test_a_witness(relay, golden):
    golden(explained(relay("everybody_heard")))


def test_a_condition_is_part_of_the_explanation(relay, golden):
    whole = relay("everybody_heard")
    waiting = replace(whole, steps=whole.steps[:2], property="only_the_asker_waits", verdict="reached")
    golden(explained(waiting))


def test_an_error_of_the_specification(relay, golden):
    golden(render_trace(replay(relay("no property", "overflow"))))


def test_why_nothing_is_enabled(relay, golden):
    trace = relay("everybody_heard")
    golden("".join(render_alternatives(trace, n, alternatives(trace, n)) for n in (1, 2, len(trace.steps))))


def test_two_traces(relay, golden):
    left, right = relay("everybody_heard"), relay("nobody_has_two_rounds")
    golden(render_difference(left, right, compare(left, right)))


def test_two_configurations(relay, golden):
    left, right = relay("logs_grow", "forget"), relay("nobody_has_two_rounds", top=3)
    golden(render_difference(left, right, compare(left, right)))


@pytest.mark.parametrize("name", ["consistent"])
def test_every_value_read_names_the_step_that_wrote_it(early_commit, name):
    """Checked against the states themselves: the place has the value from that step on, and another before it."""
    reason = why_violated(early_commit)
    seen = list(all_seen(reason))
    assert {(one.place, one.value, one.writer) for one in seen} == {
        ("phase[rm2]", "Phase.COMMITTED", 4),
        ("phase[rm1]", "Phase.ABORTED", 2),
    }


def all_seen(reason):
    yield from reason.reads
    for part in reason.reasons:
        yield from all_seen(part)


def test_a_difference_goes_down_to_the_leaf():
    from quorate.spec.lang.domains import Bag, Enumeration, Map, Optional, Range, Record, Seq, Set, Sort, Union

    rm, epoch = Sort("RM", 2), Range("Epoch", 0, 9)
    txn = Record("Txn", (("epoch", epoch), ("by", rm)))
    ping = Record("Ping", (("to", rm),))
    mood = Enumeration("Mood", ("CALM", "WILD"))

    def shown(kind, old, new):
        return [f"{change.place} {change.what}" for change in changes("x", kind, old, new)]

    assert shown(Map(rm, mood), (0, 0), (0, 1)) == ["x[rm2] Mood.CALM → Mood.WILD"]
    assert shown(Map(rm, txn), ((1, 0), (2, 0)), ((1, 0), (3, 0))) == ["x[rm2].epoch 2 → 3"]
    assert shown(Set(rm), 0b01, 0b10) == ["x + rm2   - rm1"]
    assert shown(Optional(txn), None, (1, 0)) == ["x None → Txn(epoch=1, by=rm1)"]
    assert shown(Optional(txn), (1, 1), (1, 0)) == ["x.by rm2 → rm1"]
    assert shown(Union((ping, txn)), (0, (1,)), (1, (0, 0))) == ["x Ping(to=rm2) → Txn(epoch=0, by=rm1)"]
    assert shown(Seq("L", epoch, 4), (1, 2, 3), (2, 3, 4)) == ["x[0] - 1", "x[2] + 4"]
    assert shown(Seq("L", txn, 4), ((1, 0), (2, 0)), ((1, 0), (2, 1))) == ["x[1].by rm1 → rm2"]
    assert shown(Bag("B", epoch, 4), (1, 1, 2), (1, 3)) == ["x + 3   - 1, 2"]
    assert shown(Bag("B", epoch, 4), (1, 2), (1, 2)) == []


DOOR = '''"""A door."""
from quorate.spec.lang import Spec, action, state, step_invariant


class Door(Spec):
    """A door."""

    shut: bool = state(False)

    @action
    def turn(self) -> None:
        self.shut = not self.shut

    def is_shut(self) -> bool:
        return self.shut

    @step_invariant
    def stays(self, before: "Door") -> bool:
        """A door that is shut stays so."""
        return not before.is_shut() or self.shut
'''


def test_what_a_helper_reads_in_the_state_before_is_said_to_be_read_there(tmp_path):
    path = tmp_path / "door.py"
    path.write_text(DOOR)
    meaning = Meaning(read(load(str(path))))
    steps = [Step(*meaning.initial()[0])]
    for _ in range(2):
        steps.append(Step(*meaning.successors(steps[-1].state)[0]))
    trace = Trace(meaning.specification, "door.py", tuple(steps), "violated", "stays")
    text = render_why(trace, why_violated(trace))
    assert "before.shut = True  (since step 2, turn)" in text
    assert "\n    shut = True" not in text and " shut = False  (since step 3, turn)" in text
