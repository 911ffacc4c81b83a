"""The pages of counterexamples as files: `<identity of the trace>.html`, which continuous integration keeps."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...traces.page.document import to_html
from ...traces.store import identity, replace_file, to_stored
from .report import Report


def with_pages(reports: Sequence[Report], folder: Path) -> list[Report]:
    """The reports, whose counterexamples that nobody expected have a page in the folder now; raises OSError."""
    return [_with_pages(report, folder) if report.code else report for report in reports]


def _with_pages(report: Report, folder: Path) -> Report:
    shown = []
    for one in report.shown:
        page = folder / f"{identity(to_stored(one.trace))}.html"
        replace_file(page, to_html(one.trace).encode())
        shown.append(replace(one, page=page))
    return replace(report, shown=tuple(shown))
