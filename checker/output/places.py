"""What other programs show beside the source: problems with their places, and the way that leads to each.

Shared by the formats that annotate source files: SARIF, GitHub's workflow commands, GitLab's code quality.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...spec.lang.ir import Span
from ...traces.text import headline
from ...traces.trace import Trace, action_of, show_label
from .report import Report, Shown, configuration_line, verdict_in_words


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to be shown at a place: a counterexample, or a check that ended otherwise than expected."""

    rule: str  # Specification.property
    sentence: str
    span: Span
    fingerprint: str
    report: Report
    shown: Shown | None = None


def problems(reports: Sequence[Report]) -> Iterator[Problem]:
    """Everything that makes a check fail, in order."""
    for report in reports:
        if report.code == 0:
            continue
        wrong = [shown for shown in report.shown if report.expect == "holds" or shown.trace.failure is not None]
        yield from (_of_trace(report, shown) for shown in wrong)
        if not wrong:
            sentence = f"{configuration_line(report)}: {verdict_in_words(report)}"
            if report.result.error is not None:
                sentence += f": {report.result.error}"
            if report.expect == "violated" and report.result.verdict == "holds":
                sentence += ", though a violation is expected"
            name = f"{report.specification.name}.{report.result.reason}"
            yield Problem(name, sentence, report.specification.span, _hash(name, []), report)


def _of_trace(report: Report, shown: Shown) -> Problem:
    trace = shown.trace
    name = f"{report.specification.name}.{trace.property or 'error'}"
    node = trace.property_node()
    span = node.span if node is not None else step_span(trace, len(trace.steps) - 1)
    if trace.failure is not None and report.result.error is not None:
        span = report.result.error.span or span
    sentence = f"{configuration_line(report)}: {headline(trace)}"
    if trace.failure is not None:
        sentence += f": {trace.failure.message}"
    elif node is not None and node.doc:
        sentence += f": {' '.join(node.doc.split())}"
    return Problem(name, sentence, span, _hash(name, [step.label[0] for step in trace.steps]), report, shown)


def step_span(trace: Trace, position: int) -> Span:
    """Where the action of a step stands; the specification where a step has none."""
    action = action_of(trace.specification, trace.steps[position].label[0])
    return action.span if action is not None else trace.specification.span


def step_sentence(trace: Trace, position: int) -> str:
    """`3. commit`."""
    return f"{position + 1}. {show_label(trace.specification, trace.steps[position].label)}"


def _hash(rule: str, actions: Sequence[str]) -> str:
    """The same for the same property and the same actions in order: not for the names of interchangeable elements."""
    return hashlib.sha256("\0".join([rule, *actions]).encode()).hexdigest()


def relative(path: str) -> str:
    """A source file as it is called from the current folder, or as it stands where it is elsewhere."""
    absolute, here = Path(path).resolve(), Path.cwd()
    return absolute.relative_to(here).as_posix() if absolute.is_relative_to(here) else Path(path).as_posix()
