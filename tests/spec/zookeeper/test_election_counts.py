"""Fast leader election has exactly the published model's states within the same boundary: tests/zookeeper.toml."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from quorate.checker import native, reference
from quorate.checker.model import Options
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.election import Election
from quorate.traces.export.drawing import to_timeline
from quorate.traces.trace import Step, Trace

ROWS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parents[2] / "zookeeper.toml").read_text())["election"]
ENGINES = {"reference": reference.check, "native": native.check}
QUICK = {"reference": 5_000, "native": 0}
ALSO_QUICK = {"c0e0h0v1q1-3-native"}


def name(row: dict[str, Any]) -> str:
    c = row["constants"]
    limits = f"c{c['clocks']}e{c['epochs']}h{c['transactions']}v{c['versions']}q{c['queue']}"
    return f"{limits}-{c['servers']}"


def _cases() -> list[Any]:
    cases = []
    for row in ROWS:
        for engine in ENGINES:
            case = f"{name(row)}-{engine}"
            quick = row["state"][0] <= QUICK[engine] or case in ALSO_QUICK
            cases.append(pytest.param(row, engine, id=case, marks=() if quick else pytest.mark.slow))
    return cases


@pytest.mark.parametrize(("row", "engine"), _cases())
def test_counts(row: dict[str, Any], engine: str) -> None:
    result = ENGINES[engine](read(Election, row["constants"], ()), Options())
    assert (result.verdict, result.reason, result.symmetric_sorts) == ("holds", "complete", ())
    assert [result.distinct, result.generated, result.depth] == row["state"]


def test_two_servers_can_decide_differently_in_one_round(golden: Callable[[str], None]) -> None:
    constants = {"servers": 3, "clocks": 0, "epochs": 0, "transactions": 0, "versions": 0, "queue": 1}
    specification = read(Election, constants, ())
    result = native.check(specification, Options())
    shortest = {name: len(steps) for name, steps in result.witnesses.items() if steps is not None}
    assert shortest == {"leader_is_elected": 9, "decide_differently": 12}
    steps = tuple(Step(label, state) for label, state in result.witnesses["decide_differently"] or ())
    golden(to_timeline(Trace(specification, "election", steps, "reached", "decide_differently")))


def test_a_second_election_is_reached() -> None:
    constants = {"servers": 2, "clocks": 1, "epochs": 0, "transactions": 0, "versions": 0, "queue": 1}
    result = reference.check(read(Election, constants, ()), Options())
    steps = result.witnesses["second_election"]
    assert steps is not None and len(steps) == 18
