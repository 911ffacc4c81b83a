"""The checker, run from a state that somebody stands in: a bounded breadth-first search of what lies ahead.

The reference engine searches the same specification with this state as its only initial one. Symmetry is off, as the
state is a particular one. Knows engines and states, nothing of pages.
"""

from dataclasses import dataclass, replace

from ...spec.lang import ir
from ...spec.lang.meaning.performer import Performer
from ...traces.trace import DEADLOCK, Label, State, Step
from .. import reference
from ..model import Limits, Options, identity_for
from ..result import Result, Steps
from .session import Verdict

MOST_STATES = 1_000_000
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ahead:
    """What the search found: one sentence, and the steps that lead there, where there is something to see."""

    words: str
    steps: tuple[Step, ...] = ()
    shows: tuple[Verdict, str] | None = None  # the last of them, about this property


def search_ahead(specification: ir.Specification, state: State, wanted: str | None, states: int) -> Ahead:
    """Looks for a violation of anything, or of the property `wanted`; of a witness, for a state that reaches it."""
    witnesses = [one.name for one in specification.properties if one.kind == "witness"]
    if wanted in witnesses:
        return _reach(specification, state, wanted, states)
    ahead = _from(specification, state)
    result = reference.check(ahead, _options(ahead, wanted, states))
    if result.error is not None:
        return Ahead(f"the search stopped where the specification fails: {result.error}", _taken(result.steps))
    if result.verdict == "violated":
        assert result.property is not None
        taken = _taken(result.steps)
        return Ahead(f"{result.property} is violated {_away(taken)}", taken, ("violated", result.property))
    what = wanted or "anything"
    return Ahead(f"no violation of {what} {_extent(result)}")


def _reach(specification: ir.Specification, state: State, wanted: str, states: int) -> Ahead:
    """A witness is reached where its negation would be violated; asking so, the search ends at the first."""
    ahead = _from(_negated(specification, wanted), state)
    result = reference.check(ahead, _options(ahead, wanted, states))
    if result.error is not None:
        return Ahead(f"the search stopped where the specification fails: {result.error}", _taken(result.steps))
    if result.verdict == "violated":
        taken = _taken(result.steps)
        return Ahead(f"{wanted} is reached {_away(taken)}", taken, ("reached", wanted))
    return Ahead(f"{wanted} is not reached {_extent(result)}")


def _from(specification: ir.Specification, state: State) -> ir.Specification:
    """The specification that begins in this state."""
    variables = tuple(
        replace(variable, initial=ir.Literal(value, type=variable.type, span=variable.span))
        for variable, value in zip(specification.variables, state, strict=True)
    )
    performer = specification.performer
    standing = None if performer is None else _Standing(performer, state)
    return replace(specification, variables=variables, initial=(), performer=standing)


@dataclass(frozen=True, slots=True)
class _Standing:
    """An implementation in a state that it has met, which is the only initial one."""

    performer: Performer
    state: State

    def initial(self) -> list[tuple[Label, State]]:
        return [(("init", ()), self.state)]

    def steps(self, action: str, state: State) -> list[tuple[Label, State]]:
        return self.performer.steps(action, state)

    def remark(self, name: str, state: State) -> str | None:
        return self.performer.remark(name, state)


def _negated(specification: ir.Specification, name: str) -> ir.Specification:
    """The specification with one witness turned into the invariant that says that it is never reached."""

    def turned(one: ir.Property) -> ir.Property:
        return replace(one, kind="invariant", body=_not(one.body)) if one.name == name else one

    return replace(specification, properties=tuple(turned(one) for one in specification.properties))


def _not(body: tuple[ir.Stmt, ...]) -> tuple[ir.Stmt, ...]:
    """The statements with every truth value that they return negated; the language returns from no loop."""
    return tuple(_negated_statement(one) for one in body)


def _negated_statement(one: ir.Stmt) -> ir.Stmt:
    match one:
        case ir.Return(value) if value is not None:
            return replace(one, value=ir.Not(value, type=value.type, span=value.span))
        case ir.If(_, then, otherwise):
            return replace(one, then=_not(then), otherwise=_not(otherwise))
    return one


def _options(specification: ir.Specification, wanted: str | None, states: int) -> Options:
    """An implementation may come to rest wherever its budget is spent, so for it that is no deadlock."""
    if wanted is None:
        chosen, deadlock = None, specification.performer is None
    else:
        chosen, deadlock = tuple(name for name in (wanted,) if name != DEADLOCK), wanted == DEADLOCK
    limits = Limits(states=min(max(states, 1), MOST_STATES), seconds=SECONDS)
    identity = identity_for(specification, chosen)
    return Options(identity, symmetry=False, deadlock=deadlock, properties=chosen, limits=limits)


def _taken(steps: Steps | None) -> tuple[Step, ...]:
    """The steps after the state at hand."""
    return tuple(Step(label, state) for label, state in (steps or ())[1:])


def _away(taken: tuple[Step, ...]) -> str:
    return f"{len(taken)} step{'' if len(taken) == 1 else 's'} from here, and no sooner" if taken else "here"


def _extent(result: Result) -> str:
    if result.complete:
        return f"in any of the {result.distinct:,} states that can be reached from here"
    reason = {"states": "the limit of states", "seconds": f"the limit of {SECONDS:.0f} seconds"}
    stopped = reason.get(result.reason, result.reason)
    return f"in the nearest {result.distinct:,} states; the search is incomplete: it stopped at {stopped}"
