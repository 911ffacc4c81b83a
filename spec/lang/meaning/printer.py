"""The tree as a text of the surface language: a whole module that reads back as the same tree.

Types, constants and helpers are written as the tree has them, with constants bound; comments and the text's own order
are not in the tree. `print_expr` gives single expressions as reports show them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import assert_never

from .. import domains, ir
from ..domains import Type
from .terms import Printer, literal_text, print_expr

__all__ = ["print_expr", "print_specification"]

_IMPORTS = """from enum import Enum
from typing import Self, cast

from quorate.spec.lang import (
    Bag, Constant, Map, Range, Record, Seq, Set, Sort, Spec, action, boundary, expect, initial, invariant, require,
    state, step_invariant, terminal, variant, witness,
)
"""


def print_specification(specification: ir.Specification) -> str:
    """A module in the surface language. Read with the same variants, it gives the same tree."""
    return _Module(specification).text()


class _Module:
    def __init__(self, specification: ir.Specification) -> None:
        self._spec = specification
        self._lines: list[str] = []
        self._depth = 0
        self._terms = Printer({function.name: function for function in specification.functions})
        self._assigned: dict[str, int] = {}  # in the body at hand: how often each local name is assigned
        self._returns: Type | None = None

    def text(self) -> str:
        """The whole module."""
        spec = self._spec
        self._lines += [_docstring(spec.doc or spec.name), "", *_IMPORTS.splitlines(), ""]
        self._names()
        for kind in _named_types(spec):
            self._type(kind)
        for function in spec.functions:
            if not function.name.startswith("self."):
                self._gap(2)
                self._definition(function.name, "", function.params, function.returns, function.doc, function.body)
        self._class()
        return "\n".join(self._lines) + "\n"

    def _add(self, line: str) -> None:
        self._lines.append("    " * self._depth + line if line else "")

    def _gap(self, lines: int) -> None:
        while self._lines and not self._lines[-1]:
            self._lines.pop()
        self._lines += [""] * lines

    # -------------------------------------------------------------------------------- names, types

    def _names(self) -> None:
        """Constants, variants that are on, and other numbers and truths that have a name."""
        known = {name for name, _ in self._spec.constants}
        for name, value in self._spec.constants:
            self._add(f'{name} = Constant({value}, "")')
        for name in self._spec.variants:
            own = name.replace("-", "_")
            known.add(own)
            self._add(f'{own} = variant("{name}", "")')
        for node in _nodes(self._spec):
            if isinstance(node, ir.Literal) and node.name is not None and node.name not in known:
                known.add(node.name)
                self._add(f"{node.name} = {node.value}")

    def _type(self, kind: Type) -> None:
        self._gap(2)
        match kind:
            case domains.Enumeration(name, members):
                self._lines += [f"class {name}(Enum):", *(f'    {member} = "{member}"' for member in members)]
            case domains.Range(name, low, high):
                self._lines += [f"class {name}(Range, low={low}, high={high}):", '    """Numbers."""']
            case domains.Sort(name, size, ordered):
                given = ", ordered=True" if ordered else ""
                self._lines += [f"class {name}(Sort, size={size}{given}):", '    """Identifiers."""']
            case domains.Record(name, items, ordered):
                self._lines.append(f"class {name}(Record{', order=True' if ordered else ''}):")
                self._lines += [f"    {own}: {domains.describe(item)}{self._default(kind, own)}" for own, item in items]
                if not items:
                    self._lines.append('    """Nothing but its name."""')
            case domains.Seq(name, item, capacity) | domains.Bag(name, item, capacity):
                base = f"{type(kind).__name__}[{domains.describe(item)}]"
                self._lines += [f"class {name}({base}, capacity={capacity}):", '    """Bounded."""']
            case _:
                raise AssertionError(f"{kind} has no class of its own")

    def _default(self, record: domains.Record, field: str) -> str:
        """The default that some `Make` takes for a field: known only where it is a whole value."""
        for node in _nodes(self._spec):
            if isinstance(node, ir.Make) and node.type == record:
                found = record.field(field)
                assert found is not None
                item = node.fields[found[0]]
                if isinstance(item, ir.Literal) and isinstance(item.type, _WHOLE):
                    return f" = {literal_text(item.type, item.value)}"
        return ""

    # ------------------------------------------------------------------------- the class, its parts

    def _class(self) -> None:
        spec = self._spec
        self._gap(2)
        self._add(f"class {spec.name}(Spec):")
        self._depth += 1
        self._add(_docstring(spec.doc or spec.name))
        self._add("")
        for variable in spec.variables:
            given = [text for text in (self._initial(variable.initial, 1),) if text]
            given += ["ghost=True"] if variable.ghost else []
            self._add(f"{variable.name}: {domains.describe(variable.type)} = state({', '.join(given)})")
        for mark, actions in (("initial", spec.initial), ("action", spec.actions)):
            for action in actions:
                self._gap(1)
                self._add(f"@{mark}")
                self._definition(action.name, "self", action.params, None, action.doc, action.body)
        for function in spec.functions:
            if function.name.startswith("self."):
                self._gap(1)
                own = function.name.removeprefix("self.")
                self._definition(own, "self", function.params, function.returns, function.doc, function.body)
        for one in spec.properties:
            self._gap(1)
            self._add(f"@{one.kind}")
            first = "self, before: Self" if one.kind == "step_invariant" else "self"
            self._definition(one.name, first, (), domains.Bool(), one.doc, one.body)
        self._depth -= 1

    def _initial(self, initial: ir.Expr, depth: int) -> str:
        """What stands in `state(…)`; nothing for what is empty."""
        match initial:
            case ir.Comprehension((binder,), body) if isinstance(initial.type, domains.Map):
                inner = self._initial(body, depth + 1)
                used = any(isinstance(node, ir.Local) and node.name == binder.name for node in _nodes(body))
                plain = binder.name == f"key{depth}" and not used
                return inner if plain or not inner else f"lambda {binder.name}: {inner}"
            case ir.Collect(()):
                return ""
        return self._terms.text(initial, initial.type)

    def _definition(
        self,
        name: str,
        first: str,
        params: tuple[ir.Param, ...],
        returns: Type | None,
        doc: str,
        body: tuple[ir.Stmt, ...],
    ) -> None:
        given = ", ".join([*filter(None, [first]), *(f"{p.name}: {domains.describe(p.type)}" for p in params)])
        self._add(f"def {name}({given}) -> {domains.describe(returns) if returns else 'None'}:")
        self._depth += 1
        if doc:
            self._add(_docstring(doc))
        self._assigned, self._returns = _counts(body), returns
        self._block(body, needed=not doc)
        self._depth -= 1

    # --------------------------------------------------------------------------------- statements

    def _block(self, body: Sequence[ir.Stmt], needed: bool = True) -> None:
        for statement in body:
            self._statement(statement)
        if needed and not body:
            self._add("pass")

    def _statement(self, statement: ir.Stmt) -> None:
        terms = self._terms
        match statement:
            case ir.Require(test):
                self._add(f"require({terms.text(test)})")
            case ir.Expect(name, kind, value):
                simple = isinstance(value.type, domains.Optional) and value.type.item == kind
                asked = "" if simple else f", {domains.describe(kind)}"
                self._add(f"{name} = expect({terms.text(value)}{asked})")
            case ir.Assign(target, value):
                self._add(f"{self._target(target)} = {terms.text(value, target.type)}")
            case ir.Update(target, op, arguments):
                self._update(target, op, arguments)
            case ir.Let(name, kind, value):
                self._let(name, kind, value)
            case ir.If():
                self._if(statement, "if")
            case ir.For(binder, body):
                self._add(f"for {binder.name} in {terms.domain(binder.domain)}:")
                self._inner(body)
            case ir.Do(function, arguments):
                self._add(terms.call(function, arguments))
            case ir.Return(value):
                self._add("return" if value is None else f"return {terms.text(value, self._returns)}")
            case _:
                assert_never(statement)

    def _inner(self, body: Sequence[ir.Stmt]) -> None:
        self._depth += 1
        self._block(body)
        self._depth -= 1

    def _if(self, statement: ir.If, word: str) -> None:
        self._add(f"{word} {self._terms.text(statement.test)}:")
        self._inner(statement.then)
        match statement.otherwise:
            case ():
                pass
            case (ir.If() as other,):
                self._if(other, "elif")
            case other:
                self._add("else:")
                self._inner(other)

    def _let(self, name: str, kind: Type, value: ir.Expr) -> None:
        """A local name; annotated where the value alone would give it another type."""
        many = self._assigned[name] > 1 and isinstance(kind, domains.Range)
        if kind == domains.Int() and self._assigned[name] == 1:
            # It lost its bounds to an assignment that a variant, switched off, took along.
            self._add(f"{name}: int = {self._terms.text(value, kind)}")
        elif (many or value.type != kind or _needs_type(value)) and not isinstance(kind, domains.Int):
            self._add(f"{name}: {domains.describe(kind)} = {self._terms.text(value, kind)}")
        else:
            self._add(f"{name} = {self._terms.text(value)}")

    def _update(self, target: ir.Target, op: str, arguments: tuple[ir.Expr, ...]) -> None:
        kind = target.type
        assert isinstance(kind, domains.Set | domains.Seq | domains.Bag)
        want = kind if op in ("update", "extend") else kind.item
        texts = ", ".join(self._terms.text(argument, want) for argument in arguments)
        self._add(f"{self._target(target)}.{op}({texts})")

    def _target(self, target: ir.Target) -> str:
        kind: Type = next(v.type for v in self._spec.variables if v.name == target.variable)
        text = f"self.{target.variable}"
        for key in target.keys:
            assert isinstance(kind, domains.Map | domains.Seq)
            text += f"[{self._terms.key(kind, key)}]"
            kind = kind.value if isinstance(kind, domains.Map) else kind.item
        return text


_WHOLE = domains.Record | domains.Union | domains.Map | domains.Set | domains.Seq | domains.Bag


def _needs_type(value: ir.Expr) -> bool:
    """Whether a value reads as itself only where its type is wanted: None, conversions, what holds them."""
    match value:
        case ir.Literal(content):
            return content is None or isinstance(value.type, domains.Optional)
        case ir.Convert():
            return not isinstance(value.type, domains.Range)
        case ir.IfElse(_, then, otherwise):
            return isinstance(value.type, _WHOLE) or _needs_type(then) or _needs_type(otherwise)
        case ir.Collect(items):
            return not items or any(isinstance(item, ir.Convert) for item in items)
        case ir.Comprehension(_, body):
            return isinstance(body, ir.Convert | ir.Literal) or _needs_type(body)
        case ir.SetAlgebra(_, left) | ir.Concat(left):
            return _needs_type(left)
    return False


def _counts(body: Sequence[ir.Stmt]) -> dict[str, int]:
    """How often each local name is assigned."""
    counts: dict[str, int] = {}
    for node in _nodes(tuple(body)):
        if isinstance(node, ir.Let | ir.Expect):
            counts[node.name] = counts.get(node.name, 0) + 1
    return counts


def _docstring(doc: str) -> str:
    text = doc.replace("\\", "\\\\").replace('"""', r"\"\"\"")
    return f'"""{text} """' if text.endswith('"') else f'"""{text}"""'


def _nodes(value: object) -> Iterator[object]:
    """Every node of the tree below a value, and every type in it."""
    if isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)
    elif is_dataclass(value) and not isinstance(value, ir.Span | type):
        yield value
        for own in fields(value):
            yield from _nodes(getattr(value, own.name))


def _named_types(specification: ir.Specification) -> list[Type]:
    """The types that have a class of their own, each after those it is made of."""
    found: dict[Type, None] = {}

    def visit(kind: object) -> None:
        if isinstance(kind, tuple):
            for item in kind:
                visit(item)
        elif isinstance(kind, Type) and kind not in found:
            for own in fields(kind):
                visit(getattr(kind, own.name))
            if isinstance(kind, _CLASSES):
                found[kind] = None

    for node in _nodes(specification):
        visit(node)
    return list(found)


_CLASSES = domains.Enumeration | domains.Range | domains.Sort | domains.Record | domains.Seq | domains.Bag
