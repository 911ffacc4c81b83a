"""A specification with the service beside it, as a tree whose steps are taken by both.

A state is the specification's, and whether the service showed the same after the last step. Traces are replayed by
leading a new service along them. Knows no protocol.
"""

from collections.abc import Callable
from dataclasses import replace

from ...spec.lang import ir
from ...spec.lang.meaning.compile import Meaning
from ...spec.lang.reader import read
from ..result import Label, State, Steps
from .compared import Compared
from .search import Implementation, led

PROPERTY = "conformance"


class Beside:
    """Takes every step on both sides. The last way to a state is remembered; a service is led along it."""

    def __init__(self, specification: ir.Specification, start: Callable[[], Implementation]) -> None:
        self.specification, self.start = specification, start
        self._actions = dict(Meaning(specification).actions)
        self._initial = Meaning(specification).initial()
        self._ways: dict[State, Steps] = {}

    def initial(self) -> list[tuple[Label, State]]:
        """The initial states; the service is new."""
        return [(label, self._met(((label, state),))) for label, state in self._initial]

    def steps(self, action: str, state: State) -> list[tuple[Label, State]]:
        """The steps of an action; none where the two are known to part, or have parted."""
        way = self._ways[state]
        if not state[-1] or self.start().outside(state[:-1]):
            return []
        return [(label, self._met((*way, (label, after)))) for label, after in self._actions[action](state[:-1])]

    def remark(self, name: str, state: State) -> str | None:
        """What the service shows."""
        difference = self._difference(self._ways[state]) if name == PROPERTY else None
        return difference and f"in the service, after the last step: {difference}"

    def shown(self, steps: Steps) -> Steps:
        """Steps of the specification with the service beside them."""
        return tuple((steps[at][0], self._met(steps[: at + 1])) for at in range(len(steps)))

    def _met(self, way: Steps) -> State:
        state = (*way[-1][1], self._difference(way) is None)
        self._ways[state] = way
        return state

    def _difference(self, way: Steps) -> str | None:
        service, last = self.start(), way[-1][1]
        return None if service.outside(last) else led(service, way).difference(last)


def with_service(specification: ir.Specification, start: Callable[[], Implementation]) -> ir.Specification:
    """The tree of both: one more variable, and one property about it."""
    more = read(Compared)
    return replace(
        specification,
        variables=(*specification.variables, *more.variables),
        properties=more.properties,
        performer=Beside(specification, start),
    )
