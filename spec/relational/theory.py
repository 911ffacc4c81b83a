"""Theories: a vocabulary, its axioms, actions, and what is claimed of every reachable state.

Reads a class of annotated relations and marked functions once, and hands out closed formulas. The state after an
action is the same theory with some relations replaced by closures, so an invariant "after" is the invariant's own
text read again: no primed vocabulary, no frame axioms. Knows no solver.
"""

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field
from enum import Enum
from inspect import getdoc, signature
from typing import Any, ClassVar, Self, TypeVar, cast, get_args, get_type_hints

from . import terms
from .terms import Formula, Variable
from .vocabulary import Function, OrderedSort, Quorum, Relation, Sort, Step, Update, members_of

F = TypeVar("F", bound=Callable[..., object])


class Kind(Enum):
    """What a marked function of a theory is."""

    AXIOM = "axiom"
    INITIAL = "initial"
    ACTION = "action"
    DEFINITION = "definition"
    SAFETY = "property"
    INVARIANT = "invariant"
    LEMMA = "lemma"
    COROLLARY = "corollary"
    STEP = "two-state property"


@dataclass(frozen=True)
class Mark:
    """A decorator's note: the kind of a function, and the only hypotheses that its proof may use."""

    kind: Kind
    using: tuple[str, ...] = ()


def _marked(kind: Kind, using: tuple[str, ...] = ()) -> Callable[[F], F]:
    def mark(function: F) -> F:
        vars(function)["relational"] = Mark(kind, using)
        return function

    return mark


axiom = _marked(Kind.AXIOM)  # holds of the vocabulary that no action changes
initially = _marked(Kind.INITIAL)  # updates that describe the first state; relations not named are empty
action = _marked(Kind.ACTION)  # a guarded step
definition = _marked(Kind.DEFINITION)  # a relation that is written in terms of others
safety = _marked(Kind.SAFETY)  # what is to be proved of every reachable state
invariant = _marked(Kind.INVARIANT)  # what strengthens the properties until they are inductive


def lemma(*using: str) -> Callable[[F], F]:
    """A state property that is inductive by itself with the conjuncts named, and never a general hypothesis."""
    return _marked(Kind.LEMMA, using)


def corollary(*using: str) -> Callable[[F], F]:
    """A state property that follows in every state from the conjuncts named."""
    return _marked(Kind.COROLLARY, using)


def step_safety(*using: str) -> Callable[[F], F]:
    """A property of every step, `(before, after, values…)`; without names all inductive conjuncts may be used."""
    return _marked(Kind.STEP, using)


@dataclass(frozen=True)
class Variant:
    """A named deviation: a bug that a proof must notice. May drop the intersection axiom of a quorum sort."""

    name: str
    sentence: str
    drops: type[Sort] | None = None


variant = Variant


@dataclass(frozen=True)
class _Declared:
    sentence: str
    background: bool


def relation(sentence: str) -> Any:
    """Declare a relation of the state: `leader: Relation[Epoch, Server] = relation("…")`."""
    return _Declared(sentence, background=False)


def function(sentence: str) -> Any:
    """Declare a total function of the state."""
    return _Declared(sentence, background=False)


def background(sentence: str) -> Any:
    """Declare a relation or function that no action changes; axioms speak about it."""
    return _Declared(sentence, background=True)


@dataclass(frozen=True)
class Symbol:
    """A declared relation (`result` is None) or function."""

    name: str
    sorts: tuple[str, ...]
    result: str | None
    sentence: str
    background: bool


@dataclass(frozen=True)
class Conjunct:
    """A closed formula with a name and a sentence."""

    name: str
    sentence: str
    kind: Kind
    formula: Formula
    using: tuple[str, ...] = ()

    @property
    def inductive(self) -> bool:
        """Is a hypothesis of every step."""
        return self.kind in (Kind.SAFETY, Kind.INVARIANT)


@dataclass(frozen=True)
class Action:
    """An action with variables for its parameters."""

    name: str
    sentence: str
    parameters: tuple[Variable, ...]
    step: Step = field(compare=False)


