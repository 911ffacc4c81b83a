"""Random trees, typed but senseless: run-time checks fail in many of them. `Guarded` ones are like protocols.

Not a test: tests load this module by the fixture `random_trees`.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from quorate.spec.lang import domains, ir

SPAN = ir.Span("random", 1, 1, 1, 2)
BOOL, INT = domains.Bool(), domains.Int(-50, 50)
Kind = domains.Type


class Trees:
    """Makes random trees. Every node has a span of its own, so that a failing check is known by its place."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.line = 0
        self.types: list[Kind] = []
        self.variables: list[ir.Variable] = []
        self.locals: dict[str, Kind] = {}
        self.helpers: list[ir.Function] = []

    def span(self) -> ir.Span:
        self.line += 1
        return ir.Span("random", self.line, 1, self.line, 2)

    def pick(self, items: Any) -> Any:
        return self.random.choice(list(items))

    # ------------------------------------------------------------------------------------ types

    def scalar(self, number: int) -> Kind:
        low = self.random.randint(-2, 1)
        return self.pick(
            (
                BOOL,
                domains.Range(f"R{number}", low, low + self.random.randint(0, 4)),
                domains.Enumeration(f"E{number}", tuple("abcd"[: self.random.randint(1, 4)])),
                domains.Sort(f"S{number}", self.random.randint(1, 3), ordered=True),
            )
        )

    def make_types(self) -> None:
        scalars = [self.scalar(n) for n in range(3)]
        one = domains.Record("One", (("x", scalars[0]), ("y", scalars[1])), ordered=True)
        two = domains.Record("Two", (("z", scalars[2]), ("x", scalars[0])))
        none = domains.Record("Nothing", ())
        union = domains.Union((one, none, two))
        seq = domains.Seq("Queue", self.pick([one, scalars[0], union]), self.random.randint(1, 3))
        big = domains.Range("Big", -5, 2 ** self.pick([3, 18, 30]))
        wide = domains.Record("Wide", (("n", scalars[0]), ("m", big), ("s", seq), ("o", domains.Optional(scalars[1]))))
        bag = domains.Bag("Soup", self.pick([union, one, scalars[1]]), self.random.randint(1, 3))
        deep = domains.Seq("Deep", self.pick([wide, domains.Optional(union)]), self.random.randint(2, 5))
        either = domains.Union((wide, one))
        sets = [domains.Set(self.pick([*scalars, one, domains.Optional(scalars[0])])), domains.Set(union)]
        sets.append(domains.Set(domains.Range("Many", 1, self.pick([33, 40, 63, 64, 70]))))
        maps = [domains.Map(scalars[0], seq), domains.Map(self.pick([one, scalars[1]]), self.pick([*scalars, sets[0]]))]
        nested = domains.Map(scalars[2], domains.Map(scalars[0], seq))
        optional = [
            domains.Optional(one),
            domains.Optional(union),
            domains.Optional(scalars[1]),
            domains.Optional(wide),
        ]
        self.types = [*scalars, one, two, union, seq, wide, bag, deep, either, *sets, *maps, nested, *optional]

    def plain(self, kind: Kind) -> Any:
        """A random value."""
        match kind:
            case domains.Int(low, high):
                return self.random.randint(low, high)
            case domains.Record(_, fields):
                return tuple(self.plain(item) for _, item in fields)
            case domains.Union(records):
                tag = self.random.randrange(len(records))
                return tag, self.plain(records[tag])
            case domains.Optional(item):
                return None if self.random.random() < 0.4 else self.plain(item)
            case domains.Map(key, value):
                return tuple(self.plain(value) for _ in range(domains.cardinality(key)))
            case domains.Set(item):
                return self.random.getrandbits(domains.cardinality(item))
            case domains.Seq(_, item, capacity):
                return tuple(self.plain(item) for _ in range(self.random.randint(0, capacity)))
            case domains.Bag(_, item, capacity):
                items = [self.plain(item) for _ in range(self.random.randint(0, capacity))]
                return tuple(sorted(items, key=domains.order_key(item)))
        if isinstance(kind, domains.Range):
            return self.random.randint(kind.low, kind.high)
        return self.pick(domains.values(kind))

    # ------------------------------------------------------------------------------ expressions

    def expr(self, kind: Kind, depth: int) -> ir.Expr:
        """A random expression of a type."""
        if depth <= 0 or self.random.random() < 0.15:
            return self.leaf(kind)
        choices: list[Callable[[], ir.Expr | None]] = [
            lambda: ir.IfElse(
                self.test(depth - 1), self.expr(kind, depth - 1), self.expr(kind, depth - 1), **self.at(kind)
            ),
            lambda: self.from_map(kind, depth - 1),
            lambda: self.from_seq(kind, depth - 1),
            lambda: self.from_record(kind, depth - 1),
            lambda: self.call(kind, depth - 1),
            lambda: self.own(kind, depth - 1),
            lambda: self.own(kind, depth - 1),
            lambda: self.own(kind, depth - 1),
        ]
        return self.pick(choices)() or self.leaf(kind)

    def at(self, kind: Kind) -> dict[str, Any]:
        return {"type": kind, "span": self.span()}

    def test(self, depth: int) -> ir.Expr:
        return self.expr(BOOL, depth)

    def number(self, depth: int) -> ir.Expr:
        return self.expr(INT, depth)

    def leaf(self, kind: Kind) -> ir.Expr:
        known: list[ir.Expr] = [ir.Read(v.name, **self.at(kind)) for v in self.variables if v.type == kind]
        known += [ir.Local(name, **self.at(kind)) for name, own in self.locals.items() if own == kind]
        if known and self.random.random() < 0.7:
            return self.pick(known)
        return ir.Literal(self.plain(kind), **self.at(kind))

    def from_map(self, kind: Kind, depth: int) -> ir.Expr | None:
        maps = [t for t in self.types if isinstance(t, domains.Map) and t.value == kind]
        if not maps:
            return None
        found = self.pick(maps)
        return ir.At(self.expr(found, depth), self.expr(found.key, depth), **self.at(kind))

    def from_seq(self, kind: Kind, depth: int) -> ir.Expr | None:
        seqs = [t for t in self.types if isinstance(t, domains.Seq) and t.item == kind]
        if not seqs:
            return None
        whole = self.expr(self.pick(seqs), depth)
        if self.random.random() < 0.5:
            return ir.End(whole, self.pick(["first", "last"]), **self.at(kind))
        return ir.At(whole, self.number(depth), **self.at(kind))

    def from_record(self, kind: Kind, depth: int) -> ir.Expr | None:
        found = [(t, n) for t in self.types if isinstance(t, domains.Record) for n, item in t.fields if item == kind]
        unions = [t for t in self.types if isinstance(t, domains.Union)]
        found += [(u, n) for u in unions for t in u.records for n, item in t.fields if item == kind]
        if not found:
            return None
        record, name = self.pick(found)
        return ir.Field(self.expr(record, depth), name, **self.at(kind))

    def call(self, kind: Kind, depth: int) -> ir.Expr | None:
        fitting = [h for h in self.helpers if h.returns == kind]
        if not fitting:
            return None
        helper = self.pick(fitting)
        return ir.Call(helper.name, tuple(self.expr(p.type, depth) for p in helper.params), **self.at(kind))

    def own(self, kind: Kind, depth: int) -> ir.Expr | None:
        """What only values of this type have."""
        match kind:
            case domains.Bool():
                return self.truth(depth)
            case domains.Int():
                return self.whole_number(depth)
            case domains.Range():
                if self.random.random() < 0.3:
                    binder = self.binder(depth)
                    best = self.bound(binder, lambda: self.expr(kind, depth))
                    default = self.expr(kind, depth) if self.random.random() < 0.7 else None
                    return ir.Best(self.pick(["min", "max"]), (binder,), best, default=default, **self.at(kind))
                return ir.Convert(self.number(depth), **self.at(kind))
            case domains.Record(_, fields):
                if self.random.random() < 0.4 and fields:
                    name, item = self.pick(fields)
                    return ir.Replace(self.expr(kind, depth), ((name, self.expr(item, depth)),), **self.at(kind))
                return ir.Make(tuple(self.expr(item, depth) for _, item in fields), **self.at(kind))
            case domains.Union(records):
                return ir.Convert(self.expr(self.pick(records), depth), **self.at(kind))
            case domains.Optional(item):
                return ir.Convert(self.expr(item, depth), **self.at(kind))
        return self.collection(kind, depth)

    def collection(self, kind: Kind, depth: int) -> ir.Expr | None:
        match kind:
            case domains.Map(key, value):
                name = f"k{self.span().line}"
                binder = ir.Binder(name, key, ir.Every(type=key, span=self.span()), span=self.span())
                return ir.Comprehension((binder,), self.bound(binder, lambda: self.expr(value, depth)), **self.at(kind))
            case domains.Set(item):
                if self.random.random() < 0.5:
                    sides = self.expr(kind, depth), self.expr(kind, depth)
                    return ir.SetAlgebra(self.pick("|&-"), *sides, **self.at(kind))
            case domains.Seq(_, item, _):
                if self.random.random() < 0.3:
                    return ir.Concat(self.expr(kind, depth), self.expr(kind, depth), **self.at(kind))
                if self.random.random() < 0.4:
                    bounds = [self.number(depth) if self.random.random() < 0.6 else None for _ in range(2)]
                    return ir.Slice(self.expr(kind, depth), *bounds, **self.at(kind))
            case domains.Bag(_, item, _):
                pass
            case _:
                return None
        if self.random.random() < 0.5:
            items = tuple(self.expr(item, depth) for _ in range(self.random.randint(0, 2)))
            return ir.Collect(items, **self.at(kind))
        binder = self.binder(depth)
        return ir.Comprehension((binder,), self.bound(binder, lambda: self.expr(item, depth)), **self.at(kind))

    def truth(self, depth: int) -> ir.Expr:
        kind = self.pick(self.types)
        sets = [t for t in self.types if isinstance(t, domains.Set | domains.Seq | domains.Bag)]
        holder = self.pick(sets)
        binder = self.binder(depth)
        unions = [t for t in self.types if isinstance(t, domains.Union)]
        union = self.pick([*unions, domains.Optional(unions[0])])
        records = union.records if isinstance(union, domains.Union) else unions[0].records
        pair = domains.Tuple((self.pick(self.types[:3]), INT))
        both = [ir.Collect(tuple(self.expr(t, depth) for t in pair.items), **self.at(pair)) for _ in range(2)]
        return self.pick(
            (
                lambda: ir.Not(self.test(depth), **self.at(BOOL)),
                lambda: ir.Logic(self.pick(["and", "or"]), (self.test(depth), self.test(depth)), **self.at(BOOL)),
                lambda: ir.Compare(
                    self.pick(["==", "!="]), self.expr(kind, depth), self.expr(kind, depth), **self.at(BOOL)
                ),
                lambda: ir.Compare(
                    self.pick(["<", "<=", ">", ">="]), self.number(depth), self.number(depth), **self.at(BOOL)
                ),
                lambda: ir.Compare(self.pick(["<", ">="]), *both, **self.at(BOOL)),
                lambda: ir.Contains(self.expr(holder.item, depth), self.expr(holder, depth), **self.at(BOOL)),
                lambda: ir.Is(self.expr(union, depth), self.pick(records), **self.at(BOOL)),
                lambda: ir.Quantified(
                    self.pick(["any", "all"]), (binder,), self.bound(binder, lambda: self.test(depth)), **self.at(BOOL)
                ),
            )
        )()

    def whole_number(self, depth: int) -> ir.Expr:
        holder = self.pick([t for t in self.types if isinstance(t, domains.Set | domains.Seq | domains.Bag)])
        ranges = [t for t in self.types if isinstance(t, domains.Range)]
        binder = self.binder(depth)
        op = self.pick(["+", "-", "*", "//", "%"])
        sides = self.number(depth), self.number(depth)
        wide = domains.Int()
        made = self.pick(
            (
                lambda: ir.Arithmetic(op, *sides, **self.at(wide)),
                lambda: ir.Size(self.expr(holder, depth), **self.at(wide)),
                lambda: ir.Sum((binder,), self.bound(binder, lambda: self.number(depth)), **self.at(wide)),
                lambda: ir.Negate(sides[0], **self.at(wide)),
                lambda: ir.Convert(self.expr(self.pick(ranges), depth), **self.at(wide)) if ranges else sides[0],
            )
        )()
        test = ir.Compare("<", made, ir.Literal(40, **self.at(INT)), **self.at(BOOL))
        low = ir.Compare(">", made, ir.Literal(-40, **self.at(INT)), **self.at(BOOL))
        inside = ir.Logic("and", (test, low), **self.at(BOOL))
        return ir.IfElse(inside, made, ir.Literal(1, **self.at(INT)), **self.at(INT))

    def binder(self, depth: int) -> ir.Binder:
        name = f"b{self.span().line}"
        holder = self.pick([t for t in self.types if isinstance(t, domains.Set | domains.Seq | domains.Bag)])
        kind = self.pick(self.types[:4])
        if self.random.random() < 0.5:
            made = ir.Binder(name, kind, ir.Every(type=kind, span=self.span()), span=self.span())
        else:
            made = ir.Binder(name, holder.item, self.expr(holder, depth - 1), span=self.span())
        if self.random.random() < 0.3:
            made = replace(made, conditions=(self.bound(made, lambda: self.test(depth - 1)),))
        return made

    def bound(self, binder: ir.Binder, inside: Callable[[], ir.Expr]) -> Any:
        outer, self.locals = self.locals, {**self.locals, binder.name: binder.type}
        found = inside()
        self.locals = outer
        return found

    # ------------------------------------------------------------------------------- statements

    def block(self, count: int, depth: int) -> tuple[ir.Stmt, ...]:
        return tuple(self.statement(depth) for _ in range(count))

    def statement(self, depth: int) -> ir.Stmt:
        span = self.span()
        draw = self.random.random()
        if draw < 0.12:
            return ir.Require(self.test(2), span=span)
        if draw < 0.24:
            kind = self.pick([*self.types, INT])
            name = f"l{span.line}"
            let = ir.Let(name, kind, self.expr(kind, 2), span=span)
            self.locals[name] = kind
            return let
        if draw < 0.34 and depth:
            test = self.test(2)
            outer = dict(self.locals)
            then = self.block(self.random.randint(1, 2), depth - 1)
            self.locals = dict(outer)
            otherwise = self.block(self.random.randint(0, 2), depth - 1)
            self.locals = outer
            return ir.If(test, then, otherwise, span=span)
        if draw < 0.42 and depth:
            binder = replace(self.binder(2), conditions=())
            outer, self.locals = self.locals, {**self.locals, binder.name: binder.type}
            body = self.block(self.random.randint(1, 2), 0)
            self.locals = outer
            return ir.For(binder, body, span=span)
        if draw < 0.72:
            target = self.target(self.pick(self.variables))
            return ir.Assign(target, self.expr(target.type, 3), span=span)
        return self.update(span)

    def target(self, variable: ir.Variable) -> ir.Target:
        kind, keys = variable.type, []
        while isinstance(kind, domains.Map) and self.random.random() < 0.8:
            keys.append(self.expr(kind.key, 1))
            kind = kind.value
        if isinstance(kind, domains.Seq) and self.random.random() < 0.2:
            keys.append(self.number(1))
            kind = kind.item
        return ir.Target(variable.name, tuple(keys), kind, span=self.span())

    def update(self, span: ir.Span) -> ir.Stmt:
        target = self.target(self.pick(self.variables))
        match target.type:
            case domains.Set(item):
                op = self.pick(["add", "discard", "update", "clear"])
                given = {"update": (self.expr(target.type, 2),), "clear": ()}.get(op, (self.expr(item, 2),))
            case domains.Seq(_, item, _):
                op = self.pick(["append", "append", "extend", "remove_first", "clear"])
                given = {"append": (self.expr(item, 2),), "extend": (self.expr(target.type, 2),)}.get(op, ())
            case domains.Bag(_, item, _):
                op = self.pick(["add", "add", "remove", "clear"])
                given = () if op == "clear" else (self.expr(item, 2),)
            case kind:
                return ir.Assign(target, self.expr(kind, 3), span=span)
        return ir.Update(target, op, given, span=span)

    # ---------------------------------------------------------------------------- specification

    def function(self, number: int) -> ir.Function:
        kind = self.pick([*self.types, BOOL])
        params = tuple(ir.Param(f"p{number}{i}", self.pick(self.types), span=self.span()) for i in range(2))
        self.locals = {p.name: p.type for p in params}
        test, early = self.test(2), ir.Return(self.expr(kind, 2), span=self.span())
        body = (ir.If(test, (early,), span=self.span()), ir.Return(self.expr(kind, 2), span=self.span()))
        return ir.Function(f"helper{number}", params, kind, body, span=self.span())

    def action(self, number: int) -> ir.Action:
        params = []
        self.locals = {}
        for i in range(self.random.randint(0, 2)):
            drawn = [v for v in self.variables if isinstance(v.type, domains.Set | domains.Seq | domains.Bag)]
            if drawn and self.random.random() < 0.3:
                source = self.pick(drawn)
                read = ir.Read(source.name, **self.at(source.type))
                params.append(ir.Param(f"d{number}{i}", source.type.item, read, span=self.span()))
            else:
                params.append(ir.Param(f"a{number}{i}", self.pick(self.types[:4]), span=self.span()))
        self.locals = {p.name: p.type for p in params}
        body = (ir.Require(self.test(2), span=self.span()), *self.block(self.random.randint(1, 4), 2))
        return ir.Action(f"action{number}", tuple(params), body, span=self.span())

    def specification(self) -> ir.Specification:
        self.make_types()
        chosen = self.random.sample(self.types, 5)
        self.variables = [
            ir.Variable(f"v{n}", kind, ir.Literal(self.plain(kind), **self.at(kind)), span=self.span())
            for n, kind in enumerate(chosen)
        ]
        self.helpers = [self.function(n) for n in range(2)]
        actions = tuple(self.action(n) for n in range(self.random.randint(2, 4)))
        self.locals = {}
        test = ir.Logic("or", (ir.Literal(True, **self.at(BOOL)), self.test(2)), **self.at(BOOL))
        invariant = ir.Property("fine", "invariant", (ir.Return(test, span=self.span()),), span=self.span())
        witness = ir.Property("seen", "witness", (ir.Return(self.test(2), span=self.span()),), span=self.span())
        return ir.Specification(
            "Random",
            "",
            (),
            (),
            tuple(self.variables),
            tuple(self.helpers),
            (),
            actions,
            (invariant, witness),
            span=SPAN,
        )


