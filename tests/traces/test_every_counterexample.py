"""Every seeded bug of every classic: its counterexample replays, is explained, stored and exported."""

import json
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from quorate.checker.model import Options
from quorate.checker.reference import check
from quorate.spec.classics import SPECIFICATIONS
from quorate.spec.lang.reader import read
from quorate.traces import store
from quorate.traces.export import drawing, graph, itf, markdown
from quorate.traces.replay import replay
from quorate.traces.text import render_alternatives, render_trace, render_why
from quorate.traces.trace import Step, Trace
from quorate.traces.why import Reason, Seen, alternatives, why_violated

ROWS = [
    row for row in tomllib.loads((Path(__file__).parents[1] / "models.toml").read_text())["model"] if "violated" in row
]


@pytest.fixture(
    scope="module", params=ROWS, ids=[f"{row['name']}-{row.get('variant')}-{row['violated']}" for row in ROWS]
)
def counterexample(request: pytest.FixtureRequest) -> Trace:
    row = request.param
    module, _, name = SPECIFICATIONS[row["name"]].partition(":")
    spec = getattr(import_module(f"quorate.spec.classics.{module}"), name)
    variants = [row["variant"]] if "variant" in row else []
    tree = read(spec, row.get("constants", {}), variants)
    properties = tuple(row["properties"]) if "properties" in row else None
    result = check(tree, Options(properties=properties))
    assert result.steps is not None
    steps = tuple(Step(label, state) for label, state in result.steps)
    return Trace(tree, row["name"], steps, "violated", result.property, engine=result.engine)


def all_reasons(reason: Reason) -> Iterator[Reason]:
    yield reason
    for part in reason.reasons:
        yield from all_reasons(part)


def test_it_replays_and_comes_back_from_its_file(counterexample: Trace, tmp_path: Path) -> None:
    replay(counterexample)
    path = store.write(counterexample, tmp_path / "trace.json")
    assert replay(store.restore(store.read(path), counterexample.specification)) == counterexample


def test_a_shorter_or_longer_story_does_not_replay_as_the_same(counterexample: Trace) -> None:
    """The checks of replay are not vacuous: without its last step a trace shows no violation any more."""
    from dataclasses import replace

    from quorate.traces.replay import NotABehaviour

    with pytest.raises(NotABehaviour):
        replay(replace(counterexample, steps=counterexample.steps[:-1]))


def test_it_is_explained(counterexample: Trace) -> None:
    reason = why_violated(counterexample)
    if counterexample.property_node() is None:
        assert reason is None
        return
    assert reason is not None
    assert reason.value == "false"
    every = list(all_reasons(reason))
    reads = [seen for one in every for seen in one.reads]
    assert any(seen.writer is not None for seen in reads)
    assert all("the expression at" not in one.text for one in every)
    assert render_why(counterexample, reason).startswith(f"why {counterexample.property} is violated in ")
    for seen in reads:
        check_writer(counterexample, seen)


def check_writer(trace: Trace, seen: Seen) -> None:
    """The named step changed something of the variable that was read."""
    if seen.writer in (None, 1):
        return
    name = seen.place.removeprefix("before.").split("[")[0].split(".")[0]
    names = [variable.name for variable in trace.specification.variables]
    position = names.index(name)
    assert trace.steps[seen.writer - 1].state[position] != trace.steps[seen.writer - 2].state[position]


def test_every_step_was_taken_among_its_alternatives(counterexample: Trace) -> None:
    for number in range(1, len(counterexample.steps)):
        found = alternatives(counterexample, number)
        assert [one.outcome for one in found].count("taken") == 1
        assert all(one.reason is not None and one.guard is not None for one in found if one.outcome == "disabled")
        assert render_alternatives(counterexample, number, found)


def test_it_is_rendered_and_exported(counterexample: Trace) -> None:
    text = render_trace(counterexample)
    assert text.count("\n") > len(counterexample.steps)
    assert len(json.loads(itf.to_itf(counterexample))["states"]) == len(counterexample.steps)
    assert graph.to_dot(counterexample).count(" -> ") == len(counterexample.steps) - 1
    assert drawing.to_timeline(counterexample).count("●") == len(counterexample.steps) - 1
    assert drawing.to_mermaid(counterexample).startswith("sequenceDiagram")
    assert drawing.to_timeline_svg(counterexample).endswith("</svg>\n")
    assert "| step | action |" in markdown.to_markdown(counterexample)
