"""Whether a trace is a behaviour of its specification, step by step: every trace that is shown was replayed first.

The steps are taken by the tree-walking interpreter, which shares no code with the engines that find traces.
"""

from ..spec.lang.errors import EvaluationError
from ..spec.lang.meaning.interpret import Broken, Disabled, Enabled, Interpreter
from .trace import DEADLOCK, Parting, State, Trace, show_label


class NotABehaviour(Exception):
    """The trace does not happen in the specification as it is; the text says at which step, and why."""


def replay(trace: Trace) -> Trace:
    """Gives the trace back when every step happens and its end shows what it claims; else raises NotABehaviour."""
    interpreter = Interpreter(trace.specification)
    first = trace.steps[0]
    if (first.label, first.state) not in interpreter.initial():
        raise NotABehaviour(f"step 1 ({show_label(trace.specification, first.label)}) is not an initial state")
    before = first.state
    for number, step in enumerate(trace.steps[1:], start=2):
        name = show_label(trace.specification, step.label)
        _take(interpreter, f"step {number} ({name})", step.label, before, step.state)
        before = step.state
    _check_end(trace, interpreter)
    return trace


def _take(
    interpreter: Interpreter, step: str, label: tuple[str, tuple[object, ...]], before: State, after: State
) -> None:
    if label[0] not in {action.name for action in interpreter.specification.actions}:
        raise NotABehaviour(f"{step} is not an action")
    match interpreter.attempt(*label, before):
        case Disabled(guard):
            raise NotABehaviour(f"{step} is not enabled: {guard.span} stops it")
        case Broken(error):
            raise NotABehaviour(f"{step} fails: {error}")
        case Enabled(state) if state != after:
            names = [
                v.name for v, a, b in zip(interpreter.specification.variables, state, after, strict=True) if a != b
            ]
            raise NotABehaviour(f"{step} leads to another state: {', '.join(names)} differ")


def _check_end(trace: Trace, interpreter: Interpreter) -> None:
    last = trace.steps[-1].state
    if trace.log is not None and trace.log.parting is not None:
        _check_parting(trace.log.parting, interpreter, last)
    before = trace.steps[-2].state if len(trace.steps) > 1 else None
    if trace.failure is not None:
        if failing(interpreter, last, before) is None:
            raise NotABehaviour("no run-time check fails after the last state")
    elif trace.verdict == "undecided" or trace.property is None:
        return
    elif trace.property == DEADLOCK:
        if interpreter.successors(last):
            raise NotABehaviour("the last state is no deadlock: a step can happen in it")
        ends = [one for one in trace.specification.properties if one.kind == "terminal"]
        if any(interpreter.holds(one.name, last) for one in ends):
            raise NotABehaviour("the last state is no deadlock: it is an intended end")
    elif interpreter.holds(trace.property, last, before) is not (trace.verdict == "reached"):
        raise NotABehaviour(f"the end does not show what the trace claims, that {trace.property} is {trace.verdict}")


def _check_parting(parting: Parting, interpreter: Interpreter, last: State) -> None:
    """What the log has next cannot happen, or, where the log tells of another effect, can."""
    if parting.label is None:
        return
    happens = isinstance(interpreter.attempt(*parting.label, last), Enabled)
    if happens is not bool(parting.differences):
        name = show_label(interpreter.specification, parting.label)
        claim, truth = ("can", "cannot") if parting.differences else ("cannot", "can")
        raise NotABehaviour(f"the log's next step, {name}, is said to be one that {claim} happen, and it {truth}")


def failing(interpreter: Interpreter, state: State, before: State | None) -> tuple[str, EvaluationError] | None:
    """What is evaluated in or from a state when a run-time check first fails there, for people, and the error."""
    specification = interpreter.specification
    for one in specification.properties:
        if one.kind == "step_invariant" and before is None:
            continue
        try:
            interpreter.holds(one.name, state, before)
        except EvaluationError as error:
            return one.name, error
    for action in specification.actions:
        try:
            for arguments in interpreter.instances(action, state):
                attempt = interpreter.attempt(action.name, arguments, state)
                if isinstance(attempt, Broken):
                    return show_label(specification, (action.name, arguments)), attempt.error
        except EvaluationError as error:  # what the arguments are drawn from cannot be evaluated
            return action.name, error
    return None
