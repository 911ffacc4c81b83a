"""Statements: guards, assignments, changes of the state, branches, loops, and `match`.

Local names are values with one type each; only the state can change. A name is usable where it surely has a value.
"""

import ast
from typing import Any

from .. import cures, domains, ir
from ..domains import Bag, Bool, Enumeration, Int, Map, Optional, Range, Seq, Set, Tuple, Type
from ..specification import abandon, expect, require, step
from ..split import ABANDON, STEP
from .calls import annotation, helper_arguments, own_method, owner_and_thread
from .comprehensions import read_domain, type_of
from .expressions import binary, entry
from .fit import condition, fit, unwrapped
from .patterns import read_match
from .scope import Scope, Stop

Block = tuple[ir.Stmt, ...]


def read_block(scope: Scope, body: list[ast.stmt]) -> Block:
    """Reads statements in order; a refused one is noted, and reading goes on after it."""
    found: list[ir.Stmt] = []
    for node in body:
        try:
            found += _statement(scope, node)
        except Stop as stop:
            if stop.refusal:
                scope.refusals.append(stop.refusal)
            scope.refused |= _assigned(node) - scope.locals.keys()
        if found and isinstance(found[-1], ir.Return):
            break
    return tuple(found)


def _assigned(node: ast.stmt) -> set[str]:
    names = (part for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store))
    return {name.id for name in names}


def _statement(scope: Scope, node: ast.stmt) -> Block:
    match node:
        case ast.Pass():
            return ()
        case ast.Expr():
            return _called(scope, node)
        case ast.Assign():
            return _assign(scope, node)
        case ast.AnnAssign():
            return _annotated(scope, node)
        case ast.AugAssign():
            return _augmented(scope, node)
        case ast.If():
            return _if(scope, node)
        case ast.For():
            return _for(scope, node)
        case ast.Match():
            return read_match(scope, node, read_block)
        case ast.Return():
            return _return(scope, node)
        case _:
            code, word = _REFUSED.get(type(node), ("E100", type(node).__name__))
            scope.refuse(code, node, f"{word!r} is not in the language")


_REFUSED: dict[type[ast.stmt], tuple[str, str]] = {
    ast.While: ("E101", "while"),
    ast.Break: ("E102", "break"),
    ast.Continue: ("E102", "continue"),
    ast.Try: ("E103", "try"),
    ast.Raise: ("E103", "raise"),
    ast.With: ("E104", "with"),
    ast.Import: ("E105", "import"),
    ast.ImportFrom: ("E105", "import"),
    ast.FunctionDef: ("E105", "def"),
    ast.ClassDef: ("E105", "class"),
    ast.Delete: ("E107", "del"),
    ast.Global: ("E108", "global"),
    ast.Nonlocal: ("E108", "nonlocal"),
    ast.Assert: ("E109", "assert"),
    ast.AsyncFor: ("E110", "async"),
    ast.AsyncWith: ("E110", "async"),
    ast.AsyncFunctionDef: ("E110", "async"),
}


def _may_act(scope: Scope, node: ast.AST, what: str) -> None:
    if scope.role not in ("action", "effect"):
        place = "a property" if scope.role == "property" else "a helper that gives a value"
        scope.refuse("E134", node, f"{what} stands in {place}")


def _called(scope: Scope, node: ast.Expr) -> Block:
    call = node.value
    if isinstance(call, ast.Constant) and isinstance(call.value, str):
        return ()  # a docstring
    if not isinstance(call, ast.Call):
        scope.expr(call)
        scope.refuse("E114", node, "this line does nothing")
    function = scope.static(call.func)
    if function is require:
        return _require(scope, call)
    if function is expect:
        return _expect(scope, call, None)
    if function is step:
        return _step(scope, call)
    if function is abandon:
        _may_act(scope, call, "abandon")
        return (ir.Do(ABANDON, owner_and_thread(scope, call, 1), span=scope.span(call)),)
    if isinstance(call.func, ast.Attribute):
        return _method_called(scope, call, call.func)
    scope.expr(call)
    scope.refuse("E114", node, "this line does nothing")


