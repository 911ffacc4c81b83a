"""`Spec` and what stands in its body: state, actions, properties, and the words used inside actions.

Like the vocabulary, these run as plain Python, independently of the reader: creating `TwoPhaseCommit(managers=3)`
binds the constants and puts the state in its initial values, calling an action takes the step or raises
`Abandoned` and leaves the state as it was.
"""

import functools
import inspect
import sys
from collections.abc import Callable, Collection
from enum import Enum
from typing import Any, Self, TypeVar, get_type_hints, overload

from .errors import EvaluationError
from .hints import conform, default_of
from .vocabulary import Constant, variant

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Abandoned(Exception):
    """A `require` or `expect` was not met: the step does not happen."""


def require(condition: bool) -> None:
    """The step happens only if this is true here; otherwise all of it is abandoned."""
    if not condition:
        raise Abandoned


@overload
def expect(value: object, kind: type[T]) -> T: ...


@overload
def expect(value: T | None) -> T: ...


def expect(value: Any, kind: Any = None) -> Any:
    """`m = expect(queue.first, Vote)`: the value, if it is a `Vote`; otherwise the step is abandoned.

    With one argument, `leader = expect(self.leader)`: the value, if it is not None.
    """
    if value is None or (kind is not None and not isinstance(value, kind)):
        raise Abandoned
    return value


def step(point: str, onto: Enum | None = None) -> None:
    """A place inside an action where others may come between: `step("NL.log")`, where the split `NL` is on.

    `step("CP.apply", Thread.CP)` hands the rest to another thread of the owner, which must be idle, and the action's
    own thread is free again. Run as plain Python, an action is never split.
    """


def runs_on(thread: Enum) -> Callable[[F], F]:
    """Whose thread an action runs on: `@runs_on(Thread.SYNC)`, of the server that is its first parameter.

    A thread does one thing at a time: while one of its actions is between two steps, no other starts.
    """

    def mark(function: F) -> F:
        inspect.unwrap(function).__thread__ = thread
        return function

    return mark


def abandon(owner: object, thread: Enum | None = None) -> None:
    """What the owner was in the middle of is forgotten, as in a crash: on one thread, or on all."""


def idle(owner: object, thread: Enum) -> bool:
    """Whether the owner's thread is not in the middle of an action. Always true where nothing is split."""
    return True


class _Variable:
    """A state variable: reads give values with a place to write back to, writes are checked against the type."""

    def __init__(self, initial: object, ghost: object) -> None:
        self.initial, self.ghost = initial, ghost

    def __set_name__(self, owner: type["Spec"], name: str) -> None:
        self.name = name

    def __get__(self, instance: "Spec | None", owner: type["Spec"]) -> Any:
        if instance is None:
            return self
        value = instance._values[self.name]
        place = getattr(value, "_at", None)
        return place(lambda new: self.__set__(instance, new)) if place else value

    def __set__(self, instance: "Spec", value: object) -> None:
        hint = type(instance)._hints()[self.name]
        instance._values[self.name] = conform(hint, value)


_MISSING = object()


@overload
def state(initial: Callable[[Any], object], *, ghost: bool = False) -> Any: ...


@overload
def state(initial: object = ..., *, ghost: bool = False) -> Any: ...


def state(initial: object = _MISSING, *, ghost: bool = False) -> Any:
    """A state variable and its initial value: `phase: Map[RM, Phase] = state(Phase.WORKING)`.

    A Map's initial value is that of every entry, or a function of the key: `state(lambda s: s)`. Sets, sequences and
    bags are empty when nothing is given. A ghost is read by properties and by other ghosts only.
    """
    return _Variable(initial, ghost)


class Spec:
    """A specification: state variables, actions, properties. Its docstring says what it specifies."""

    def __init__(self, *, variants: Collection[str] = (), **constants: int) -> None:
        bind(type(self), constants, variants)
        self._values: dict[str, Any] = {}
        for name, hint in self._hints().items():
            declared: _Variable = vars(_owner(type(self), name))[name]
            given = () if declared.initial is _MISSING else (declared.initial,)
            self._values[name] = default_of(hint, *given)

    @classmethod
    def _hints(cls) -> dict[str, Any]:
        """The annotated type of every state variable, in order of declaration, base classes first."""
        names = (n for base in reversed(cls.__mro__) for n, v in vars(base).items() if isinstance(v, _Variable))
        hints = get_type_hints(cls)
        return {name: hints[name] for name in dict.fromkeys(names)}

    def copy(self) -> Self:
        """An independent specification in the same state."""
        twin = object.__new__(type(self))
        twin._values = dict(self._values)
        return twin


