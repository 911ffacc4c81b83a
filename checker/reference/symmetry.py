"""One representative for all states that differ only in the names of interchangeable elements.

Elements are told apart by what the state says about them: every element gets a colour, an invariant of how it occurs,
refined until it is stable. Where the colours tell all elements apart, they order them, and that is the
representative. Elements that stay alike are tried in every order, except those whose exchange changes nothing. So the
cost grows with the ties, never with n!. The same search counts the permutations that leave the state as it is, which
gives the exact size of its orbit. This module knows types and values, not specifications.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import factorial, prod
from typing import Any, assert_never

from ...spec.lang import domains
from ...spec.lang.domains import Plain, Sort, Type

Values = tuple[Plain, ...]
Permutation = tuple[tuple[int, ...], ...]  # per sort: where every element goes
_Colours = tuple[tuple[int, ...], ...]  # per sort: the colour of every element
_View = Any  # what a value looks like from one element: comparable, and the same under every renaming

CACHED = 1 << 18  # entries per cache; a full cache starts anew


@dataclass(frozen=True, slots=True)
class Canonical:
    """The representative of a value's orbit, the permutation that leads there, and how many values the orbit has."""

    values: Values
    permutation: Permutation
    orbit: int


class Symmetry:
    """All permutations of these sorts, acting on values side by side, of these types."""

    def __init__(self, sorts: Iterable[Sort], kinds: Iterable[Type]) -> None:
        self.sorts = tuple(sorts)
        self.kinds = tuple(kinds)
        self._moved = [i for i, kind in enumerate(self.kinds) if domains.sorts_within(kind) & set(self.sorts)]
        self._renamers = [domains.renamer(kind) for kind in self.kinds]
        self._start: _Colours = tuple((0,) * sort.size for sort in self.sorts)
        self._order = prod(factorial(sort.size) for sort in self.sorts)
        self._rank: Callable[[Values], Any] | None = domains.order_key(domains.Tuple(self.kinds))
        self._views: dict[tuple[int, Plain, _Colours], tuple[tuple[_View, ...], ...]] = {}
        self._looks: dict[tuple[_Colours, int, int], _Look] = {}
        self._renamed: dict[tuple[int, Permutation, Plain], Plain] = {}
        self._moves: dict[tuple[Type, Permutation], list[int]] = {}
        self._found: dict[Values, Canonical] = {}

    def canonical(self, values: Values) -> Canonical:
        """The representative of the orbit of these values."""
        found = self._found.get(values)
        if found is None:
            _make_room(self._found)
            found = self._found[values] = self._search(values)
        return found

    def rename(self, values: Values, permutation: Permutation) -> Values:
        """The values with every element replaced."""
        renamed = list(values)
        for i in self._moved:
            renamed[i] = self._rename(i, values[i], permutation)
        return tuple(renamed)

    def identity(self) -> Permutation:
        """The permutation that changes nothing."""
        return tuple(tuple(range(sort.size)) for sort in self.sorts)

    # -------------------------------------------------------------------------------------- search

    def _search(self, values: Values) -> Canonical:
        best: tuple[Any, Values, Permutation] | None = None
        stabiliser = 0
        for permutation, weight in self._leaves(values, self._refined(values, self._start)):
            renamed = self.rename(values, permutation)
            place = self._rank(renamed) if self._rank else renamed
            if best is None or place < best[0]:
                best, stabiliser = (place, renamed, permutation), weight
            elif place == best[0]:
                stabiliser += weight
        assert best is not None, "every value has a representative"
        return Canonical(best[1], best[2], self._order // stabiliser)

    def _leaves(self, values: Values, colours: _Colours) -> Iterator[tuple[Permutation, int]]:
        """Every order of the elements worth trying, with the number of permutations that it stands for."""
        for number, cell in self._ties(colours):
            groups = self._twins(values, number, cell)
            if len(groups) == 1:
                continue  # any order will do, and all are counted below
            for group in groups:
                single = _singled_out(colours, number, group[0])
                for permutation, weight in self._leaves(values, self._refined(values, single)):
                    yield permutation, weight * len(group)
            return
        weight = prod(factorial(len(cell)) for _, cell in self._ties(colours))
        yield tuple(_positions(of_sort) for of_sort in colours), weight

    def _ties(self, colours: _Colours) -> list[tuple[int, list[int]]]:
        """The elements of one sort that have one colour, where there are several."""
        found: list[tuple[int, list[int]]] = []
        for number, of_sort in enumerate(colours):
            if len(set(of_sort)) == len(of_sort):
                continue
            for colour in sorted(set(of_sort)):
                cell = [element for element, own in enumerate(of_sort) if own == colour]
                if len(cell) > 1:
                    found.append((number, cell))
        return found

    def _twins(self, values: Values, number: int, cell: list[int]) -> list[list[int]]:
        """The elements in groups; to exchange two of one group changes nothing."""
        groups: list[list[int]] = []
        for element in cell:
            for group in groups:
                if self.rename(values, self._exchange(number, group[0], element)) == values:
                    group.append(element)
                    break
            else:
                groups.append([element])
        return groups

    def _exchange(self, number: int, one: int, other: int) -> Permutation:
        moved = list(range(self.sorts[number].size))
        moved[one], moved[other] = other, one
        identity = self.identity()
        return (*identity[:number], tuple(moved), *identity[number + 1 :])

    # ------------------------------------------------------------------------------------- colours

    def _refined(self, values: Values, colours: _Colours) -> _Colours:
        """Splits colours by what elements look like until nothing splits."""
        while True:
            views = [self._views_of(i, values[i], colours) for i in self._moved]
            finer = tuple(
                _ranked([(own, [view[number][element] for view in views]) for element, own in enumerate(of_sort)])
                for number, of_sort in enumerate(colours)
            )
            if finer == colours or all(len(set(of_sort)) == len(of_sort) for of_sort in finer):
                return finer
            colours = finer

    def _views_of(self, i: int, plain: Plain, colours: _Colours) -> tuple[tuple[_View, ...], ...]:
        key = (i, plain, colours)
        found = self._views.get(key)
        if found is None:
            _make_room(self._views)
            kind = self.kinds[i]
            found = self._views[key] = tuple(
                tuple(self._look(colours, number, element).image(kind, plain) for element in range(sort.size))
                for number, sort in enumerate(self.sorts)
            )
        return found

    def _look(self, colours: _Colours, number: int, element: int) -> "_Look":
        key = (colours, number, element)
        if key not in self._looks:
            _make_room(self._looks)
            seen = {sort: [2 * own for own in of_sort] for sort, of_sort in zip(self.sorts, colours, strict=True)}
            seen[self.sorts[number]][element] += 1  # the element itself stands out
            self._looks[key] = _Look(seen)
        return self._looks[key]

    def _rename(self, i: int, plain: Plain, permutation: Permutation) -> Plain:
        key = (i, permutation, plain)
        if key not in self._renamed:
            _make_room(self._renamed)
            kind = self.kinds[i]
            if isinstance(kind, domains.Set):
                self._renamed[key] = sum(map(self._moved_bits(kind.item, permutation).__getitem__, _bits(plain)))
            else:
                renamer = self._renamers[i]
                self._renamed[key] = plain if renamer is None else renamer(plain, self._mapping(permutation))
        return self._renamed[key]

    def _moved_bits(self, item: Type, permutation: Permutation) -> list[int]:
        """Where a permutation takes every bit of a set's mask."""
        key = (item, permutation)
        if key not in self._moves:
            _make_room(self._moves)
            mapping = self._mapping(permutation)
            moved = (domains.rename(item, value, mapping) for value in domains.values(item))
            self._moves[key] = [1 << domains.position(item, value) for value in moved]
        return self._moves[key]

    def _mapping(self, permutation: Permutation) -> dict[Sort, tuple[int, ...]]:
        return dict(zip(self.sorts, permutation, strict=True))


def after(second: Permutation, first: Permutation) -> Permutation:
    """First one permutation, then another."""
    return tuple(tuple(b[e] for e in a) for a, b in zip(first, second, strict=True))


def inverse(permutation: Permutation) -> Permutation:
    """The permutation that takes back."""
    return tuple(tuple(sorted(range(len(moved)), key=moved.__getitem__)) for moved in permutation)


def _positions(colours: tuple[int, ...]) -> tuple[int, ...]:
    """Where every element stands when they are sorted by colour."""
    places = [0] * len(colours)
    for place, element in enumerate(sorted(range(len(colours)), key=colours.__getitem__)):
        places[element] = place
    return tuple(places)


def _ranked(keys: list[Any]) -> tuple[int, ...]:
    """The rank of every key: how many are smaller."""
    ordered = sorted(keys)
    return tuple(ordered.index(key) for key in keys)


def _singled_out(colours: _Colours, number: int, element: int) -> _Colours:
    """The colours with one element before the others of its colour."""
    changed = [2 * own + 1 for own in colours[number]]
    changed[element] -= 1
    return (*colours[:number], tuple(changed), *colours[number + 1 :])


def _make_room(cache: dict[Any, Any]) -> None:
    if len(cache) >= CACHED:
        cache.clear()


def _bits(mask: int) -> list[int]:
    """The positions of the bits that are set, in order."""
    found: list[int] = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


class _Look:
    """What values look like when elements show their colours only."""

    def __init__(self, colours: Mapping[Sort, list[int]]) -> None:
        self._colours = colours
        self._tables: dict[Type, list[_View]] = {}

    def image(self, kind: Type, plain: Plain) -> _View:
        """The value with colours for elements, as something comparable that no renaming changes."""
        match kind:
            case domains.Bool() | domains.Int() | domains.Range() | domains.Enumeration():
                return plain
            case domains.Sort():
                return self._colours[kind][plain] if kind in self._colours else plain
            case domains.Optional(item):
                return () if plain is None else (self.image(item, plain),)
            case domains.Record(_, fields):
                return tuple(self.image(item, part) for (_, item), part in zip(fields, plain, strict=True))
            case domains.Tuple(items):
                return tuple(self.image(item, part) for item, part in zip(items, plain, strict=True))
            case domains.Union(records):
                return plain[0], self.image(records[plain[0]], plain[1])
            case domains.Seq(_, item, _):
                return tuple(self.image(item, part) for part in plain)
            case domains.Bag(_, item, _):
                return tuple(sorted(self.image(item, part) for part in plain))
            case domains.Set(item):
                return tuple(sorted(map(self._table(item).__getitem__, _bits(plain))))
            case domains.Map(key, value):
                entries = (self.image(value, entry) for entry in plain)
                return tuple(sorted(zip(self._table(key), entries, strict=True)))
        assert_never(kind)

    def _table(self, kind: Type) -> list[_View]:
        """What every value of a type looks like, in order."""
        if kind not in self._tables:
            self._tables[kind] = [self.image(kind, value) for value in domains.values(kind)]
        return self._tables[kind]
