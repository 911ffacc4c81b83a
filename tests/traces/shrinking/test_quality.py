"""How good shrinking is: a random walk of up to 200 steps to a seeded bug becomes as short as breadth-first search.

Every bundled variant that is a bug is measured, the historical ones of servers too. Where no walk meets the bug, walks
are led: a part of the steps, no larger than it must be, are the next ones of the shortest counterexample.
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
from quorate.spec.zookeeper.versions.table import BUGS
from quorate.traces.replay import replay
from quorate.traces.shrinking import shrink
from quorate.traces.shrinking.behaviours import Behaviours
from quorate.traces.trace import Label, Step, Trace

TESTS = Path(__file__).parents[2]
LENGTH, WALKS, SEED, LED = 200, 400, 1, (0.5, 0.7, 0.9, 0.97)
QUICK = ("abort-late", "break-promise", "no-choosing", "same-count", "deliver-out-of-order", "no-owner", "log-async")


def rows() -> Iterator[Any]:
    """Every bundled variant with a bug, with the length of its shortest counterexample."""
    classics = tomllib.loads((TESTS / "models.toml").read_text())["model"]
    listed = [{**row, "specification": row["name"]} for row in classics if "violated" in row and "variant" in row]
    zookeeper = tomllib.loads((TESTS / "zookeeper.toml").read_text())["variant"]
    for row in [*listed, *({**row, "variant": row["name"]} for row in zookeeper), *servers()]:
        marks = () if row["variant"] in QUICK else pytest.mark.slow
        name = f"{row['issue']}-{row['variant']}" if "issue" in row else row["variant"]
        yield pytest.param(row, marks=marks, id=f"{row['specification']}-{name}-{row['violated']}")


def servers() -> Iterator[dict[str, Any]]:
    """The historical bugs, each with every set of variants that brings it about, and its cause as the property.

    The length is known for the first set; other sets may have another.
    """
    lengths = {row["issue"]: row["length"] for row in tomllib.loads((TESTS / "server_bugs.toml").read_text())["bug"]}
    for bug in BUGS:
        for number, variants in enumerate(bug.variants):
            yield {
                "specification": "zookeeper",
                "issue": bug.issue,
                "variant": "+".join(sorted(variants)),
                "violated": bug.run.property,
                "constants": dict(bug.run.constants),
                "splits": bug.run.splits,
                **({} if number else {"length": lengths[bug.issue]}),
            }


def specification_of(row: dict[str, Any]) -> ir.Specification:
    library, table = ("classics", CLASSICS) if row["specification"] in CLASSICS else ("zookeeper", ZOOKEEPER)
    module, _, name = table[row["specification"]].partition(":")
    found = getattr(import_module(f"quorate.spec.{library}.{module}"), name)
    return read(found, row["constants"], row["variant"].split("+"), splits=row.get("splits", ()))


def walk(trace: Trace, rng: random.Random, share: float = 0, lead: tuple[Label, ...] = ()) -> Trace | None:
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
            if led and rng.random() < share and led[0] in dict(possible):
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
    found, share, length = walk(nothing, random.Random(SEED)), 0.0, row.get("length")
    if found is None or length is None:
        shortest = engines.check(specification, Options(properties=(row["violated"],), deadlock=False))
        assert shortest.steps is not None
        length = len(shortest.steps)
        lead = tuple(label for label, _ in shortest.steps[1:])
        for share in LED if found is None else ():
            found = walk(nothing, random.Random(SEED), share, lead)
            if found is not None:
                break
    assert found is not None
    shrunk = shrink(found)
    print(f"{row['specification']} {row['variant']}: {len(found.steps)} -> {shrunk.after.steps}, {length}, led {share}")
    replay(shrunk.trace)
    assert length <= shrunk.after.steps <= length + 1
    assert all(shrunk.necessary)
