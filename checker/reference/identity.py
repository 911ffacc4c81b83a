"""When two states are the same: without ghosts, with ghosts, or with the label too; up to renaming under symmetry.

This module gives every step's target its key. It knows nothing of the search that collects keys.
"""

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from ...spec.lang import domains, ir
from ...spec.lang.meaning.compile import Label, State
from ..model import Options, dead_values_of
from .symmetry import Permutation, Symmetry

Key = Any  # hashable; equal for states that are the same


class Identity:
    """The identity of states that a run was asked for."""

    def __init__(self, specification: ir.Specification, options: Options) -> None:
        ghosts = [variable.name for variable in specification.variables if variable.ghost]
        self.left_out = tuple(ghosts) if options.identity == "state" else ()
        self.labelled = options.identity == "label"
        dead = dead_values_of(specification, options)
        self.dead = dead.sentences()
        self._mask = dead.mask() if dead else None
        kept = [i for i, variable in enumerate(specification.variables) if variable.name not in self.left_out]
        self._kinds = tuple(variable.type for variable in specification.variables)
        self._pick = _picker(kept, len(self._kinds))
        actions = (*specification.initial, *specification.actions)
        params = {action.name: tuple(param.type for param in action.params) for action in actions}
        kept_kinds = self._pick(self._kinds)
        self.sorts = _sorts((*kept_kinds, *(k for ks in params.values() for k in ks if self.labelled)), options)
        # What a permutation does to a whole state, ghosts included.
        self.whole = Symmetry(self.sorts, self._kinds) if self.sorts else None
        self._of_state = Symmetry(self.sorts, kept_kinds) if self.sorts else None
        self._of_step = {
            name: Symmetry(self.sorts, (*kept_kinds, *kinds)) for name, kinds in params.items() if self.sorts
        }

    @property
    def is_plain(self) -> bool:
        """Whether a state is its own key."""
        return not (self.left_out or self.labelled or self.sorts or self._mask)

    def key(self, label: Label, state: State) -> tuple[Key, Permutation | None, int]:
        """The key of a step's target, the permutation to its representative, the number of states it stands for."""
        values = self._pick(state if self._mask is None else self._mask(state))
        if self._of_state is None:
            return ((label, values) if self.labelled else values), None, 1
        if not self.labelled:
            found = self._of_state.canonical(values)
            return found.values, found.permutation, found.orbit
        name, arguments = label
        symmetry = self._of_step.get(name, self._of_state)
        found = symmetry.canonical((*values, *arguments))
        return (name, found.values), found.permutation, found.orbit


def _picker(kept: list[int], size: int) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    if len(kept) == size:
        return lambda whole: whole
    if len(kept) == 1:
        return lambda whole: (whole[kept[0]],)
    return itemgetter(*kept) if kept else lambda whole: ()


def _sorts(kinds: tuple[domains.Type, ...], options: Options) -> tuple[domains.Sort, ...]:
    """The sorts whose elements may be renamed, in order of their names."""
    if not options.symmetry:
        return ()
    found = frozenset[domains.Sort]().union(*(domains.sorts_within(kind) for kind in kinds))
    return tuple(sorted((sort for sort in found if sort.size > 1), key=lambda sort: sort.name))
