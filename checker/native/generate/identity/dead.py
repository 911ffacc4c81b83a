"""Dead values in C: a function that clears the bits of all cells that are dead in a state, judged by their controls.

Knows where values lie and which cells are dead; nothing of why.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from .....spec.lang import domains
from .....spec.lang.domains import Plain, Type
from .....spec.lang.meaning.dead import Dead
from .. import layout

_Bits = dict[int, int]  # word -> bits of it


def masking(state: layout.StateLayout, dead: tuple[Dead, ...]) -> list[str]:
    """The function, if anything is dead. A cleared cell holds its type's least value."""
    if not dead:
        return []
    clears: dict[_Test, _Bits] = {}
    for one in dead:
        for keys in product(*(tuple(domains.values(axis)) for axis in one.axes)):
            found = clears.setdefault(_test(state, one, keys), {})
            for word, some in _bits(_offset(state, one.variable, keys), layout.bits(one.kind)):
                found[word] = found.get(word, 0) | some
    tables = [test.table(at) for at, test in enumerate(clears) if test.size > layout.WORD]
    lines = ["#define MASKED", *tables, "OWN void mask(u64 *s) {"]
    for at, (test, bits) in enumerate(clears.items()):
        changes = " ".join(_clear(word, own) for word, own in sorted(bits.items()))
        lines.append(f"    if ({test.text(at)}) {{ {changes} }}" if test.places else f"    {changes}")
    return ["\n".join([*lines, "}"])]


@dataclass(frozen=True, slots=True)
class _Test:
    """Whether the controls of a cell hold one of the cases."""

    places: tuple[tuple[int, int, int], ...]  # first bit, bits, and number of values of each control
    cases: frozenset[int]  # combinations, as one number

    @property
    def size(self) -> int:
        size = 1
        for _, _, count in self.places:
            size *= count
        return size

    def text(self, number: int) -> str:
        index = ""
        for first, width, count in self.places:
            code = f"(s[{first // layout.WORD}] >> {first % layout.WORD} & {2**width - 1})"
            index = f"({index} * {count} + {code})" if index else code
        if self.size > layout.WORD:
            return f"dead_{number}[{index} >> 6] >> ({index} & 63) & 1"
        return f"UINT64_C({sum(1 << case for case in self.cases):#x}) >> {index} & 1"

    def table(self, number: int) -> str:
        every = sum(1 << case for case in self.cases)
        words = (every >> at & (2**layout.WORD - 1) for at in range(0, self.size, layout.WORD))
        return f"static const u64 dead_{number}[] = {{{', '.join(f'UINT64_C({word:#x})' for word in words)}}};"


def _test(state: layout.StateLayout, one: Dead, keys: tuple[Plain, ...]) -> _Test:
    places = []
    for control in one.controls:
        first = _offset(state, control.variable, control.keys(keys))
        places.append((first, layout.bits(control.kind), domains.cardinality(control.kind)))
    numbers = set()
    for case in one.cases:
        number = 0
        for control, value in zip(one.controls, case, strict=True):
            number = number * domains.cardinality(control.kind) + layout.encode(control.kind, value)
        numbers.add(number)
    return _Test(tuple(places), frozenset(numbers))


def _offset(state: layout.StateLayout, variable: str, keys: tuple[Plain, ...]) -> int:
    """The first bit of a variable's cell."""
    kind: Type = next(own.type for own in state.variables if own.name == variable)
    first = state.offset(variable)
    for key in keys:
        assert isinstance(kind, domains.Map)
        first += layout.array(kind).offset(domains.position(kind.key, key))
        kind = kind.value
    return first


def _bits(first: int, count: int) -> Iterator[tuple[int, int]]:
    """The words that so many bits lie in, and which bits of each."""
    every = ((1 << count) - 1) << first
    for word in range(first // layout.WORD, (first + count - 1) // layout.WORD + 1):
        yield word, every >> word * layout.WORD & (2**layout.WORD - 1)


def _clear(word: int, bits: int) -> str:
    kept = ~bits & (2**layout.WORD - 1)
    return f"s[{word}] &= UINT64_C({kept:#x});" if kept else f"s[{word}] = 0;"
