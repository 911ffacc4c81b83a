"""Every bundled specification means the same twice: its methods run as plain Python, and its tree, on random walks."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from random import Random
from typing import Any, get_type_hints

import pytest
from quorate.spec import classics, zookeeper
from quorate.spec.lang import Abandoned, Spec, ir
from quorate.spec.lang.domains import Plain
from quorate.spec.lang.hints import domain_of, plain_of, values_of
from quorate.spec.lang.meaning.compile import Label, Meaning
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import declared

SPECIFICATIONS = {
    **{name: f"quorate.spec.classics.{place}" for name, place in classics.SPECIFICATIONS.items()},
    **{name: f"quorate.spec.zookeeper.{place}" for name, place in zookeeper.SPECIFICATIONS.items()},
}
STEPS, STEPS_WITH_VARIANT = 40, 10  # of one walk
Step = tuple[Label, Spec]


def specification(name: str) -> type[Spec]:
    module, _, class_name = SPECIFICATIONS[name].partition(":")
    found: type[Spec] = getattr(import_module(module), class_name)
    return found


@dataclass(frozen=True)
class Direct:
    """The class's own methods: what the tree is held against."""

    tree: ir.Specification
    start: Spec

    def plain(self, state: Spec) -> tuple[Plain, ...]:
        return tuple(plain_of(v.type, state._values[v.name]) for v in self.tree.variables)

    def initial(self) -> list[Step]:
        if not self.tree.initial:
            return [(("init", ()), self.start)]
        return list(self._steps(self.start, [action.name for action in self.tree.initial]))

    def successors(self, state: Spec) -> list[Step]:
        return list(self._steps(state, [action.name for action in self.tree.actions]))

    def _steps(self, state: Spec, names: list[str]) -> Iterator[Step]:
        for name in names:
            method = inspect.unwrap(getattr(type(state), name))
            hints = [hint for key, hint in get_type_hints(method).items() if key != "return"]
            for arguments in product(*map(values_of, hints)):
                after = state.copy()
                try:
                    getattr(after, name)(*arguments)
                except Abandoned:
                    continue
                plain = tuple(plain_of(domain_of(h), a) for h, a in zip(hints, arguments, strict=True))
                yield (name, plain), after

    def holds(self, name: str, *states: Any) -> bool:
        return bool(getattr(states[0], name)(*states[1:]))


def _configurations() -> list[Any]:
    return [
        pytest.param(name, (variant,) if variant else (), id=f"{name}-{variant or 'as-written'}")
        for name in SPECIFICATIONS
        for variant in [None, *declared(specification(name))[1]]
    ]


@pytest.mark.parametrize(("name", "variants"), _configurations())
def test_methods_and_tree_agree(name: str, variants: tuple[str, ...]) -> None:
    cls = specification(name)
    tree = read(cls, {}, variants)
    direct, meaning = Direct(tree, cls(variants=variants)), Meaning(tree)
    random = Random(f"{name} {variants}")
    initial = direct.initial()
    assert meaning.initial() == [(label, direct.plain(state)) for label, state in initial]
    state = random.choice(initial)[1]
    for _ in range(STEPS_WITH_VARIANT if variants else STEPS):
        plain = direct.plain(state)
        for one in tree.properties:
            if one.kind != "step_invariant":
                assert meaning.holds(one.name, plain) == direct.holds(one.name, state), (one.name, plain)
        inside = all(meaning.holds(one.name, plain) for one in tree.properties if one.kind == "boundary")
        steps = direct.successors(state) if inside else []
        if inside:
            assert meaning.successors(plain) == [(label, direct.plain(after)) for label, after in steps]
        state = _next(random, state, steps, direct, meaning) if steps else random.choice(initial)[1]


def _next(random: Random, state: Spec, steps: list[Step], direct: Direct, meaning: Meaning) -> Spec:
    after = random.choice(steps)[1]
    for one in direct.tree.properties:
        if one.kind == "step_invariant":
            expected = direct.holds(one.name, after, state)
            assert meaning.holds(one.name, direct.plain(after), direct.plain(state)) == expected
    return after
