"""Without dead values there are fewer states: the same verdicts, the same steps, and nothing reachable is missed."""

import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from quorate.checker import native, reference
from quorate.checker.model import Limits, Options, dead_values_of
from quorate.checker.native.engine import Native, build, prepare, write
from quorate.spec import classics, zookeeper
from quorate.spec.lang import ir
from quorate.spec.lang.errors import EvaluationError
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import declared
from quorate.spec.zookeeper.zab import Zab

PLACES = {
    **{name: f"classics.{place}" for name, place in classics.SPECIFICATIONS.items()},
    **{name: f"zookeeper.{place}" for name, place in zookeeper.SPECIFICATIONS.items()},
}


def specification(name: str) -> Any:
    module, _, own = PLACES[name].partition(":")
    return getattr(importlib.import_module(f"quorate.spec.{module}"), own)


def cases() -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in PLACES:
        yield name, ()
        yield from ((name, (variant,)) for variant in declared(specification(name))[1])


def reached(tree: ir.Specification, most: int) -> set[Any] | None:
    """All reachable states; None where there are too many, or a run-time check fails."""
    meaning = Meaning(tree)
    boundaries = [one.name for one in tree.properties if one.kind == "boundary"]
    waiting = [state for _, state in meaning.initial()]
    found = set(waiting)
    try:
        for state in waiting:
            for _, after in meaning.successors(state):
                if after not in found and all(meaning.holds(name, after) for name in boundaries):
                    found.add(after)
                    waiting.append(after)
            if len(found) > most:
                return None
    except EvaluationError:
        return None
    return found


def agree(tree: ir.Specification, states: int) -> bool:
    """Both engines, with and without dead values; whether the space was searched completely."""
    whole = Options(symmetry=False, deadlock=False, check_all=True, identity="ghosts", limits=Limits(states=states))
    less = Options(
        symmetry=False,
        deadlock=False,
        check_all=True,
        identity="ghosts",
        limits=Limits(states=states),
        dead_values=True,
    )
    full, masked, other = reference.check(tree, whole), reference.check(tree, less), native.check(tree, less)
    same = [
        (r.verdict, r.reason, r.distinct, r.generated, r.depth, r.actions, r.distinct_actions) for r in (masked, other)
    ]
    assert same[0] == same[1]
    assert (masked.steps, masked.witnesses) == (other.steps, other.witnesses)
    if not (full.complete and masked.complete):
        return False
    assert full.verdict == masked.verdict and full.depth >= masked.depth
    assert {v.property for v in full.violations} == {v.property for v in masked.violations}
    assert {n: s and len(s) for n, s in full.witnesses.items()} == {
        n: s and len(s) for n, s in masked.witnesses.items()
    }
    assert full.dead_actions() == masked.dead_actions()
    states_of = reached(tree, 10**6)
    mask = dead_values_of(tree, less).mask()
    assert states_of is not None and len(states_of) == full.distinct
    assert len({mask(state) for state in states_of}) == masked.distinct
    return True


@pytest.mark.parametrize("name", [name for name in PLACES if PLACES[name].startswith("classics")])
def test_nothing_reachable_is_missed_in_the_classics(name: str) -> None:
    agree(read(specification(name), {}, []), 1_500)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "variants"), list(cases()), ids=lambda one: str(one))
def test_nothing_reachable_is_missed_in_any_variant(name: str, variants: tuple[str, ...]) -> None:
    agree(read(specification(name), {}, variants), 40_000)


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("first", [0])
def test_nothing_reachable_is_missed_in_random_trees(random_trees: ModuleType, first: int) -> None:
    assert sum(agree(random_trees.Guarded(seed).specification(), 600) for seed in range(first, first + 8)) > 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("first", range(5_000, 6_000, 50))
def test_nothing_reachable_is_missed_in_many_random_trees(random_trees: ModuleType, first: int) -> None:
    for seed in range(first, first + 50):
        agree(random_trees.Guarded(seed).specification(), 2_000)


@pytest.mark.parametrize(
    ("symmetry", "distinct", "generated", "unreduced"), [(False, 10_772, 16_735, None), (True, 5_387, 8_371, 10_772)]
)
def test_zab_has_the_states_of_the_published_live_view(
    symmetry: bool, distinct: int, generated: int, unreduced: int | None
) -> None:
    tree = read(Zab, {"servers": 2, "timeouts": 2, "transactions": 2, "epochs": 2, "restarts": 1}, [])
    found = native.check(tree, Options(symmetry=symmetry, dead_values=True))
    assert (found.verdict, found.distinct, found.generated, found.depth) == ("holds", distinct, generated, 33)
    assert found.unreduced == unreduced


@pytest.mark.slow
@pytest.mark.parametrize("symmetry", [False, True])
@pytest.mark.parametrize("workers", [1, 2])
def test_engines_agree_on_zab_without_dead_values(symmetry: bool, workers: int) -> None:
    tree = read(Zab, {"servers": 3, "timeouts": 1, "transactions": 1, "epochs": 2, "restarts": 0}, [])
    options = Options(symmetry=symmetry, dead_values=True, workers=workers)
    one, other = Native(tree, options).run(), reference.check(tree, options)
    assert (one.distinct, one.generated, one.depth, one.actions, one.unreduced) == (
        other.distinct,
        other.generated,
        other.depth,
        other.actions,
        other.unreduced,
    )
    assert (one.unreduced or one.distinct) == 33_037


@pytest.mark.parametrize(("restarts", "variants", "some"), [(0, [], True), (1, ["ack-before-log"], False)])
def test_a_model_in_two_units_is_the_same_model(restarts: int, variants: list[str], some: bool) -> None:
    """Compiled quickly, what is dead is linked to it; also where that has turned out to be nothing."""
    bounds = {"servers": 3, "timeouts": 1, "transactions": 1, "epochs": 2, "restarts": restarts}
    tree, options = read(Zab, bounds, variants), Options(identity="ghosts", dead_values=True, limits=Limits(depth=14))
    assert bool(dead_values_of(tree, options).dead) is some
    program = write(tree, options, quickly=True)
    assert program.text == write(tree, options).text and program.units[1]
    quick, full = build(program, quickly=True), prepare(tree, options)
    assert quick.quickly and not full.quickly
    one, other = Native(tree, options, quick).run(), Native(tree, options, full).run()
    assert one.distinct == other.distinct > 500
    assert (one.generated, one.depth, one.unreduced, one.distinct_actions, one.reason) == (
        other.generated,
        other.depth,
        other.unreduced,
        other.distinct_actions,
        other.reason,
    )
