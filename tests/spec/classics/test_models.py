"""Every bundled model against every engine: the exact counts of tests/models.toml, and every seeded bug found.

The table is complete: every specification, every variant. Where TLC's counts are known, the table is held against them.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from quorate.checker import native, reference
from quorate.checker.model import Options
from quorate.checker.result import Result
from quorate.spec.classics import SPECIFICATIONS
from quorate.spec.lang import ir
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import Spec, declared

ENGINES: dict[str, Callable[[ir.Specification, Options], Result]] = {
    "reference": reference.check,
    "native": native.check,
}
WAYS = {"reference": ("plain", "symmetric"), "native": ("plain", "symmetric")}


@dataclass(frozen=True)
class Model:
    """One row of the table."""

    name: str
    constants: Mapping[str, int]
    variants: tuple[str, ...]
    properties: tuple[str, ...] | None
    row: Mapping[str, Any]

    def __str__(self) -> str:
        values = [f"{name}={value}" for name, value in self.constants.items()]
        return "-".join([self.name, *values, *self.variants, *(self.properties or ())])

    def check(self, engine: str, *, symmetry: bool) -> Result:
        tree = _tree(self.name, tuple(self.constants.items()), self.variants)
        return ENGINES[engine](tree, Options(symmetry=symmetry, properties=self.properties))


@cache
def _tree(name: str, constants: tuple[tuple[str, int], ...], variants: tuple[str, ...]) -> ir.Specification:
    return read(specification(name), dict(constants), variants)


def specification(name: str) -> type[Spec]:
    module, _, class_name = SPECIFICATIONS[name].partition(":")
    found: type[Spec] = getattr(import_module(f"quorate.spec.classics.{module}"), class_name)
    return found


def _table() -> list[Model]:
    rows = tomllib.loads((Path(__file__).parents[2] / "models.toml").read_text())["model"]
    return [
        Model(
            name=row["name"],
            constants=row.get("constants", {}),
            variants=(row["variant"],) if "variant" in row else (),
            properties=tuple(row["properties"]) if "properties" in row else None,
            row=row,
        )
        for row in rows
    ]


MODELS = _table()
HOLDING = [model for model in MODELS if "violated" not in model.row]
VIOLATED = [model for model in MODELS if "violated" in model.row]


def _counted() -> list[Any]:
    return [
        pytest.param(
            model,
            how,
            engine,
            id=f"{model}-{how}-{engine}",
            marks=[pytest.mark.slow] if how in model.row.get("slow", []) else [],
        )
        for model in HOLDING
        for engine in ENGINES
        for how in WAYS[engine]
        if how in model.row
    ]


@pytest.mark.parametrize(("model", "how", "engine"), _counted())
def test_counts(model: Model, how: str, engine: str) -> None:
    result = model.check(engine, symmetry=how == "symmetric")
    assert (result.verdict, result.reason, result.complete) == ("holds", "complete", True)
    found = {
        "distinct": result.distinct,
        "generated": result.generated,
        "depth": result.depth,
        "outside": result.outside,
    }
    assert found == {"outside": 0} | model.row[how]
    assert found == found | model.row.get("tlc" if how == "plain" else "tlc_symmetric", {})
    assert list(result.unreached()) == model.row.get("unreached", [])
    if how == "symmetric" and "plain" in model.row:
        assert result.unreduced == model.row["plain"]["distinct"]


def _violated() -> list[Any]:
    """Every seeded bug, with symmetry too where the specification has some; all of it natively only when asked for."""
    return [
        pytest.param(model, how, engine, id=f"{model}-{how}-{engine}", marks=marks)
        for model in VIOLATED
        for engine, marks in (("reference", []), ("native", [pytest.mark.slow]))
        for how in WAYS[engine]
        if any(other.name == model.name and how in other.row for other in HOLDING)
    ]


@pytest.mark.parametrize(("model", "how", "engine"), _violated())
def test_a_seeded_bug_is_found_by_a_shortest_trace(model: Model, how: str, engine: str) -> None:
    result = model.check(engine, symmetry=how == "symmetric")
    assert (result.verdict, result.property) == ("violated", model.row["violated"])
    assert result.steps is not None and len(result.steps) == model.row["length"]


@pytest.mark.parametrize("name", list(SPECIFICATIONS))
def test_the_table_has_every_variant(name: str) -> None:
    _, variants = declared(specification(name))
    tested = {variant for model in VIOLATED if model.name == name for variant in model.variants}
    assert tested == set(variants) and variants
    assert any(model.name == name for model in HOLDING)
