"""`quorate check`: runs an engine over a specification and says what came of it.

Reads the words, calls the engine, replays what it found, stores the traces, prints the reports, decides on the exit
code. What is printed is made in `checker/output/`.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .arguments import Duration, Size, complete_constant, complete_specification
from .mistakes import EXIT_MISTAKE, Mistake

if TYPE_CHECKING:
    from ..output.report import Report
    from .request import Request

FORMATS = ("text", "json", "jsonl", "markdown", "junit", "sarif", "github", "gitlab")

EPILOG = """\b
Examples:
  quorate check two-phase-commit managers=4
  quorate check two-phase-commit --variant commit-early --expect violated
  quorate check my_spec.py:MySpec servers=3 --max-depth 12 --timeout 5m
  quorate check paxos --output-format json --output result.json --output-format text

\b
--fail-on replaces its default, but a violation always counts. It takes a list of: violation, incomplete, vacuous,
coverage<N (N percent of the actions were taken).
The n-th --output belongs to the n-th --output-format; what has none goes to stdout.
"""


def _option(*names: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(*names, **{"show_default": "default" in settings, **settings})


@click.command(epilog=EPILOG, short_help="Search the states of a specification.")
@click.argument("specification", shell_complete=complete_specification)
@click.argument("constants", nargs=-1, metavar="[NAME=VALUE]…", shell_complete=complete_constant)
@_option("--variant", multiple=True, metavar="NAME", help="Switch a named deviation on; repeatable.")
@_option("--split", multiple=True, metavar="POINT", help="Let others come between at this step, or at all; repeatable.")
@_option(
    "--property", "property_", multiple=True, metavar="NAME", help="Check only this one (or 'deadlock'); repeatable."
)
@_option("--symmetry/--no-symmetry", default=True, help="Treat states that differ in names of a Sort as one.")
@_option(
    "--identity",
    type=click.Choice(["state", "ghosts", "label"]),
    help="When two states are the same: without ghosts, with them, with the label of the step as well. "
    "The default is without, unless a property that is checked reads one.",
)
@_option(
    "--dead-values/--no-dead-values",
    default=None,
    help="Treat states that differ only in what nothing reads any more as one, or count them all; "
    "the default is to, but not with --identity.",
)
@_option(
    "--deadlock/--no-deadlock",
    default=True,
    help="A state without successors is a violation, unless declared terminal.",
)
@_option("--check-all", is_flag=True, help="Go on after a violation, and group what is found.")
@_option("--engine", type=click.Choice(["auto", "native", "reference"]), default="auto", help="Which engine searches.")
@_option("--exact", is_flag=True, help="The native engine compares states in full, which takes more memory.")
@_option(
    "--workers",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="Threads of the native engine, usually one for each core, at most 4; processes for impl:cluster.",
)
@_option("--max-states", type=click.IntRange(1), metavar="N", help="Stop after so many distinct states.")
@_option("--max-depth", type=click.IntRange(1), metavar="N", help="Do not search deeper; an initial state has depth 1.")
@_option("--timeout", type=Duration(), metavar="TIME", help="Stop after this time: 90, 90s, 5m, 2h.")
@_option("--memory", type=Size(), metavar="SIZE", help="Stop when the process holds so much: 500M, 2G.")
@_option(
    "--checkpoint",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where the native engine keeps its search: every ten minutes, and when it is stopped.",
)
@_option("--resume", is_flag=True, help="Go on from the --checkpoint.")
@_option("--seed", type=int, default=0, help="Of what an engine samples; it never changes a count.")
@_option(
    "--fail-on", default="violation,incomplete", metavar="LIST", help="What else ends in an exit code other than 0."
)
@_option(
    "--expect", type=click.Choice(["holds", "violated"]), default="holds", help="The verdict that ends in exit code 0."
)
@_option("--exit-zero", is_flag=True, help="Exit with 0 whatever the verdict; mistakes and faults keep their codes.")
@_option("--output-format", type=click.Choice(FORMATS), multiple=True, help="How the result is printed; repeatable.")
@_option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="Where it goes; repeatable.",
)
@_option(
    "--trace",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where a counterexample goes, instead of .quorate/traces/.",
)
@_option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where the page of the counterexample goes: one HTML file that needs nothing else.",
)
@_option("--profile", is_flag=True, help="Also where the time went, memory for each state, and what grows.")
@_option("-q", "--quiet", is_flag=True, help="No progress; of the text only the verdict.")
@_option("-v", "--verbose", is_flag=True, help="Also a table of actions.")
def check(**options: Any) -> int:
    """Searches the states of SPECIFICATION: a bundled name (see quorate list), my_spec.py, my_spec.py:MySpec,
    or of the reference implementation: impl:cluster, and beside their specifications impl:znodes, impl:sessions,
    impl:watches.

    Constants are given as NAME=VALUE.
    """
    from .. import native

    if options["engine"] != "reference" and not options["specification"].startswith("impl:"):
        native.begin()
    from ...spec.lang.errors import EvaluationError, Refused
    from .request import Request

    request = Request(**options)
    try:
        return _check(request)
    except (Mistake, Refused, EvaluationError) as problem:
        if "json" not in request.output_format:
            raise problem if isinstance(problem, Mistake) else Mistake(str(problem)) from None
        from ..output.formats import refusals_to_json

        refusals = problem.refusals if isinstance(problem, Refused) else []
        write_reports(request.outputs(), {"json": refusals_to_json(str(problem), refusals)})
        return EXIT_MISTAKE


def _check(request: "Request") -> int:
    from ..output.console import ProgressLine
    from ..subject import subject
    from .search import report_on, search

    request.validate()
    specification = subject(request.specification, request.constants, request.variant, request.split)
    progress = ProgressLine(sys.stderr)
    try:
        result = search(request, specification, None if request.quiet else progress)
    finally:
        progress.close()
    report = report_on(request, specification, result)
    write_reports(request.outputs(), _rendered(request, report))
    _write_page(request, report)
    return request.exit_code(result)


def _write_page(request: "Request", report: "Report") -> None:
    """The page of the first trace, where one was asked for; without a trace there is nothing to show."""
    if request.html is None:
        return
    from ...traces.page.document import to_html
    from ...traces.store import replace_file

    if not report.shown:
        click.echo(f"quorate: there is no trace to show, so {request.html} is not written", err=True)
        return
    try:
        replace_file(request.html, to_html(report.shown[0].trace).encode())
    except OSError as problem:
        raise Mistake(f"the page cannot be written to {request.html}: {problem.strerror}") from None


def _rendered(request: "Request", report: "Report") -> dict[str, str]:
    """The reports that were asked for, by format."""
    from ...traces.text import plain
    from ..output import annotations, formats
    from ..output.console import paint_for
    from ..output.report import render_report

    found: dict[str, str] = {}
    for name, path in request.outputs():
        if name == "text":
            paint = plain if path else paint_for(sys.stdout)
            found[name] = render_report(report, request.verbose, request.quiet, paint)
        elif name == "json":
            found[name] = formats.to_json(report)
        else:
            found[name] = formatter(name)([report])
        if name == "github":
            annotations.append_step_summary([report])
    return found


def formatter(name: str) -> "Callable[[Sequence[Report]], str]":
    """What prints several results in one of the formats for machines, apart from json, which is one object."""
    from ..output import annotations, formats, junit, sarif

    table: dict[str, Callable[[Sequence[Report]], str]] = {
        "jsonl": formats.to_jsonl,
        "markdown": formats.to_markdown_reports,
        "junit": junit.to_junit,
        "sarif": sarif.to_sarif,
        "github": annotations.to_github,
        "gitlab": annotations.to_gitlab,
    }
    return table[name]


def write_reports(outputs: "Iterable[tuple[str, Path | None]]", texts: dict[str, str]) -> None:
    """Each report to its file, or to stdout; raises Mistake."""
    from ...traces.store import replace_file

    for name, path in outputs:
        if name in texts and path is None:
            click.echo(texts[name], nl=False, color=True)
        elif name in texts and path is not None:
            try:
                replace_file(path, texts[name].encode())
            except OSError as problem:
                raise Mistake(f"the report cannot be written to {path}: {problem.strerror}") from None
