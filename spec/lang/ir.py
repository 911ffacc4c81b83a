"""The typed tree of a specification with its constants bound: the only thing that engines see.

The tree is a grammar of frozen dataclasses; equality ignores spans. Constants, variants and types are resolved:
a tree belongs to one configuration, all its types are finite, and branches of variants that are switched off are
gone. Every node has a `Span`, every expression a type. Checks that happen at run time are explicit nodes: `Convert`
narrows (out of range, `None`, another record), `At` may be out of bounds, `Update` may exceed a capacity; a check
that fails is an error *of the specification*. Evaluation is left to right; `Logic` and `IfElse` short-circuit.

An action is a sequence of statements with value semantics. Splitting it at named points (`step()`) is a transformation
of this tree (`split.py`): engines see ordinary actions.
This module does not know Python's `ast`, nor any engine.
"""

from dataclasses import dataclass, field
from typing import Literal as OneOf

from .domains import Plain, Record, Type
from .meaning.performer import Performer


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a source file: lines from 1, columns from 1, the end column excluded."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Typed(_Node):
    type: Type


# ---------------------------------------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Literal(_Typed):
    """A value known now; `name` is the constant or variant it came from, for printing."""

    value: Plain
    name: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Read(_Typed):
    """A state variable, in this state or (in a step invariant) in the one `before`."""

    variable: str
    before: bool = False


@dataclass(frozen=True, slots=True)
class Local(_Typed):
    """A parameter, a local name, or the name bound by a `Binder`."""

    name: str


@dataclass(frozen=True, slots=True)
class Field(_Typed):
    """A field of a Record, or of a Union (an error where the record at hand has no such field)."""

    item: "Expr"
    field: str


@dataclass(frozen=True, slots=True)
class At(_Typed):
    """The entry of a Map, or an item of a Seq (positions from 0; outside 0..len-1 is an error)."""

    item: "Expr"
    key: "Expr"


@dataclass(frozen=True, slots=True)
class End(_Typed):
    """The first or last item of a Seq; an error when it is empty."""

    item: "Expr"
    which: OneOf["first", "last"]


@dataclass(frozen=True, slots=True)
class Slice(_Typed):
    """Items low..high-1 of a Seq; bounds beyond its length mean its length, negative ones are an error."""

    item: "Expr"
    low: "Expr | None"
    high: "Expr | None"


@dataclass(frozen=True, slots=True)
class Convert(_Typed):
    """The same value at another type. Widening always succeeds: T to Optional[T], Record to Union, Union to a
    larger Union, a number to Int. Narrowing is checked: Optional[T] to T, Union to Record, a number to Range."""

    item: "Expr"


@dataclass(frozen=True, slots=True)
class Not(_Typed):
    item: "Expr"


@dataclass(frozen=True, slots=True)
class Negate(_Typed):
    item: "Expr"


@dataclass(frozen=True, slots=True)
class Logic(_Typed):
    op: OneOf["and", "or"]
    items: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Compare(_Typed):
    """Both sides have one type (numbers may differ in range). Sets: `<=`, `<` are subset. Records and tuples
    compare from their first component on."""

    op: OneOf["==", "!=", "<", "<=", ">", ">="]
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Arithmetic(_Typed):
    """Exact; `//` and `%` round as Python's do, and a zero divisor is an error."""

    op: OneOf["+", "-", "*", "//", "%"]
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class SetAlgebra(_Typed):
    op: OneOf["|", "&", "-"]
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Concat(_Typed):
    """Two sequences joined; longer than the type's capacity is an error."""

    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class IfElse(_Typed):
    test: "Expr"
    then: "Expr"
    otherwise: "Expr"


@dataclass(frozen=True, slots=True)
class Contains(_Typed):
    """Whether a Set, Seq, Bag or Tuple contains an item."""

    item: "Expr"
    container: "Expr"


@dataclass(frozen=True, slots=True)
class Size(_Typed):
    """The number of items in a Set, Seq or Bag."""

    item: "Expr"


@dataclass(frozen=True, slots=True)
class Count(_Typed):
    """How often an item occurs in a Bag or Seq."""

    container: "Expr"
    item: "Expr"


@dataclass(frozen=True, slots=True)
class Is(_Typed):
    """Whether a value of a Union, or of an Optional Union or Record, is this record."""

    item: "Expr"
    record: Record


@dataclass(frozen=True, slots=True)
class Make(_Typed):
    """A record (self.type) from the values of all its fields, in order."""

    fields: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Replace(_Typed):
    """A record with some fields changed; the rest kept."""

    item: "Expr"
    changes: tuple[tuple[str, "Expr"], ...]


@dataclass(frozen=True, slots=True)
class Collect(_Typed):
    """A Set, Seq, Bag or Tuple (self.type) of these items."""

    items: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Every(_Node):
    """All values of a type, in order."""

    type: Type


@dataclass(frozen=True, slots=True)
class Interval(_Node):
    """The numbers low..high-1: Python's `range`."""

    low: "Expr"
    high: "Expr"


# What a name can range over: a type, numbers, or the items of a Set (in order), Seq, Bag or Tuple.
Domain = "Every | Interval | Expr"


@dataclass(frozen=True, slots=True)
class Binder(_Node):
    """`for name in domain if conditions…`; the name has `type`."""

    name: str
    type: Type
    domain: "Every | Interval | Expr"
    conditions: tuple["Expr", ...] = ()


@dataclass(frozen=True, slots=True)
class Comprehension(_Typed):
    """A Set, Seq or Bag (self.type) of `body` for all bindings. For a Map there is one binder, `Every` key."""

    binders: tuple[Binder, ...]
    body: "Expr"


