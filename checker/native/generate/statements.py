"""Statements of the tree in C: guards, changes of the state, local names, control flow.

An action evaluates its guards on the state it starts from and copies that state only before its first change; an
effect and everything after that change read and write the copy. Knows expressions; not how actions are enumerated.
"""

from dataclasses import dataclass, field
from typing import assert_never

from ....spec.lang import domains, ir
from . import expressions, kinds, layout, loops, sequences
from .scope import Scope, retyped
from .text import Body, inner
from .values import (
    Place,
    Scalar,
    Value,
    assign,
    copied,
    declare,
    entry,
    equal,
    length,
    load,
    name,
    payload,
    some,
    store,
)


@dataclass(slots=True)
class Flow:
    """One function's statements: how it ends, and whether the state has been copied yet.

    `abandon` and `finish` are the C statements for a failed `require` and for the end; `result` receives a returned
    large value or tuple. In an action `copies` is true until the copy is made.
    """

    scope: Scope
    abandon: str
    finish: str
    result: Value | None = None
    copies: bool = False
    locals: dict[tuple[str, domains.Type], Value] = field(default_factory=dict)
    once: frozenset[str] = frozenset()  # names bound once, and not inside a branch or loop

    @property
    def body(self) -> Body:
        return self.scope.body


def block(flow: Flow, statements: tuple[ir.Stmt, ...]) -> bool:
    """Writes statements; says whether control can reach their end."""
    return all(_statement(flow, statement) for statement in statements)


def begin_changes(flow: Flow) -> None:
    """Copies the state, if that has not happened on this path."""
    if flow.copies:
        flow.body.line(f"copy(n, s, {flow.scope.state.words});")
        flow.copies = False
        flow.scope.now, flow.scope.stable = "n", False


def declare_locals(flow: Flow, statements: tuple[ir.Stmt, ...]) -> None:
    """C variables for all local names of a function; a name with two types gets two."""
    binding = [s for s in _within(statements) if isinstance(s, ir.Let | ir.Expect)]
    for statement in binding:
        key = (statement.name, _wide(statement.type))
        if key not in flow.locals:
            flow.locals[key] = declare(flow.body, key[1], statement.name)
    names = [statement.name for statement in binding]
    top = (s.name for s in statements if isinstance(s, ir.Let | ir.Expect))
    flow.once = frozenset(local for local in top if names.count(local) == 1)


def _within(statements: tuple[ir.Stmt, ...]) -> list[ir.Stmt]:
    """All statements, those inside others included, in order."""
    found: list[ir.Stmt] = []
    for statement in statements:
        found.append(statement)
        match statement:
            case ir.If(_, then, otherwise):
                found += _within(then) + _within(otherwise)
            case ir.For(_, body):
                found += _within(body)
    return found


def _wide(kind: domains.Type) -> domains.Type:
    return domains.Int() if isinstance(kind, domains.Int) else kind


def _statement(flow: Flow, statement: ir.Stmt) -> bool:
    scope, body = flow.scope, flow.body
    match statement:
        case ir.Require(test):
            _guard(flow, test)
        case ir.Expect(local, kind, item):
            found = name(body, scope.value(item))
            body.line(f"if ({kinds.misfit(body, found, kind)}) {flow.abandon}")
            _bind(flow, local, kind, _unchecked(body, found, kind))
        case ir.Let(local, kind, item):
            _bind(flow, local, kind, scope.value(item))
        case ir.Assign(target, item):
            _assign(flow, target, item)
        case ir.Update():
            _update(flow, statement)
        case ir.If():
            return _if(flow, statement)
        case ir.For():
            _for(flow, statement)
        case ir.Do():
            _do(flow, statement)
        case ir.Return(item):
            _return(flow, item)
            return False
        case _:
            assert_never(statement)
    return True


def _guard(flow: Flow, test: ir.Expr) -> None:
    """Abandons unless the test holds; the conjuncts of an `and` one by one, so that cheap ones decide first."""
    if isinstance(test, ir.Logic) and test.op == "and":
        for part in test.items:
            _guard(flow, part)
        return
    condition = flow.scope.scalar(test)
    flow.body.line(f"if (!{condition if condition.startswith('(') else f'({condition})'}) {flow.abandon}")


def _unchecked(body: Body, value: Value, kind: domains.Type) -> Value:
    """The converted value where the conversion is known to succeed."""
    if isinstance(value.kind, domains.Optional) and not isinstance(kind, domains.Optional):
        return _unchecked(body, some(value), kind)
    if isinstance(value.kind, domains.Union) and isinstance(kind, domains.Record):
        return payload(value, kind)
    if isinstance(kind, domains.Range):
        return Scalar(kind, load(value))
    return value


def _bind(flow: Flow, local: str, kind: domains.Type, value: Value) -> None:
    """Gives a local name its value. A large value that nothing changes is not copied."""
    kind = _wide(kind)
    variable = flow.locals[local, kind]
    if local in flow.once and isinstance(value, Place) and isinstance(variable, Place) and value.stable:
        flow.scope.names[local] = value
        return
    if isinstance(kind, domains.Int):
        value = Scalar(kind, load(value))
    assign(flow.body, variable, value)
    flow.scope.names[local] = variable


# ------------------------------------------------------------------------------------------------ changing state


def _target(flow: Flow, target: ir.Target) -> Place:
    """The place in the new state; keys are evaluated now."""
    scope = flow.scope
    place: Value = scope.variable(target.variable)
    for key in target.keys:
        found = name(flow.body, scope.value(key), "key")
        place = expressions.at(scope, place, found, key.span)
    assert isinstance(place, Place)
    return place


