"""Calls: the language's own functions, constructors, helpers, and the methods of values."""

import ast
import inspect
from collections.abc import Callable
from typing import Any, NoReturn, cast

from .. import cures, domains, ir
from ..domains import Bag, Bool, Int, Map, Optional, Range, Record, Seq, Set, Type, Union
from ..hints import plain_of
from ..specification import abandon, expect, idle, require, step
from ..split import IDLE
from ..values import Bag as BagWord
from ..values import Map as MapWord
from ..values import Seq as SeqWord
from ..values import Set as SetWord
from ..vocabulary import Range as RangeWord
from ..vocabulary import Record as RecordWord
from ..vocabulary import Sort as SortWord
from .comprehensions import binders, collect, most_items, read_best, read_quantified, read_sum, type_of
from .fit import fit, number, unwrapped
from .scope import MISSING, Scope


def read_call(scope: Scope, node: ast.Call, want: Type | None) -> ir.Expr:
    """Reads a call that gives a value."""
    function = scope.static(node.func)
    if function is not MISSING:
        return _known(scope, node, function, want)
    if isinstance(node.func, ast.Attribute):
        return _method(scope, node, node.func)
    if isinstance(node.func, ast.Name):
        scope.refuse("E401", node, f"nothing is called {node.func.id!r}")
    scope.refuse("E406", node, f"{ast.unparse(node.func)} is not called in the language")


def _known(scope: Scope, node: ast.Call, function: Any, want: Type | None) -> ir.Expr:
    if function is any:
        return read_quantified(scope, node, "any")
    if function is all:
        return read_quantified(scope, node, "all")
    if function is sum:
        return read_sum(scope, node)
    if function is min:
        return read_best(scope, node, "min", is_ranked)
    if function is max:
        return read_best(scope, node, "max", is_ranked)
    if function is len:
        return _size(scope, node)
    if function is isinstance:
        return _is(scope, node)
    if function is cast:
        return _cast(scope, node)
    if function is idle:
        return ir.Call(IDLE, owner_and_thread(scope, node, 2), type=Bool(), span=scope.span(node))
    if function in (require, expect, step, abandon):
        scope.refuse("E129", node, f"{function.__name__} is a statement", "give it a line of its own")
    if isinstance(function, type):
        return _construct(scope, node, function, want)
    if inspect.isfunction(function):
        return call_helper(scope, node, scope.helper(scope, node.func, function, False))
    _not_called(scope, node, node.func)


def owner_and_thread(scope: Scope, node: ast.Call, least: int) -> tuple[ir.Expr, ...]:
    """The arguments of `idle` and `abandon`: an owner, and one of its threads."""
    if not least <= len(node.args) <= 2 or node.keywords:
        scope.refuse("E511", node, f"{ast.unparse(node.func)} takes an owner and a thread")
    given = tuple(scope.expr(argument) for argument in node.args)
    if len(given) == 2 and not isinstance(given[1].type, domains.Enumeration):
        scope.refuse(
            "E501", node.args[1], f"this is {domains.a(given[1].type)}, where a member of the threads' Enum is needed"
        )
    return given


def _not_called(scope: Scope, node: ast.Call, function: ast.expr) -> NoReturn:
    name = ast.unparse(function)
    scope.refuse("E406", node, f"{name} is not called in the language", cures.BUILTINS.get(name))


def _cast(scope: Scope, node: ast.Call) -> ir.Expr:
    """`cast(Vote, m)`: the value as a Vote; that it is one is checked at run time."""
    if len(node.args) != 2 or node.keywords:
        scope.refuse("E511", node, "cast takes a type and a value")
    kind = type_of(scope, node.args[0], annotation(scope, node.args[0]))
    return fit(scope, node.args[1], scope.expr(node.args[1], kind), kind)


def annotation(scope: Scope, node: ast.expr) -> Any:
    """The object that an annotation in the text stands for."""
    try:
        return eval(compile(ast.Expression(node), "<annotation>", "eval"), scope.globals)
    except Exception as problem:
        scope.refuse("E201", node, f"this annotation has no meaning: {problem}")


def is_ranked(kind: Type) -> bool:
    """Whether min and max can choose among values of a type: all but unordered identifiers and collections."""
    match kind:
        case Int() | Range() | Bool():
            return True
        case domains.Sort(_, _, ordered):
            return ordered
        case Record(_, fields, ordered):
            return ordered and all(is_ranked(item) for _, item in fields)
        case domains.Tuple(items):
            return all(is_ranked(item) for item in items)
        case _:
            return False


def _one(scope: Scope, node: ast.Call) -> ast.expr:
    if len(node.args) != 1 or node.keywords:
        scope.refuse("E511", node, f"{ast.unparse(node.func)} takes one argument")
    return node.args[0]


