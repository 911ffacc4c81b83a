"""Traces to show: shortest ones, found by a search that is plain enough to be believed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.errors import EvaluationError
from quorate.spec.lang.meaning.interpret import Interpreter
from quorate.spec.lang.reader import load, read
from quorate.traces.trace import Failure, Step, Trace

RELAY = Path(__file__).parent / "specifications" / "relay.py"


def search(specification, source: str, name: str) -> Trace:
    """The first shortest trace to a state (or step) in which the property is false, or an error is met."""
    interpreter = Interpreter(specification)
    kind = next((one.kind for one in specification.properties if one.name == name), "error")
    came = {state: (None, label) for label, state in interpreter.initial()}
    frontier = list(came)
    for state in frontier:
        if kind in ("invariant", "witness") and interpreter.holds(name, state) is (kind == "witness"):
            return Trace(specification, source, path(came, state), "reached" if kind == "witness" else "violated", name)
        try:
            successors = interpreter.successors(state)
        except EvaluationError as error:
            failure = Failure("the step", str(error.span), error.message)
            return Trace(specification, source, path(came, state), "undecided", None, failure)
        for label, after in successors:
            if kind == "step_invariant" and not interpreter.holds(name, after, state):
                steps = (*path(came, state), Step(label, after))
                return Trace(specification, source, steps, "violated", name)
            if after not in came:
                came[after] = state, label
                frontier.append(after)
    raise AssertionError(f"{name} holds")


def path(came, state) -> tuple[Step, ...]:
    steps = []
    while state is not None:
        before, label = came[state]
        steps.append(Step(label, state))
        state = before
    return tuple(reversed(steps))


@pytest.fixture(scope="session")
def early_commit() -> Trace:
    """Two-phase commit whose coordinator commits too early."""
    return search(read(TwoPhaseCommit, {"managers": 3}, ["commit-early"]), "two-phase-commit", "consistent")


@pytest.fixture(scope="session")
def relay() -> Callable[..., Trace]:
    """A trace of the relay to a property's violation, with constants and variants."""

    def find(name: str, *variants: str, **constants: int) -> Trace:
        return search(read(load(str(RELAY)), constants, variants), "relay.py:Relay", name)

    return find


@pytest.fixture(scope="session")
def follow() -> Callable[..., Trace]:
    """The trace of these labels in a specification of the folder."""

    def walk(
        file: str, *labels: tuple[str, tuple[object, ...]], splits: tuple[str, ...] = (), **constants: int
    ) -> Trace:
        specification = read(load(str(RELAY.parent / file)), constants, splits=splits)
        interpreter = Interpreter(specification)
        label, state = interpreter.initial()[0]
        steps = [Step(label, state)]
        for label in labels:
            state = dict(interpreter.successors(state))[label]
            steps.append(Step(label, state))
        return Trace(specification, file, tuple(steps), "undecided", None)

    return walk
