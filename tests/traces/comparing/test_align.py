"""Lining traces up by happened-before: order alone is no difference, causes are."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read
from quorate.traces.comparing.align import align
from quorate.traces.text import render_alignment
from quorate.traces.trace import Step, Trace, show_label

EARLY = read(TwoPhaseCommit, {"managers": 3}, ["commit-early"])
MEANING = Meaning(EARLY)


def trace(*labels: str) -> Trace:
    """The trace of two-phase commit that takes these steps."""
    steps = [Step(*MEANING.initial()[0])]
    for label in labels:
        found = {show_label(EARLY, one): Step(one, state) for one, state in MEANING.successors(steps[-1].state)}
        steps.append(found[label])
    return Trace(EARLY, "two-phase-commit", tuple(steps), "undecided", None)


def shown(*traces: Trace) -> list[str]:
    """The rows as text: step and first letter of the kind."""
    return [" ".join(f"{cell.step}{cell.kind[0]}" if cell else "--" for cell in row) for row in align(traces).rows]


ONE = trace("prepare(rm1)", "give_up(rm2)", "commit", "obey_commit(rm1)", "obey_commit(rm3)")


def test_a_trace_beside_itself_is_the_same():
    assert align([ONE, ONE]).first is None
    assert shown(ONE, ONE, ONE) == [f"{n}s {n}s {n}s" for n in range(1, 7)]


def test_the_order_of_independent_steps_is_no_difference():
    other = trace("give_up(rm2)", "prepare(rm1)", "commit", "obey_commit(rm3)", "obey_commit(rm1)")
    assert align([ONE, other]).first is None
    assert shown(ONE, other) == ["1s 1s", "-- 2m", "2s 3s", "3m --", "4s 4s", "-- 5m", "5s 6s", "6m --"]


def test_the_first_divergence_is_where_a_step_is_missing_or_another():
    shorter = trace("prepare(rm1)", "give_up(rm2)", "commit", "obey_commit(rm3)")
    assert (align([ONE, shorter]).first, shown(ONE, shorter)[4:]) == (4, ["5o --", "6s 5s"])
    other = trace("prepare(rm1)", "give_up(rm2)", "abort", "obey_abort(rm3)")
    assert (align([ONE, other]).first, shown(ONE, other)[3:]) == (3, ["4o 4o", "5o 5o", "6o --"])


def test_the_same_step_after_another_past_is_alike():
    later = trace("prepare(rm2)", "give_up(rm1)", "commit", "obey_commit(rm2)")
    past = trace("commit", "obey_commit(rm2)")
    assert "alike" in {cell.kind for row in align([past, later]).rows for cell in row if cell}


def test_the_same_steps_with_another_effect_diverge_where_the_states_do():
    last = ONE.steps[-1]
    changed = replace(ONE, steps=(*ONE.steps[:-1], Step(last.label, ONE.steps[-2].state)))
    found = align([ONE, changed])
    assert found.first == 5
    assert {cell.kind for row in found.rows for cell in row if cell} == {"same"}


def walks(draw_from=MEANING):
    @st.composite
    def walk(draw):
        steps = [Step(*MEANING.initial()[0])]
        for _ in range(draw(st.integers(0, 7))):
            found = MEANING.successors(steps[-1].state)
            steps.append(Step(*found[draw(st.integers(0, len(found) - 1))]))
        return Trace(EARLY, "two-phase-commit", tuple(steps), "undecided", None)

    return walk()


@given(st.lists(walks(), min_size=2, max_size=4))
@settings(max_examples=30, deadline=None)
def test_every_step_stands_in_one_row_in_order(traces):
    rows = align(traces).rows
    for own, one in enumerate(traces):
        assert [row[own].step for row in rows if row[own]] == list(range(1, len(one.steps) + 1))
    assert all(any(row) for row in rows)


@given(walks(), walks())
@settings(max_examples=30, deadline=None)
def test_both_ways_round_show_the_same(left, right):
    there, back = align([left, right]), align([right, left])
    assert (there.first is None) is (back.first is None)
    if [step.label for step in left.steps] == [step.label for step in right.steps]:
        assert there.first is None


def test_another_configuration_is_compared_by_what_is_common():
    two = read(TwoPhaseCommit, {"managers": 2})
    other = Trace(two, "two-phase-commit", (Step(*Meaning(two).initial()[0]),), "undecided", None)
    assert shown(ONE, other)[0] == "1s 1s"


@pytest.mark.parametrize("count", [2, 3])
def test_a_thousand_steps_are_lined_up(count):
    long = replace(ONE, steps=ONE.steps * 170)
    assert align([long] * count).first is None


def test_in_words(golden):
    other = trace("give_up(rm2)", "prepare(rm1)", "commit", "obey_commit(rm3)")
    same = trace("give_up(rm2)", "prepare(rm1)", "commit", "obey_commit(rm3)", "obey_commit(rm1)")
    golden("\n".join(render_alignment(ONE, one, align([ONE, one])) for one in (ONE, other, same)))
