"""What an expression is worth in a state, computed by walking the tree, and how that value came about.

The evaluator is slow and plain on purpose: it is the second oracle beside the generated Python, and it can record
the value of every part (`Part`, `Case`), which is what explanations are made of. It does not know statements beyond
asking for a function's result, nor actions, traces, or how anything is printed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from .. import domains, ir
from ..domains import Plain, Type
from ..errors import EvaluationError
from .convert import Mismatch, convert, fits, rank

State = tuple[Plain, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One evaluated node: its value, and the parts it was computed from, in order of evaluation."""

    node: ir.Expr | ir.Property | ir.Param
    value: Plain
    parts: "tuple[Part | Case, ...]" = ()
    name: str | None = None  # the local name that the value was given


@dataclass(frozen=True, slots=True)
class Case:
    """What was evaluated for one binding of names: of a quantifier, or of a helper's parameters."""

    binding: tuple[tuple[str, Type, Plain], ...]
    value: Plain
    parts: "tuple[Part | Case, ...]"
    decides: bool = False  # a quantifier's value follows from this case alone


@dataclass(slots=True)
class Frame:
    """Where an expression is evaluated: the state, the state before (in a step invariant), the local names."""

    state: list[Plain]
    before: list[Plain] | None = None
    locals: dict[str, Plain] = field(default_factory=dict)

    def inner(self) -> "Frame":
        """The same place with local names of its own."""
        return Frame(self.state, self.before, dict(self.locals))


_Place = ir.Literal | ir.Read | ir.Local | ir.Field | ir.At | ir.End | ir.Slice | ir.Convert
_Operator = ir.Not | ir.Negate | ir.Logic | ir.Compare | ir.Arithmetic | ir.SetAlgebra | ir.Concat | ir.IfElse
_Question = ir.Contains | ir.Size | ir.Count | ir.Is
_Whole = ir.Make | ir.Replace | ir.Collect | ir.Comprehension | ir.Quantified | ir.Sum | ir.Best | ir.Call
FunctionBody = Callable[[ir.Function, Frame], Plain]