@dataclass(frozen=True, slots=True)
class Quantified(_Typed):
    """`any` or `all` of a truth value over all bindings; stops at the first that decides."""

    op: OneOf["any", "all"]
    binders: tuple[Binder, ...]
    body: "Expr"


@dataclass(frozen=True, slots=True)
class Sum(_Typed):
    binders: tuple[Binder, ...]
    body: "Expr"


@dataclass(frozen=True, slots=True)
class Best(_Typed):
    """The smallest or largest `body` over all bindings, ranked by `key` (in which `key_name` is the candidate);
    the first of equals. Without candidates: `default`, or an error."""

    op: OneOf["min", "max"]
    binders: tuple[Binder, ...]
    body: "Expr"
    key_name: str | None = None
    key: "Expr | None" = None
    default: "Expr | None" = None


@dataclass(frozen=True, slots=True)
class Call(_Typed):
    """A pure helper function or method applied to arguments; `before` evaluates it in the previous state."""

    function: str
    arguments: tuple["Expr", ...]
    before: bool = False


Expr = (
    Literal
    | Read
    | Local
    | Field
    | At
    | End
    | Slice
    | Convert
    | Not
    | Negate
    | Logic
    | Compare
    | Arithmetic
    | SetAlgebra
    | Concat
    | IfElse
    | Contains
    | Size
    | Count
    | Is
    | Make
    | Replace
    | Collect
    | Comprehension
    | Quantified
    | Sum
    | Best
    | Call
)

# ---------------------------------------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Require(_Node):
    """The step happens only if `test` is true here; otherwise all of it is abandoned."""

    test: Expr


@dataclass(frozen=True, slots=True)
class Expect(_Node):
    """Binds `name` to `value` as `type` (a Record, or an Optional's item); abandons the step if it is not one."""

    name: str
    type: Type
    value: Expr


@dataclass(frozen=True, slots=True)
class Target(_Node):
    """A place in the state: a variable, or an entry of a Map or Seq within it."""

    variable: str
    keys: tuple[Expr, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Assign(_Node):
    target: Target
    value: Expr


@dataclass(frozen=True, slots=True)
class Update(_Node):
    """Changes a collection in place. Set: add, discard, clear, update (union with a Set). Seq: append, extend
    (with a Seq), remove_first (an error when empty), clear. Bag: add, remove (an error when absent), clear."""

    target: Target
    op: OneOf["add", "discard", "update", "append", "extend", "remove_first", "remove", "clear"]
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Let(_Node):
    """A local name gets a value; its type is that of its first assignment (numbers: wide)."""

    name: str
    type: Type
    value: Expr


@dataclass(frozen=True, slots=True)
class If(_Node):
    test: Expr
    then: tuple["Stmt", ...]
    otherwise: tuple["Stmt", ...] = ()


@dataclass(frozen=True, slots=True)
class For(_Node):
    """The body once per binding, in order; the binder has no conditions. The domain is evaluated once, before."""

    binder: Binder
    body: tuple["Stmt", ...]


@dataclass(frozen=True, slots=True)
class Do(_Node):
    """A helper method called for its effect on the state; it may `require`."""

    function: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Return(_Node):
    """Ends the function with a value, or the action or effect early. Never inside a `For`."""

    value: Expr | None = None


Stmt = Require | Expect | Assign | Update | Let | If | For | Do | Return

# ------------------------------------------------------------------------------------------ the specification


@dataclass(frozen=True, slots=True)
class Param(_Node):
    """A parameter. An action's parameter takes every value of its type; or, when `drawn` is given, every distinct
    item of that Set, Seq or Bag in the current state (the reader finds `require(name in self.…)` at the top)."""

    name: str
    type: Type
    drawn: Expr | None = None


@dataclass(frozen=True, slots=True)
class Function(_Node):
    """A helper. `returns` None: called by `Do`, may change the state and `require`. Otherwise: pure, called by
    `Call`, every path ends in `Return`. Methods of the specification are named `self.name`. Never recursive."""

    name: str
    params: tuple[Param, ...]
    returns: Type | None
    body: tuple[Stmt, ...]
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Action(_Node):
    """An atomic step, one instance per value of its parameters. Also used for `@initial`."""

    name: str
    params: tuple[Param, ...]
    body: tuple[Stmt, ...]
    doc: str = field(default="", compare=False)
    continues: str | None = None  # the action of which this is a later part, where actions are split


Kind = OneOf["invariant", "step_invariant", "witness", "boundary", "terminal"]


@dataclass(frozen=True, slots=True)
class Property(_Node):
    """A named truth about a state (or, for a step invariant, about a step). `doc` is its sentence for people."""

    name: str
    kind: Kind
    body: tuple[Stmt, ...]
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Variable(_Node):
    """A part of the state. A ghost is read by properties and by other ghosts only."""

    name: str
    type: Type
    initial: Expr
    ghost: bool = False


@dataclass(frozen=True, slots=True)
class Specification(_Node):
    """A specification with its constants bound. `digest` names the sources it was read from.

    Where there is a `performer`, it takes the steps, and the bodies of the actions are not run.
    """

    name: str
    doc: str = field(compare=False)
    constants: tuple[tuple[str, int], ...]
    variants: tuple[str, ...]
    variables: tuple[Variable, ...]
    functions: tuple[Function, ...]
    initial: tuple[Action, ...]
    actions: tuple[Action, ...]
    properties: tuple[Property, ...]
    digest: str = field(default="", compare=False)
    splits: tuple[str, ...] = ()
    performer: Performer | None = field(default=None, compare=False, repr=False)
