"""Znodes, sessions, watches and cluster have exactly the states of tests/zookeeper.toml, whichever engine counts."""

import tomllib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from quorate.checker import native, reference
from quorate.checker.model import Options
from quorate.spec.lang import ir
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import declared
from quorate.spec.zookeeper import SPECIFICATIONS

ROWS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parents[2] / "zookeeper.toml").read_text())["service"]
NAMES = ("znodes", "sessions", "watches", "cluster")
ENGINES = {"reference": reference.check, "native": native.check}
QUICK = {"reference": 12_000, "native": 70_000}  # generated states up to which a row is checked by default
FEASIBLE = {"reference": 300_000, "native": 20_000_000}  # … and at all


def tree(name: str, constants: Mapping[str, int]) -> ir.Specification:
    module, _, class_name = SPECIFICATIONS[name].partition(":")
    return read(getattr(import_module(f"quorate.spec.zookeeper.{module}"), class_name), constants, ())


def _cases() -> list[Any]:
    cases = []
    for row in ROWS:
        for how in {"plain", "symmetric"} & row.keys():
            for engine in ENGINES:
                if row[how][1] > FEASIBLE[engine]:
                    continue
                constants = "-".join(f"{name}{value}" for name, value in row["constants"].items())
                marks = () if row[how][1] <= QUICK[engine] else pytest.mark.slow
                case = f"{row['specification']}-{constants}-{how}-{engine}"
                cases.append(pytest.param(row, how, engine, id=case, marks=marks))
    return sorted(cases, key=lambda case: str(case.id))


@pytest.mark.parametrize(("row", "how", "engine"), _cases())
def test_counts(row: dict[str, Any], how: str, engine: str) -> None:
    result = ENGINES[engine](tree(row["specification"], row["constants"]), Options(symmetry=how == "symmetric"))
    assert (result.verdict, result.reason, result.complete) == ("holds", "complete", True)
    assert [result.distinct, result.generated, result.depth] == row[how]
    assert list(result.unreached()) == row.get("unreached", [])
    if how == "symmetric" and "plain" in row:
        assert result.unreduced == row["plain"][0]


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_in_the_table(name: str) -> None:
    module, _, class_name = SPECIFICATIONS[name].partition(":")
    constants, _ = declared(getattr(import_module(f"quorate.spec.zookeeper.{module}"), class_name))
    defaults = {constant: given.default for constant, given in constants.items() if constant != "modulus"}
    assert defaults in [row["constants"] for row in ROWS if row["specification"] == name]


@pytest.mark.parametrize("name", NAMES)
def test_every_property_is_broken_by_a_variant(name: str) -> None:
    """A property that no variant breaks might hold of anything."""
    table = tomllib.loads((Path(__file__).parents[2] / "zookeeper.toml").read_text())["variant"]
    broken = {found for row in table if row["specification"] == name for found in row["breaks"]}
    claimed = {p.name for p in tree(name, {}).properties if p.kind in ("invariant", "step_invariant")}
    assert broken == claimed
