"""`quorate ci`: runs the checks that a project lists, and says how each compares with the last run."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from ...spec.lang.errors import Refused
from ..commands.check import formatter, write_reports
from ..commands.mistakes import (
    EXIT_HOLDS,
    EXIT_INCOMPLETE,
    EXIT_INTERRUPTED,
    EXIT_MISTAKE,
    EXIT_NOTHING_CHECKED,
    EXIT_VACUOUS,
    EXIT_VIOLATED,
    Mistake,
)
from ..commands.request import check_outputs, outputs
from ..commands.search import report_on, search
from ..output.report import Report
from ..subject import subject
from . import history
from .wanted import Wanted, matches, read_wanted, request_of

FORMATS = ("text", "jsonl", "markdown", "junit", "sarif", "github", "gitlab")
WORST_FIRST = (
    EXIT_INTERRUPTED,
    EXIT_MISTAKE,
    EXIT_VIOLATED,
    EXIT_NOTHING_CHECKED,
    EXIT_VACUOUS,
    EXIT_INCOMPLETE,
    EXIT_HOLDS,
)

EPILOG = """\b
Examples:
  quorate ci
  quorate ci 'zab*' --output-format junit --output quorate.xml --output-format text

\b
Exits with the code of the worst check: 130, 2, 1, 5, 6, 4, 0 (see quorate --help); with 5 if there is no check.
"""


@click.command(epilog=EPILOG, short_help="Run the checks that pyproject.toml lists.")
@click.argument("patterns", nargs=-1, metavar="[NAME]…")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("pyproject.toml"),
    show_default=True,
    help="Where [tool.quorate] stands.",
)
@click.option("--output-format", type=click.Choice(FORMATS), multiple=True, help="How results are printed; repeatable.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), multiple=True, metavar="FILE")
@click.option(
    "--pages", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="For pages of counterexamples."
)
def ci(
    patterns: tuple[str, ...],
    file: Path,
    output_format: tuple[str, ...],
    output: tuple[Path, ...],
    pages: Path | None,
) -> int:
    """Runs the checks of [[tool.quorate.check]] in pyproject.toml, or those whose names match.

    The results are kept in .quorate/history.sqlite; each check is compared with its last run. With --pages, every
    counterexample that was not expected gets a page in the folder, named by its trace.
    """
    check_outputs(output_format, output)
    every = read_wanted(file)
    wanted = [one for one in every if not patterns or any(matches(one, pattern) for pattern in patterns)]
    missed = [pattern for pattern in patterns if not any(matches(one, pattern) for one in every)]
    if missed or not wanted:
        where = f"no check of {file} matches {missed[0]!r}" if missed else f"{file} has no [[tool.quorate.check]]"
        click.echo(f"quorate: nothing was checked: {where}", err=True)
        return EXIT_NOTHING_CHECKED
    reports = _run(wanted)
    trends = _remember(wanted, reports)
    if pages is not None:
        reports = _paged(reports, pages)
    texts = _rendered([name for name, _ in outputs(output_format, output)], wanted, reports, trends)
    write_reports(outputs(output_format, output), texts)
    codes = {report.code for report in reports}
    return next(code for code in WORST_FIRST if code in codes)


def _run(wanted: Sequence[Wanted]) -> list[Report]:
    """Every check; what is wrong with any of them is said before the first is run. After an interruption no more."""
    prepared = []
    for one in wanted:
        try:
            request = request_of(one)
            specification = subject(one.specification, request.constants, request.variant, request.split)
            request.options(specification, None)
        except (Mistake, Refused) as problem:
            raise Mistake(f"check {one.title()!r}: {problem}") from None
        prepared.append((request, specification))
    reports: list[Report] = []
    for request, specification in prepared:
        reports.append(report_on(request, specification, search(request, specification, None)))
        if reports[-1].code == EXIT_INTERRUPTED:
            break
    return reports


def _paged(reports: list[Report], folder: Path) -> list[Report]:
    from ..output.pages import with_pages

    try:
        return with_pages(reports, folder)
    except OSError as problem:
        raise Mistake(f"the pages cannot be written to {folder}: {problem.strerror}") from None


def _remember(wanted: Sequence[Wanted], reports: Sequence[Report]) -> list[str]:
    """How each check compares with its last run, which this run now is; interrupted runs are not remembered."""
    rows = [_row(one, report) for one, report in zip(wanted, reports, strict=False)]
    try:
        before = history.last(history.FILE, [row.title for row in rows])
        if not any(row.code == EXIT_INTERRUPTED for row in rows):
            history.append(history.FILE, rows)
    except history.Unusable as problem:
        click.echo(f"quorate: no history: {problem}", err=True)
        before = {}
    return [history.trend(row, before.get(row.title)) for row in rows]


def _row(wanted: Wanted, report: Report) -> history.Row:
    result = report.result
    counts = (result.distinct, result.generated, result.depth, result.seconds, result.peak_memory)
    return history.Row(wanted.title(), report.specification.digest, result.verdict, result.reason, report.code, *counts)


def _rendered(
    formats: Iterable[str], wanted: Sequence[Wanted], reports: Sequence[Report], trends: Sequence[str]
) -> dict[str, str]:
    from ..output.annotations import append_step_summary

    found = {}
    for name in formats:
        found[name] = _text(wanted, reports, trends) if name == "text" else formatter(name)(reports)
        if name == "github":
            append_step_summary(reports)
    return found


def _text(wanted: Sequence[Wanted], reports: Sequence[Report], trends: Sequence[str]) -> str:
    """A line for each check, the whole report of each that failed, and how many these are."""
    from ..output.console import paint_for
    from ..output.report import render_report, verdict_in_words

    paint = paint_for(sys.stdout)
    lines = []
    for one, report, trend in zip(wanted, reports, trends, strict=False):
        mark = paint("good", "ok    ") if report.code == 0 else paint("bad", "FAILED")
        expected = ", as expected" if report.code == 0 and report.expect == "violated" else ""
        verdict = f"{verdict_in_words(report)}{expected}"
        if report.code and report.expect == "violated":
            verdict += ", though a violation is expected"
        lines.append(f"{mark} {one.title()}: {verdict}\n       {report.result.distinct:,} states; {trend}\n")
    failed = [report for report in reports if report.code]
    lines += [f"\n{render_report(report, paint=paint)}" for report in failed]
    not_run = f", {len(wanted) - len(reports)} not run" if len(wanted) > len(reports) else ""
    lines.append(f"\n{len(reports)} check{'s' if len(reports) > 1 else ''}, {len(failed)} failed{not_run}\n")
    return "".join(lines)