NODE = domains.Sort("Node", 2, ordered=True)
ROLE = domains.Enumeration("Role", ("idle", "busy", "done"))
MODE = domains.Optional(domains.Enumeration("Mode", ("up", "down")))
ROLES = domains.Map(NODE, ROLE)


class Guarded(Trees):
    """Nodes with roles: what a node holds is mostly read in one role, and written on the way to it."""

    def make_types(self) -> None:
        small = domains.Range("Small", 0, 3)
        nodes, queue = domains.Set(NODE), domains.Seq("Queue", small, 2)
        note = domains.Record("Note", (("seen", BOOL), ("count", small)))
        either = domains.Union((note, domains.Record("Other", (("count", small),))))
        kinds = (small, nodes, queue, domains.Optional(small), domains.Optional(note), note, domains.Optional(NODE))
        held = self.random.sample((*kinds, either), 4)
        rows = domains.Map(NODE, domains.Map(NODE, held[0]))
        maps = [rows, *(domains.Map(NODE, kind) for kind in held[1:])]
        self.data = [*maps, held[3]]
        self.types = [
            NODE,
            small,
            ROLE,
            BOOL,
            nodes,
            queue,
            either,
            note,
            *held,
            *(t.value for t in maps),
            *maps,
            ROLES,
        ]
        self.live = {f"v{n}": self.plain(ROLE) for n in range(len(self.data))}  # the role in which each is read
        self.known: dict[str, int] = {}  # the roles of nodes with these names

    # ------------------------------------------------------------------------------------ reading

    def truth(self, depth: int) -> ir.Expr:
        draw = self.random.random()
        if draw < 0.6:
            return super().truth(depth)
        return self.in_role(self.node(), self.plain(ROLE)) if draw < 0.9 else self.in_mode()

    def node(self) -> ir.Expr:
        names = [name for name, kind in self.locals.items() if kind == NODE]
        if names and self.random.random() < 0.97:
            return ir.Local(self.pick(names), **self.at(NODE))
        return ir.Literal(self.random.randrange(NODE.size), **self.at(NODE))

    def in_role(self, node: ir.Expr, role: int, op: Any = "==") -> ir.Expr:
        held = ir.At(ir.Read("role", **self.at(ROLES)), node, **self.at(ROLE))
        return ir.Compare(op, held, ir.Literal(role, **self.at(ROLE)), **self.at(BOOL))

    def in_mode(self) -> ir.Expr:
        mode, known = ir.Read("mode", **self.at(MODE)), ir.Literal(self.plain(MODE), **self.at(MODE))
        return ir.Compare(self.pick(["==", "!="]), mode, known, **self.at(BOOL))

    def leaf(self, kind: Kind) -> ir.Expr:
        places = [
            (one, name)
            for one in self.variables
            if isinstance(one.type, domains.Map) and one.type.value == kind and one.name in self.live
            for name in (*self.known, *(n for n, t in self.locals.items() if t == NODE and self.random.random() < 0.03))
            if self.locals.get(name) == NODE and self.known.get(name, self.live[one.name]) == self.live[one.name]
        ]
        if places and self.random.random() < 0.7:
            one, name = self.pick(places)
            return ir.At(ir.Read(one.name, **self.at(one.type)), ir.Local(name, **self.at(NODE)), **self.at(kind))
        names = [name for name, own in self.locals.items() if own == kind]
        if names and self.random.random() < 0.6:
            return ir.Local(self.pick(names), **self.at(kind))
        return ir.Literal(self.plain(kind), **self.at(kind))

    # ------------------------------------------------------------------------------------ writing

    def target(self, variable: ir.Variable) -> ir.Target:
        kind, keys = variable.type, list[ir.Expr]()
        while isinstance(kind, domains.Map) and self.random.random() < 0.95:
            keys.append(self.node() if self.random.random() < 0.95 else self.expr(kind.key, 1))
            kind = kind.value
        if isinstance(kind, domains.Seq) and self.random.random() < 0.2:
            keys.append(ir.Literal(0, **self.at(INT)))
            kind = kind.item
        return ir.Target(variable.name, tuple(keys), kind, span=self.span())

    def statement(self, depth: int) -> ir.Stmt:
        draw, span = self.random.random(), self.span()
        if draw < 0.15:
            return self.take_role(self.node(), self.plain(ROLE))
        if draw < 0.2:
            target = ir.Target("mode", (), MODE, span=self.span())
            return ir.Assign(target, ir.Literal(self.plain(MODE), **self.at(MODE)), span=span)
        if draw < 0.3 and self.effects:
            effect = self.pick(self.effects)
            return ir.Do(effect.name, tuple(self.node() for _ in effect.params), span=span)
        if draw < 0.4 and depth:
            return self.if_in_role(depth)
        return super().statement(depth)

    def take_role(self, node: ir.Expr, role: int) -> ir.Stmt:
        target = ir.Target("role", (node,), ROLE, span=self.span())
        return ir.Assign(target, ir.Literal(role, **self.at(ROLE)), span=self.span())

    def if_in_role(self, depth: int) -> ir.Stmt:
        node, role, outer, known = self.node(), self.plain(ROLE), dict(self.locals), dict(self.known)
        test = self.in_role(node, role)
        if isinstance(node, ir.Local):
            self.known[node.name] = role
        then = self.block(self.random.randint(1, 2), depth - 1)
        self.locals, self.known = dict(outer), known
        otherwise = self.block(self.random.randint(0, 2), depth - 1)
        self.locals = outer
        return ir.If(test, then, otherwise, span=self.span())

    def enter(self, node: ir.Expr, role: int) -> tuple[ir.Stmt, ...]:
        """A node takes a role, and mostly writes what is read in it."""
        found = [self.take_role(node, role)]
        for one in self.variables:
            if self.live.get(one.name) == role and isinstance(one.type, domains.Map) and self.random.random() < 0.9:
                target = ir.Target(one.name, (node,), one.type.value, span=self.span())
                found.append(ir.Assign(target, self.expr(one.type.value, 2), span=self.span()))
        return tuple(self.random.sample(found, len(found)))

    # ----------------------------------------------------------------------------- whole pieces

    def effect(self, number: int) -> ir.Function:
        params = (ir.Param(f"e{number}", NODE, span=self.span()),)
        self.locals, self.known = {p.name: p.type for p in params}, {}
        early: tuple[ir.Stmt, ...] = ()
        if self.random.random() < 0.3:
            early = (ir.If(self.test(1), (ir.Return(span=self.span()),), span=self.span()),)
        body = (*early, *self.block(self.random.randint(1, 3), 1))
        return ir.Function(f"effect{number}", params, None, body, span=self.span())

    def action(self, number: int) -> ir.Action:
        params = tuple(ir.Param(f"a{number}{i}", NODE, span=self.span()) for i in range(self.random.randint(1, 2)))
        self.locals = {p.name: p.type for p in params}
        role = self.plain(ROLE)
        self.known = {params[0].name: role}
        node = ir.Local(params[0].name, **self.at(NODE))
        guard = ir.Require(self.in_role(node, role), span=self.span())
        body = self.block(self.random.randint(0, 3), 2)
        if self.random.random() < 0.6:
            body = (*body, *self.enter(node, self.plain(ROLE)))
        return ir.Action(f"action{number}", params, (guard, *body), span=self.span())

    def variable(self, name: str, kind: Kind) -> ir.Variable:
        return ir.Variable(name, kind, ir.Literal(self.plain(kind), **self.at(kind)), span=self.span())

    def specification(self) -> ir.Specification:
        self.make_types()
        self.effects: list[ir.Function] = []
        self.variables = [self.variable("role", ROLES), self.variable("mode", MODE)]
        self.variables += [self.variable(f"v{n}", kind) for n, kind in enumerate(self.data)]
        self.helpers = [self.function(n) for n in range(2)]
        self.effects = [self.effect(0)]
        self.effects.append(self.effect(1))
        actions = tuple(self.action(n) for n in range(self.random.randint(3, 5)))
        return ir.Specification(
            "Guarded",
            "",
            (),
            (),
            tuple(self.variables),
            (*self.helpers, *self.effects),
            (),
            actions,
            (*(self.seen(v, r) for v, r in self.live.items()), *self.steps()),
            span=SPAN,
        )

    def seen(self, variable: str, role: int) -> ir.Property:
        """A witness of what a node holds in the role in which it is read."""
        name = f"n{variable}"
        self.locals, self.known = {name: NODE}, {name: role}
        named = ir.Binder(name, NODE, ir.Every(type=NODE, span=self.span()), span=self.span())
        kind = next(v.type for v in self.variables if v.name == variable)
        test = self.test(1)
        if isinstance(kind, domains.Map):
            held = ir.At(ir.Read(variable, **self.at(kind)), ir.Local(name, **self.at(NODE)), **self.at(kind.value))
            test = ir.Compare("==", held, ir.Literal(self.plain(kind.value), **self.at(kind.value)), **self.at(BOOL))
        inside = ir.Logic("and", (self.in_role(ir.Local(name, **self.at(NODE)), role), test), **self.at(BOOL))
        some = ir.Quantified(self.pick(["any", "all"]), (named,), inside, **self.at(BOOL))
        self.locals, self.known = {}, {}
        return ir.Property(f"seen_{variable}", "witness", (ir.Return(some, span=self.span()),), span=self.span())

    def steps(self) -> list[ir.Property]:
        """Sometimes a step invariant, always true, that looks at both states."""
        if self.random.random() < 0.7:
            return []
        before = ir.At(ir.Read("role", before=True, **self.at(ROLES)), self.node(), **self.at(ROLE))
        same = ir.Compare("==", before, ir.Literal(self.plain(ROLE), **self.at(ROLE)), **self.at(BOOL))
        test = ir.Logic("or", (same, ir.Literal(True, **self.at(BOOL)), self.test(1)), **self.at(BOOL))
        return [ir.Property("steps", "step_invariant", (ir.Return(test, span=self.span()),), span=self.span())]
