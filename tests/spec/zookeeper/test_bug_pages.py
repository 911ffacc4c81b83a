"""Every bug has a page in docs/bugs, made of what is told of it and of the shortest counterexample as it is found.

`pytest tests/spec/zookeeper/test_bug_pages.py --rewrite -m "slow or not slow"` writes the pages anew.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import quorate
from quorate.checker import native, reference
from quorate.checker.commands.history.versions import command_of
from quorate.checker.model import Options
from quorate.spec.history import Bug, Run
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.versions.server import ServerSpec
from quorate.spec.zookeeper.versions.table import BUGS, HISTORY
from quorate.traces.export.drawing import to_timeline
from quorate.traces.replay import replay
from quorate.traces.trace import Step, Trace, show_label

FOLDER = Path(quorate.__file__).parent / "docs/bugs"
STORIES: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "stories.toml").read_text())
ROWS = {row["issue"]: row for row in tomllib.loads((Path(__file__).parents[2] / "server_bugs.toml").read_text())["bug"]}
QUICK = {"4643", "3023", "2872", "3526"}  # up to seven states: no compiler is needed
FAR = 16


def counterexample(bug: Bug, run: Run, length: int) -> Trace:
    """The shortest trace to what a run looks for, replayed."""
    tree = read(ServerSpec, dict(run.constants), sorted(bug.variants[0]), splits=run.splits)
    engine = native if length >= FAR else reference
    result = engine.check(tree, Options(properties=(run.property,)))
    assert result.steps is not None
    steps = tuple(Step(label, state) for label, state in result.steps)
    trace = Trace(tree, "zookeeper", steps, "violated", result.property)
    replay(trace)
    return trace


def page(bug: Bug) -> str:
    story, trace = STORIES[bug.issue], counterexample(bug, bug.run, ROWS[bug.issue]["length"])
    lines = [
        f"# {name_of(bug)}",
        "",
        f"*{bug.story}* {bug.severity.capitalize()}. {where(bug)}",
        "",
        story["story"],
        "",
        "## The shortest counterexample",
        "",
        found(bug, bug.run, trace),
        "",
        f"```text\n{start(trace)}{to_timeline(trace)}```",
        "",
        "## As it is told, and as it is found",
        "",
        "| | as it is told | the steps of the counterexample |",
        "|---:|---|---|",
        *told_beside_found(story["told"], trace),
        "",
        *what_follows(bug),
        "## The repair",
        "",
        f"In one line: {story['repair']}.",
        "",
        "[All bugs, by release](README.md) · [the model](../specifications/server.md)",
        "",
    ]
    return "\n".join(lines)


def found(bug: Bug, run: Run, trace: Trace) -> str:
    sentence = next(one.doc for one in trace.specification.properties if one.name == run.property)
    command = command_of("zookeeper", bug.variants[0], run)
    return f"`{command}` finds, in {len(trace.steps)} states, `{run.property}` violated: {' '.join(sentence.split())}"


def start(trace: Trace) -> str:
    """The initial state, which the diagram does not show."""
    name = trace.steps[0].label[0]
    sentence = next(action.doc for action in trace.specification.initial if action.name == name)
    return f"it starts with {show_label(trace.specification, trace.steps[0].label)}: {' '.join(sentence.split())}\n"


def what_follows(bug: Bug) -> Iterator[str]:
    """The steps of the shortest trace to a symptom, where one is searched for."""
    symptom = ROWS[bug.issue].get("symptom")
    if symptom is None:
        return
    run = Run(symptom["property"], bug.run.splits, symptom["constants"])
    trace = counterexample(bug, run, symptom["length"])
    yield from ("## What it leads to", "", found(bug, run, trace), "", "```text")
    for number, step in enumerate(trace.steps, start=1):
        yield f"{number:>4}  {show_label(trace.specification, step.label)}"
    yield from ("```", "")


def name_of(bug: Bug) -> str:
    digits = re.match(r"\d+", bug.issue)
    if digits is None:
        return "An acknowledgement that outlives its log"
    return f"ZOOKEEPER-{digits[0]}" + {"4712w": ", the narrow window", "4925t": ", by truncation"}.get(bug.issue, "")


def file_of(bug: Bug) -> str:
    return "predicted.md" if bug.issue == "predicted" else f"ZOOKEEPER-{bug.issue}.md"


def where(bug: Bug) -> str:
    """The releases that have it, what fixes it, and the issue."""
    has = [version for version in HISTORY.versions() if bug.is_in(HISTORY.variants_of(version))]
    digits = re.match(r"\d+", bug.issue)
    link = (
        f" Issue: [ZOOKEEPER-{digits[0]}](https://issues.apache.org/jira/browse/ZOOKEEPER-{digits[0]})."
        if digits
        else ""
    )
    if not has:
        return "No release of the table is said to have it." + link
    fixed = f"Fixed in {', '.join(bug.fixed)}." if bug.fixed else "Not fixed."
    return f"In {spans(has)}. {fixed}{link}"


def spans(versions: list[str]) -> str:
    """Releases of one line as `3.8.0 to 3.8.4`."""
    lines: dict[str, list[str]] = {}
    for version in versions:
        lines.setdefault(version.rpartition(".")[0], []).append(version)
    return ", ".join(own[0] if len(own) == 1 else f"{own[0]} to {own[-1]}" for own in lines.values())


def told_beside_found(told: list[list[str]], trace: Trace) -> Iterator[str]:
    """One row for each line that is told, with the steps up to the action that it names; all steps are in some row."""
    labels = [(step.label[0], show_label(trace.specification, step.label)) for step in trace.steps]
    at = 1  # the initial state is no step
    for number, (text, upto) in enumerate(told, start=1):
        found = "after the counterexample" if number > 1 and not upto else ""
        if upto:
            end = next(k for k in range(at, len(labels)) if labels[k][0] == upto) + 1
            found = "<br>".join(f"{k + 1}. `{labels[k][1]}`" for k in range(at, end))
            at = end
        yield f"| {number} | {text} | {found} |"
    assert at == len(labels), f"steps that no line tells: {labels[at:]}"


@pytest.mark.parametrize(
    "bug", [pytest.param(bug, id=bug.issue, marks=() if bug.issue in QUICK else pytest.mark.slow) for bug in BUGS]
)
def test_the_page_of_a_bug_is_as_it_is_found(bug: Bug, request: pytest.FixtureRequest) -> None:
    written, path = page(bug), FOLDER / file_of(bug)
    if request.config.getoption("--rewrite"):
        path.write_text(written)
    assert path.read_text() == written, "the page is out of date; see the head of this file"


def test_every_bug_has_a_story_and_a_page_and_nothing_else_has() -> None:
    assert [bug.issue for bug in BUGS if bug.issue not in STORIES] == []
    others = {"README.md", "fixes.md", "tlc.md"}
    assert {file_of(bug) for bug in BUGS} | others == {path.name for path in FOLDER.glob("*.md")}
    assert set(STORIES) == {bug.issue for bug in BUGS}
