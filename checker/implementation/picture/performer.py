"""The implementation takes the steps of its picture: worlds stand behind states, and nodes do what is done.

Traces of the implementation are replayed, explained, compared and shrunk like any other: `tree` gives a specification
whose text says what a world looks like, when things can happen and what must hold, and whose steps are performed here.
With refinement, the states of `zab` and `election` beside the world are variables too.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ....impl.ensemble.cluster import Label as Event
from ....impl.ensemble.cluster import begin, faults
from ....impl.ensemble.state import BUGS
from ....spec.lang import ir
from ....spec.lang.domains import Type
from ....spec.lang.reader import read
from ...result import Label, State, Steps
from ..beside import Beside
from ..budget import Budget, Found
from ..how import REFINEMENT
from .encoding import encoded
from .world import World

START: Label = ("init", ())
SIMULATED = "simulated"
# Two labels are no names in Python, or those of variables.
ACTIONS = {"break": "break_connection", "synced": "fsync"}
_BOUNDS = tuple(field.name for field in fields(Budget))


def tree(constants: Mapping[str, int], bugs: Collection[str] = ()) -> ir.Specification:
    """The picture of a budget, with the implementation as its performer; `bugs` are for tests, and for their traces."""
    whole = read(World, constants)
    given = dict(whole.constants)
    budget = Budget(**{name: given[name] for name in _BOUNDS})
    beside = Beside(budget) if given[REFINEMENT] else None
    away = set() if budget.elections == 0 else {"within_rounds"}
    away |= set() if beside else {REFINEMENT}
    seen = tuple(one for one in whole.variables if beside or one.name != "refines")
    names = _possible(budget, bugs) | ({"block", "heal"} if given[SIMULATED] else set())
    return replace(
        whole,
        name="Implementation",
        constants=tuple(one for one in whole.constants if one != (SIMULATED, 0)),
        variants=tuple(sorted(bugs)),
        variables=(*seen, *(() if beside is None else _beside(whole, beside))),
        actions=tuple(one for one in whole.actions if one.name in names),
        properties=tuple(one for one in whole.properties if one.name not in away),
        performer=Performer(budget, bugs, beside, given[SIMULATED], tuple(one.name for one in seen)),
    )


def budget_of(specification: ir.Specification) -> Budget:
    """The budget that a picture is of."""
    given = dict(specification.constants)
    return Budget(**{name: given[name] for name in _BOUNDS})


def known(bugs: Iterable[str]) -> bool:
    """Whether all of these are seeded bugs."""
    return set(bugs) <= BUGS.keys()


def _possible(budget: Budget, bugs: Collection[str]) -> set[str]:
    """The actions that a budget leaves room for."""
    room = {
        "fsync": budget.slow_disk,
        "request": budget.transactions,
        "timeout": budget.timeouts,
        "crash": budget.crashes,
        "restart": budget.crashes,
        "break_connection": budget.breaks,
        "lose": "append-with-gap" in bugs,
        "overtake": "deliver-out-of-order" in bugs,
        **dict.fromkeys(("elect", "follow"), budget.elections),
        **dict.fromkeys(("notified", "finalize", "resend"), budget.elections == 0),
        "drop": budget.elections == 0 and budget.drops,
        "duplicate": budget.elections == 0 and budget.duplicates,
    }
    return {"leader_receives", "follower_receives", *(name for name, some in room.items() if some)}


def _beside(whole: ir.Specification, beside: Beside) -> Iterator[ir.Variable]:
    """The variables of the specifications beside the implementation, with its servers."""
    server = next(one.type for one in whole.actions[0].params)
    for name, shadow in beside.shadows():
        for variable, plain in zip(shadow.specification.variables, shadow.first, strict=True):
            kind: Type = _with_servers(variable.type, server)
            first = ir.Literal(value=plain, type=kind, span=variable.span)
            yield replace(variable, name=f"{name}_{variable.name}", type=kind, initial=first, ghost=True)


def _with_servers(part: Any, server: Type) -> Any:
    """The same type, over the servers of the implementation, which count from 0."""
    if isinstance(part, tuple):
        return tuple(_with_servers(item, server) for item in part)
    if not is_dataclass(part) or isinstance(part, type):
        return part
    if getattr(part, "name", "") == "Server":
        return server
    return replace(part, **{f.name: _with_servers(getattr(part, f.name), server) for f in fields(part)})


class Performer:
    """Worlds behind states. A state that was not met yet has none: whoever follows a trace begins at its beginning."""

    def __init__(
        self, budget: Budget, bugs: Collection[str], beside: Beside | None, simulated: int, names: tuple[str, ...]
    ) -> None:
        self.budget, self.bugs, self._beside, self._names = budget, tuple(bugs), beside, names
        self._simulated = simulated
        self._worlds: dict[State, Found] = {}
        self._after: dict[State, dict[str, list[tuple[Label, State]]]] = {}

    def initial(self) -> list[tuple[Label, State]]:
        """All servers have just started."""
        first = self.budget.begin(self.bugs)
        if self._simulated:
            first = Found(begin(replace(first.world.ensemble, max_counter=self._simulated)))
        return [(START, self._met(first if self._beside is None else self._beside.begin(first)))]

    def steps(self, action: str, state: State) -> list[tuple[Label, State]]:
        """What nodes do in the world behind a state, for one action, in the order of its arguments."""
        if state not in self._after:
            found, by_action = self._worlds[state], dict[str, list[tuple[Label, State]]]()
            for event in self._events(found):
                label = labelled(event)
                by_action.setdefault(label[0], []).append((label, self._met(self._perform(found, event))))
            self._after[state] = {name: sorted(steps) for name, steps in by_action.items()}
        return self._after[state].get(action, [])

    def remark(self, name: str, state: State) -> str | None:
        """What refinement has against the last step."""
        return self._worlds[state].mismatch if name == REFINEMENT else None

    def shown(self, way: Iterable[Event]) -> Steps:
        """A way through the worlds as steps."""
        first = self.initial()[0]
        steps, found = [first], self._worlds[first[1]]
        for event in way:
            found = self._perform(found, event)
            steps.append((labelled(event), self._met(found)))
        return tuple(steps)

    def _events(self, found: Found) -> Iterator[Event]:
        yield from self.budget.labels(found)
        if self._simulated:
            yield from (event for kind in ("block", "heal") for event in faults(found.world, kind))

    def world(self, state: State) -> Found:
        """What stands behind a state that was met."""
        return self._worlds[state]

    def _perform(self, found: Found, event: Event) -> Found:
        after = self.budget.after(found, event)
        return after if self._beside is None else self._beside.follow(found, event, after)

    def _met(self, found: Found) -> State:
        plain = encoded(self.budget, found)
        state: State = (*(plain[name] for name in self._names), *found.zab, *found.election)
        self._worlds.setdefault(state, found)
        return state


def labelled(event: Event) -> Label:
    """The label of a step for what happens to a world."""
    return ACTIONS.get(event[0], event[0]), event[1]
