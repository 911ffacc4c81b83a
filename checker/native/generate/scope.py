"""Where expressions are evaluated: the C function at hand, the local names, and where the states lie.

Knows values and layouts; how expressions become C is handed in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ....spec.lang import ir
from ....spec.lang.domains import Type
from . import layout
from .text import Body
from .values import Place, Scalar, Value, load


@dataclass(frozen=True, slots=True)
class Helper:
    """A helper function of the specification, as C knows it."""

    name: str
    function: ir.Function


@dataclass(slots=True)
class Scope:
    """Where expressions are evaluated: the C function at hand, the local names, and pointers to the states."""

    body: Body
    state: layout.StateLayout
    helpers: dict[str, Helper]
    evaluate: "Callable[[Scope, ir.Expr], Value]"  # `expressions.value`, handed down so that loops can ask for it
    names: dict[str, Value] = field(default_factory=dict)
    now: str = "s"
    before: str = "b"
    stable: bool = True  # nothing is written to `now` while the function runs

    def value(self, e: ir.Expr) -> Value:
        """The value of an expression here."""
        return self.evaluate(self, e)

    def scalar(self, e: ir.Expr) -> str:
        """The C expression of a small value."""
        return load(self.evaluate(self, e))

    def variable(self, name: str, before: bool = False) -> Place:
        """Where a state variable lies."""
        kind = next(v.type for v in self.state.variables if v.name == name)
        whole = Place(kind, self.before if before else self.now, stable=self.stable or before)
        return whole.part(kind, self.state.offset(name))


def captured(body: Body, evaluate: Callable[[], Value]) -> tuple[Value, list[str]]:
    """A value, and the statements that compute it, taken out of the function again."""
    mark = len(body.lines)
    result = evaluate()
    lines = body.lines[mark:]
    del body.lines[mark:]
    return result, lines


def replay(body: Body, lines: list[str], deeper: int) -> None:
    """Puts statements back, further inside."""
    body.lines += ["    " * deeper + text for text in lines]


def retyped(number: Value, kind: Type) -> Value:
    """A number that is known to be of this type; other values as they are."""
    return Scalar(kind, load(number)) if layout.numeric(kind) else number