class Theory:
    """Base of all theories. `sorts` names the sorts in the order of display, `rows` those of a table's rows."""

    sorts: ClassVar[tuple[type[Sort], ...]] = ()
    rows: ClassVar[tuple[type[Sort], ...]] = ()
    variants: ClassVar[tuple[Variant, ...]] = ()
    instances: ClassVar[tuple[dict[str, int], ...]] = ()  # sizes of small instances worth sampling

    def __init__(self, *deviations: str) -> None:
        known = {v.name: v for v in self.variants}
        for name in deviations:
            if name not in known:
                raise ValueError(f"{type(self).__name__} has no variant {name!r}; it has: {', '.join(known)}")
        self.deviations = tuple(known[name] for name in deviations)
        for symbol, meaning in _vocabulary(type(self)).items():
            setattr(self, symbol, meaning)

    def deviates(self, deviation: Variant) -> bool:
        """Is this named deviation switched on?"""
        assert deviation in self.variants, f"list {deviation.name!r} in `variants`"
        return deviation in self.deviations

    def unless(self, deviation: Variant, formula: Formula) -> Formula:
        """`formula`, or nothing where the deviation is switched on."""
        return terms.TRUE if self.deviates(deviation) else formula

    def symbols(self) -> tuple[Symbol, ...]:
        """The declared relations and functions, in the order of the text."""
        hints = get_type_hints(type(self))
        declared = ((n, d) for n, d in _declarations(type(self)))
        return tuple(_symbol(name, getattr(self, name), d) for name, d in declared if name in hints)

    def axioms(self) -> tuple[Conjunct, ...]:
        """Those of orders and quorums, which are built in, and the theory's own."""
        dropped = {v.drops for v in self.deviations}
        built_in = (c for sort in self.sorts if sort not in dropped for c in _axioms_of(sort))
        return (*built_in, *(self._closed(name, f) for name, f in self._functions(Kind.AXIOM)))

    def conjuncts(self) -> tuple[Conjunct, ...]:
        """Properties, invariants, lemmas and corollaries, in the order of the text."""
        kinds = (Kind.SAFETY, Kind.INVARIANT, Kind.LEMMA, Kind.COROLLARY)
        return tuple(self._closed(name, f) for name, f in self._functions(*kinds))

    def definitions(self) -> tuple[tuple[str, tuple[type[Sort], ...]], ...]:
        """Names of the defined relations, with the sorts of their arguments."""
        found = self._functions(Kind.DEFINITION)
        return tuple((name, tuple(sort for _, sort in _parameters(f))) for name, f in found)

    def actions(self) -> tuple[Action, ...]:
        """All actions, with variables for their parameters."""
        return tuple(self._action(name, f) for name, f in self._functions(Kind.ACTION))

    def steps(self, after: Self) -> tuple[Conjunct, ...]:
        """The two-state properties, of this state and the one `after`."""
        return tuple(self._closed(name, f, after) for name, f in self._functions(Kind.STEP))

    def claim(self, name: str) -> Conjunct:
        """One conjunct of this state by name."""
        method = vars(type(self)).get(name)
        if method is None:
            raise KeyError(f"{type(self).__name__} has no conjunct {name!r}")
        return self._closed(name, method)

    def initial(self) -> Self:
        """The theory in its first state."""
        return self._with(self.first_step().step.updates)

    def first_step(self) -> Action:
        """The updates that make any state the first one, as an action without parameters."""
        updates = [u for _, f in self._functions(Kind.INITIAL) for u in cast(Iterable[Update], f(self))]
        emptied = (_empty(s) for s in self.symbols() if _starts_empty(s, updates))
        return Action("start", "the first state", (), Step((), (*emptied, *updates)))

    def after(self, step: Step) -> Self:
        """The theory in the state after a step."""
        fixed = {symbol.name for symbol in self.symbols() if symbol.background}
        for update in step.updates:
            assert update.symbol not in fixed, f"{update.symbol} is background: no action changes it"
        return self._with(step.updates)

    def _with(self, updates: Iterable[Update]) -> Self:
        other = copy(self)
        for update in updates:
            old = getattr(self, update.symbol)
            new = _replaced(old, update.meaning)
            setattr(other, update.symbol, new)
        return other

    def _functions(self, *kinds: Kind) -> list[tuple[str, Callable[..., Any]]]:
        found = ((n, f, vars(f).get("relational")) for n, f in vars(type(self)).items() if callable(f))
        return [(n, f) for n, f, mark in found if isinstance(mark, Mark) and mark.kind in kinds]

    def _closed(self, name: str, method: Callable[..., Any], *after: Self) -> Conjunct:
        mark = cast(Mark, vars(method)["relational"])
        variables = tuple(Variable(p, sort.__name__, -1) for p, sort in _parameters(method, skip=1 + len(after)))
        values = (sort(v) for v, (_, sort) in zip(variables, _parameters(method, 1 + len(after)), strict=True))
        body = cast(Formula, method(self, *after, *values))
        closed = terms.canonical(terms.quantified(True, variables, body))
        return Conjunct(name, _sentence(method), mark.kind, closed, mark.using)

    def _action(self, name: str, method: Callable[..., Any]) -> Action:
        parameters = _parameters(method)
        variables = tuple(Variable(p, sort.__name__) for p, sort in parameters)
        values = (sort(v) for v, (_, sort) in zip(variables, parameters, strict=True))
        step = cast(Step, method(self, *values))
        guards = tuple(terms.canonical(guard) for guard in step.guards)
        return Action(name, _sentence(method), variables, Step(guards, step.updates))


