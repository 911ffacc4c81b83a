"""Native and reference engine give the same answers, on every bundled specification and every variant of it."""

import importlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
from quorate.checker import native, reference
from quorate.checker.model import Limits, Options
from quorate.checker.result import Result
from quorate.spec import classics, zookeeper
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import Spec, declared

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


def specifications() -> Iterator[tuple[type[Spec], str, tuple[str, ...]]]:
    for name, place in PLACES.items():
        module, _, own = place.partition(":")
        found = getattr(importlib.import_module(f"quorate.spec.{module}"), own)
        yield found, name, ()
        yield from ((found, name, (variant,)) for variant in declared(found)[1])


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


ALL = list(specifications())
PLAIN = [case for case in ALL if not case[2]]
LARGE = ("znodes", "watches", "zookeeper")  # a state takes the reference engine longest


@pytest.mark.parametrize("spec, name, variants", PLAIN, ids=lambda case: str(case) if isinstance(case, str) else "")
def test_engines_agree_on_every_specification(spec: type[Spec], name: str, variants: tuple[str, ...]) -> None:
    options = Options(limits=Limits(states=300 if name in LARGE else 2_000))
    tree = read(spec, {}, variants)
    compare(native.check(tree, options), reference.check(tree, options), options)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    ASKED,
    ids=lambda o: f"{o.identity}{'-symmetry' * o.symmetry}{'-all' * o.check_all}{'-dead' * o.dead_values}-{o.workers}",
)
@pytest.mark.parametrize("spec, name, variants", ALL, ids=lambda case: str(case) if isinstance(case, str) else "")
def test_engines_agree_on_every_variant(
    spec: type[Spec], name: str, variants: tuple[str, ...], options: Options
) -> None:
    limited = replace(options, limits=Limits(states=5_000 if PLACES[name].startswith("zookeeper") else 20_000))
    tree = read(spec, {}, variants)
    compare(native.check(tree, limited), reference.check(tree, limited), limited)
