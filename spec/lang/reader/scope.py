"""Where a piece of text is read: its names, its place, and how to refuse it.

This module knows how names are found, not what any construct means.
"""

import ast
import builtins
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from .. import ir
from ..domains import Type, a
from ..errors import CODES, Refusal
from ..source import Source
from ..specification import _Variable


class Stop(Exception):
    """One refusal, on its way to the statement that collects it; None where another refusal is the cause."""

    def __init__(self, refusal: Refusal | None) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


MISSING = object()
Role = Literal["action", "effect", "pure", "property", "initial value"]


@dataclass(slots=True)
class Scope:
    """The names known at a place, and the reading of sub-expressions there.

    `read` and `helper` come from above, so that the files that read single forms need not know each other:
    `read(scope, node, want)` reads any expression, `helper(scope, node, function, method)` a helper by its object.
    """

    source: Source
    globals: dict[str, Any]
    role: Role
    variables: dict[str, ir.Variable]
    spec_class: type
    read: "Callable[[Scope, ast.expr, Type | None], ir.Expr]"
    helper: "Callable[[Scope, ast.expr, Callable[..., Any], bool], ir.Function]"
    locals: dict[str, Type] = field(default_factory=dict)
    unassigned: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)  # names whose assignment was refused: no more about them
    types: dict[str, Type] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    self_name: str | None = None
    before_name: str | None = None
    returns: Type | None = None
    in_loop: bool = False
    refusals: list[Refusal] = field(default_factory=list)

    def span(self, node: ast.AST) -> ir.Span:
        """Where a node stands in the source."""
        return self.source.span(node)

    def expr(self, node: ast.expr, want: Type | None = None) -> ir.Expr:
        """Reads an expression; `want` is the type expected, for literals that need one. The result may differ."""
        return self.read(self, node, want)

    def refuse(self, code: str, node: ast.AST, message: str, cure: str | None = None) -> NoReturn:
        """Gives up on the statement at hand."""
        span = self.span(node)
        raise Stop(Refusal(code, span, message, cure or CODES[code][1], self.source.line(span.line)))

    def static(self, node: ast.expr) -> Any:
        """The Python object that a global name or dotted name stands for, or MISSING."""
        if isinstance(node, ast.Name):
            if (
                node.id in self.locals
                or node.id in self.unassigned | self.refused
                or node.id in (self.self_name, self.before_name)
            ):
                return MISSING
            return self.globals.get(node.id, getattr(builtins, node.id, MISSING))
        if isinstance(node, ast.Attribute):
            owner = self.static(node.value)
            if isinstance(owner, types.ModuleType):
                return getattr(owner, node.attr, MISSING)
        return MISSING

    @contextmanager
    def binding(self, node: ast.AST, name: str, kind: Type) -> Iterator[None]:
        """`name` is bound within; it must be new."""
        if name in self.locals or name in (self.self_name, self.before_name):
            self.refuse("E407", node, f"{name!r} is already in use here")
        self.locals[name] = kind
        try:
            yield
        finally:
            del self.locals[name]

    def stop_where_declared(self, name: str) -> None:
        """A state variable whose declaration was refused: that was said, its uses are not also reported."""
        if isinstance(getattr(self.spec_class, name, None), _Variable):
            raise Stop(None)

    def mismatch(self, node: ast.AST, found: Type, wanted: Type) -> NoReturn:
        """Refuses a value of the wrong type."""
        self.refuse("E501", node, f"this is {a(found)}, where {a(wanted)} is needed")
