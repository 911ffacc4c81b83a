"""What a page that is served asks for bit by bit: the view of a path, and what can happen after one of its steps.

The numbers of texts and reasons go on from those that the page has. Knows traces, nothing of who serves.
"""

from dataclasses import replace
from typing import Any

from ...spec.lang.meaning.compile import Meaning
from ..space.views import MOST_STATES, views
from ..trace import Trace
from .options import options_at
from .properties import trees_at
from .texts import Texts
from .view import MOST_STEPS, view


def path_view(trace: Trace, meaning: Meaning) -> dict[str, Any]:
    """The data of the page, with the alternatives of the last state only, and without a state graph."""
    return view(trace, MOST_STEPS, instances=1, states=0, meaning=meaning)


def step_view(trace: Trace, number: int, meaning: Meaning, texts_known: int, reasons_known: int) -> dict[str, Any]:
    """The alternatives after a step, and the evaluated trees of all properties there.

    `number` counts as the page does: from 1, the first step that it shows.
    """
    texts, seen = Texts(texts_known), replace(trace, steps=trace.steps[-MOST_STEPS:])
    found = options_at(seen, number, meaning, texts, reasons_known) | {"trees": trees_at(seen, number, texts)}
    return found | {"texts": texts.listed()}


def space_view(trace: Trace, meaning: Meaning) -> dict[str, Any]:
    """The clustered state graph around the trace."""
    return views(trace, meaning, MOST_STATES)
