"""Which expressions can fail a run-time check, and between which bounds numbers lie, whatever the state is.

Knows types and the tree; it evaluates nothing.
"""

from .. import domains, ir
from ..domains import Type
from . import effects


def is_total(specification: ir.Specification, node: object) -> bool:
    """Whether evaluating can never fail a run-time check."""
    functions = {function.name: function for function in specification.functions}

    def total(node: object) -> bool:
        if isinstance(node, ir.Call) and not all(map(total, functions[node.function].body)):
            return False
        return not may_fail(node) and all(map(total, effects.parts(node)))

    return total(node)


def may_fail(node: object) -> bool:
    """Whether evaluating an expression can fail a run-time check of its own, apart from those of its parts."""
    match node:
        case ir.Convert(item):
            return not _widens(item, node.type)
        case ir.At(item):
            return not isinstance(item.type, domains.Map)
        case ir.Field(item):
            return not isinstance(item.type, domains.Record)
        case ir.End() | ir.Slice() | ir.Concat() | ir.Best() | ir.Sum():
            return True
        case ir.Negate() | ir.Arithmetic():
            return not _arithmetic(node)
        case ir.Collect() | ir.Comprehension():
            return isinstance(node.type, domains.Seq | domains.Bag)
    return False


def _widens(item: ir.Expr, target: domains.Type) -> bool:
    """Whether every value that the item can have is one of the target type."""
    number = isinstance(item.type, domains.Int | domains.Range)
    return _fits(item.type, target, interval(item) if number else _type_interval(item.type))


def _fits(source: Type, target: Type, bounds: tuple[int, int]) -> bool:
    match source, target:
        case _ if source == target:
            return True
        case domains.Optional(inner), domains.Optional(wanted):
            return _fits(inner, wanted, _type_interval(inner))
        case domains.Optional(), _:
            return False
        case _, domains.Optional(wanted):
            return _fits(source, wanted, bounds)
        case domains.Union(records), domains.Union(wanted_records):
            return all(record in wanted_records for record in records)
        case domains.Union(), _:
            return False
        case _, domains.Range(_, low, high):
            return low <= bounds[0] and bounds[1] <= high
        case ((domains.Seq() | domains.Bag()), (domains.Seq() | domains.Bag())):
            return source.capacity <= target.capacity
    return True


def _arithmetic(node: ir.Negate | ir.Arithmetic) -> bool:
    low, high = interval(node)
    if isinstance(node, ir.Arithmetic) and node.op in ("//", "%"):
        divisor = interval(node.right)
        return divisor[0] > 0 or divisor[1] < 0
    return low >= -domains.WIDE and high <= domains.WIDE


def interval(e: ir.Expr) -> tuple[int, int]:
    """Bounds of a number that hold whatever the state is."""
    low, high = _type_interval(e.type)
    match e:
        case ir.Literal(value):
            return int(value), int(value)
        case ir.Convert(item) if isinstance(item.type, domains.Int | domains.Range | domains.Bool):
            inner = interval(item)
            return max(low, inner[0]), min(high, inner[1])
        case ir.Negate(item):
            inner = interval(item)
            return -inner[1], -inner[0]
        case ir.Arithmetic("+" | "-" | "*" as op, left, right):
            return _combined(op, interval(left), interval(right))
        case ir.Arithmetic("%", _, right) if interval(right)[0] > 0:
            return 0, interval(right)[1] - 1
        case ir.Size(item):
            return 0, item.type.capacity if isinstance(item.type, domains.Seq | domains.Bag) else high
        case ir.Count():
            return 0, high
    return low, high


def _combined(op: str, left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    if op == "+":
        return left[0] + right[0], left[1] + right[1]
    if op == "-":
        return left[0] - right[1], left[1] - right[0]
    corners = [a * b for a in left for b in right]
    return min(corners), max(corners)


def _type_interval(kind: Type) -> tuple[int, int]:
    match kind:
        case domains.Int(low, high) | domains.Range(_, low, high):
            return low, high
        case domains.Bool():
            return 0, 1
    return -domains.WIDE, domains.WIDE
