"""Reports to print: one of a counterexample, one of a specification that holds, one that was cut short."""

from pathlib import Path
from typing import Any

import pytest
from quorate.checker.commands.request import Request
from quorate.checker.commands.search import report_on, search
from quorate.checker.output.report import Report
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang.reader import read


def report(**given: Any) -> Report:
    request = Request("two-phase-commit", engine="reference", **given)
    specification = read(TwoPhaseCommit, {}, request.variant)
    return report_on(request, specification, search(request, specification, None))


@pytest.fixture
def violated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.chdir(tmp_path)
    return report(variant=("commit-early",))


@pytest.fixture
def reports(violated: Report) -> list[Report]:
    """A violation, an expected violation, a check that holds, one that should not, one cut short."""
    return [
        violated,
        report(variant=("commit-early",), expect="violated"),
        report(),
        report(expect="violated"),
        report(max_depth=3),
    ]
