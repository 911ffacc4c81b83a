"""Traces of a breadth-first search, rebuilt by replay: real steps of the specification with consistent names.

The search keeps one number per state, that of the state it was found from. A trace is replayed from its initial
state: every step is looked up among the steps that the specification has there. Under symmetry the search walks from
representative to representative; the permutations on the way are carried along, so that the trace is one of concrete
elements. A step that cannot be replayed shows that the specification is not symmetric.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...spec.lang import domains
from ...spec.lang.meaning.compile import Label, Meaning, State
from .symmetry import Permutation, Symmetry, after, inverse

Identify = Callable[[Label, State], tuple[Any, Permutation | None]]


class NotReplayed(Exception):
    """A step between representatives is not one between the states that they stand for."""

    def __init__(self, label: Label) -> None:
        super().__init__(label[0])
        self.label = label


class Rebuilder:
    """Replays paths of one search."""

    def __init__(self, meaning: Meaning, whole: Symmetry | None, identify: Identify) -> None:
        self._meaning, self._whole, self._identify = meaning, whole, identify
        spec = meaning.specification
        self._params = {a.name: tuple(p.type for p in a.params) for a in (*spec.initial, *spec.actions)}

    def steps(self, keys: Sequence[Any], last: tuple[Label, State] | None = None) -> tuple[tuple[Label, State], ...]:
        """The steps through states with these identities, and then one more as found at the last representative."""
        found: list[tuple[Label, State]] = []
        at: State | None = None  # the representative
        back: Permutation | None = None  # from the representative to the state at hand
        for key in keys:
            label, target, permutation = self._step_to(at, key)
            found.append(self._real(label, target, back))
            if self._whole is not None and permutation is not None:
                identity = self._whole.identity()
                back = after(back or identity, inverse(permutation))
                target = self._whole.rename(target, permutation)
            at = target
        if last is not None:
            found.append(self._real(*last, back))
        self._replay(found)
        return tuple(found)

    def _step_to(self, at: State | None, key: Any) -> tuple[Label, State, Permutation | None]:
        """The first step to a state with this identity: the one that the search took."""
        for label, target in self._steps(at):
            own, permutation = self._identify(label, target)
            if own == key:
                return label, target, permutation
        raise AssertionError("a search finds its own states again")

    def _steps(self, at: State | None) -> Iterator[tuple[Label, State]]:
        """The initial steps or those of a state, one after the other: a later one may not be possible to evaluate."""
        if at is None:
            yield from self._meaning.initial()
            return
        for _, steps in self._meaning.actions:
            yield from steps(at)

    def _by(self, name: str, state: State) -> Iterator[tuple[Label, State]]:
        return (step for own, steps in self._meaning.actions if own == name for step in steps(state))

    def _real(self, label: Label, target: State, back: Permutation | None) -> tuple[Label, State]:
        if self._whole is None or back is None:
            return label, target
        return self.renamed_label(label, back), self._whole.rename(target, back)

    def renamed_label(self, label: Label, permutation: Permutation) -> Label:
        """The label with its arguments renamed."""
        assert self._whole is not None
        name, arguments = label
        return name, _renamed(
            self._params.get(name, ()), arguments, dict(zip(self._whole.sorts, permutation, strict=True))
        )

    def _replay(self, steps: list[tuple[Label, State]]) -> None:
        for number, step in enumerate(steps):
            there = self._by(step[0][0], steps[number - 1][1]) if number else self._meaning.initial()
            if step not in there:
                raise NotReplayed(step[0])


def _renamed(
    kinds: tuple[domains.Type, ...], arguments: tuple[Any, ...], mapping: Mapping[domains.Sort, tuple[int, ...]]
) -> tuple[Any, ...]:
    return tuple(domains.rename(kind, plain, mapping) for kind, plain in zip(kinds, arguments, strict=True))
