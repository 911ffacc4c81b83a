"""Truth values and numbers that may be known or may be Z3 terms, folded as far as they are known.

A truth value is a Python `bool` or a Z3 `BoolRef`; a number is a Python `int` or a signed `BitVecRef` that is as wide
as its bounds need, so arithmetic is exact and never wraps. Knows Z3, nothing of specifications.
"""

from collections.abc import Iterable
from typing import Any

import z3

Truth = Any  # bool | z3.BoolRef
Number = Any  # int | z3.BitVecRef


def conj(*items: Truth) -> Truth:
    """All of these."""
    return _joined(items, z3.And, True)


def disj(*items: Truth) -> Truth:
    """At least one of these."""
    return _joined(items, z3.Or, False)


def _joined(items: Iterable[Truth], join: Any, neutral: bool) -> Truth:
    unknown: dict[int, Truth] = {}
    for item in items:
        if isinstance(item, bool):
            if item is not neutral:
                return item
        else:
            unknown.setdefault(item.get_id(), item)
    if not unknown:
        return neutral
    terms = list(unknown.values())
    return terms[0] if len(terms) == 1 else join(*terms)


def neg(item: Truth) -> Truth:
    """Not this."""
    if isinstance(item, bool):
        return not item
    return item.arg(0) if z3.is_not(item) else z3.Not(item)


def choose(test: Truth, then: Truth, otherwise: Truth) -> Truth:
    """One of two truth values."""
    if isinstance(test, bool):
        return then if test else otherwise
    if isinstance(then, bool):
        return disj(test, otherwise) if then else conj(neg(test), otherwise)
    if isinstance(otherwise, bool):
        return disj(neg(test), then) if otherwise else conj(test, then)
    return then if then.eq(otherwise) else z3.If(test, then, otherwise)


def iff(left: Truth, right: Truth) -> Truth:
    """Whether two truth values are the same."""
    if isinstance(left, bool):
        return right if left else neg(right)
    if isinstance(right, bool):
        return left if right else neg(left)
    return True if left.eq(right) else left == right


def width(low: int, high: int) -> int:
    """The bits of a signed number between these bounds."""
    return max((low if low >= 0 else ~low).bit_length(), (high if high >= 0 else ~high).bit_length()) + 1


def bits(number: Number, size: int) -> Any:
    """The number as a term of this width, which must be wide enough."""
    if isinstance(number, int):
        return z3.BitVecVal(number, size)
    return number if number.size() == size else z3.SignExt(size - number.size(), number)


def size_of(number: Number) -> int:
    """The width a number has, or needs."""
    return width(number, number) if isinstance(number, int) else int(number.size())


def shortened(number: Any, size: int) -> Any:
    """A term in fewer bits; its value must fit."""
    return z3.Extract(size - 1, 0, number)


def _paired(left: Number, right: Number, extra: int = 0) -> tuple[Any, Any]:
    size = max(size_of(left), size_of(right)) + extra
    return bits(left, size), bits(right, size)


def pick(test: Truth, then: Number, otherwise: Number) -> Number:
    """One of two numbers."""
    if isinstance(test, bool):
        return then if test else otherwise
    if isinstance(then, int) and isinstance(otherwise, int) and then == otherwise:
        return then
    first, second = _paired(then, otherwise)
    return first if first.eq(second) else z3.If(test, first, second)


def compare(op: str, left: Number, right: Number) -> Truth:
    """`==`, `<` and `<=`; the others follow from these."""
    if isinstance(left, int) and isinstance(right, int):
        return {"==": left == right, "<": left < right, "<=": left <= right}[op]
    first, second = _paired(left, right)
    if first.eq(second):
        return op != "<"
    return {"==": first == second, "<": first < second, "<=": first <= second}[op]


def arithmetic(op: str, left: Number, right: Number) -> Number:
    """Exact arithmetic; division rounds down, as Python's does. The divisor is not zero."""
    if isinstance(left, int) and isinstance(right, int):
        return _known(op, left, right)
    if op == "*":
        size = size_of(left) + size_of(right)
        return bits(left, size) * bits(right, size)
    first, second = _paired(left, right, 1)
    if op == "+":
        return first + second
    if op == "-":
        return first - second
    quotient, remainder = first / second, z3.SRem(first, second)
    inexact = z3.And(remainder != 0, (remainder < 0) != (second < 0))
    if op == "//":
        return z3.If(inexact, quotient - 1, quotient)
    return z3.If(inexact, remainder + second, remainder)


def _known(op: str, left: int, right: int) -> int:
    if op in ("//", "%") and right == 0:
        return 0  # whoever asks has noted the error
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "//":
            return left // right
        case _:
            return left % right


def total(items: Iterable[Number]) -> Number:
    """The sum."""
    result: Number = 0
    for item in items:
        result = arithmetic("+", result, item)
    return result
