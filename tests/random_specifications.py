"""Small well-typed random specifications, as texts of the surface language. Not a test: loaded by a fixture.

Every text is legal by construction. Names are fresh, so nothing is shadowed; literals lie inside their types. Run-time
checks may fail (out of range, over capacity, empty, division by zero): whoever runs a text compares errors too. An
optional is only read after `expect`, because plain Python does not notice a None that is merely passed on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

HEAD = '''"""A random specification."""

from enum import Enum
from typing import Self

from quorate.spec.lang import (
    Bag, Constant, Map, Range, Record, Seq, Set, Sort, Spec, action, boundary, expect, initial, invariant, require,
    state, step_invariant, terminal, variant, witness,
)

nodes = Constant({nodes}, "nodes", low=1)
twist = variant("twist", "a deviation")


class Node(Sort, size=nodes{ordered}):
    """Identifiers."""


class Num(Range, low={low}, high={high}):
    """Numbers."""


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Pair(Record, order=True):
    a: Num
    b: Num


class Msg(Record):
    to: Node
    num: Num


class Ack(Record):
    to: Node


class Log(Seq[Num], capacity=2):
    """A sequence."""


class Batch(Record):
    log: Log


class Net(Bag[Msg | Ack], capacity=2):
    """A network."""


class Box(Bag[Batch], capacity=2):
    """Things with too many values to try each."""


class Random(Spec):
    """Whatever came out."""

'''

NAME = "Random"
# type of a state variable -> its initial values, as texts
INITIAL = {
    "Num": ("{n}",),
    "bool": ("False", "True"),
    "Colour": ("Colour.RED", "Colour.BLUE"),
    "Pair": ("Pair(a={n}, b={n})",),
    "Set[Node]": ("", "Set(x for x in Node)"),
    "Set[Num]": ("", "Set((Num({n}),))"),
    "Log": ("", "Log(({n},))"),
    "Net": ("",),
    "Box": ("", "Box((Batch(log=Log(({n},))),))"),
    "Node | None": ("None",),
    "Pair | None": ("None", "Pair(a={n}, b={n})"),
    "Msg | Ack | None": ("None",),
    "Map[Node, Num]": ("{n}", "lambda x: {n}"),
    "Map[Num, Colour]": ("Colour.RED", "lambda k: Colour.BLUE if k == {n} else Colour.RED"),
    "Map[Node, Node]": ("lambda x: x",),
    "Map[Node, Set[Node]]": ("", "lambda x: Set((x,))"),
    "Map[Node, Log]": ("",),
    "Map[Node, Map[Node, bool]]": ("False", "lambda x: lambda y: x == y"),
}
PARAMETERS = ("Node", "Num", "Colour", "bool", "Pair", "Msg | Ack")
VALUES = ("bool", "int", "Num", "Node", "Colour", "Pair", "Set[Node]", "Set[Num]", "Log", "Batch", "Msg | Ack")


@dataclass
class Author:
    """Writes one specification; `draw` decides."""

    draw: Callable[..., object]
    low: int
    high: int
    variables: dict[str, str] = field(default_factory=dict)
    helpers: list[tuple[str, list[str], str | None]] = field(default_factory=list)  # name, parameters, result
    locals: dict[str, str] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)  # locals that are not assigned again
    names: int = 0
    before: bool = False
    loops: int = 0
    writes: bool = True

    def pick(self, choices):
        """One of these."""
        return self.draw(st.sampled_from(list(choices)))

    def chance(self, one_in: int) -> bool:
        """True in one of so many cases."""
        return self.draw(st.integers(0, one_in - 1)) == 0

    def number(self) -> str:
        return str(self.draw(st.integers(self.low, self.high)))

    def fresh(self, stem: str = "x") -> str:
        self.names += 1
        return f"{stem}{self.names}"

    # ----------------------------------------------------------------------------------- expressions

    def expr(self, kind: str, depth: int = 2) -> str:
        """An expression of this type, closed: it can stand anywhere."""
        known = self.known(kind)
        makers = self.makers(kind, depth) if depth > 0 else []
        if known and (not makers or self.chance(2)):
            return self.pick(known)
        return self.pick(makers)() if makers else self.ground(kind)

    def known(self, kind: str) -> list[str]:
        """Names and places of this type."""
        found = [name for name, own in self.locals.items() if own == kind]
        owners = ["self", "before"] if self.before else ["self"]
        found += [f"{owner}.{name}" for owner in owners for name, own in self.variables.items() if own == kind]
        return found

    def ground(self, kind: str) -> str:
        """The simplest expression of a type where nothing of it is known."""
        match kind:
            case "bool":
                return self.pick(["True", "False"])
            case "int":
                return self.number()
            case "Num":
                return f"Num({self.number()})"
            case "Colour":
                return self.pick(["Colour.RED", "Colour.BLUE"])
            case "Node":
                return (
                    f"max((Msg(to={self.bound('Node')}, num=Num({self.number()})) for {self.bound_name} in Node), "
                    f"key=lambda {self.fresh('k')}: {self.number()}).to"
                )
            case "Pair":
                return f"Pair(a={self.number()}, b={self.number()})"
            case "Msg | Ack":
                return f"Ack(to={self.expr('Node', 0)})"
            case "Batch":
                return "Batch(log=Log())"
            case "Log":
                return "Log()"
            case "Set[Node]" | "Set[Num]":
                inner = kind[4:-1]
                name = self.fresh()
                return f"Set({name} for {name} in {inner})"
        raise AssertionError(kind)

    bound_name: str = ""

    def bound(self, stem: str) -> str:
        self.bound_name = self.fresh(stem.lower()[0])
        return self.bound_name

    def makers(self, kind: str, depth: int) -> list[Callable[[], str]]:
        """Ways to build a value of this type."""
        less = depth - 1

        def e(inner: str) -> str:
            return self.expr(inner, less)

        calls = [lambda n=n, ps=ps: self.call(n, ps, less) for n, ps, result in self.helpers if result == kind]
        common = [lambda: f"({e(kind)} if {e('bool')} else {e(kind)})", *calls]
        table: dict[str, list[Callable[[], str]]] = {
            "bool": [
                lambda: f"({e('int')} {self.pick(['<', '<=', '>', '>=', '==', '!='])} {e('int')})",
                lambda: f"({e('bool')} {self.pick(['and', 'or'])} {e('bool')})",
                lambda: f"(not {e('bool')})",
                lambda: f"({e('Node')} {self.pick(['==', '!='])} {e('Node')})",
                lambda: f"({e('Colour')} {self.pick(['is', 'is not'])} Colour.RED)",
                lambda: f"({e('Node')} {self.pick(['in', 'not in'])} {e('Set[Node]')})",
                lambda: f"({e('Num')} in {self.pick([e('Set[Num]'), e('Log')])})",
                lambda: f"({e('Num')} in ({e('Num')}, {e('Num')}))",
                lambda: f"({e('Set[Node]')} {self.pick(['<', '<=', '>', '>=', '==', '!='])} {e('Set[Node]')})",
                lambda: f"({e('Pair')} {self.pick(['<', '<=', '==', '!='])} {e('Pair')})",
                lambda: f"(({e('Num')}, {e('int')}) < ({e('Num')}, {e('int')}))",
                *(lambda m=m: f"({m} == {e('Msg | Ack')})" for m in self.known("Msg | Ack")),
                *(lambda m=m: f"isinstance({m}, {self.pick(['Msg', 'Ack'])})" for m in self.letters()),
                lambda: f"{self.pick(['any', 'all'])}({self.comprehension('bool', less)})",
                lambda: "(twist or nodes > 1)",
                *(lambda o=o: f"({o} {self.pick(['is', 'is not'])} None)" for o in self.optionals()),
            ],
            "int": [
                lambda: f"({e('int')} {self.pick(['+', '-', '*'])} {e('int')})",
                lambda: f"({e('int')} {self.pick(['//', '%'])} {e('int')})",
                lambda: f"(-{e('int')})",
                lambda: e("Num"),
                lambda: f"len({self.pick([e('Set[Node]'), e('Set[Num]'), e('Log'), 'Node'])})",
                lambda: f"sum({self.comprehension('int', less)})",
                lambda: f"{self.pick(['min', 'max'])}(({self.comprehension('int', less)}), default={self.number()})",
                lambda: f"{e('Log')}.count({e('Num')})",
                lambda: f"(1 if {e('bool')} else {e('int')})",
                lambda: "nodes",
            ],
            "Num": [
                lambda: f"Num({e('int')})",
                lambda: f"{e('Pair')}.{self.pick('ab')}",
                lambda: f"{e('Log')}[{e('int')}]",
                lambda: f"{e('Log')}.{self.pick(['first', 'last'])}",
                lambda: f"{self.pick(['min', 'max'])}({e('Num')}, {e('Num')})",
                lambda: f"max({self.comprehension('Num', less)})",
                *self.entries("Num", less),
            ],
            "Node": [lambda: f"{e('Msg | Ack')}.to", *self.entries("Node", less)],
            "Colour": [lambda: self.ground("Colour"), *self.entries("Colour", less)],
            "Pair": [
                lambda: f"Pair(a={e('Num')}, b={e('int')})",
                lambda: f"{e('Pair')}.replace({self.pick('ab')}={e('int')})",
                lambda: f"max(({self.comprehension('Pair', less)}), default=Pair(a={self.number()}, b={e('Num')}))",
                lambda: f"min(({self.comprehension('Pair', less)}), key=lambda {self.key()}: {self.bound_name}.b)",
            ],
            "Set[Node]": [
                lambda: f"Set({self.comprehension('Node', less)})",
                lambda: f"Set(({e('Node')}, {e('Node')}))",
                lambda: f"({e('Set[Node]')} {self.pick('|&-')} {e('Set[Node]')})",
                *self.entries("Set[Node]", less),
            ],
            "Set[Num]": [
                lambda: f"Set({self.comprehension('Num', less)})",
                lambda: f"Set((Num({self.number()}), {e('Num')}))",
                lambda: f"Set({e('Log')})",
            ],
            "Log": [
                lambda: f"Log(({e('Num')}, {e('Num')}))",
                lambda: f"({e('Log')} + {e('Log')})",
                lambda: f"{e('Log')}[{self.pick(['', '1', e('Num')])}:{self.pick(['', '2', e('int')])}]",
                lambda: f"Log({self.comprehension('Num', less)})",
                lambda: f"{e('Batch')}.log",
                *self.entries("Log", less),
            ],
            "Batch": [lambda: f"Batch(log={e('Log')})", lambda: f"{e('Batch')}.replace(log={e('Log')})"],
            "Msg | Ack": [lambda: f"Msg(to={e('Node')}, num={e('int')})", lambda: f"Ack(to={e('Node')})"],
        }
        # A choice between two records of a union has no type of its own.
        return table[kind] + ([] if kind == "Msg | Ack" else common)

    def key(self) -> str:
        return self.bound("k")

    def optionals(self) -> list[str]:
        return [f"self.{name}" for name, own in self.variables.items() if own.endswith("| None")]

    def entries(self, kind: str, depth: int) -> list[Callable[[], str]]:
        """Reads of maps with values of this type."""
        found: list[Callable[[], str]] = []
        for name, own in self.variables.items():
            if own.startswith("Map[") and own.endswith(f", {kind}]") and own.count("Map") == 1:
                key = own[4:].split(", ")[0]
                found.append(lambda name=name, key=key: f"self.{name}[{self.expr(key, depth)}]")
        return found

    def call(self, name: str, params: list[str], depth: int) -> str:
        owner = self.pick(["self", "before"]) if self.before else "self"
        return f"{owner}.{name}({', '.join(self.expr(param, depth) for param in params)})"

    def comprehension(self, kind: str, depth: int) -> str:
        """`body for x in …`, with the body of this type."""
        outer = dict(self.locals)
        clauses = []
        for _ in range(2 if self.chance(4) else 1):
            domain, item = self.domain(depth)
            name = self.fresh()
            self.locals[name] = item
            condition = f" if {self.expr('bool', depth)}" if self.chance(3) else ""
            clauses.append(f"for {name} in {domain}{condition}")
        body = self.expr(kind, depth)
        self.locals = outer
        return f"{body} {' '.join(clauses)}"

    def domain(self, depth: int) -> tuple[str, str]:
        """Something to range over, and the type of its items."""
        choices = [
            lambda: ("Node", "Node"),
            lambda: ("Num", "Num"),
            lambda: (self.expr("Set[Node]", depth), "Node"),
            lambda: (self.expr("Log", depth), "Num"),
            lambda: (f"range({self.expr('Num', depth)})", "int"),
            lambda: ("Colour", "Colour"),
        ]
        nets = [name for name, own in self.variables.items() if own == "Net"]
        choices += [lambda name=name: (f"self.{name}", "Msg | Ack") for name in nets]
        return self.pick(choices)()

    # ------------------------------------------------------------------------------------ statements

    def block(self, size: int, indent: str) -> list[str]:
        """A few statements; names given in them are known in them."""
        outer = dict(self.locals)
        lines: list[str] = []
        for _ in range(self.draw(st.integers(1, size))):
            lines += self.statement(indent)
        self.locals = outer
        return lines

    def statement(self, indent: str) -> list[str]:
        makers = [self.let, self.branch, self.again]
        if self.writes:
            makers += [self.require, self.assign, self.assign, self.change, self.change, self.loop, self.effect]
            makers += [self.expect, self.match]
        for _ in range(4):
            lines = self.pick(makers)(indent)
            if lines:
                return lines
        return [f"{indent}pass"]

    def require(self, indent: str) -> list[str]:
        return [f"{indent}require({self.expr('bool')})"]

    def let(self, indent: str) -> list[str]:
        kind = self.pick([kind for kind in VALUES if kind != "Msg | Ack"])
        value = self.expr(kind)
        name = self.fresh()
        if kind == "int":
            # Assigned twice or more, so that its bounds are open.
            self.locals[name] = "int"
            return [f"{indent}{name} = 0", f"{indent}{name} = {value}"]
        self.locals[name] = kind
        return [f"{indent}{name} = {value}"]

    def again(self, indent: str) -> list[str]:
        """Another value for a local number."""
        names = [name for name, kind in self.locals.items() if kind == "int" and name not in self.fixed]
        if not names:
            return []
        return [f"{indent}{self.pick(names)} {self.pick(['=', '+=', '-='])} {self.expr('int')}"]

    def branch(self, indent: str) -> list[str]:
        lines = [f"{indent}if {self.expr('bool')}:", *self.block(2, indent + "    ")]
        if self.writes and not self.loops and self.chance(4):
            lines.append(f"{indent}    return")
        if self.chance(2):
            lines += [f"{indent}else:", *self.block(2, indent + "    ")]
        return lines

    def loop(self, indent: str) -> list[str]:
        domain, item = self.domain(1)
        name = self.fresh()
        outer = dict(self.locals)
        self.locals[name] = item
        self.fixed.add(name)
        self.loops += 1
        body = self.block(2, indent + "    ")
        self.loops -= 1
        self.locals = outer
        return [f"{indent}for {name} in {domain}:", *body]

    def place(self, wanted: Callable[[str], bool]) -> tuple[str, str] | None:
        """A part of the state with a type that is wanted."""
        places = [(f"self.{name}", own) for name, own in self.variables.items()]
        for text, own in list(places):
            if own.startswith("Map["):
                key, value = own[4:-1].split(", ", 1)
                places.append((f"{text}[{self.expr(key, 1)}]", value))
        places += [(f"{t}[{self.expr('Node', 1)}]", "bool") for t, own in places if own == "Map[Node, bool]"]
        places += [(f"{t}[{self.expr('int', 1)}]", "Num") for t, own in places if own == "Log"]
        chosen = [(text, own) for text, own in places if wanted(own)]
        return self.pick(chosen) if chosen else None

    def assign(self, indent: str) -> list[str]:
        place = self.place(lambda own: own.removesuffix(" | None") in VALUES)
        if place is None:
            return []
        text, own = place
        kind = own.removesuffix(" | None")
        if kind != own and self.chance(3):
            return [f"{indent}{text} = None"]
        if kind == "Num" and self.chance(2):
            return [f"{indent}{text} {self.pick(['+=', '-=', '='])} {self.expr('int')}"]
        return [f"{indent}{text} = {self.expr(kind)}"]

    def change(self, indent: str) -> list[str]:
        items = {"Set[Node]": "Node", "Set[Num]": "Num", "Log": "Num", "Net": "Msg | Ack", "Box": "Batch"}
        place = self.place(lambda own: own in items)
        if place is None:
            return []
        text, own = place
        item = self.expr(items[own])
        ops = {
            "Set": [f"add({item})", f"discard({item})", "clear()"],
            "Log": [f"append({item})", "remove_first()", "clear()"],
            "Net": [f"add({item})", f"remove({item})", "clear()"],
            "Box": [f"add({item})", f"remove({item})", "clear()"],
        }[own[:3]]
        if own != "Net" and own != "Box":
            ops.append(f"{'extend' if own == 'Log' else 'update'}({self.expr(own)})")
        return [f"{indent}{text}.{self.pick(ops)}"]

    def effect(self, indent: str) -> list[str]:
        effects = [(name, params) for name, params, result in self.helpers if result is None]
        if not effects:
            return []
        name, params = self.pick(effects)
        return [f"{indent}self.{name}({', '.join(self.expr(param, 1) for param in params)})"]

    def expect(self, indent: str) -> list[str]:
        optionals = [(n, own) for n, own in self.variables.items() if own.endswith("| None")]
        if not optionals:
            return []
        variable, own = self.pick(optionals)
        name = self.fresh()
        if own == "Msg | Ack | None":
            record = self.pick(["Msg", "Ack"])
            self.locals[name] = record
            other = self.fresh()
            self.locals[other] = "Node"
            return [f"{indent}{name} = expect(self.{variable}, {record})", f"{indent}{other} = {name}.to"]
        self.locals[name] = own.removesuffix(" | None")
        return [f"{indent}{name} = expect(self.{variable})"]

    def match(self, indent: str) -> list[str]:
        letters = self.letters()
        if not letters:
            return []
        outer = dict(self.locals)
        deeper = indent + "        "
        to, num, again = self.fresh(), self.fresh(), self.fresh()
        lines = [f"{indent}match {self.pick(letters)}:", f"{indent}    case Msg(to={to}, num={num}):"]
        self.locals |= {to: "Node", num: "Num"}
        lines += self.block(2, deeper)
        self.locals = {**outer, again: "Node"}
        lines += [f"{indent}    case Ack(to={again}):", *self.block(1, deeper)]
        self.locals = outer
        return [*lines, f"{indent}    case _:", *self.block(1, deeper)] if self.chance(2) else lines

    def letters(self) -> list[str]:
        """What may be one record or another."""
        absent = [f"self.{name}" for name, own in self.variables.items() if own == "Msg | Ack | None"]
        return [*self.known("Msg | Ack"), *absent]

    # --------------------------------------------------------------------------------------- methods

    def method(self, head: str, body: Callable[[str], list[str]], params: list[str] = (), doc: str = "") -> list[str]:
        names = {self.fresh("p"): param for param in params}
        self.locals = dict(names)
        self.fixed = set(names)
        given = "".join(f", {name}: {kind}" for name, kind in names.items())
        first = head.format(params=given)
        lines = [f"    def {first}:", *([f'        """{doc}"""'] if doc else []), *body("        "), ""]
        self.locals = {}
        return lines

    def pure(self, name: str) -> list[str]:
        params, result = self.some(PARAMETERS, 2), self.pick([kind for kind in VALUES if kind != "Msg | Ack"])
        self.writes = False

        def body(indent: str) -> list[str]:
            lines = self.let(indent) if self.chance(2) else []
            if self.chance(2):
                lines += [f"{indent}if {self.expr('bool')}:", f"{indent}    return {self.expr(result)}"]
            return [*lines, f"{indent}return {self.expr(result)}"]

        lines = self.method(f"{name}(self{{params}}) -> {result}", body, params)
        self.helpers.append((name, params, result))
        return lines

    def doing(self, name: str) -> list[str]:
        params = self.some(PARAMETERS, 2)
        self.writes = True
        lines = self.method(f"{name}(self{{params}}) -> None", lambda indent: self.block(3, indent), params)
        self.helpers.append((name, params, None))
        return lines

    def action(self, name: str, mark: str = "action") -> list[str]:
        self.writes = True
        boxes = [n for n, own in self.variables.items() if own == "Box"]
        if mark == "action" and boxes and self.chance(2):
            drawn = f"require({{name}} in self.{boxes[0]})"

            def taking(indent: str) -> list[str]:
                first = next(n for n, kind in self.locals.items() if kind == "Batch")
                return [f"{indent}{drawn.format(name=first)}", *self.block(3, indent)]

            return [f"    @{mark}", *self.method(f"{name}(self{{params}}) -> None", taking, ["Batch"])]
        params = self.some(PARAMETERS, 2)
        return [f"    @{mark}", *self.method(f"{name}(self{{params}}) -> None", lambda i: self.block(4, i), params)]

    def property(self, name: str, kind: str) -> list[str]:
        self.writes, self.before = False, kind == "step_invariant"
        more = ", before: Self" if self.before else ""
        lines = [
            f"    @{kind}",
            *self.method(
                f"{name}(self{more}) -> bool", lambda i: [f"{i}return {self.expr('bool', 3)}"], doc="So it is."
            ),
        ]
        self.before = False
        return lines

    def some(self, choices, most: int) -> list[str]:
        return self.draw(st.lists(st.sampled_from(choices), max_size=most))


@st.composite
def texts(draw, ordered: bool | None = None) -> str:
    """The text of a module with one specification, called `Random`."""
    low = draw(st.integers(-1, 1))
    author = Author(draw, low, low + draw(st.integers(1, 3)))
    kinds = draw(st.lists(st.sampled_from(list(INITIAL)), min_size=2, max_size=5, unique=True))
    is_ordered = draw(st.booleans()) if ordered is None else ordered
    text = HEAD.format(
        nodes=draw(st.integers(1, 3)), low=author.low, high=author.high, ordered=", ordered=True" if is_ordered else ""
    )
    lines = []
    for number, kind in enumerate(kinds):
        author.variables[f"v{number}"] = kind
        lines.append(f"    v{number}: {kind} = state({author.pick(INITIAL[kind]).format(n=author.number())})")
    lines.append("")
    for number in range(draw(st.integers(0, 2))):
        lines += author.pure(f"value{number}")
    for number in range(draw(st.integers(0, 1))):
        lines += author.doing(f"effect{number}")
    if author.chance(4):
        lines += author.action("begin", "initial")
    for number in range(draw(st.integers(1, 3))):
        lines += author.action(f"act{number}")
    for kind in ("invariant", "step_invariant"):
        if author.chance(2):
            lines += author.property(f"a_{kind}", kind)
    return text + "\n".join(lines)
