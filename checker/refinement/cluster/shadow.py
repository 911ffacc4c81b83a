"""A state of a specification that follows an implementation: it takes steps of the specification, and nothing else
but the corrections that a map declares.

`Shadow` knows the variables by name and the actions by their generated Python; a step that is not allowed is a
`Mismatch` that names the guard. Knows no protocol.
"""

from typing import Any

from ....spec.lang import ir
from ....spec.lang.meaning.compile import Meaning, State
from ....spec.lang.meaning.effects import effects_of
from ....spec.lang.meaning.interpret import Broken, Disabled, Interpreter
from ....traces.wording import wording


class Mismatch(Exception):
    """The implementation took a step that the specification does not allow; the text says which guard is in the way."""


class Shadow:
    """The specification's side of a refinement: names to positions, actions to functions."""

    def __init__(self, specification: ir.Specification) -> None:
        self.specification = specification
        meaning = Meaning(specification)
        self.first: State = meaning.initial()[0][1]
        self.at = {variable.name: n for n, variable in enumerate(specification.variables)}
        self._actions = dict(meaning.actions)
        self._interpreter = Interpreter(specification)
        self._written: dict[str, frozenset[str]] = {}  # by action, when it is first asked for

    def take(self, state: State, action: str, *arguments: int | None) -> State:
        """The state after an action; raises Mismatch where it is not enabled."""
        wanted = (action, arguments)
        for label, after in self._actions[action](state):
            if label == wanted:
                return after
        raise Mismatch(f"{shown(*wanted)} cannot happen: {self._guard(action, arguments, state)}")

    def put(self, state: State, **values: Any) -> State:
        """The state with other values of some variables."""
        changed = list(state)
        for name, value in values.items():
            changed[self.at[name]] = value
        return tuple(changed)

    def _guard(self, action: str, arguments: tuple[int | None, ...], state: State) -> str:
        match self._interpreter.attempt(action, arguments, state):
            case Disabled(guard):
                return _text(guard)
            case Broken(error):
                return str(error)
        return "it is enabled"

    def what_could(self, state: State, variable: str, server: int) -> str:
        """Which steps of a server could change a variable, and the guards that are in the way of each."""
        told = []
        for action in self.specification.actions:
            if variable not in self._written_by(action):
                continue
            for arguments in self._interpreter.instances(action, state):
                attempt = self._interpreter.attempt(action.name, arguments, state)
                if arguments[:1] == (server,) and isinstance(attempt, Disabled):
                    told.append(f"{shown(action.name, arguments)} needs {_text(attempt.guard)}")
                    break
        return "; ".join(told)

    def _written_by(self, action: ir.Action) -> frozenset[str]:
        if action.name not in self._written:
            self._written[action.name] = frozenset(effects_of(self.specification, action).written_names())
        return self._written[action.name]


def shown(action: str, arguments: tuple[Any, ...]) -> str:
    """A label as text."""
    return f"{action}({', '.join(map(str, arguments))})"


def _text(guard: ir.Require | ir.Expect | ir.Param) -> str:
    match guard:
        case ir.Require(test=test):
            return f"{wording(test)} ({guard.span})"
        case ir.Expect(type=kind):
            return f"a message {getattr(kind, 'name', kind)} to be next ({guard.span})"
        case _:
            return f"{guard.name} among what it is drawn from ({guard.span})"