def _step(scope: Scope, call: ast.Call) -> Block:
    """A split point; its name travels in a literal, and the thread that the rest is handed to, for `split.py`."""
    match call.args:
        case [ast.Constant(value=str(point)), *onto] if (
            point.replace(".", "_").isidentifier() and len(onto) <= 1 and not call.keywords
        ):
            if scope.role != "action":
                scope.refuse("E312", call, "a step stands outside an action")
            if scope.in_loop:
                scope.refuse("E318", call, "a step stands inside a loop")
            named = ir.Literal(True, point, type=Bool(), span=scope.span(call))
            return (ir.Do(STEP, (named, *(_member(scope, one) for one in onto)), span=scope.span(call)),)
        case _:
            scope.refuse(
                "E511", call, "step takes the name of its point", 'write `step("POINT")` or `step("POINT.part")`'
            )


def _member(scope: Scope, node: ast.expr) -> ir.Literal:
    """A thread, written out: the text says which one, not the state."""
    given = scope.expr(node)
    if not isinstance(given, ir.Literal) or not isinstance(given.type, Enumeration):
        scope.refuse("E501", node, "a step is handed to a member of the threads' Enum")
    return given


def _require(scope: Scope, call: ast.Call) -> Block:
    _may_act(scope, call, "require")
    if len(call.args) != 1 or call.keywords:
        scope.refuse("E511", call, "require takes one truth value")
    test = condition(scope, call.args[0])
    if isinstance(test, ir.Literal) and test.value:
        return ()
    return (ir.Require(test, span=scope.span(call)),)


def _expect(scope: Scope, call: ast.Call, name: str | None) -> Block:
    _may_act(scope, call, "expect")
    if not 1 <= len(call.args) <= 2 or call.keywords:
        scope.refuse("E511", call, "expect takes a value and a record class")
    value = scope.expr(call.args[0])
    kind: Type
    if len(call.args) == 2:
        wanted = scope.static(call.args[1])
        if not isinstance(wanted, type):
            scope.refuse("E130", call.args[1], "expect asks for a record class")
        kind = type_of(scope, call.args[1], wanted)
        fit(scope, call, value, kind)
    else:
        if not isinstance(value.type, Optional):
            scope.refuse("E502", call, f"{domains.a(value.type)} is never None")
        kind = value.type.item
    local = name or "expected"
    assign_local(scope, call, local, kind)
    return (ir.Expect(local, kind, value, span=scope.span(call)),)


def assign_local(scope: Scope, node: ast.AST, name: str, kind: Type) -> None:
    """From here on the name has a value of this type. Refuses a second type."""
    if name in (scope.self_name, scope.before_name):
        scope.refuse("E407", node, f"{name!r} is already in use here")
    if scope.types.setdefault(name, kind) != kind:
        first = domains.a(scope.types[name])
        scope.refuse("E501", node, f"{name!r} is {first} already, this is {domains.a(kind)}", "use another name")
    scope.locals[name] = kind
    scope.unassigned.discard(name)


_OPS: dict[str, dict[str, tuple[type, ...]]] = {
    # operation -> the collections that have it, and what it takes: nothing, an item, or a whole collection
    "item": {"add": (Set, Bag), "discard": (Set,), "append": (Seq,), "remove": (Bag,)},
    "whole": {"update": (Set,), "extend": (Seq,)},
    "nothing": {"clear": (Set, Seq, Bag), "remove_first": (Seq,)},
}


def _method_called(scope: Scope, call: ast.Call, function: ast.Attribute) -> Block:
    owner = function.value
    if isinstance(owner, ast.Name) and owner.id == scope.self_name and function.attr not in scope.variables:
        return _do(scope, call, function)
    name = function.attr
    if not any(name in group for group in _OPS.values()):
        scope.expr(call)
        scope.refuse("E114", call, "this line does nothing")
    target = read_target(scope, owner)
    for shape, group in _OPS.items():
        if name in group and isinstance(target.type, group[name]):
            arguments = _arguments_of(scope, call, target.type, shape)
            op: Any = name
            return (ir.Update(target, op, arguments, span=scope.span(call)),)
    scope.refuse("E403", function, f"{domains.a(target.type)} has no method {name!r}", cures.methods(target.type))


def _arguments_of(scope: Scope, call: ast.Call, kind: Type, shape: str) -> tuple[ir.Expr, ...]:
    expected = 0 if shape == "nothing" else 1
    if len(call.args) != expected or call.keywords:
        scope.refuse(
            "E511", call, f"{ast.unparse(call.func)} takes {expected or 'no'} argument{'' if expected else 's'}"
        )
    if not expected:
        return ()
    assert isinstance(kind, Set | Seq | Bag)
    want = kind if shape == "whole" else kind.item
    return (fit(scope, call.args[0], scope.expr(call.args[0], want), want),)