def _assign(flow: Flow, target: ir.Target, item: ir.Expr) -> None:
    scope, body = flow.scope, flow.body
    begin_changes(flow)
    new = scope.value(item)
    if isinstance(new, Place) and not layout.small(new.kind) and not new.stable and target.keys:
        new = copied(body, new)
    else:
        new = name(body, new, "new")
    place = _target(flow, target)
    store(body, place, retyped(new, place.kind))


def _update(flow: Flow, update: ir.Update) -> None:
    scope, body = flow.scope, flow.body
    begin_changes(flow)
    place = _target(flow, update.target)
    given = [name(body, scope.value(argument), "item") for argument in update.arguments]
    match update.op:
        case "add" | "append":
            loops.add(body, place, given[0], update.span)
        case "discard":
            loops.discard(body, place, given[0])
        case "update":
            store(body, place, loops.set_algebra(scope, "|", place, given[0]))
        case "extend":
            sequences.extend(body, place, given[0], update.span)
        case "remove_first":
            body.check(f"{length(place)} == 0", update.span)
            sequences.remove_at(body, place, "0")
        case "remove":
            _remove(body, place, given[0], update.span)
        case "clear":
            sequences.erase(body, place)
        case _:
            assert_never(update.op)


def _remove(body: Body, place: Place, item: Value, span: ir.Span) -> None:
    """Takes one occurrence of an item out of a bag."""
    assert isinstance(place.kind, domains.Bag)
    where, count = body.fresh("where"), body.fresh("count")
    body.line(f"const u64 {count} = {length(place)};")
    body.line(f"u64 {where} = 0;")
    test = equal(entry(place, place.kind.item, where), item)
    body.line(f"while ({where} < {count} && !{test}) {where}++;")
    body.check(f"{where} == {count}", span)
    sequences.remove_at(body, place, where)


# --------------------------------------------------------------------------------------------------- control flow


def _if(flow: Flow, statement: ir.If) -> bool:
    """A branch. Where only one side has copied the state, the other does so at its end."""
    scope, body = flow.scope, flow.body
    condition = inner(scope.scalar(statement.test))
    start, names = flow.copies, dict(scope.names)
    now, stable = scope.now, scope.stable
    sides: list[tuple[list[str], bool, bool, dict[str, Value]]] = []
    for branch in (statement.then, statement.otherwise):
        flow.copies, scope.now, scope.stable = start, now, stable
        scope.names = dict(names)
        mark = len(body.lines)
        body.depth += 1
        reaches = block(flow, branch)
        body.depth -= 1
        sides.append((body.lines[mark:], reaches, flow.copies, scope.names))
        del body.lines[mark:]
    copied_somewhere = any(reaches and not copies for _, reaches, copies, _ in sides)
    _write_sides(flow, condition, sides, start and copied_somewhere)
    flow.copies = start and not copied_somewhere
    scope.now, scope.stable = (now, stable) if flow.copies or not start else ("n", False)
    scope.names = _merged(flow, names, sides)
    return any(reaches for _, reaches, _, _ in sides)


def _write_sides(
    flow: Flow, condition: str, sides: list[tuple[list[str], bool, bool, dict[str, Value]]], catch_up: bool
) -> None:
    body = flow.body
    copy = "    " * (body.depth + 1) + f"copy(n, s, {flow.scope.state.words});"
    texts = [lines + ([copy] if catch_up and reaches and copies else []) for lines, reaches, copies, _ in sides]
    body.line(f"if ({condition}) {{")
    body.lines += texts[0]
    if texts[1]:
        body.line("} else {")
        body.lines += texts[1]
    body.line("}")


def _merged(
    flow: Flow, before: dict[str, Value], sides: list[tuple[list[str], bool, bool, dict[str, Value]]]
) -> dict[str, Value]:
    """Names after a branch: those of the side that goes on. `_bind` gives both sides one variable, or one place."""
    going = [names for _, reaches, _, names in sides if reaches]
    result = dict(before)
    for names in going:
        result |= {local: value for local, value in names.items() if before.get(local) is not value}
    return result


def _for(flow: Flow, statement: ir.For) -> None:
    scope, body = flow.scope, flow.body
    if _changes(statement.body):
        begin_changes(flow)
    outer = dict(scope.names)
    depth = body.depth
    loops.over(scope, statement.binder, lambda: _loop_body(flow, statement.body))
    assert body.depth == depth
    scope.names = {**scope.names, **{k: v for k, v in outer.items() if k == statement.binder.name}}


def _loop_body(flow: Flow, statements: tuple[ir.Stmt, ...]) -> None:
    block(flow, statements)


def _changes(statements: tuple[ir.Stmt, ...]) -> bool:
    return any(isinstance(s, ir.Assign | ir.Update | ir.Do) for s in _within(statements))


def _do(flow: Flow, statement: ir.Do) -> None:
    scope, body = flow.scope, flow.body
    begin_changes(flow)
    helper = scope.helpers[statement.function]
    pairs = zip(helper.function.params, statement.arguments, strict=True)
    given = [copied(body, retyped(scope.value(e), p.type)) for p, e in pairs]
    texts = [text for one in given for text in expressions.passed(body, one)]
    body.stops = body.stops or helper.name in body.unit.stopping
    outcome = body.fresh("outcome")
    body.line(f"const int {outcome} = {helper.name}({', '.join(['cx', 'n', *texts])});")
    body.line(f"if ({outcome} == STOPPED) {{ {body.stop} }}")
    body.line(f"if ({outcome} == ABANDONED) {flow.abandon}")


def _return(flow: Flow, item: ir.Expr | None) -> None:
    body = flow.body
    if item is None:
        begin_changes(flow)
        body.line(flow.finish)
        return
    found = flow.scope.value(item)
    if flow.result is None:
        body.line(f"return {inner(load(found))};")
        return
    assign(body, flow.result, found)
    body.line("return;")