class Evaluator:
    """Evaluates expressions of one specification; `body` runs a helper function's statements."""

    def __init__(self, specification: ir.Specification, body: FunctionBody) -> None:
        self.positions: Mapping[str, int] = {v.name: i for i, v in enumerate(specification.variables)}
        self.functions: Mapping[str, ir.Function] = {f.name: f for f in specification.functions}
        self._body = body
        self._record: list[Part | Case] | None = None

    def recorded(self, evaluate: Callable[[], Plain]) -> tuple[Plain, tuple[Part | Case, ...]]:
        """What `evaluate` returns, and the parts that were evaluated on the way."""
        outer, self._record = self._record, []
        try:
            value = evaluate()
            return value, tuple(self._record)
        finally:
            self._record = outer

    def value(self, expression: ir.Expr, frame: Frame, name: str | None = None) -> Plain:
        """The value of an expression; raises EvaluationError where a run-time check fails."""
        if self._record is None:
            return self._value(expression, frame)
        value, parts = self.recorded(lambda: self._value(expression, frame))
        self._record.append(Part(expression, value, parts, name))
        return value

    def _value(self, e: ir.Expr, frame: Frame) -> Plain:
        match e:
            case ir.Literal() | ir.Read() | ir.Local() | ir.Field() | ir.At() | ir.End() | ir.Slice() | ir.Convert():
                return self._place(e, frame)
            case ir.Not() | ir.Negate() | ir.Logic() | ir.Compare() | ir.Arithmetic() | ir.SetAlgebra() | ir.Concat():
                return self._operator(e, frame)
            case ir.IfElse(test, then, otherwise):
                return self.value(then if self.value(test, frame) else otherwise, frame)
            case ir.Contains() | ir.Size() | ir.Count() | ir.Is():
                return self._question(e, frame)
            case ir.Make() | ir.Replace() | ir.Collect() | ir.Call():
                return self._whole(e, frame)
            case ir.Comprehension() | ir.Quantified() | ir.Sum() | ir.Best():
                return self._bound(e, frame)
        assert_never(e)

    # ------------------------------------------------------------------------------------ reading

    def _place(self, e: _Place, frame: Frame) -> Plain:
        match e:
            case ir.Literal(value):
                return value
            case ir.Read(variable, before):
                state = frame.before if before else frame.state
                assert state is not None, f"{e.span}: a state invariant reads the state before"
                return state[self.positions[variable]]
            case ir.Local(name):
                return frame.locals[name]
            case ir.Field(item, name):
                return _field(e, item.type, name, self.value(item, frame))
            case ir.At(item, key):
                whole = self.value(item, frame)
                return whole[slot(item.type, whole, self.value(key, frame), e.span)]
            case ir.End(item, which):
                whole = self.value(item, frame)
                if not whole:
                    raise EvaluationError(e.span, f"the sequence is empty: it has no {which} item")
                return whole[0 if which == "first" else -1]
            case ir.Slice(item, low, high):
                whole = self.value(item, frame)
                return whole[self._bound_of(low, 0, frame) : self._bound_of(high, len(whole), frame)]
            case ir.Convert(item):
                return _converted(item.type, e.type, self.value(item, frame), e.span)
        assert_never(e)

    def _bound_of(self, bound: ir.Expr | None, otherwise: int, frame: Frame) -> int:
        if bound is None:
            return otherwise
        position = int(self.value(bound, frame))
        if position < 0:
            raise EvaluationError(bound.span, f"a slice begins and ends at 0 or above, not at {position}")
        return position

    # ---------------------------------------------------------------------------------- operators

    def _operator(self, e: _Operator, frame: Frame) -> Plain:
        match e:
            case ir.Not(item):
                return not self.value(item, frame)
            case ir.Negate(item):
                return exact(-self.value(item, frame), e.span)
            case ir.Logic(op, items):
                deciding = op == "or"
                return deciding if any(self.value(item, frame) is deciding for item in items) else not deciding
            case ir.Compare(op, left, right):
                return compare(op, left.type, right.type, self.value(left, frame), self.value(right, frame))
            case ir.Arithmetic(op, left, right):
                return arithmetic(op, self.value(left, frame), self.value(right, frame), e.span)
            case ir.SetAlgebra(op, left, right):
                first, second = self.value(left, frame), self.value(right, frame)
                return first | second if op == "|" else first & second if op == "&" else first & ~second
            case ir.Concat(left, right):
                return bounded(e.type, self.value(left, frame) + self.value(right, frame), e.span)
            case ir.IfElse():
                raise AssertionError("evaluated by its parent, so that one branch stays untouched")
        assert_never(e)

    def _question(self, e: _Question, frame: Frame) -> Plain:
        match e:
            case ir.Contains(item, container):
                needle, whole = self.value(item, frame), self.value(container, frame)
                if isinstance(container.type, domains.Set):
                    return bool(whole >> domains.position(container.type.item, needle) & 1)
                return needle in whole
            case ir.Size(item):
                whole = self.value(item, frame)
                return whole.bit_count() if isinstance(item.type, domains.Set) else len(whole)
            case ir.Count(container, item):
                whole = self.value(container, frame)
                return whole.count(self.value(item, frame))
            case ir.Is(item, record):
                return fits(item.type, record, self.value(item, frame))
        assert_never(e)

    # -------------------------------------------------------------------------------- whole values

    def _whole(self, e: _Whole, frame: Frame) -> Plain:
        match e:
            case ir.Make(fields):
                return tuple(self.value(item, frame) for item in fields)
            case ir.Replace(item, changes):
                assert isinstance(item.type, domains.Record)
                parts = list(self.value(item, frame))
                for name, change in changes:
                    found = item.type.field(name)
                    assert found is not None
                    parts[found[0]] = self.value(change, frame)
                return tuple(parts)
            case ir.Collect(items):
                return collection(e.type, [self.value(item, frame) for item in items], e.span)
            case ir.Call(name, arguments, before):
                function = self.functions[name]
                given = [self.value(argument, frame) for argument in arguments]
                return self.call(function, given, frame, before)
            case ir.Comprehension() | ir.Quantified() | ir.Sum() | ir.Best():
                return self._bound(e, frame)
        assert_never(e)

    def call(self, function: ir.Function, given: list[Plain], frame: Frame, before: bool = False) -> Plain:
        """A helper applied to argument values; `before` puts it into the previous state."""
        state = frame.before if before else frame.state
        assert state is not None
        names = dict(zip((p.name for p in function.params), given, strict=True))
        inner = Frame(state, frame.before, names)
        if self._record is None:
            return self._body(function, inner)
        value, parts = self.recorded(lambda: self._body(function, inner))
        binding = tuple((p.name, p.type, names[p.name]) for p in function.params)
        self._record.append(Case(binding, value, parts))
        return value

    def _bound(self, e: ir.Comprehension | ir.Quantified | ir.Sum | ir.Best, frame: Frame) -> Plain:
        match e:
            case ir.Comprehension(binders, body):
                bodies = [value for _, value in self._cases(binders, body, frame)]
                return tuple(bodies) if isinstance(e.type, domains.Map) else collection(e.type, bodies, e.span)
            case ir.Quantified():
                return self._quantified(e, frame)
            case ir.Sum(binders, body):
                return exact(sum(int(value) for _, value in self._cases(binders, body, frame)), e.span)
            case ir.Best():
                return self._best(e, frame)
        assert_never(e)

    def _quantified(self, e: ir.Quantified, frame: Frame) -> bool:
        """Stops at the first deciding case; but when it records, it goes on to find all of them."""
        deciding, decided = e.op == "any", False
        try:
            for _, value in self._cases(e.binders, e.body, frame, deciding):
                decided = decided or value is deciding
                if decided and self._record is None:
                    break
        except EvaluationError:
            if not decided:
                raise
        return deciding if decided else not deciding

    def _best(self, e: ir.Best, frame: Frame) -> Plain:
        best: tuple[Plain, Plain] | None = None
        for inner, value in self._cases(e.binders, e.body, frame):
            place = rank(e.body.type, value)
            if e.key is not None and e.key_name is not None:
                inner.locals[e.key_name] = value
                place = rank(e.key.type, self.value(e.key, inner))
            if best is None or (place > best[0] if e.op == "max" else place < best[0]):
                best = place, value
        if best is not None:
            return _converted(e.body.type, e.type, best[1], e.span)
        if e.default is None:
            raise EvaluationError(e.span, f"{e.op} of nothing: no candidate, and no default")
        return _converted(e.default.type, e.type, self.value(e.default, frame), e.span)

    # ------------------------------------------------------------------------------------ binders

    def _cases(
        self, binders: tuple[ir.Binder, ...], body: ir.Expr, frame: Frame, deciding: bool | None = None
    ) -> Iterator[tuple[Frame, Plain]]:
        """The body's value for every binding that meets the conditions, in order."""
        inner = frame.inner()
        for held in self._bindings(binders, inner):
            if self._record is None:
                yield inner, self.value(body, inner)
                continue
            value, parts = self.recorded(lambda: self.value(body, inner))
            binding = tuple((b.name, b.type, inner.locals[b.name]) for b in binders)
            self._record.append(Case(binding, value, held + parts, value is deciding))
            yield inner, value

    def _bindings(self, binders: tuple[ir.Binder, ...], inner: Frame) -> Iterator[tuple[Part | Case, ...]]:
        """Binds the names in `inner`, one binding after the other; gives the recorded conditions of each."""
        if not binders:
            yield ()
            return
        first, rest = binders[0], binders[1:]
        for item in self.items(first.domain, inner):
            inner.locals[first.name] = item
            met, held = self.recorded(lambda: all(self.value(c, inner) for c in first.conditions))
            if met:
                for more in self._bindings(rest, inner):
                    yield held + more
                    inner.locals[first.name] = item

    def items(self, domain: ir.Every | ir.Interval | ir.Expr, frame: Frame) -> list[Plain]:
        """The values that a name ranges over, in order."""
        match domain:
            case ir.Every(kind):
                return list(domains.values(kind))
            case ir.Interval(low, high):
                return list(range(self.value(low, frame), self.value(high, frame)))
            case _:
                whole = self.value(domain, frame)
                kind = domain.type
                return list(domains.members_of(kind, whole)) if isinstance(kind, domains.Set) else list(whole)


