"""The page as one HTML file: the code that draws, and the data of one trace.

The file asks nobody for anything: a policy in it forbids every request, every script but its own (by its hash), and
every form. The data is compressed and in base64, so that no character of a trace is ever near markup; it reaches the
screen as text only.
"""

import base64
import hashlib
import html
import json
import zlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from ..expression import Value
from ..space.views import MOST_STATES
from ..trace import Trace
from .options import MOST_INSTANCES
from .view import MOST_STEPS, lasting, view

LARGEST = 400_000  # bytes, of code and data together
ALONE = ("data", "drawing", "timeline", "inspector", "panels", "share", "space", "main")
LIVE = (*ALONE, "live")  # the last asks the server that serves the page, and nobody else
COMPARING = ("data", "drawing", "timeline", "inspector", "panels", "compare")
_BUDGETS = ((MOST_STEPS, MOST_INSTANCES), (MOST_STEPS, 0), (3000, 0), (1000, 0), (300, 0), (100, 0))


def to_html(trace: Trace, watched: Mapping[str, Sequence[Value]] | None = None) -> str:
    """The page that shows a trace, with the values of expressions that are `watched`.

    What does not fit into the largest size is left out, and the page says so.
    """
    more = lasting(trace)
    for steps, instances in _BUDGETS:
        data = view(trace, steps, instances, MOST_STATES if instances else 0) | more
        if steps < MOST_STEPS or instances < _BUDGETS[0][1]:
            data["notices"].append(f"To stay below {LARGEST:,} bytes, this page leaves out some of what it could show.")
        _watch(data, watched or {})
        text = page(data)
        if len(text.encode()) <= LARGEST:
            break
    return text


def _watch(data: dict[str, Any], watched: Mapping[str, Sequence[Value]]) -> None:
    """Expressions as rows like those of the state, from the first step that is shown."""
    for expression, values in watched.items():
        history: list[list[int]] = []
        for value in values:
            step = value.step - data["skipped"]
            if step <= 1:
                history.clear()  # what came before the first step that is shown is its value
            history.append([max(step, 1), len(data["texts"])])
            data["texts"].append(f"fails: {value.text}" if value.fails else value.text)
        data.setdefault("watched", {})[expression] = {"place": expression, "history": history}


def page(data: dict[str, Any], scripts: tuple[str, ...] = ALONE) -> str:
    """The file for the data of a view; a live page may ask the server that it came from."""
    code = "\n".join(_asset(f"{name}.js") for name in scripts)
    style = _asset("page.css")
    policy = [
        "default-src 'none'",
        *(("connect-src 'self'",) if scripts == LIVE else ()),
        "img-src blob:",  # the diagram, on its way to a PNG file
        f"script-src '{_hash(code)}'",
        f"style-src '{_hash(style)}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    parts = {"POLICY": html.escape("; ".join(policy)), "STYLE": style, "DATA": pack(data), "CODE": code}
    text = _asset("page.html")
    for name, part in parts.items():
        before, mark, after = text.partition(f"%{name}%")
        assert mark, f"page.html has no place for {name}"
        text = before + part + after
    return text


def pack(data: dict[str, Any]) -> str:
    """JSON, compressed, in base64."""
    return base64.b64encode(zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 9)).decode()


def _asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
