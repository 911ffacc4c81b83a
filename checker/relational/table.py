"""A counterexample to induction as a table: a row per server and epoch, what the step changes beside it.

Elements are named after their sort, in order: `e0 < e1`. Knows theories and structures; knows no solver.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from ...spec.relational.printing import term_text
from ...spec.relational.terms import Variable
from ...spec.relational.theory import Symbol, Theory
from ...spec.relational.vocabulary import Quorum, members_of, membership_of
from .counterexample import Counterexample
from .obligations import START

Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A counterexample, ready to be written: lines above the table, names of its first columns, and its rows."""

    head: tuple[str, ...]
    background: tuple[str, ...]  # members of quorums, and what no step changes
    names: Row
    rows: tuple[tuple[Row, tuple[str, ...], tuple[str, ...]], ...]  # where, what holds before, what the step changes


def tabulated(theory: Theory, example: Counterexample) -> Table:
    """What breaks, the step, the values that make it false; and the state, row by row."""
    before, after = _cells(theory, example, first=True), _cells(theory, example, first=False)
    rows = []
    for row in sorted({*before, *after}):
        kept = tuple(_written(fact, value) for fact, value in before[row].items())
        rows.append((row, kept, tuple(_changes(before[row], after[row]))))
    background = (*_quorums(theory, example), *_background(theory, example))
    names = tuple(sort.__name__.lower() for sort in theory.rows)
    return Table(tuple(_head(example)), background, names, tuple(rows))


def table(theory: Theory, example: Counterexample) -> str:
    """The table as several lines of text."""
    found = tabulated(theory, example)
    rows = [(*found.names, "before", "step")]
    rows += [(*row, ", ".join(kept), ", ".join(changes)) for row, kept, changes in found.rows]
    return "\n".join([*found.head, "", *found.background, "", *_aligned(rows)])


def _head(example: Counterexample) -> Iterator[str]:
    yield f"{example.obligation}: {example.sentence}"
    if example.action == START:
        yield "The first state violates it."
    else:
        yield "A counterexample to induction: the proof breaks here; whether the state can be reached is not said."
    yield f"step: {example.action}({_values(example.parameters)})"
    yield f"false after it for: {_values(example.binding)}"


def _values(values: tuple[tuple[Variable, int], ...]) -> str:
    return ", ".join(f"{term_text(v)} = {element(v.sort, n)}" for v, n in values)


def element(sort: str, number: int) -> str:
    """The name of an element: the first letter of its sort and its place in the order."""
    return str(number) if sort == "Integer" else f"{sort[0].lower()}{number}"


def _quorums(theory: Theory, example: Counterexample) -> Iterator[str]:
    for sort in theory.sorts:
        if issubclass(sort, Quorum):
            pairs = example.before.lookup.relations[membership_of(sort.__name__)]
            for number in range(example.before.lookup.sizes[sort.__name__]):
                members = sorted(member for quorum, member in pairs if quorum == number)
                inside = ", ".join(element(members_of(sort).__name__, m) for m in members)
                yield f"{element(sort.__name__, number)} = {{{inside}}}"


def _background(theory: Theory, example: Counterexample) -> Iterator[str]:
    for symbol in theory.symbols():
        if symbol.background and symbol.result is not None:
            yield from _function_facts(symbol, example.before.lookup.functions[symbol.name])
        elif symbol.background:
            yield from (_fact(symbol, t) for t in sorted(example.before.lookup.relations[symbol.name]))


def _function_facts(symbol: Symbol, graph: dict[tuple[int, ...], int]) -> Iterator[str]:
    for arguments, value in sorted(graph.items()):
        yield f"{_fact(symbol, arguments)} = {element(symbol.result or '', value)}"


def _fact(symbol: Symbol, arguments: tuple[int, ...]) -> str:
    inside = ", ".join(element(sort, n) for sort, n in zip(symbol.sorts, arguments, strict=True))
    return f"{symbol.name}({inside})" if inside else symbol.name


Cell = dict[str, str]  # a fact, or a function's arguments, with the value; a fact's is empty


def _cells(theory: Theory, example: Counterexample, first: bool) -> dict[Row, Cell]:
    """The facts of each row; a fact stands in the row of its first server and epoch, `-` where it has none."""
    look = (example.before if first else example.after).lookup
    cells: dict[Row, Cell] = defaultdict(dict)
    for symbol in theory.symbols():
        if symbol.background:
            continue
        graph = look.functions.get(symbol.name) or dict.fromkeys(look.relations.get(symbol.name, ()), None)
        for arguments, value in sorted(graph.items()):
            row, rest = _placed(theory, symbol, arguments)
            fact = symbol.name + (f"({', '.join(rest)})" if rest else "")
            cells[row][fact] = "" if value is None else element(symbol.result or "", value)
    return cells


def _written(fact: str, value: str) -> str:
    return f"{fact} = {value}" if value else fact


def _changes(before: Cell, after: Cell) -> Iterator[str]:
    yield from (f"− {fact}" for fact in before if fact not in after)
    yield from (f"+ {fact}" for fact in after if fact not in before)
    for fact, value in after.items():
        if fact in before and before[fact] != value:
            yield f"{fact}: {before[fact]} → {value}"


def _placed(theory: Theory, symbol: Symbol, arguments: tuple[int, ...]) -> tuple[Row, list[str]]:
    left = [(sort, n) for sort, n in zip(symbol.sorts, arguments, strict=True)]
    row = []
    for wanted in theory.rows:
        at = next((k for k, (sort, _) in enumerate(left) if sort == wanted.__name__), None)
        row.append("-" if at is None else element(*left.pop(at)))
    return tuple(row), [element(sort, n) for sort, n in left]


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        yield " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if number == 0:
            yield "-+-".join("-" * width for width in widths)