def _field(e: ir.Field, kind: Type, name: str, plain: Plain) -> Plain:
    record = kind
    if isinstance(kind, domains.Union):
        record, plain = kind.records[plain[0]], plain[1]
    assert isinstance(record, domains.Record)
    found = record.field(name)
    if found is None:
        raise EvaluationError(e.span, f"{domains.show(record, plain)} has no field {name!r}")
    return plain[found[0]]


def _converted(source: Type, target: Type, plain: Plain, span: ir.Span) -> Plain:
    try:
        return convert(source, target, plain)
    except Mismatch as mismatch:
        raise EvaluationError(span, str(mismatch)) from None


def slot(kind: Type, whole: Plain, key: Plain, span: ir.Span) -> int:
    """Where the entry of a Map, or the item of a Seq, stands in its plain value."""
    if isinstance(kind, domains.Map):
        return domains.position(kind.key, key)
    if not 0 <= key < len(whole):
        raise EvaluationError(span, f"there is no item {key}: the sequence has {len(whole)} items, counted from 0")
    return int(key)


def exact(number: int, span: ir.Span) -> int:
    """The number, if it stays within what every engine computes exactly."""
    if not -domains.WIDE <= number <= domains.WIDE:
        raise EvaluationError(span, f"{number} is too large a number: every engine computes within ±2**62")
    return number