def _size(scope: Scope, node: ast.Call) -> ir.Expr:
    argument = _one(scope, node)
    span = scope.span(node)
    value = scope.static(argument)
    if isinstance(value, type):
        size = domains.cardinality(type_of(scope, argument, value))
        return ir.Literal(size, type=Int(size, size), span=span)
    item = unwrapped(scope.expr(argument))
    if not isinstance(item.type, Set | Seq | Bag):
        scope.refuse("E506", argument, f"{domains.a(item.type)} has no length")
    return ir.Size(item, type=Int(0, most_items(item.type)), span=span)


def _is(scope: Scope, node: ast.Call) -> ir.Expr:
    if len(node.args) != 2 or node.keywords:
        scope.refuse("E511", node, "isinstance takes a value and a record class")
    item, wanted = scope.expr(node.args[0]), scope.static(node.args[1])
    return is_record(scope, node, item, wanted)


def is_record(scope: Scope, node: ast.AST, item: ir.Expr, wanted: Any) -> ir.Expr:
    """Whether a value is a record of this class."""
    if not (isinstance(wanted, type) and issubclass(wanted, RecordWord)):
        scope.refuse("E130", node, "isinstance asks for a record class")
    record = type_of(scope, node, wanted)
    assert isinstance(record, Record)
    kind = item.type.item if isinstance(item.type, Optional) else item.type
    choices = kind.records if isinstance(kind, Union) else (kind,)
    if record not in choices:
        scope.refuse("E502", node, f"{domains.a(item.type)} is never a {record.name}")
    return ir.Is(item, record, type=Bool(), span=scope.span(node))


def _construct(scope: Scope, node: ast.Call, cls: type, want: Type | None) -> ir.Expr:
    if issubclass(cls, RangeWord):
        kind = type_of(scope, node, cls)
        return fit(scope, node, number(scope, _one(scope, node)), kind)
    if issubclass(cls, RecordWord):
        return _make(scope, node, cls)
    if issubclass(cls, SetWord):
        return _collection(scope, node, want if isinstance(want, Set) else None)
    if issubclass(cls, SeqWord | BagWord):
        return _collection(scope, node, type_of(scope, node, cls))
    if issubclass(cls, MapWord):
        return _map(scope, node, want)
    if issubclass(cls, SortWord):
        scope.refuse(
            "E406", node, f"an element of {cls.__name__} cannot be made", "take one: `for s in …`, or a parameter"
        )
    _not_called(scope, node, node.func)


def _make(scope: Scope, node: ast.Call, cls: type[RecordWord]) -> ir.Expr:
    record = type_of(scope, node, cls)
    assert isinstance(record, Record)
    names = [name for name, _ in record.fields]
    given = arguments_by_name(scope, node, names, cls.__name__)
    values: list[ir.Expr] = []
    for name, kind in record.fields:
        if name in given:
            values.append(fit(scope, given[name], scope.expr(given[name], kind), kind))
        elif hasattr(cls, name):
            values.append(ir.Literal(plain_of(kind, getattr(cls, name)), type=kind, span=scope.span(node)))
        else:
            scope.refuse("E511", node, f"{cls.__name__} needs its field {name!r}", f"its fields are {', '.join(names)}")
    return ir.Make(tuple(values), type=record, span=scope.span(node))


