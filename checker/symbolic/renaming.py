"""Of steps that differ only in the names of interchangeable elements, the first.

A path can be renamed as a whole. So it is enough to go through paths in which no renaming that leaves all earlier
steps as they are gives an earlier instance at the next step: of three servers that could begin, the first does, and
from then on the other two are interchangeable, until one of them is named. Knows labels, not formulas.
"""

from collections.abc import Mapping, Sequence
from itertools import chain, permutations, product
from math import factorial, prod

from ...spec.lang import domains, ir
from ...spec.lang.domains import Plain, Sort

MOST = 5_000  # renamings that are gone through; with more, none is

_Renaming = Mapping[Sort, tuple[int, ...]]
Named = tuple[str, tuple[Plain, ...] | None]  # an action and its arguments, where they are known


class Renamings:
    """The renamings that leave every step up to now as it is."""

    def __init__(self, specification: ir.Specification) -> None:
        actions = (*specification.initial, *specification.actions)
        self._params: dict[str, list[domains.Type]] = {
            "init": [],
            **{a.name: [p.type for p in a.params] for a in actions},
        }
        kinds = chain((variable.type for variable in specification.variables), *self._params.values())
        found = {sort for kind in kinds for sort in domains.sorts_within(kind)}
        sorts = sorted(found, key=lambda sort: sort.name)
        self._left: list[_Renaming] = []
        if prod(factorial(sort.size) for sort in sorts) <= MOST:
            orders = product(*(permutations(range(sort.size)) for sort in sorts))
            self._left = [dict(zip(sorts, order, strict=True)) for order in orders]

    def first(self, steps: Sequence[Named]) -> list[int]:
        """Of the steps that are possible next, those that no renaming makes an earlier one."""
        if len(self._left) > 1 and any(arguments is None for _, arguments in steps):
            self._left = []
        if not self._left:
            return list(range(len(steps)))
        place = {step: n for n, step in enumerate(steps)}
        kept = [s for n, s in enumerate(steps) if all(place.get(self._renamed(s, r), n) >= n for r in self._left)]
        self._left = [r for r in self._left if all(self._renamed(s, r) == s for s in kept)]
        return [place[s] for s in kept]

    def _renamed(self, step: Named, renaming: _Renaming) -> Named:
        name, arguments = step
        assert arguments is not None
        return name, tuple(domains.rename(k, a, renaming) for k, a in zip(self._params[name], arguments, strict=True))