def _do(scope: Scope, call: ast.Call, function: ast.Attribute) -> Block:
    helper = scope.helper(scope, function, own_method(scope, function), True)
    if helper.returns is not None:
        scope.refuse("E114", call, f"the value of {function.attr} is not used")
    _may_act(scope, call, f"the effect {function.attr}")
    return (ir.Do(helper.name, helper_arguments(scope, call, helper), span=scope.span(call)),)


def read_target(scope: Scope, node: ast.expr) -> ir.Target:
    """A place in the state that changes: `self.x`, `self.x[k]`, `self.x[k][l]`."""
    span = scope.span(node)
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner == scope.self_name:
            variable = scope.variables.get(name)
            if variable is None:
                scope.stop_where_declared(name)
                scope.refuse(
                    "E402",
                    node,
                    f"there is no state variable {name!r}",
                    cures.one_of(name, scope.variables, "the state variables are"),
                )
            _may_act(scope, node, "a change of the state")
            return ir.Target(name, (), variable.type, span=span)
        case ast.Attribute(value=ast.Name(id=owner)) if owner == scope.before_name:
            scope.refuse("E134", node, "the state before a step does not change")
        case ast.Subscript(value=inner, slice=key):
            return _entry_target(scope, node, read_target(scope, inner), key)
        case ast.Attribute(value=inner, attr=name):
            if isinstance(inner, ast.Name) and inner.id not in scope.locals:
                scope.refuse("E401", node, f"nothing that can change is called {ast.unparse(node)!r}")
            if isinstance(inner, ast.Name) and not isinstance(scope.locals[inner.id], domains.Record | domains.Union):
                item = scope.locals[inner.id]
                scope.refuse("E402", node, f"{domains.a(item)} has no {name!r}", cures.no_field(item, name))
            scope.refuse("E512", node, f"a record never changes, so neither does its {name!r}")
        case _:
            scope.refuse("E510", node, f"{ast.unparse(node)!r} is a value, not a part of the state")


def _entry_target(scope: Scope, node: ast.Subscript, outer: ir.Target, key: ast.expr) -> ir.Target:
    if not isinstance(outer.type, Map | Seq) or isinstance(key, ast.Slice):
        scope.refuse("E508", node, f"{domains.a(outer.type)} has no entry to change here")
    read = entry(scope, node, _read_back(outer), key)
    assert isinstance(read, ir.At)
    return ir.Target(outer.variable, (*outer.keys, read.key), read.type, span=scope.span(node))


def _read_back(target: ir.Target) -> ir.Expr:
    """The current value of a place; its type is the target's."""
    if not target.keys:
        return ir.Read(target.variable, type=target.type, span=target.span)
    return ir.Local("", type=target.type, span=target.span)


def _assign(scope: Scope, node: ast.Assign) -> Block:
    if len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name | ast.Attribute | ast.Subscript):
        scope.refuse("E112", node, "one name or place is assigned at a time")
    target = node.targets[0]
    if isinstance(target, ast.Name):
        return _let(scope, node, target, node.value, None)
    if _is_call_of(scope, node.value, expect):
        scope.refuse("E129", node, "expect gives its value to a name", "write `m = expect(…)` first")
    place = read_target(scope, target)
    value = fit(scope, node.value, scope.expr(node.value, place.type), place.type)
    return (ir.Assign(place, value, span=scope.span(node)),)


def _is_call_of(scope: Scope, node: ast.expr, function: Any) -> bool:
    return isinstance(node, ast.Call) and scope.static(node.func) is function


def _let(scope: Scope, node: ast.stmt, target: ast.Name, value: ast.expr, kind: Type | None) -> Block:
    if _is_call_of(scope, value, expect):
        assert isinstance(value, ast.Call)
        return _expect(scope, value, target.id)
    known = kind or scope.types.get(target.id)
    item = scope.expr(value, known)
    known = known or _settled(scope, target.id, item.type)
    if isinstance(known, Tuple):
        scope.refuse("E118", node, "a tuple is compared or ranked, not kept", "use a Record")
    item = fit(scope, value, item, known)
    assign_local(scope, target, target.id, known)
    return (ir.Let(target.id, known, item, span=scope.span(node)),)


def _settled(scope: Scope, name: str, kind: Type) -> Type:
    """A number that is assigned more than once keeps no bounds: a loop may have moved it."""
    if isinstance(kind, Int | Range) and scope.counts.get(name, 1) > 1:
        return Int()
    return kind


