"""Native and reference engine give the same answers: on every bundled specification, every variant of it, and every
bug of a release with the steps that it needs split. A variant has the bounds with which the tables find it.
"""

import importlib
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from quorate.checker import native, reference
from quorate.checker.model import Limits, Options
from quorate.checker.native.engine import Native, Prepared
from quorate.checker.result import Result
from quorate.spec import classics, zookeeper
from quorate.spec.lang import ir
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import Spec, declared
from quorate.spec.zookeeper.versions.table import BUGS

ASKED = (
    Options(symmetry=False),
    Options(),
    Options(symmetry=False, check_all=True),
    Options(identity="label"),
    Options(identity="ghosts", symmetry=False, workers=2),
    Options(symmetry=False, dead_values=True, workers=3),
    Options(dead_values=True),
)
PLACES = {
    **{name: f"classics.{place}" for name, place in classics.SPECIFICATIONS.items()},
    **{name: f"zookeeper.{place}" for name, place in zookeeper.SPECIFICATIONS.items()},
}
LARGE = ("znodes", "watches", "zookeeper")  # a state takes the reference engine longest
TESTS = Path(__file__).parents[2]


@dataclass(frozen=True)
class Case:
    """What is read, and what it is called."""

    name: str
    constants: dict[str, int] = field(default_factory=dict)
    variants: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()

    def __str__(self) -> str:
        bounds = (f"{name}={value}" for name, value in self.constants.items())
        return "-".join((self.name, *self.variants, *self.splits, *bounds))

    def read(self) -> ir.Specification:
        return read(specification(self.name), self.constants, self.variants, self.splits)


def specification(name: str) -> type[Spec]:
    module, _, own = PLACES[name].partition(":")
    found: type[Spec] = getattr(importlib.import_module(f"quorate.spec.{module}"), own)
    return found


def tables() -> dict[tuple[str, str], dict[str, int]]:
    """The bounds with which a variant's counterexample is known to be found."""
    found = {}
    for row in tomllib.loads((TESTS / "models.toml").read_text())["model"]:
        if "variant" in row:
            found[row["name"], row["variant"]] = row.get("constants", {})
    for row in tomllib.loads((TESTS / "zookeeper.toml").read_text())["variant"]:
        found[row["specification"], row["name"]] = row.get("constants", {})
    return found


def variants() -> Iterator[Case]:
    bounds = tables()
    for name in PLACES:
        for variant in declared(specification(name))[1]:
            yield Case(name, bounds.get((name, variant), {}), (variant,))


def bugs() -> Iterator[Case]:
    for bug in BUGS:
        yield Case("zookeeper", dict(bug.run.constants), tuple(sorted(bug.variants[0])), tuple(bug.run.splits))


def compare(one: Result, other: Result, options: Options) -> None:
    """What both engines say alike. Under symmetry a search that ends early has met its states in another order."""
    assert (one.verdict, one.reason, one.property, one.depth) == (
        other.verdict,
        other.reason,
        other.property,
        other.depth,
    )
    assert {n: w and len(w) for n, w in one.witnesses.items()} == {n: w and len(w) for n, w in other.witnesses.items()}
    assert (one.steps and len(one.steps)) == (other.steps and len(other.steps))
    if one.complete or not options.symmetry:
        assert (one.distinct, one.generated, one.outside) == (other.distinct, other.generated, other.outside)
        assert (one.actions, one.unreduced, one.complete) == (other.actions, other.unreduced, other.complete)
    if not options.symmetry:
        assert (one.steps, one.witnesses) == (other.steps, other.witnesses)
        assert one.distinct_actions == other.distinct_actions
        assert (str(one.error), one.failed) == (str(other.error), other.failed)
    if one.error is None and one.complete:
        assert [(v.property, v.count, len(v.steps)) for v in one.violations] == [
            (v.property, v.count, len(v.steps)) for v in other.violations
        ]


@pytest.mark.parametrize("name", PLACES)
def test_engines_agree_on_every_specification(name: str) -> None:
    options = Options(limits=Limits(states=300 if name in LARGE else 2_000))
    tree = Case(name).read()
    compare(native.check(tree, options), reference.check(tree, options), options)


@pytest.mark.slow
@pytest.mark.parametrize("case", [*map(Case, PLACES), *variants(), *bugs()], ids=str)
def test_engines_agree_whatever_is_asked(
    case: Case, unoptimised: Callable[[ir.Specification, Options], Prepared]
) -> None:
    """Seven ways to ask. The reference engine takes its time, so both stop after some thousand states."""
    tree = case.read()
    most = Limits(states=2_000 if PLACES[case.name].startswith("zookeeper") else 10_000)
    for asked in ASKED:
        options = replace(asked, limits=most)
        compare(Native(tree, options, unoptimised(tree, options)).run(), reference.check(tree, options), options)
