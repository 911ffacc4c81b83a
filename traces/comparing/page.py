"""Several traces side by side as one self-contained page: lined up row by row, the first divergence in the middle.

Knows traces and the page's parts; where a page of a trace alone is to be found, the caller says.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from ..page.document import COMPARING, LARGEST, page
from ..page.texts import Texts
from ..page.view import outline
from ..trace import Trace
from .align import Alignment, align
from .difference import configurations

MOST_STEPS = 3000  # of each trace
_BUDGETS = (MOST_STEPS, 1000, 300, 100)
KINDS = ("same", "moved", "alike", "only")


def to_html(traces: Sequence[Trace], links: Sequence[str] = ()) -> str:
    """The page that compares traces; `links` lead to the pages of each alone."""
    for steps in _BUDGETS:
        text = page(comparison(traces, links, steps), scripts=COMPARING)
        if len(text.encode()) <= LARGEST:
            break
    return text


def comparison(traces: Sequence[Trace], links: Sequence[str] = (), most_steps: int = MOST_STEPS) -> dict[str, Any]:
    """The data of the page: every trace, the rows that line them up, and what differs in their configurations."""
    cut = [replace(trace, steps=trace.steps[:most_steps]) for trace in traces]
    found = align(cut)
    numbers = {kind: number for number, kind in enumerate(KINDS)}
    return {
        "traces": [_alone(trace, number, links) for number, trace in enumerate(cut)],
        "table": [[cell and [cell.step, numbers[cell.kind]] for cell in row] for row in found.rows],
        "first": _first(cut, found),
        "configuration": [one for left, right in pairwise(traces) for one in configurations(left, right)],
        "notices": [
            f"Trace {number + 1} has {len(whole.steps):,} states; this page compares the first {most_steps:,}."
            for number, whole in enumerate(traces)
            if len(whole.steps) > most_steps
        ],
    }


def _first(traces: Sequence[Trace], found: Alignment) -> int | None:
    """The row of the first divergence: of two traces, or of a log that parts from the specification."""
    rows = [] if found.first is None else [found.first]
    for number, trace in enumerate(traces):
        if trace.log is not None and trace.log.parting is not None and trace.log.parting.label is not None:
            last = max(at for at, row in enumerate(found.rows) if row[number] is not None)
            rows.append(min(last + 1, len(found.rows) - 1))
    return min(rows, default=None)


def _alone(trace: Trace, number: int, links: Sequence[str]) -> dict[str, Any]:
    texts = Texts()
    data = outline(trace, texts)
    nothing: dict[str, Any] = {"properties": [], "trees": {}, "options": {}, "reasons": []}
    return data | nothing | {"texts": texts.listed(), "link": links[number] if links else None}
