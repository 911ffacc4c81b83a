"""A specification without its bounds: what an implementation does is not to be cut off where a model was.

Ranges and sequences become as long as anything gets, constants that only bound them too; ghosts whose values are sets
over bounded types go, and with them the properties. Nothing else changes: the front end has proved that no step depends
on a ghost.
"""

from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

from ....spec.lang import ir
from ....spec.lang.domains import Range, Seq
from ....spec.lang.meaning.effects import parts

FAR = 10**6


def unbounded(specification: ir.Specification, kept: tuple[str, ...], ghosts: tuple[str, ...]) -> ir.Specification:
    """The specification with all constants but `kept` far away, and without these ghosts and all properties."""
    far = {name for name, _ in specification.constants if name not in kept}
    gone = set(ghosts)
    functions = tuple(replace(one, body=_without(one.body, gone, set())) for one in _used(specification))
    empty = {one.name for one in functions if not one.body}
    stripped = replace(
        specification,
        variables=tuple(one for one in specification.variables if one.name not in gone),
        functions=tuple(replace(one, body=_without(one.body, gone, empty)) for one in functions if one.body),
        actions=tuple(replace(one, body=_without(one.body, gone, empty)) for one in specification.actions),
        properties=(),
    )
    return cast(ir.Specification, _far(stripped, far))


def _used(specification: ir.Specification) -> tuple[ir.Function, ...]:
    """The helpers of actions and initial values; those of properties alone go."""
    by_name = {one.name: one for one in specification.functions}
    used: set[str] = set()
    open_: list[object] = [*specification.actions, *(variable.initial for variable in specification.variables)]
    while open_:
        node = open_.pop()
        if isinstance(node, ir.Call | ir.Do) and node.function not in used:
            used.add(node.function)
            open_.append(by_name[node.function])
        open_ += parts(node)
    return tuple(one for one in specification.functions if one.name in used)


def _without(body: tuple[ir.Stmt, ...], gone: set[str], empty: set[str]) -> tuple[ir.Stmt, ...]:
    """The statements that do anything but write to what is gone."""
    kept: list[ir.Stmt] = []
    for statement in body:
        match statement:
            case ir.Assign(target=target) | ir.Update(target=target) if target.variable in gone:
                continue
            case ir.Do(function=function) if function in empty:
                continue
            case ir.For(body=inner):
                inner = _without(inner, gone, empty)
                kept += [replace(statement, body=inner)] if inner else []
            case ir.If(then=then, otherwise=otherwise):
                then, otherwise = _without(then, gone, empty), _without(otherwise, gone, empty)
                kept += [replace(statement, then=then, otherwise=otherwise)] if then or otherwise else []
            case _:
                kept.append(statement)
    return tuple(kept)


def _far(part: Any, constants: set[str]) -> Any:
    """The same with every bound far away."""
    match part:
        case Range(name, low, _):
            return Range(name, low, FAR)
        case Seq(name, item, _):
            return Seq(name, _far(item, constants), FAR)
        case ir.Literal(name=name) if name in constants:
            return replace(part, value=FAR)
        case tuple():
            return tuple(_far(item, constants) for item in part)
    if is_dataclass(part) and not isinstance(part, ir.Span | type):
        changed = {f.name: _far(getattr(part, f.name), constants) for f in fields(part) if f.name != "span"}
        return replace(part, **changed)
    return part
