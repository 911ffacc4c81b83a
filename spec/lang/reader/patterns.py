"""`match`: read as the chain of tests and bindings that it stands for."""

import ast
from collections.abc import Callable
from typing import Any

from .. import cures, domains, ir
from ..domains import Bool, Optional, Type, Union
from ..vocabulary import Record as RecordWord
from .calls import is_record
from .comprehensions import type_of
from .fit import unwrapped, widen
from .scope import Scope

Block = tuple[ir.Stmt, ...]
ReadBlock = Callable[[Scope, list[ast.stmt]], Block]


def read_match(scope: Scope, node: ast.Match, read_block: ReadBlock) -> Block:
    """The subject gets a name unless it has one; then every case is an `if`, the next one its `else`."""
    subject = scope.expr(node.subject)
    first: Block = ()
    if not isinstance(subject, ir.Local):
        name = _fresh(scope)
        scope.types[name] = scope.locals[name] = subject.type
        first = (ir.Let(name, subject.type, subject, span=scope.span(node.subject)),)
        subject = ir.Local(name, type=subject.type, span=subject.span)
    return (*first, *_cases(scope, subject, node.cases, read_block))


def _fresh(scope: Scope) -> str:
    number = 1
    while f"subject{number}" in scope.types:
        number += 1
    return f"subject{number}"


def _cases(scope: Scope, subject: ir.Local, cases: list[ast.match_case], read_block: ReadBlock) -> Block:
    if not cases:
        return ()
    case, rest = cases[0], cases[1:]
    test = _test(scope, subject, case.pattern)
    before = dict(scope.locals)
    binds = _bindings(scope, subject, case.pattern)
    if case.guard is not None:
        scope.refuse("E120", case.guard, "a case has no further condition here")
    then = (*binds, *read_block(scope, case.body))
    after_then = dict(scope.locals)
    scope.locals = dict(before)
    if test is None:  # Python itself allows it only as the last case
        scope.locals = after_then
        return then
    otherwise = _cases(scope, subject, rest, read_block)
    after_otherwise = dict(scope.locals)
    scope.locals = _merged(scope, (then, after_then), (otherwise, after_otherwise), before)
    return (ir.If(test, then, otherwise, span=scope.span(case.pattern)),)


def _merged(
    scope: Scope, first: tuple[Block, dict[str, Type]], second: tuple[Block, dict[str, Type]], before: dict[str, Type]
) -> dict[str, Type]:
    reached = [names for block, names in (first, second) if not _returns(block)]
    if not reached:
        return before
    sure = {name: kind for name, kind in reached[0].items() if all(name in names for names in reached)}
    scope.unassigned |= {name for names in reached for name in names if name not in sure}
    return sure


def _returns(block: Block) -> bool:
    match block[-1] if block else None:
        case ir.Return():
            return True
        case ir.If(_, then, otherwise):
            return _returns(then) and _returns(otherwise)
        case _:
            return False


def _test(scope: Scope, subject: ir.Local, pattern: ast.pattern) -> ir.Expr | None:
    """What must be true for a pattern to match; None when it always does."""
    match pattern:
        case ast.MatchAs(pattern=None):
            return None
        case ast.MatchClass(cls=cls):
            return is_record(scope, pattern, subject, scope.static(cls))
        case ast.MatchSingleton(value=value):
            node: ast.expr = ast.copy_location(ast.Constant(value), pattern)
            return _equals(scope, pattern, subject, node)
        case ast.MatchValue(value=node):
            return _equals(scope, pattern, subject, node)
        case ast.MatchOr(patterns=patterns):
            tests = [_test(scope, subject, part) for part in patterns]
            if any(test is None for test in tests) or any(_named(part) for part in patterns):
                scope.refuse("E120", pattern, "alternatives of a case bind no names here")
            return ir.Logic("or", tuple(t for t in tests if t), type=Bool(), span=scope.span(pattern))
        case _:
            scope.refuse("E120", pattern, f"the pattern `{ast.unparse(pattern)}` is not in the language")


def _named(pattern: ast.pattern) -> bool:
    return any(isinstance(part, ast.MatchAs) and part.name for part in ast.walk(pattern))


def _equals(scope: Scope, node: ast.AST, subject: ir.Local, value: ast.expr) -> ir.Expr:
    span = scope.span(node)
    if isinstance(value, ast.Constant) and value.value is None:
        if not isinstance(subject.type, Optional):
            scope.refuse("E502", node, f"{domains.a(subject.type)} is never None")
        return ir.Compare("==", subject, ir.Literal(None, type=subject.type, span=span), type=Bool(), span=span)
    right = scope.expr(value, subject.type)
    numbers = isinstance(right.type, domains.Int) and isinstance(subject.type, domains.Int | domains.Range)
    fitted = right if numbers else widen(right, subject.type)
    if fitted is None:
        scope.mismatch(node, right.type, subject.type)
    return ir.Compare("==", subject, fitted, type=Bool(), span=span)


def _bindings(scope: Scope, subject: ir.Local, pattern: ast.pattern) -> Block:
    """The names that a matched pattern gives values to."""
    match pattern:
        case ast.MatchAs(pattern=None, name=str(name)):
            return (_bind(scope, pattern, name, subject),)
        case ast.MatchClass(cls=cls):
            return _fields(scope, subject, pattern, scope.static(cls))
        case _:
            return ()


def _fields(scope: Scope, subject: ir.Local, pattern: ast.MatchClass, cls: type[RecordWord]) -> Block:
    record = type_of(scope, pattern, cls)
    assert isinstance(record, domains.Record)
    names = [name for name, _ in record.fields]
    parts = [*zip(names, pattern.patterns, strict=False), *zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True)]
    if len(pattern.patterns) > len(names):
        scope.refuse("E511", pattern, f"{record.name} has {len(names)} fields")
    item = unwrapped(subject)
    if isinstance(item.type, Union):
        item = ir.Convert(item, type=record, span=item.span)
    found: list[ir.Stmt] = []
    for name, part in parts:
        field = record.field(name)
        if field is None:
            scope.refuse("E402", part, f"{domains.a(record)} has no {name!r}", cures.no_field(record, name))
        if not isinstance(part, ast.MatchAs) or part.pattern is not None:
            scope.refuse("E120", part, "a field's pattern is a name here", "test its value with `if` inside the case")
        if part.name:
            value = ir.Field(item, name, type=field[1], span=scope.span(part))
            found.append(_bind(scope, part, part.name, value))
    return tuple(found)


def _bind(scope: Scope, node: ast.AST, name: str, value: ir.Expr) -> ir.Stmt:
    kind: Any = value.type
    if scope.types.setdefault(name, kind) != kind:
        first = domains.a(scope.types[name])
        scope.refuse("E501", node, f"{name!r} is {first} already, this is {domains.a(kind)}", "use another name")
    scope.locals[name] = kind
    scope.unassigned.discard(name)
    return ir.Let(name, kind, value, span=scope.span(node))