def _declarations(theory: type[Theory]) -> list[tuple[str, _Declared]]:
    return [(name, d) for name, d in vars(theory).items() if isinstance(d, _Declared)]


def _vocabulary(theory: type[Theory]) -> dict[str, Any]:
    hints = get_type_hints(theory)
    found: dict[str, Any] = {}
    for name, _ in _declarations(theory):
        sorts = get_args(hints[name])
        is_function = hints[name].__origin__ is Function
        found[name] = Function(name, sorts[:-1], sorts[-1]) if is_function else Relation(name, sorts)
    return found


def _symbol(name: str, meaning: Any, declared: _Declared) -> Symbol:
    sorts = tuple(sort.__name__ for sort in meaning.sorts)
    result = meaning.result.__name__ if isinstance(meaning, Function) else None
    return Symbol(name, sorts, result, declared.sentence, declared.background)


def _parameters(method: Callable[..., Any], skip: int = 1) -> list[tuple[str, type[Sort]]]:
    hints = get_type_hints(method)
    names = list(signature(method).parameters)[skip:]
    return [(name, cast(type[Sort], hints[name])) for name in names]


def _sentence(method: Callable[..., Any]) -> str:
    return " ".join((getdoc(method) or "").split())


def _starts_empty(symbol: Symbol, updates: list[Update]) -> bool:
    if symbol.background or any(update.symbol == symbol.name for update in updates):
        return False
    if symbol.result is not None:
        raise TypeError(f"function {symbol.name} has no first value: give it one in the @initially function")
    return True


def _empty(symbol: Symbol) -> Update:
    return Update(symbol.name, lambda *_: terms.FALSE)


def _replaced(old: Any, meaning: Callable[..., Any]) -> Any:
    if isinstance(old, Function):
        return Function(old.name, old.sorts, old.result, meaning)
    return Relation(old.name, old.sorts, meaning)


def _axioms_of(sort: type[Sort]) -> tuple[Conjunct, ...]:
    """Total order with its smallest value; quorums that meet."""
    if issubclass(sort, Quorum):
        return (_intersection(sort),)
    if not issubclass(sort, OrderedSort) or sort.__name__ == "Integer":
        return ()
    x, y, z = (sort(Variable(name, sort.__name__)) for name in "xyz")
    parts = {
        "transitive": terms.implication((x <= y) & (y <= z), x <= z),
        "antisymmetric": terms.implication((x <= y) & (y <= x), x == y),
        "total": (x <= y) | (y <= x),
    }
    if sort.least:
        parts["least"] = sort.zero() <= x
    return tuple(_built_in(f"{sort.__name__}_{name}", formula) for name, formula in parts.items())


def _intersection(sort: type[Quorum[Any]]) -> Conjunct:
    q, r = (sort(Variable(name, sort.__name__)) for name in "qr")
    member = members_of(sort)
    s = member(Variable("s", member.__name__))
    meet = terms.quantified(False, (Variable("s", member.__name__),), q.has(s) & r.has(s))
    return _built_in(f"{sort.__name__}_intersection", meet)


def _built_in(name: str, formula: Formula) -> Conjunct:
    variables = tuple(sorted(terms.free(formula), key=lambda v: v.name))
    return Conjunct(name, "built in", Kind.AXIOM, terms.quantified(True, variables, formula))