def _annotated(scope: Scope, node: ast.AnnAssign) -> Block:
    if not isinstance(node.target, ast.Name) or node.value is None:
        scope.refuse("E113", node, "an annotation without a value declares nothing here")
    return _let(
        scope, node, node.target, node.value, type_of(scope, node.annotation, annotation(scope, node.annotation))
    )


def _augmented(scope: Scope, node: ast.AugAssign) -> Block:
    span = scope.span(node)
    if isinstance(node.target, ast.Name):
        current = scope.expr(ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target))
        value = _combined(scope, node, current)
        kind = scope.types.get(node.target.id, current.type)
        value = fit(scope, node.value, value, kind)
        assign_local(scope, node.target, node.target.id, kind)
        return (ir.Let(node.target.id, kind, value, span=span),)
    place = read_target(scope, node.target)
    current = scope.expr(_loaded(node.target))
    value = fit(scope, node.value, _combined(scope, node, current), place.type)
    return (ir.Assign(place, value, span=span),)


def _loaded(target: ast.expr) -> ast.expr:
    """The same place, as an expression that reads it."""
    copy = ast.parse(ast.unparse(target), mode="eval").body
    for node in ast.walk(copy):
        if hasattr(node, "lineno"):
            ast.copy_location(node, target)
    return copy


def _combined(scope: Scope, node: ast.AugAssign, current: ir.Expr) -> ir.Expr:
    return binary(scope, node, node.op, unwrapped(current), node.value)


def _if(scope: Scope, node: ast.If) -> Block:
    test = condition(scope, node.test)
    before = dict(scope.locals)
    then = read_block(scope, node.body)
    after_then = _after(scope, then)
    scope.locals = dict(before)
    otherwise = read_block(scope, node.orelse)
    after_otherwise = _after(scope, otherwise)
    if isinstance(test, ir.Literal):
        scope.locals = _kept(scope, before, [after_then if test.value else after_otherwise])
        return then if test.value else otherwise
    scope.locals = _kept(scope, before, [after_then, after_otherwise])
    return (ir.If(test, then, otherwise, span=scope.span(node)),)


def _after(scope: Scope, block: Block) -> dict[str, Type] | None:
    """The names with a value after a block; None when the block never gets there."""
    return None if always_returns(block) else dict(scope.locals)


def _kept(scope: Scope, before: dict[str, Type], branches: list[dict[str, Type] | None]) -> dict[str, Type]:
    """The names that have a value whichever branch was taken; the others are remembered as unsure."""
    reached = [branch for branch in branches if branch is not None]
    if not reached:
        return before
    sure = {name: kind for name, kind in reached[0].items() if all(name in branch for branch in reached)}
    scope.unassigned |= {name for branch in reached for name in branch if name not in sure}
    return sure


def always_returns(block: Block) -> bool:
    """Whether a block ends in `return` on every path."""
    match block[-1] if block else None:
        case ir.Return():
            return True
        case ir.If(_, then, otherwise):
            return always_returns(then) and always_returns(otherwise)
        case _:
            return False


def _for(scope: Scope, node: ast.For) -> Block:
    if node.orelse:
        scope.refuse("E119", node.orelse[0], "'else' of a loop is not in the language")
    if not isinstance(node.target, ast.Name):
        scope.refuse("E112", node.target, "a loop binds one name here")
    kind, domain = read_domain(scope, node.iter)
    before, outer = dict(scope.locals), scope.in_loop
    with scope.binding(node.target, node.target.id, kind):
        scope.in_loop = True
        body = read_block(scope, node.body)
        scope.in_loop = outer
        scope.unassigned |= scope.locals.keys() - before.keys() - {node.target.id}
        scope.locals = {**before, node.target.id: kind}
    binder = ir.Binder(node.target.id, kind, domain, span=scope.span(node.target))
    return (ir.For(binder, body, span=scope.span(node)),)


def _return(scope: Scope, node: ast.Return) -> Block:
    span = scope.span(node)
    if scope.in_loop:
        scope.refuse("E111", node, "'return' inside a loop is not in the language")
    if scope.returns is None:
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            scope.refuse("E135", node, "an action gives no value")
        return (ir.Return(span=span),)
    if node.value is None:
        scope.refuse("E135", node, f"{domains.a(scope.returns)} is expected here")
    if isinstance(scope.returns, Bool):
        return (ir.Return(condition(scope, node.value), span=span),)
    value = fit(scope, node.value, scope.expr(node.value, scope.returns), scope.returns)
    return (ir.Return(value, span=span),)
