"""Traces lined up by happened-before: what happened in several of them, from the same causes, stands in one row.

Two steps are the same when their labels are, and the steps that they directly follow from are the same: the step before
in their lane, and the steps that sent what they received. So two orders of independent steps are no difference. Every
trace is lined up with the first. Knows traces and their diagrams, nothing of drawing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

from ..export.diagram import diagram
from ..trace import Trace, show_label

# "same": so it stands in every other trace, in this place; "moved": in another place of the row order, yet from the
# same causes; "alike": the same label opposite, after another past; "only": the others have no such step.
Kind = Literal["same", "moved", "alike", "only"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A step of one trace, counted from 1."""

    step: int
    kind: Kind


Row = tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Rows of one cell per trace; `first` is the number (from 0) of the first that shows a real difference.

    An order of independent steps is none. None: there is no difference.
    """

    rows: tuple[Row, ...]
    first: int | None


def align(traces: Sequence[Trace]) -> Alignment:
    """The steps of the traces in rows."""
    numbers = dict[object, int]()
    identities = [_identities(trace, numbers) for trace in traces]
    labels = [[show_label(trace.specification, step.label) for step in trace.steps] for trace in traces]
    opposite = [_opposite(identities[0], own) for own in identities[1:]]
    cells = _Cells(identities, labels)
    rows = tuple(cells.row(steps) for steps in _rows([len(own) for own in identities], opposite, labels))
    first = next((number for number, row in enumerate(rows) if _differs(row)), None)
    return Alignment(rows, _first_other_state(traces, rows, identities, first))


def _identities(trace: Trace, numbers: dict[object, int]) -> list[int]:
    """For every step a number that the same step has in every trace: made from its label and its direct causes."""
    drawing = diagram(trace)
    lanes_of = {event.number: (event.lane, *event.others) for event in drawing.events}
    sent: dict[int, set[int]] = {}
    for message in drawing.messages:
        if message.received is not None and message.fate == "received":
            sent.setdefault(message.received, set()).add(message.sent)
    found: list[int] = []
    last: dict[int, int] = {}
    for number, step in enumerate(trace.steps, start=1):
        lanes = lanes_of.get(number, (-1,))
        causes = {last[lane] for lane in lanes if lane in last} or {1} - {number}
        causes |= {earlier for earlier in sent.get(number, ()) if earlier < number}
        past = tuple(sorted(found[cause - 1] for cause in causes))
        own = (show_label(trace.specification, step.label), lane_name(drawing.lanes, lanes[0]), past)
        found.append(numbers.setdefault(own, len(numbers)))
        last |= dict.fromkeys(lanes, number)
    return found


def lane_name(lanes: tuple[str, ...], lane: int) -> str:
    """The name of a lane; the initial state has none."""
    return lanes[lane] if lane >= 0 else ""


def _opposite(left: list[int], right: list[int]) -> list[tuple[int, int]]:
    """The pairs of positions that stand in one row, growing in both."""
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    return [(block.a + offset, block.b + offset) for block in blocks for offset in range(block.size)]


def _rows(
    lengths: list[int], opposite: list[list[tuple[int, int]]], labels: list[list[str]]
) -> Iterator[tuple[int | None, ...]]:
    """The steps row by row: what is opposite in all traces, and between that what each has on its own."""
    positions = [dict(pairs) for pairs in opposite]
    anchors = [left for left in range(lengths[0]) if all(left in own for own in positions)]
    at = [0] * len(lengths)
    for anchor in [*anchors, None]:
        ends = lengths if anchor is None else [anchor, *(own[anchor] for own in positions)]
        yield from _between([range(start, end) for start, end in zip(at, ends, strict=True)], labels)
        if anchor is not None:
            yield tuple(end + 1 for end in ends)
            at = [end + 1 for end in ends]


def _between(gaps: list[range], labels: list[list[str]]) -> Iterator[tuple[int | None, ...]]:
    """What lies between two common rows: steps with one label opposite, the rest beside each other."""
    if len(gaps) == 2:
        yield from _pair(gaps[0], gaps[1], labels)
        return
    for steps in zip_longest(*gaps):
        yield tuple(None if step is None else step + 1 for step in steps)


def _pair(left: range, right: range, labels: list[list[str]]) -> Iterator[tuple[int | None, ...]]:
    names, others = [labels[0][step] for step in left], [labels[1][step] for step in right]
    for _, a, b, c, d in SequenceMatcher(None, names, others, autojunk=False).get_opcodes():
        for one, other in zip_longest(left[a:b], right[c:d]):
            yield None if one is None else one + 1, None if other is None else other + 1


class _Cells:
    """Says what kind of cell a step is, given what stands opposite."""

    def __init__(self, identities: list[list[int]], labels: list[list[str]]) -> None:
        self._identities, self._labels = identities, labels
        self._known = [frozenset(own) for own in identities]

    def row(self, steps: tuple[int | None, ...]) -> Row:
        """The cells of a row of steps."""
        return tuple(
            None if step is None else Cell(step, self._kind(own, step, steps)) for own, step in enumerate(steps)
        )

    def _kind(self, own: int, step: int, row: tuple[int | None, ...]) -> Kind:
        mine, name = self._identities[own][step - 1], self._labels[own][step - 1]
        others = [(number, other) for number, other in enumerate(row) if number != own]
        if all(other is not None and self._identities[number][other - 1] == mine for number, other in others):
            return "same"
        if all(mine in self._known[number] for number, _ in others):
            return "moved"
        if all(other is not None and self._labels[number][other - 1] == name for number, other in others):
            return "alike"
        return "only"


def _differs(row: Row) -> bool:
    return any(cell is not None and cell.kind in ("alike", "only") for cell in row)


def _first_other_state(
    traces: Sequence[Trace], rows: tuple[Row, ...], identities: list[list[int]], first: int | None
) -> int | None:
    """An earlier row after which the same steps were taken in every trace, and yet the states differ."""
    kinds = [{one.name: one.type for one in trace.specification.variables} for trace in traces]
    common = [name for name, kind in kinds[0].items() if all(own.get(name) == kind for own in kinds)]
    taken: list[set[int]] = [set() for _ in traces]
    at = [1] * len(traces)
    for number, row in enumerate(rows[:first]):
        for own, cell in enumerate(row):
            if cell is not None:
                taken[own].add(identities[own][cell.step - 1])
                at[own] = cell.step
        states = {_values(trace, step, common) for trace, step in zip(traces, at, strict=True)}
        if len(states) > 1 and all(one == taken[0] for one in taken):
            return number
    return first


def _values(trace: Trace, step: int, names: list[str]) -> tuple[object, ...]:
    state = dict(zip((one.name for one in trace.specification.variables), trace.steps[step - 1].state, strict=True))
    return tuple(state[name] for name in names)
