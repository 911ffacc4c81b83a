"""`quorate check impl:cluster`: words to a budget, and the result of an enumeration as text or JSON.

The bounds are those of `Budget`; seeded bugs cannot be reached from here.
"""

import json
import sys
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from ..commands.arguments import nearest
from ..commands.mistakes import Mistake
from ..model import Limits
from ..output.console import ProgressLine
from ..result import Result, Steps
from .search import Budget, check

if TYPE_CHECKING:
    from ..commands.request import Request

NAME = "impl:cluster"
# What a bound may be: more servers than that are not explored in a lifetime.
HIGHEST = {"servers": 7, "transactions": 100, "slow_disk": 1}
_MOST = 1000
_UNUSED = ("variant", "split", "property_", "check_all", "checkpoint", "resume", "html", "trace", "verbose")


def run(request: "Request") -> tuple[Result, dict[str, str]]:
    """The result, and the reports that were asked for, by format. Raises Mistake."""
    for name in _UNUSED:
        if getattr(request, name):
            raise Mistake(f"--{name.strip('_').replace('_', '-')} is for specifications, not for {NAME}; leave it out")
    if "markdown" in request.output_format:
        raise Mistake(f"{NAME} is reported as text or json, not as markdown")
    if request.engine != "auto":
        raise Mistake(f"{NAME} has an engine of its own; leave --engine out")
    budget = read_budget(request.constants)
    limits = Limits(request.max_states, request.max_depth, request.timeout, request.memory)
    progress = ProgressLine(sys.stderr)
    try:
        result = check(budget, limits=limits, progress=None if request.quiet else progress)
    finally:
        progress.close()
    texts = {"text": _text(result, request.quiet), "json": _json(result)}
    return result, {name: texts[name] for name, _ in request.outputs()}


def read_budget(words: tuple[str, ...]) -> Budget:
    """A budget from words `crashes=1`; raises Mistake where one is unknown, no number or out of bounds."""
    known = {field.name: field.default for field in fields(Budget)}
    values: dict[str, int] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name not in known:
            raise Mistake(f"{NAME} has no bound {name!r}{nearest(name, known)} (it has: {', '.join(known)})")
        if name in values:
            raise Mistake(f"{name} is given twice")
        low = 1 if name in ("servers", "retained", "rounds") else 0
        high = HIGHEST.get(name, _MOST)
        if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
            raise Mistake(f"{word}: {name} is a whole number from {low} to {high}")
        values[name] = int(text)
    return Budget(**values)


def _text(result: Result, quiet: bool) -> str:
    bounds = " ".join(f"{name}={value}" for name, value in result.bounds.items())
    lines = [f"{NAME} {bounds}: {_verdict(result)}"]
    if quiet:
        return lines[0] + "\n"
    lines.append(f"  {result.distinct:,} distinct states, {result.generated:,} generated, depth {result.depth}")
    if result.outside:
        lines.append(f"  {result.outside:,} generated states have a later round: checked, not explored")
    lines.append(f"  checked: {', '.join(result.properties)}")
    lines += [f"  never reached: {name}" for name in result.unreached()]
    lines.append(f"  in {result.seconds:.1f} s, engine {result.engine}")
    return "\n".join([*lines, *_story(result.steps or ())]) + "\n"


def _verdict(result: Result) -> str:
    if result.verdict == "violated":
        return f"violated: {result.property}"
    if result.verdict == "undecided":
        return f"no violation found, incomplete: stopped by {result.reason}"
    within = " within the rounds" if result.outside else ""
    return f"holds for everything that can happen within this budget{within}"


def _story(steps: Steps) -> list[str]:
    """Each step with the servers that it changed."""
    lines: list[str] = []
    for number, ((name, arguments), state) in enumerate(steps, start=1):
        lines += ["", f"{number}. {name}({', '.join(map(str, arguments))})"]
        before = steps[number - 2][1] if number > 1 else (None,) * len(state)
        lines += [f"     {now}" for now, was in zip(state, before, strict=True) if now != was]
    return lines


def _json(result: Result) -> str:
    document: dict[str, Any] = asdict(result) | {"schema": 1, "specification": NAME}
    document["witnesses"] = {name: None if steps is None else len(steps) for name, steps in result.witnesses.items()}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
