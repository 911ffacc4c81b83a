"""A result for machines and for pages: one JSON object, a line of JSON each, or Markdown.

The JSON object has a `schema` number, which grows when a field changes its meaning; fields may be added.
"""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from ...spec.lang.errors import Refusal
from ...traces.export.markdown import to_markdown
from ...traces.store import identity, to_stored
from ..result import Result
from .profile import profile_to_json
from .report import Report, Shown, checked, configuration_line, states_in_words, verdict_in_words, warnings

SCHEMA = 1


def to_json(report: Report) -> str:
    """The result as one JSON object."""
    return json.dumps(_document(report), indent=2, ensure_ascii=False) + "\n"


def to_jsonl(reports: Sequence[Report]) -> str:
    """The JSON object of every result, each on a line of its own."""
    return "".join(json.dumps(_document(report), ensure_ascii=False) + "\n" for report in reports)


def _document(report: Report) -> dict[str, Any]:
    result, own = report.result, report.specification
    return {
        "schema": SCHEMA,
        "specification": {"name": own.name, "source": report.source, "digest": own.digest},
        "constants": dict(own.constants),
        "variants": list(own.variants),
        "splits": list(own.splits),
        "verdict": result.verdict,
        "reason": result.reason,
        "complete": result.complete,
        "sentence": verdict_in_words(report),
        "property": result.property,
        "properties": list(result.properties),
        "distinct": result.distinct,
        "unreduced": result.unreduced,
        "generated": result.generated,
        "depth": result.depth,
        "outside": result.outside,
        "actions": {name: _action(result, name) for name in result.actions},
        "witnesses": {name: None if steps is None else len(steps) for name, steps in result.witnesses.items()},
        "bounds": dict(result.bounds),
        "dead_values": list(result.dead_values),
        **({"profile": profile_to_json(result, result.profile)} if result.profile is not None else {}),
        "engine": result.engine,
        "seconds": round(result.seconds, 6),
        "peak_memory": result.peak_memory,
        "error": result.error and {"place": str(result.error.span), "message": result.error.message},
        "trace": _trace(report.shown[0]) if report.shown else None,
        "violations": _violations(report),
        "command": report.command,
    }


def _action(result: Result, name: str) -> dict[str, int]:
    return {"generated": result.actions[name], "distinct": result.distinct_actions.get(name, 0)}


def _trace(shown: Shown) -> dict[str, Any]:
    stored = to_stored(shown.trace)
    steps: list[dict[str, Any]] = msgspec.to_builtins(stored)["steps"]
    return {"id": identity(stored), "path": None if shown.path is None else str(shown.path), "steps": steps}


def _violations(report: Report) -> list[dict[str, Any]]:
    traces = {shown.trace.property: shown for shown in report.shown}
    return [
        {"property": one.property, "kind": one.kind, "count": one.count, "trace": _trace(traces[one.property])}
        for one in report.result.violations
    ]


def refusals_to_json(message: str, refusals: list[Refusal]) -> str:
    """A mistake of the user as one JSON object, so that nothing else is printed where JSON was asked for."""
    errors = [
        {
            "code": one.code,
            "file": one.span.path,
            "line": one.span.line,
            "column": one.span.column,
            "message": one.message,
            "cure": one.cure,
        }
        for one in refusals
    ]
    document = {"schema": SCHEMA, "verdict": "error", "message": message, "errors": errors}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def to_markdown_reports(reports: Sequence[Report]) -> str:
    """The results as Markdown, one after the other."""
    return "\n".join(to_markdown_report(report) for report in reports)


def to_markdown_report(report: Report) -> str:
    """The result as Markdown, for an issue or a step summary."""
    result = report.result
    lines = [f"## `{configuration_line(report)}`", "", f"**{verdict_in_words(report)}**", ""]
    lines += [f"- {states_in_words(result)}", f"- checked: {', '.join(checked(result)) or 'nothing'}"]
    lines += [f"- {line}" for line in warnings(report)]
    lines += ["", "| action | generated | new states |", "|---|---:|---:|"]
    lines += [
        f"| {name} | {count} | {result.distinct_actions.get(name, 0)} |" for name, count in result.actions.items()
    ]
    if result.error is not None and not report.shown:
        lines += ["", str(result.error)]
    for shown in report.shown:
        lines += ["", to_markdown(shown.trace).rstrip()]
    return "\n".join([*lines, "", f"Repeat with `{report.command}`."]) + "\n"
