"""Results where a pull request is read: GitHub's workflow commands and step summary, GitLab's code quality report."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from .formats import to_markdown_report
from .places import Problem, problems, relative
from .report import Report, configuration_line, render_shown, verdict_in_words


def to_github(reports: Sequence[Report]) -> str:
    """Workflow commands: an error for each problem, a notice for each check that ended as expected."""
    lines = [_command("error", one) for one in problems(reports)]
    for report in reports:
        if report.code == 0:
            title = _property(configuration_line(report))
            lines.append(f"::notice title={title}::{_message(verdict_in_words(report))}")
    return "\n".join(lines) + "\n"


def _command(level: str, problem: Problem) -> str:
    span = problem.span
    place = f"file={_property(relative(span.path))},line={span.line},endLine={span.end_line},col={span.column}"
    text = problem.sentence if problem.shown is None else f"{problem.sentence}\n\n{render_shown(problem.shown)}"
    text += _kept(problem)
    return f"::{level} {place},title={_property(problem.rule)}::{_message(text)}"


def _kept(problem: Problem) -> str:
    """Where the page of the counterexample is: among the artifacts of the run that GitHub's variables name."""
    names = [os.environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    if problem.shown is None or problem.shown.page is None or not all(names):
        return ""
    server, repository, run = names
    return f"\npage: {problem.shown.page.name} in the artifacts of {server}/{repository}/actions/runs/{run}#artifacts\n"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def append_step_summary(reports: Sequence[Report]) -> None:
    """Appends the results as Markdown to the file that GITHUB_STEP_SUMMARY names, where there is one; raises OSError.

    GitHub takes a summary of up to 1 MiB; what does not fit is left out, and the summary says so.
    """
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    texts, room = [], 900_000
    for report in reports:
        text = to_markdown_report(report)
        room -= len(text.encode())
        texts.append(text if room > 0 else f"## `{configuration_line(report)}`\n\nleft out: the summary is full\n")
    with Path(path).open("a", encoding="utf-8") as file:
        file.write("\n".join(texts))


def to_gitlab(reports: Sequence[Report]) -> str:
    """GitLab's code quality report, a list of issues."""
    issues = [
        {
            "description": one.sentence,
            "check_name": one.rule,
            "fingerprint": one.fingerprint,
            "severity": "critical" if one.shown is not None else "major",
            "location": {"path": relative(one.span.path), "lines": {"begin": max(1, one.span.line)}},
        }
        for one in problems(reports)
    ]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"
