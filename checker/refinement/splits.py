"""What splitting adds: states at rest of the split specification that the unsplit one never reaches.

At rest nothing is unfinished, so a state of the split specification, without the bookkeeping of what is half done, is
a state of the unsplit one. If every such state is also reachable there, nobody who looks at rest can tell the two
apart; if not, the shortest trace to the first one shows what atomicity had hidden. Knows no protocol.
"""

from dataclasses import dataclass

from ...spec.lang import ir
from ...spec.lang.meaning.compile import Meaning
from ...spec.lang.split import UNFINISHED
from ..result import Label, State, Steps


@dataclass(frozen=True, slots=True)
class Difference:
    """What was compared, and the way to the first state at rest that the unsplit specification does not reach."""

    coarse_states: int  # at rest
    fine_states: int
    at_rest: int  # of the fine states
    steps: Steps | None
    complete: bool  # both spaces were gone through

    @property
    def refines(self) -> bool:
        """At rest, the split specification shows nothing that the unsplit one does not."""
        return self.complete and self.steps is None


def compare_at_rest(fine: ir.Specification, coarse: ir.Specification, most_states: int | None = None) -> Difference:
    """Compares a specification with splits on with the same text with fewer; at most `most_states` of each are visited.

    Raises ValueError where the first is not split further, or the two are not the same but for that.
    """
    names = [variable.name for variable in fine.variables]
    if not set(fine.splits) > set(coarse.splits) or _whole_names(fine) != _whole_names(coarse):
        raise ValueError("the first specification is the second with actions split further")
    known, complete = _at_rest(coarse, most_states)
    if not complete:
        return Difference(len(known), 0, 0, None, False)
    return _Fine(fine, names.index(UNFINISHED), known).search(most_states)


def _whole_names(specification: ir.Specification) -> list[str]:
    return [variable.name for variable in specification.variables if variable.name != UNFINISHED]


def _at_rest(specification: ir.Specification, most_states: int | None) -> tuple[set[State], bool]:
    """The reachable states in which nothing is unfinished, without that bookkeeping; whether these are all."""
    meaning = Meaning(specification)
    seen = dict.fromkeys(state for _, state in meaning.initial())
    positions = [n for n, one in enumerate(specification.variables) if one.name == UNFINISHED]
    nothing = [next(iter(seen))[position] for position in positions]
    level = list(seen)
    while level and (most_states is None or len(seen) < most_states):
        found = dict.fromkeys(after for state in level for _, after in meaning.successors(state))
        level = [state for state in found if state not in seen]
        seen.update(dict.fromkeys(level))
    resting = (state for state in seen if [state[position] for position in positions] == nothing)
    return {tuple(v for n, v in enumerate(state) if n not in positions) for state in resting}, not level


class _Fine:
    def __init__(self, fine: ir.Specification, position: int, known: set[State]) -> None:
        self.meaning, self.position, self.known = Meaning(fine), position, known
        self.parents: dict[State, tuple[State, Label] | None] = {}
        self.at_rest = 0

    def search(self, most_states: int | None) -> Difference:
        initial = self.meaning.initial()
        self.labels = {state: label for label, state in initial}
        self.nothing = initial[0][1][self.position]
        self.parents = dict.fromkeys(self.labels)
        level = list(self.parents)
        while level:
            following: list[State] = []
            for state in level:
                if self._is_new_at_rest(state):
                    return self._difference(self._trace(state), True)
                for label, after in self.meaning.successors(state):
                    if after not in self.parents:
                        self.parents[after] = (state, label)
                        following.append(after)
            if most_states is not None and len(self.parents) >= most_states:
                return self._difference(None, False)
            level = following
        return self._difference(None, True)

    def _is_new_at_rest(self, state: State) -> bool:
        """Nothing is unfinished, and the rest is a state that the unsplit specification does not have."""
        if state[self.position] != self.nothing:
            return False
        self.at_rest += 1
        return (*state[: self.position], *state[self.position + 1 :]) not in self.known

    def _difference(self, steps: Steps | None, complete: bool) -> Difference:
        return Difference(len(self.known), len(self.parents), self.at_rest, steps, complete)

    def _trace(self, state: State) -> Steps:
        steps: list[tuple[Label, State]] = []
        here = state
        while (arrival := self.parents[here]) is not None:
            steps.append((arrival[1], here))
            here = arrival[0]
        steps.append((self.labels[here], here))
        return tuple(reversed(steps))
