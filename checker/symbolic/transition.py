"""A specification as formulas: initial states, the step relation, and properties, over one set of leaves.

Every instance of every action is executed once on a symbolic state; the results are kept as terms over the leaves of
that state, and moved to the states of a longer path by substitution. Knows nothing of solvers.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import z3

from ...spec.lang import domains, ir
from ...spec.lang.domains import Plain
from ..model import Options
from .expressions import Failure, Place, candidates, evaluate
from .statements import Run, call, truth
from .terms import Truth, bits, conj, disj, iff, neg, shortened, size_of
from .values import Value, fresh, known, leaves, plain_of, well_typed

State = dict[str, Value]
_Choice = tuple[Truth, Value, Plain]  # a parameter's value, the condition that it is there, and the plain value


@dataclass(frozen=True, slots=True)
class Instance:
    """One action instance: when it happens, the state after it, and the checks that fail in it."""

    action: str
    arguments: tuple[Plain, ...] | None  # None where a parameter is drawn from the state
    enabled: Truth
    after: State
    failures: tuple[Failure, ...]


class System:
    """The formulas of a specification."""

    def __init__(self, specification: ir.Specification, options: Options, patience: Callable[[], object] = int) -> None:
        """`patience` is asked before every instance; what it raises ends the translation."""
        self.specification, self.options, self.patience = specification, options, patience
        self.kinds = {variable.name: variable.type for variable in specification.variables}
        self.functions: Mapping[str, ir.Function] = {f.name: f for f in specification.functions}
        self.now = self._fresh("now")
        self.next = self._fresh("next")
        self.instances = [i for action in specification.actions for i in self._instances(action, self.now)]
        self.taken = [z3.Bool(f"taken.{n}") for n in range(len(self.instances))]

    def _fresh(self, when: str) -> State:
        return {name: fresh(kind, f"{when}.{name}") for name, kind in self.kinds.items()}

    # --------------------------------------------------------------------------------------------- steps

    def _instances(self, action: ir.Action, state: State) -> Iterator[Instance]:
        """All instances that are not impossible from the start; each value of a parameter, each possible drawn item."""
        for choice in self._choices(action, state):
            self.patience()
            names = {param.name: value for param, (_, value, _) in zip(action.params, choice, strict=True)}
            arguments = tuple(plain for _, _, plain in choice)
            present = conj(*(here for here, _, _ in choice))
            run = Run(self.functions, state, state, names, present, variable_types=self.kinds)
            run.block(action.body)
            enabled = conj(present, neg(run.abandoned))
            failures = tuple(run.failures)
            if enabled is not False or failures:
                fixed = arguments if all(param.drawn is None for param in action.params) else None
                yield Instance(action.name, fixed, enabled, run.state, failures)

    def _choices(self, action: ir.Action, state: State) -> Iterator[tuple[_Choice, ...]]:
        """Values for all parameters; what a later one is drawn from may depend on earlier ones."""

        def chosen(position: int, names: State) -> Iterator[tuple[_Choice, ...]]:
            if position == len(action.params):
                yield ()
                return
            param = action.params[position]
            for choice in self._values(param, state, names):
                for rest in chosen(position + 1, {**names, param.name: choice[1]}):
                    yield choice, *rest

        return chosen(0, {})

    def _values(self, param: ir.Param, state: State, names: State) -> list[_Choice]:
        if param.drawn is None:
            return [(True, known(param.type, plain), plain) for plain in domains.values(param.type)]
        place = Place(self.functions, call, state, names=names)
        return [(here, value, None) for here, value in candidates(place, param.drawn)]

    def step(self) -> Truth:
        """That `next` is a successor of `now`: some instance happens, and the leaves are as it leaves them."""
        happens = [disj(neg(c), i.enabled) for c, i in zip(self.taken, self.instances, strict=True)]
        effects = [self._effect(c, i) for c, i in zip(self.taken, self.instances, strict=True)]
        return conj(disj(*self.taken), *happens, *effects)

    def _effect(self, chosen: Truth, instance: Instance) -> Truth:
        pairs = zip(self._leaves(instance.after), self._leaves(self.next), strict=True)
        return disj(neg(chosen), conj(*(same(new, old) for new, old in pairs)))

    def starts(self) -> list[Instance]:
        """The initial states, each as what an initial action leaves behind."""
        place = Place(self.functions, call, {})
        start = {v.name: evaluate(place, v.initial) for v in self.specification.variables}
        if not self.specification.initial:
            return [Instance("init", (), True, start, ())]
        return [i for action in self.specification.initial for i in self._instances(action, start)]

    def row(self, state: State) -> list[Any]:
        """The leaves of a state as terms of the sorts that `constants` have."""
        pairs = zip(self._leaves(state), self.constants(self.now), strict=True)
        return [term(value, constant) for value, constant in pairs]

    def _leaves(self, state: State) -> list[Any]:
        return [leaf for name, kind in self.kinds.items() for _, leaf in leaves(kind, state[name])]

    def well_typed(self) -> Truth:
        """That the leaves of `now` are a state."""
        return conj(*(well_typed(kind, self.now[name]) for name, kind in self.kinds.items()))

    def known_state(self, plain: tuple[Plain, ...]) -> State:
        """A plain state, symbolically."""
        return {v.name: known(v.type, p) for v, p in zip(self.specification.variables, plain, strict=True)}

    # ---------------------------------------------------------------------------------------- properties

    def holds(self, one: ir.Property) -> tuple[Truth, list[Failure]]:
        """That a property is true of `now`, or a step invariant of the step to `next`; and what fails in it."""
        is_step = one.kind == "step_invariant"
        place = Place(self.functions, call, self.next if is_step else self.now, self.now)
        return truth(place, one.body), place.failures

    def stuck(self) -> Truth:
        """That nothing can happen in `now`, and no terminal accepts it."""
        ends = [self.holds(one)[0] for one in self.specification.properties if one.kind == "terminal"]
        return conj(*(neg(instance.enabled) for instance in self.instances), *(neg(end) for end in ends))

    def inside(self) -> Truth:
        """That every boundary accepts `now`."""
        return conj(*(self.holds(one)[0] for one in self.specification.properties if one.kind == "boundary"))

    # -------------------------------------------------------------------------------------------- models

    def constants(self, state: State) -> list[Any]:
        """The Z3 constants of a state's leaves, in order."""
        return self._leaves(state)

    def plain(self, state: State, model: Any) -> tuple[Plain, ...]:
        """The plain state that a model gives to leaves."""

        def leaf(term: Any) -> Any:
            if isinstance(term, bool | int):
                return term
            value = model.eval(term, model_completion=True)
            return z3.is_true(value) if z3.is_bool(value) else value.as_signed_long()

        return tuple(plain_of(kind, state[name], leaf) for name, kind in self.kinds.items())


def same(left: Any, right: Any) -> Truth:
    """Whether two leaves are equal."""
    if isinstance(left, bool | z3.BoolRef):
        return iff(left, right)
    if isinstance(left, int) and isinstance(right, int):
        return left == right
    size = max(size_of(left), size_of(right))
    first, second = bits(left, size), bits(right, size)
    return True if first.eq(second) else first == second


def term(value: Any, constant: Any) -> Any:
    """A leaf as a term of the constant's sort; its value fits."""
    if isinstance(value, bool):
        return z3.BoolVal(value)
    if isinstance(value, int):
        return z3.BitVecVal(value, constant.size())
    if z3.is_bool(value) or value.size() == constant.size():
        return value
    return shortened(value, constant.size()) if value.size() > constant.size() else bits(value, constant.size())
