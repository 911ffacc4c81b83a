"""How good shrinking is: a random walk of up to 200 steps to a seeded bug becomes as short as breadth-first search.

Where no walk meets the bug, the walk is led: nine of ten steps are the next ones of the shortest counterexample.
"""

import random
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from quorate.checker import engines
from quorate.checker.model import Options
from quorate.spec.classics import SPECIFICATIONS as CLASSICS
from quorate.spec.lang import ir
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper import SPECIFICATIONS as ZOOKEEPER
from quorate.traces.replay import replay
from quorate.traces.shrinking import shrink
from quorate.traces.shrinking.behaviours import Behaviours
from quorate.traces.trace import Label, Step, Trace

TESTS = Path(__file__).parents[2]
LENGTH, WALKS, SEED, LED = 200, 400, 1, 0.9
QUICK = ("abort-late", "break-promise", "no-choosing", "same-count", "deliver-out-of-order", "no-owner")


def rows() -> Iterator[Any]:
    """Every bundled variant with a bug, with the length of its shortest counterexample."""
    classics = tomllib.loads((TESTS / "models.toml").read_text())["model"]
    listed = [{**row, "specification": row["name"]} for row in classics if "violated" in row and "variant" in row]
    zookeeper = tomllib.loads((TESTS / "zookeeper.toml").read_text())["variant"]
    for row in [*listed, *({**row, "variant": row["name"]} for row in zookeeper)]:
        marks = () if row["variant"] in QUICK else pytest.mark.slow
        yield pytest.param(row, marks=marks, id=f"{row['specification']}-{row['variant']}-{row['violated']}")


def specification_of(row: dict[str, Any]) -> ir.Specification:
    library, table = ("classics", CLASSICS) if row["specification"] in CLASSICS else ("zookeeper", ZOOKEEPER)
    module, _, name = table[row["specification"]].partition(":")
    return read(getattr(import_module(f"quorate.spec.{library}.{module}"), name), row["constants"], [row["variant"]])


def walk(trace: Trace, rng: random.Random, lead: tuple[Label, ...] = ()) -> Trace | None:
    """A walk to where the trace's property is violated; None where it is not in time."""
    behaviours = Behaviours(trace)
    for _ in range(WALKS):
        steps, led = [rng.choice(behaviours.initial)], list(lead)
        while len(steps) < LENGTH:
            state = steps[-1].state
            possible = behaviours.labels(state)
            if not possible:
                break
            action = rng.choice(sorted({label[0] for label, _ in possible}))
            label, after = rng.choice([step for step in possible if step[0][0] == action])
            if led and rng.random() < LED and led[0] in dict(possible):
                label, after = led[0], dict(possible)[led.pop(0)]
            steps.append(Step(label, after))
            if behaviours.ends(state, after):
                return Trace(trace.specification, trace.source, tuple(steps), "violated", trace.property)
    return None


@pytest.mark.parametrize("row", list(rows()))
def test_a_walk_shrinks_to_within_one_step_of_the_shortest(row: dict[str, Any]) -> None:
    specification = specification_of({"constants": {}, **row})
    start = Meaning(specification).initial()[0]
    nothing = Trace(specification, row["specification"], (Step(*start),), "violated", row["violated"])
    found = walk(nothing, random.Random(SEED))
    if found is None:
        shortest = engines.check(specification, Options(properties=(row["violated"],), deadlock=False))
        assert shortest.steps is not None
        found = walk(nothing, random.Random(SEED), tuple(label for label, _ in shortest.steps[1:]))
    assert found is not None
    shrunk = shrink(found)
    print(f"{row['specification']} {row['variant']}: {len(found.steps)} -> {shrunk.after.steps}, {row['length']}")
    replay(shrunk.trace)
    assert row["length"] <= shrunk.after.steps <= row["length"] + 1
    assert all(shrunk.necessary)