def arguments_by_name(scope: Scope, node: ast.Call, names: list[str], owner: str) -> dict[str, ast.expr]:
    """The arguments of a call, by the names of the parameters."""
    if len(node.args) > len(names):
        scope.refuse(
            "E511", node, f"{owner} takes {len(names)} arguments, not {len(node.args)}", f"they are {', '.join(names)}"
        )
    given = dict(zip(names, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg is None:
            scope.refuse("E117", keyword.value, "a starred argument stands here")
        if keyword.arg not in names or keyword.arg in given:
            problem = "is given twice" if keyword.arg in given else "is unknown"
            scope.refuse(
                "E511",
                keyword,
                f"the argument {keyword.arg!r} of {owner} {problem}",
                f"its arguments are {', '.join(names)}",
            )
        given[keyword.arg] = keyword.value
    return given


def _collection(scope: Scope, node: ast.Call, kind: Type | None) -> ir.Expr:
    """`Set(…)`, `History(…)`: of nothing, of listed items, of a comprehension, or of another collection."""
    span = scope.span(node)
    if not node.args and not node.keywords:
        if kind is None:
            scope.refuse(
                "E509",
                node,
                "an empty set of what is meant here is unknown",
                "annotate the name: `x: Set[Server] = Set()`",
            )
        return ir.Collect((), type=kind, span=span)
    argument = _one(scope, node)
    match argument:
        case ast.GeneratorExp(elt=body, generators=generators) | ast.SetComp(elt=body, generators=generators):
            return collect(scope, node, body, generators, kind)
        case ast.ListComp(elt=body, generators=generators):
            return collect(scope, node, body, generators, kind)
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return _listed(scope, node, items, kind)
        case _:
            name = "item1" if "item1" not in scope.locals else "item2"
            over = ast.comprehension(target=ast.Name(name), iter=argument, ifs=[], is_async=0)
            target = ast.copy_location(ast.Name(name), argument)
            over.target = target
            return collect(scope, node, target, [over], kind)


def _listed(scope: Scope, node: ast.AST, elements: list[ast.expr], kind: Type | None) -> ir.Expr:
    if kind is None and not elements:
        scope.refuse("E509", node, "an empty set of what is meant here is unknown")
    hint = kind.item if isinstance(kind, Set | Seq | Bag) else None
    items = [scope.expr(element, hint) for element in elements]
    item_type = hint or items[0].type
    if kind is None and isinstance(item_type, Int):
        scope.refuse("E507", node, "a set of plain numbers has no bounds", "give the items a Range type: `Epoch(n)`")
    fitted = tuple(fit(scope, element, item, item_type) for element, item in zip(elements, items, strict=True))
    return ir.Collect(fitted, type=kind or Set(item_type), span=scope.span(node))


def _map(scope: Scope, node: ast.Call, want: Type | None) -> ir.Expr:
    argument = _one(scope, node)
    match argument:
        case ast.DictComp(key=ast.Name(id=key), value=value, generators=[over]) if (
            isinstance(over.target, ast.Name) and over.target.id == key and not over.ifs
        ):
            hint = want.value if isinstance(want, Map) else None
            with binders(scope, [over]) as bound:
                body = scope.expr(value, hint)
                body = fit(scope, value, body, hint) if hint else body
            if not isinstance(bound[0].domain, ir.Every):
                scope.refuse("E131", argument, "a map needs a value for every key of its type")
            return ir.Comprehension(bound, body, type=Map(bound[0].type, body.type), span=scope.span(node))
        case _:
            scope.refuse("E131", argument, "a map needs a value for every key of its type")


def call_helper(scope: Scope, node: ast.Call, helper: ir.Function, before: bool = False) -> ir.Expr:
    """A call of a helper that gives a value."""
    if helper.returns is None:
        scope.refuse("E132", node, f"{helper.name} gives no value", "call it on a line of its own, inside an action")
    given = helper_arguments(scope, node, helper)
    return ir.Call(helper.name, given, before, type=helper.returns, span=scope.span(node))


def helper_arguments(scope: Scope, node: ast.Call, helper: ir.Function) -> tuple[ir.Expr, ...]:
    """The arguments of a helper, each at the type of its parameter."""
    names = [param.name for param in helper.params]
    given = arguments_by_name(scope, node, names, helper.name)
    if missing := [name for name in names if name not in given]:
        scope.refuse(
            "E511", node, f"{helper.name} needs its argument {missing[0]!r}", f"its arguments are {', '.join(names)}"
        )
    return tuple(
        fit(scope, given[param.name], scope.expr(given[param.name], param.type), param.type) for param in helper.params
    )


def _method(scope: Scope, node: ast.Call, function: ast.Attribute) -> ir.Expr:
    owner = function.value
    if isinstance(owner, ast.Name) and owner.id in (scope.self_name, scope.before_name):
        helper = scope.helper(scope, function, own_method(scope, function), True)
        return call_helper(scope, node, helper, owner.id == scope.before_name)
    item = unwrapped(scope.expr(owner))
    span = scope.span(node)
    match item.type, function.attr:
        case Record() as record, "replace":
            return _replace(scope, node, item, record)
        case ((Seq(_, kind, _) | Bag(_, kind, _)), "count"):
            argument = _one(scope, node)
            counted = fit(scope, argument, scope.expr(argument, kind), kind)
            return ir.Count(item, counted, type=Int(0, most_items(item.type)), span=span)
        case (
            (Set() | Seq() | Bag()),
            "add" | "discard" | "update" | "append" | "extend" | "remove_first" | "remove" | "clear",
        ):
            scope.refuse(
                "E129", node, f"{function.attr} is a statement", "give it a line of its own; read `.first` before"
            )
        case kind, name:
            scope.refuse("E403", node, f"{domains.a(kind)} has no method {name!r}", cures.methods(kind))


def own_method(scope: Scope, function: ast.Attribute) -> Callable[..., Any]:
    """The specification's own helper method of this name."""
    method = inspect.getattr_static(scope.spec_class, function.attr, None)
    if not inspect.isfunction(method):
        scope.refuse(
            "E403",
            function,
            f"the specification has no helper method {function.attr!r}",
            cures.nearest(function.attr, dir(scope.spec_class)),
        )
    if hasattr(method, "__quorate__"):
        kind = method.__quorate__.replace("_", " ")
        scope.refuse(
            "E133",
            function,
            f"{function.attr} is marked as {kind} and is not called",
            "move the shared part into a helper",
        )
    return method


def _replace(scope: Scope, node: ast.Call, item: ir.Expr, record: Record) -> ir.Expr:
    if node.args or not node.keywords:
        scope.refuse("E511", node, "replace takes named fields", "write `r.replace(field=value)`")
    given = arguments_by_name(scope, node, [name for name, _ in record.fields], record.name)
    changes = tuple(
        (name, fit(scope, given[name], scope.expr(given[name], kind), kind))
        for name, kind in record.fields
        if name in given
    )
    return ir.Replace(item, changes, type=record, span=scope.span(node))
