"""Explicit and symbolic engines agree on every bundled specification and variant: on the verdict, on how many states
the shortest trace has, and on every formula in every state; induction never says otherwise. The sizes stand in
tests/symbolic.toml."""

import tomllib
from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
import z3
from quorate.checker.commands.arguments import bundled, find_class
from quorate.checker.model import Options, identity_for
from quorate.checker.reference import check
from quorate.checker.result import DEADLOCK
from quorate.checker.symbolic import Question, prove
from quorate.checker.symbolic.path import pack
from quorate.checker.symbolic.transition import System
from quorate.spec.lang import ir
from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import declared

ROWS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parents[2] / "symbolic.toml").read_text())["specification"]
PLAIN = Options(symmetry=False)


def tree(row: dict[str, Any], variant: str | None) -> ir.Specification:
    sizes = dict(row["constants"] if variant is None else row["variants"][variant])
    splits, others = sizes.pop("splits", ()), sizes.pop("with", ())
    return read(find_class(row["name"]), sizes, () if variant is None else (variant, *others), splits=splits)


def each(*, variants: bool) -> list[Any]:
    cases = []
    for row in ROWS:
        marks = pytest.mark.slow if row.get("slow") else ()
        for name in (None, *(row["variants"] if variants else ())):
            cases.append(pytest.param(row, name, id=f"{row['name']}-{name or 'correct'}", marks=marks))
    return cases


@pytest.mark.parametrize(("row", "variant"), each(variants=True))
def test_engines_agree_on_verdict_and_shortest_depth(row: dict[str, Any], variant: str | None) -> None:
    """A variant's trace is as long as the shortest one; what holds is not violated within as many steps as it takes
    to be everywhere."""
    specification = tree(row, variant)
    explicit = check(specification, replace(PLAIN, identity=identity_for(specification, None)))
    assert explicit.verdict == ("holds" if variant is None else "violated")
    longest = len(explicit.steps) - 1 if explicit.steps else explicit.depth
    found = prove(specification, Question("steps", longest), Options()).result
    if explicit.steps is None:
        assert found.steps is None
        bounded = found.verdict == "undecided" and found.bounds["why"] == f"no violation within {longest} steps"
        ended = found.verdict == "holds" and found.bounds["why"] == f"no path has more than {longest - 1} steps"
        assert bounded or ended, found.bounds["why"]
    else:
        assert found.verdict == "violated" and found.steps is not None
        assert len(found.steps) == len(explicit.steps)


@pytest.mark.parametrize("question", [Question("inductive"), Question("k-induction", 2)], ids=lambda one: one.kind)
@pytest.mark.parametrize(("row", "variant"), each(variants=False))
def test_induction_never_contradicts_the_search(row: dict[str, Any], variant: None, question: Question) -> None:
    """What holds is proved, or has states against induction: good ones, of which each is a successor of the one before
    as the Python meaning says, and a last one that is not good."""
    specification = tree(row, variant)
    answer = prove(specification, question, Options())
    path, meaning = answer.to_induction, Meaning(specification)
    assert answer.result.verdict == ("undecided" if path else "holds")
    assert len(path) in (0, question.bound + 1 if question.kind == "k-induction" else 2)
    named = [one.name for one in specification.properties if one.kind == "invariant"]
    assert all(meaning.holds(name, state) for state in path[:-1] for name in named)
    for before, after in pairwise(path):
        assert after in [state for _, state in meaning.successors(before)]
    if path:
        assert answer.broken is not None
        if answer.broken != DEADLOCK:
            kind = next(one.kind for one in specification.properties if one.name == answer.broken)
            assert not meaning.holds(answer.broken, path[-1], path[-2] if kind == "step_invariant" else None)


def test_every_specification_and_variant_is_in_the_table() -> None:
    assert {row["name"] for row in ROWS} == set(bundled())
    for row in ROWS:
        assert not set(row["variants"]) & set(row.get("beyond", {}))
        assert {*row["variants"], *row.get("beyond", {})} == set(declared(find_class(row["name"]))[1]), row["name"]


MOST = 60  # states of a specification in which its formulas are compared, the first that are found


@pytest.mark.parametrize(("row", "variant"), each(variants=False))
def test_every_formula_is_true_where_the_python_meaning_says_so(row: dict[str, Any], variant: None) -> None:
    """In reachable states: the properties, what fails, what may happen, and the states after it."""
    specification = tree(row, variant)
    meaning, system = Meaning(specification), System(specification, PLAIN)
    plain = [one for one in specification.properties if one.kind != "step_invariant"]
    judged = [system.holds(one) for one in plain]
    failing = [f.condition for _, fs in judged for f in fs] + [
        f.condition for i in system.instances for f in i.failures
    ]
    questions = pack([*(holds for holds, _ in judged), *failing, *(i.enabled for i in system.instances)])
    afters = [pack(system.row(instance.after)) for instance in system.instances]
    for state in islice(_reachable(specification, meaning), MOST):
        here = list(zip(system.constants(system.now), system.row(system.known_state(state)), strict=True))
        truths = [z3.is_true(term) for term in z3.simplify(z3.substitute(questions, *here)).children()]
        assert truths[: len(plain)] == [meaning.holds(one.name, state) for one in plain]
        enabled = truths[len(plain) + len(failing) :]
        assert not any(truths[len(plain) : -len(enabled)]), "nothing fails in a reachable state"
        happens = [(n, i.action) for n, i in enumerate(system.instances) if enabled[n]]
        found = Counter((action, _moved(system, afters[n], here)) for n, action in happens)
        assert found == Counter((label[0], after) for label, after in meaning.successors(state))


def _reachable(specification: ir.Specification, meaning: Meaning) -> Any:
    """The states from which a search goes on, breadth first."""
    boundaries = [one.name for one in specification.properties if one.kind == "boundary"]
    found = dict.fromkeys(state for _, state in meaning.initial())
    waiting = list(found)
    for state in waiting:
        if all(meaning.holds(name, state) for name in boundaries):
            yield state
            new = [after for _, after in meaning.successors(state) if after not in found]
            found |= dict.fromkeys(new)
            waiting += dict.fromkeys(new)


def _moved(system: System, after: Any, here: Any) -> Any:
    """The plain state that an instance leaves behind, from a known one."""
    leaves = iter(z3.simplify(z3.substitute(after, *here)).children())
    state = {name: _filled(value, leaves) for name, value in system.now.items()}
    return system.plain(state, _Known())


def _filled(value: Any, leaves: Any) -> Any:
    return tuple(_filled(part, leaves) for part in value) if isinstance(value, tuple) else next(leaves)


class _Known:
    """In place of a model: all terms are values."""

    def eval(self, term: Any, model_completion: bool) -> Any:
        assert model_completion
        return term