def _owner(spec: type[Spec], name: str) -> type:
    return next(base for base in spec.__mro__ if isinstance(vars(base).get(name), _Variable))


def declared(spec: type[Spec]) -> tuple[dict[str, Constant], dict[str, variant]]:  # type: ignore[valid-type]
    """The constants (by the name of their variable) and variants (by their own name) a specification can see."""
    constants: dict[str, Constant] = {}
    variants: dict[str, Any] = {}
    for base in reversed(spec.__mro__):
        for name, value in vars(sys.modules[base.__module__]).items():
            kind: Any = type(value)
            if kind is Constant and getattr(value, "derive", 1) is None:
                constants.setdefault(name, value)
            elif kind is variant:
                variants.setdefault(value.name, value)
    return constants, variants


def bind(spec: type[Spec], constants: dict[str, int], variants: Collection[str]) -> None:
    """Gives every constant its value (its default where none is given) and switches exactly these variants on."""
    known, named = declared(spec)
    for name, value in constants.items():
        if name not in known:
            raise ValueError(f"{spec.__name__} has no constant {name!r}; it has {', '.join(known) or 'none'}")
        low, high = known[name].low, known[name].high  # type: ignore[attr-defined]
        if not low <= value <= high:
            raise ValueError(f"{name}={value} is outside {low}..{high}")
    if unknown := set(variants) - named.keys():
        raise ValueError(f"{spec.__name__} has no variant {min(unknown)!r}; it has {', '.join(named) or 'none'}")
    for name, constant in known.items():
        constant.bound = constants.get(name, constant.default)  # type: ignore[attr-defined]
    for name, switch in named.items():
        switch.on = name in variants  # type: ignore[attr-defined]


def _marked(kind: str) -> Callable[[F], F]:
    def mark(function: F) -> F:
        function.__quorate__ = kind  # type: ignore[attr-defined]
        return function

    return mark


def _atomic(kind: str) -> Callable[[F], F]:
    """Marks a method whose body takes effect as a whole or not at all."""

    def mark(function: F) -> F:
        @functools.wraps(function)
        def attempt(self: Spec, *arguments: object) -> None:
            before = dict(self._values)
            try:
                function(self, *arguments)
            except (Abandoned, EvaluationError):
                self._values = before
                raise

        return _marked(kind)(attempt)  # type: ignore[return-value]

    return mark


def action(method: F) -> F:
    """An atomic step; its parameters range over finite types, one instance per value."""
    return _atomic("action")(method)


def initial(method: F) -> F:
    """Chooses an initial state: like an action, applied to the values that `state(…)` gives."""
    return _atomic("initial")(method)


def invariant(method: F) -> F:
    """True in every reachable state. The docstring is its sentence for people."""
    return _marked("invariant")(method)


def step_invariant(method: F) -> F:
    """True of every step: `def grows(self, before: Self) -> bool`, `before` being the state before the step."""
    return _marked("step_invariant")(method)


def witness(method: F) -> F:
    """A state that must be reachable: the guard against a specification that holds because nothing happens."""
    return _marked("witness")(method)


def boundary(method: F) -> F:
    """States where this is False are checked but not explored further, and the result says so."""
    return _marked("boundary")(method)


def terminal(method: F) -> F:
    """States where nothing may happen by intent: no deadlock is reported there."""
    return _marked("terminal")(method)


def eventually(method: F) -> F:
    """A state that every fair behaviour reaches. The reader refuses it today."""
    return _marked("eventually")(method)


def leads_to(method: F) -> F:
    """From one kind of state every fair behaviour reaches another. The reader refuses it today."""
    return _marked("leads_to")(method)


def fair(*, strong: bool = False) -> Callable[[F], F]:
    """Weak or strong fairness of an action. The reader refuses it today."""
    return _marked("strong_fairness" if strong else "weak_fairness")
