"""Symbolic expressions mean what the Python meaning says, on every state of a random walk."""

import random

import pytest
import z3
from quorate.checker.commands.arguments import bundled, find_class
from quorate.checker.model import Options
from quorate.checker.symbolic.terms import arithmetic, compare
from quorate.checker.symbolic.transition import System
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read

SMALL = {
    "two-phase-commit": {"managers": 2},
    "paxos": {"values": 2, "ballots": 1},
    "ewd840": {"nodes": 3},
    "ewd998": {"nodes": 2},
    "lamport-mutex": {"processes": 2},
    "philosophers": {"philosophers": 3},
    "peterson": {"processes": 2},
    "bakery": {"processes": 2},
    "raft-election": {"servers": 2, "terms": 1},
    "token-ring": {"nodes": 2},
    "zab": {"servers": 2},
}


@pytest.mark.parametrize("name", SMALL)
def test_every_step_of_a_walk_is_a_step_of_the_formula(name: str) -> None:
    """On a known state all terms are known: enabled instances and their results must be those of the Python meaning."""
    assert name in bundled()
    specification = read(find_class(name), SMALL[name])
    meaning, system = Meaning(specification), System(specification, Options())
    chance = random.Random(7)
    _, state = chance.choice(meaning.initial())
    for _ in range(12):
        expected = {s for _, s in meaning.successors(state)}
        here = system.known_state(state)
        found = set()
        for action in specification.actions:
            for instance in system._instances(action, here):
                assert isinstance(instance.enabled, bool), "a known state leaves nothing open"
                if instance.enabled:
                    found.add(system.plain(instance.after, None))
        assert found == expected
        for one in specification.properties:
            if one.kind != "step_invariant":
                system.now = here
                assert system.holds(one)[0] == meaning.holds(one.name, state)
        boundaries = [one.name for one in specification.properties if one.kind == "boundary"]
        inside = [s for s in sorted(expected, key=repr) if all(meaning.holds(name, s) for name in boundaries)]
        if not inside:
            break
        state = chance.choice(inside)


@pytest.mark.parametrize("op", ["+", "-", "*", "//", "%"])
def test_arithmetic_is_exact_and_rounds_down(op: str) -> None:
    for left in range(-7, 8):
        for right in range(-4, 5):
            if right == 0 and op in ("//", "%"):
                continue
            term = arithmetic(op, z3.BitVecVal(left, 4), z3.BitVecVal(right, 4))
            expected = {"+": left + right, "-": left - right, "*": left * right}.get(op)
            if expected is None:
                expected = left // right if op == "//" else left % right
            assert z3.simplify(term).as_signed_long() == expected, (left, op, right)
            less = compare("<", z3.BitVecVal(left, 4), right)
            assert (less if isinstance(less, bool) else z3.is_true(z3.simplify(less))) == (left < right)
