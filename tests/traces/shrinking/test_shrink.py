"""What shrinking keeps, what it makes less of, and what it refuses."""

import random
from dataclasses import replace

import pytest
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.reader import read
from quorate.traces.replay import replay
from quorate.traces.shrinking import NotShrinkable, shrink
from quorate.traces.shrinking.behaviours import Behaviours
from quorate.traces.trace import Step, Trace


def wandering(spec, name: str, variant: str, seed: int, least: int, **constants: int) -> Trace:
    """A random walk of at least this length to a violation."""
    specification, rng = read(spec, constants, [variant]), random.Random(seed)
    trace = Trace(specification, "spec", (), "violated", name)
    behaviours = Behaviours(trace)
    for _ in range(3000):
        steps = [rng.choice(behaviours.initial)]
        while len(steps) < 200 and (possible := behaviours.labels(steps[-1].state)):
            before = steps[-1].state
            action = rng.choice(sorted({label[0] for label, _ in possible}))
            steps.append(Step(*rng.choice([step for step in possible if step[0][0] == action])))
            if behaviours.ends(before, steps[-1].state):
                if len(steps) >= least:
                    return replace(trace, steps=tuple(steps))
                break
    raise AssertionError("no walk meets the bug")


@pytest.fixture(scope="module")
def long_commit() -> Trace:
    return wandering(TwoPhaseCommit, "consistent", "commit-early", 3, 7, managers=4)


@pytest.mark.parametrize("objective", ["steps", "faults", "servers", "switches"])
def test_what_is_shrunk_is_a_behaviour_with_the_same_end(long_commit: Trace, objective) -> None:
    shrunk = shrink(long_commit, objective)
    replay(shrunk.trace)
    assert (shrunk.trace.property, shrunk.trace.verdict) == ("consistent", "violated")
    assert shrunk.after.key(objective) <= shrunk.before.key(objective)
    assert shrunk == shrink(long_commit, objective), "the same input gives the same answer"
    assert shrink(shrunk.trace, objective).after == shrunk.after, "what is shrunk stays as it is"


def test_fewest_steps_and_fewest_servers(long_commit: Trace) -> None:
    shrunk = shrink(long_commit)
    assert (shrunk.before.steps, shrunk.after.steps) == (len(long_commit.steps), 4)
    assert shrunk.before.servers > shrunk.after.servers == shrink(long_commit, "servers").after.servers == 2


def test_fewest_faults_are_those_the_caller_names(long_commit: Trace) -> None:
    """One manager gives up in every shortest way; another way has the coordinator abort, and needs more steps."""
    assert shrink(long_commit).faults == ()
    shrunk = shrink(long_commit, "faults", ["give_up"])
    assert shrunk.faults == ("give_up",)
    assert shrunk.before.faults > shrunk.after.faults
    assert shrunk.after.faults <= shrink(long_commit, "steps", ["give_up"]).after.faults


def test_fewest_switches_may_take_more_steps_and_never_more_switches() -> None:
    walked = wandering(TwoPhaseCommit, "consistent", "abort-late", 5, 11, managers=3)
    by_steps, by_switches = shrink(walked), shrink(walked, "switches")
    assert by_switches.after.switches <= by_steps.after.switches < walked_switches(walked)
    assert by_switches.after.steps >= by_steps.after.steps == 10


def walked_switches(trace: Trace) -> int:
    return shrink(trace).before.switches


def test_steps_that_the_end_does_not_need_are_not_marked(long_commit: Trace) -> None:
    """With the longer trace's own marks: of what shrinking left out, the single steps were not needed."""
    shrunk = shrink(long_commit)
    assert all(shrunk.necessary)
    behaviours = Behaviours(long_commit)
    for position in range(1, len(shrunk.trace.steps)):
        labels = [step.label for step in shrunk.trace.steps[1:]]
        del labels[position - 1]
        assert behaviours.run(shrunk.trace.steps[0], labels) is None


def test_a_step_that_cannot_happen_any_more_is_left_out_with_what_enabled_it(long_commit: Trace) -> None:
    behaviours = Behaviours(long_commit)
    labels = [step.label for step in shrink(long_commit).trace.steps[1:]]
    noise = [("hear", (3,)), ("obey_commit", (3,)), *labels]
    assert behaviours.run(long_commit.steps[0], noise, lenient=False) is None
    found = behaviours.run(long_commit.steps[0], noise)
    assert found is not None and [step.label for step in found[1:]] == labels


def test_a_trace_to_an_error_keeps_the_error(relay) -> None:
    trace = relay("none", "overflow")
    shrunk = shrink(trace)
    assert shrunk.trace.failure == trace.failure
    replay(shrunk.trace)


def test_a_trace_to_nothing_is_refused(long_commit: Trace) -> None:
    with pytest.raises(NotShrinkable, match="ends in no violation"):
        shrink(replace(long_commit, verdict="undecided", property=None))
