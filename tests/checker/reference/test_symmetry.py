"""Symmetry agrees with the whole space, on random specifications over interchangeable identifiers."""

import importlib.util
import sys
from itertools import count, permutations, product

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from quorate.checker.model import Limits, Options
from quorate.checker.reference import check
from quorate.checker.reference.symmetry import Symmetry, after, inverse
from quorate.spec.lang.domains import Bool, Map, Optional, Range, Record, Seq, Set, Sort
from quorate.spec.lang.errors import Refused
from quorate.spec.lang.reader import read

NUMBERS = count()
A, B = Sort("A", 3), Sort("B", 2)
BOTH = Record("Both", (("a", A), ("b", Optional(B))))
KINDS = (Map(A, Bool()), Set(A), Map(A, Set(A)), Optional(B), Seq("S", BOTH, 2), Map(BOTH, Range("N", 0, 1)))


def every_permutation():
    return [tuple(p) for p in product(permutations(range(3)), permutations(range(2)))]


@st.composite
def values(draw):
    """One value of each of the types above."""
    both = st.tuples(st.integers(0, 2), st.sampled_from([None, 0, 1]))
    return (
        tuple(draw(st.lists(st.booleans(), min_size=3, max_size=3))),
        draw(st.integers(0, 7)),
        tuple(draw(st.lists(st.integers(0, 7), min_size=3, max_size=3))),
        draw(st.sampled_from([None, 0, 1])),
        tuple(draw(st.lists(both, max_size=2))),
        tuple(draw(st.lists(st.integers(0, 1), min_size=9, max_size=9))),
    )


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(values())
def test_the_representative_is_that_of_the_whole_orbit(found):
    """The obvious oracle: all permutations, one after the other."""
    symmetry = Symmetry((A, B), KINDS)
    orbit = {symmetry.rename(found, permutation) for permutation in every_permutation()}
    canonical = symmetry.canonical(found)
    assert {symmetry.canonical(other).values for other in orbit} == {canonical.values}
    assert canonical.orbit == len(orbit)
    assert symmetry.rename(found, canonical.permutation) == canonical.values
    assert symmetry.rename(canonical.values, inverse(canonical.permutation)) == found


def test_permutations_compose_and_are_taken_back():
    for one, other in product(every_permutation(), repeat=2):
        symmetry = Symmetry((A, B), (Map(A, A), B))
        found = ((0, 0, 2), 1)
        assert symmetry.rename(symmetry.rename(found, one), other) == symmetry.rename(found, after(other, one))
        assert after(inverse(one), one) == symmetry.identity()


def test_elements_that_differ_are_never_permuted():
    """Twelve elements, all different or all alike: nobody could try 12! orders."""
    many = Sort("Many", 12)
    symmetry = Symmetry((many,), (Map(many, Range("N", 0, 11)),))
    different = symmetry.canonical((tuple(range(12)),))
    assert symmetry.canonical((tuple(reversed(range(12))),)).values == different.values
    assert different.orbit == 479_001_600
    assert symmetry.canonical(((0,) * 12,)).orbit == 1
    assert symmetry.canonical(((0,) * 11 + (1,),)).orbit == 12


@pytest.fixture
def load(tmp_path):
    def loaded(text):
        path = tmp_path / f"symmetric{next(NUMBERS)}.py"
        path.write_text(text)
        found = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(found)
        sys.modules[path.stem] = module
        found.loader.exec_module(module)
        return module.Random

    return loaded


def test_orbits_stand_for_exactly_the_states_of_the_whole_space(random_specifications, load):
    compared = []

    @settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(random_specifications.texts(ordered=False))
    def agree(text):
        try:
            tree = read(load(text), {}, ())
        except Refused:
            assume(False)
        limits = Limits(states=100)
        whole = check(tree, Options(symmetry=False, check_all=True, limits=limits))
        reduced = check(tree, Options(check_all=True, limits=limits))
        if whole.reason in ("states", "error") or reduced.reason == "asymmetry":
            return
        if reduced.symmetric_sorts:
            compared.append(reduced.distinct)
        assert (reduced.verdict, reduced.depth) == (whole.verdict, whole.depth)
        assert reduced.unreduced in (None, whole.distinct)
        assert {v.property for v in reduced.violations} == {v.property for v in whole.violations}
        for one in reduced.violations:
            (same,) = [v for v in whole.violations if v.property == one.property]
            assert len(one.steps) == len(same.steps)

    agree()
    assert len(compared) >= 3, "hardly anything was compared"
