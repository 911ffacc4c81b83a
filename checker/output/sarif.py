"""Results as SARIF 2.1.0 (OASIS), which code scanning shows: a result per counterexample, with its way as a code flow.

GitHub shows 1,000 locations of a flow; a longer way is cut in the middle, and the message says so.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ... import __version__
from ...spec.lang.ir import Span
from ...traces.trace import Trace
from .places import Problem, problems, relative, step_sentence, step_span
from .report import Report, render_shown

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_LOCATIONS = 1000


def to_sarif(reports: Sequence[Report]) -> str:
    """The results as one SARIF log with one run."""
    found = list(problems(reports))
    rules = list(_rules(reports, found))
    run = {
        "tool": {"driver": {"name": "quorate", "semanticVersion": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "the folder that the check ran in"}}},
        "invocations": [{"executionSuccessful": True, "commandLine": report.command} for report in reports],
        "results": [_result(one, [rule["id"] for rule in rules]) for one in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rules(reports: Sequence[Report], found: Sequence[Problem]) -> Iterator[dict[str, Any]]:
    sentences: dict[str, str] = {}
    for report in reports:
        own = report.specification
        sentences |= {f"{own.name}.{one.name}": " ".join(one.doc.split()) for one in own.properties}
    for name in dict.fromkeys([*sentences, *(problem.rule for problem in found)]):
        yield {"id": name, "shortDescription": {"text": sentences.get(name) or name.partition(".")[2]}}


def _result(problem: Problem, rules: Sequence[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": problem.rule,
        "ruleIndex": rules.index(problem.rule),
        "level": "error",
        "message": {"text": problem.sentence},
        "locations": [{"physicalLocation": _place(problem.span)}],
        "partialFingerprints": {"propertyAndActions/v1": problem.fingerprint},
    }
    if problem.shown is not None:
        trace = problem.shown.trace
        result["message"]["text"] += f"\n\n{render_shown(problem.shown)}"
        result["codeFlows"] = [{"threadFlows": [{"locations": list(_flow(trace))}]}]
    return result


def _flow(trace: Trace) -> Iterator[dict[str, Any]]:
    count = len(trace.steps)
    left_out = range(MOST_LOCATIONS // 2, count - MOST_LOCATIONS // 2) if count > MOST_LOCATIONS else range(0)
    for position in range(count):
        if position in left_out:
            continue
        text = step_sentence(trace, position)
        if left_out and position == left_out.stop:
            text = f"(steps {left_out.start + 1} to {left_out.stop} are left out) {text}"
        location = {"physicalLocation": _place(step_span(trace, position)), "message": {"text": text}}
        importance = "essential" if position == count - 1 else "important"
        yield {"location": location, "executionOrder": position + 1, "importance": importance}


def _place(span: Span) -> dict[str, Any]:
    path = relative(span.path)
    artifact = {"uri": quote(path)} | ({"uriBaseId": "SRCROOT"} if Path(path).exists() and path[0] != "/" else {})
    region = {"startLine": max(1, span.line), "startColumn": max(1, span.column)}
    if span.end_line >= span.line and span.end_column >= 1:
        region |= {"endLine": max(1, span.end_line), "endColumn": span.end_column}
    return {"artifactLocation": artifact, "region": region}