def arithmetic(op: str, left: int, right: int, span: ir.Span) -> int:
    """Python's own arithmetic on whole numbers, stopped at a zero divisor or a number that is too large."""
    match op:
        case "+":
            return exact(left + right, span)
        case "-":
            return exact(left - right, span)
        case "*":
            return exact(left * right, span)
    if right == 0:
        raise EvaluationError(span, f"{left} {op} 0: division by zero")
    return left // right if op == "//" else left % right


def compare(op: str, left_type: Type, right_type: Type, left: Plain, right: Plain) -> bool:
    """`==` and `!=` by value; `<` and its kin by order, which is subset for sets."""
    if op in ("==", "!="):
        return bool((left == right) is (op == "=="))
    if isinstance(left_type, domains.Set):
        low, high = (left, right) if op in ("<", "<=") else (right, left)
        return bool(low & ~high == 0 and (op in ("<=", ">=") or low != high))
    first, second = rank(left_type, left), rank(right_type, right)
    match op:
        case "<":
            return bool(first < second)
        case "<=":
            return bool(first <= second)
        case ">":
            return bool(first > second)
    return bool(first >= second)


def bounded(kind: Type, items: tuple[Plain, ...], span: ir.Span) -> tuple[Plain, ...]:
    """The items, if they fit the capacity of the Seq or Bag."""
    if isinstance(kind, domains.Seq | domains.Bag) and len(items) > kind.capacity:
        raise EvaluationError(span, f"{kind.name} holds at most {kind.capacity} items, not {len(items)}")
    return items


def collection(kind: Type, items: list[Plain], span: ir.Span) -> Plain:
    """A Set, Seq, Bag or Tuple of these items, in its plain form."""
    match kind:
        case domains.Set(item):
            mask = 0
            for member in items:
                mask |= 1 << domains.position(item, member)
            return mask
        case domains.Bag(_, item, _):
            return bounded(kind, tuple(sorted(items, key=lambda plain: rank(item, plain))), span)
        case _:
            return bounded(kind, tuple(items), span)
