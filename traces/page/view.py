"""Everything the page shows about a trace, as one JSON object.

Nothing in it is markup: texts are texts, and the page puts them on the screen as text. Where a budget cuts something
off, a notice says so.
"""

from dataclasses import replace
from typing import Any

from ...spec.lang.meaning.compile import Meaning
from ..export.diagram import diagram
from ..export.drawing import to_mermaid
from ..export.itf import to_itf
from ..export.markdown import to_markdown
from ..export.trees import trees
from ..shrinking import NotShrinkable, needed
from ..space.views import MOST_STATES, views
from ..store import identity, to_stored, to_text
from ..text import headline
from ..trace import Trace, action_of, configuration, show_label
from ..why import alternative
from .lanes import lanes
from .options import MOST_INSTANCES, options
from .properties import packed, properties
from .prose import badge, paragraph
from .repeat import command, regression_test
from .rows import differences, rows
from .texts import Texts

MOST_STEPS = 10_000
MOST_TRIED = 60  # steps of a trace each of which is left out once, to see whether it is needed
MOST_WRITTEN = 200  # steps of a trace that the page holds in other formats too


def view(
    trace: Trace,
    most_steps: int = MOST_STEPS,
    instances: int = MOST_INSTANCES,
    states: int = MOST_STATES,
    meaning: Meaning | None = None,
) -> dict[str, Any]:
    """The data of the page; of a trace with more than `most_steps` steps the last ones.

    `instances` bounds the work on alternatives, `states` that on the state graph. The specification's meaning is
    compiled unless it is given.
    """
    shown, texts = replace(trace, steps=trace.steps[-most_steps:]), Texts()
    meaning = meaning or Meaning(trace.specification)
    found = {
        **outline(trace, texts, most_steps),
        **properties(shown, meaning, texts),
        **options(shown, meaning, texts, instances),
        "space": views(shown, meaning, states) if states else {"states": 0, "complete": False, "views": []},
    }
    return found | {"texts": texts.listed()}


def outline(whole: Trace, texts: Texts, most_steps: int = MOST_STEPS) -> dict[str, Any]:
    """What a trace is, and what happens in it: everything that needs no engine."""
    skipped = max(0, len(whole.steps) - most_steps)
    trace = replace(whole, steps=whole.steps[skipped:])
    drawing, (word, origin) = diagram(trace), badge(whole)
    return {
        **_heading(whole),
        "badge": [word, origin],
        "prose": paragraph(whole, drawing),
        "skipped": skipped,
        "notices": _notices(len(whole.steps), skipped),
        "labels": [texts.number(show_label(trace.specification, step.label)) for step in trace.steps],
        "actions": _actions(trace),
        "action_of": [_action_number(trace, step.label[0]) for step in trace.steps],
        "variables": [{"name": one.name, "ghost": one.ghost} for one in trace.specification.variables],
        "rows": rows(trace, texts),
        "changes": differences(trace, texts),
        "forests": _forests(trace),
        "log": _log(whole, skipped, texts),
        **lanes(trace, drawing, texts),
    }


def _forests(trace: Trace) -> list[dict[str, Any]]:
    """Variables that are trees: the row of every place, parents first, with its depth and its name."""
    return [
        {"name": tree.variable, "places": [[tree.place(key), depth, tree.names[key]] for key, depth in tree.places]}
        for tree in trees(trace.specification)
    ]


def _log(trace: Trace, skipped: int, texts: Texts) -> dict[str, Any] | None:
    """The log that the trace was read from: the line of every step that is shown, and where the log parts."""
    log = trace.log
    if log is None:
        return None
    found: dict[str, Any] = {
        "name": log.name,
        "lines": [texts.number(line) for line in log.lines[skipped:]],
        "parting": None,
    }
    if log.parting is not None:
        label = log.parting.label
        name, reason = None, None
        if label is not None:
            name = show_label(trace.specification, label)
            reason = alternative(trace, len(trace.steps), label).reason
        found["parting"] = {
            "line": log.parting.line,
            "label": name,
            "differences": log.parting.differences,
            "reason": packed(reason, texts) if reason is not None else None,
        }
    return found


def lasting(trace: Trace) -> dict[str, Any]:
    """What a page holds that is kept as a file: which steps are needed, and the trace in other formats."""
    return {"needed": _needed(trace), "forms": _forms(trace)}


def _needed(trace: Trace) -> tuple[bool, ...] | None:
    """The steps without which the end is lost; None where the trace is long, or ends in nothing particular."""
    if len(trace.steps) > MOST_TRIED:
        return None
    try:
        return needed(trace)
    except NotShrinkable:
        return None


def _forms(trace: Trace) -> dict[str, str]:
    """The trace in other formats, to be saved from the page; nothing of a long one."""
    if len(trace.steps) > MOST_WRITTEN:
        return {}
    return {
        "trace.json": to_text(trace),
        "itf.json": to_itf(trace),
        "md": to_markdown(trace),
        "mmd": to_mermaid(trace),
    }


def _heading(trace: Trace) -> dict[str, Any]:
    node = trace.property_node()
    failure = trace.failure
    return {
        "schema": 1,
        "name": trace.specification.name,
        "about": " ".join(trace.specification.doc.split("\n\n")[0].split()),
        "headline": headline(trace),
        "configuration": configuration(trace.specification),
        "source": trace.source,
        "identity": identity(to_stored(trace)),
        "verdict": trace.verdict,
        "property": trace.property,
        "sentence": "" if node is None else " ".join(node.doc.split()),
        "failure": None if failure is None else [failure.during, failure.place, failure.message],
        "command": command(trace),
        "test": regression_test(trace),
    }


def _notices(steps: int, skipped: int) -> list[str]:
    if not skipped:
        return []
    shown = steps - skipped
    return [f"The trace has {steps:,} states; this page shows the last {shown:,}. `quorate trace show` prints all."]


def _actions(trace: Trace) -> list[list[str]]:
    own = trace.specification
    return [[one.name, str(one.span), " ".join(one.doc.split())] for one in (*own.initial, *own.actions)]


def _action_number(trace: Trace, name: str) -> int:
    own = trace.specification
    action = action_of(own, name)
    return -1 if action is None else [one.name for one in (*own.initial, *own.actions)].index(action.name)
