"""The whole C text of one model: helpers, actions, properties, and the table through which the runtime calls them.

The text depends on the specification and the identity of states alone, and is the same on every run. Knows the
tree's top level; nothing of compilers.
"""

import hashlib
from dataclasses import dataclass, field, replace

from ....spec.lang import domains, ir
from ....spec.lang.meaning.dead import Dead
from ....spec.lang.meaning.effects import effects_of
from . import expressions, layout, loops, statements
from .identity.dead import masking
from .identity.symmetry import canonical, digested
from .scope import Helper, Scope
from .statements import Flow
from .text import Body, Unit
from .values import Parts, Place, Scalar, Value, code, ctype, load, store

# Up to so many action instances, the first guards are compiled for each, with its arguments as constants; and so is
# the rest, if it has no more than so many lines.
SPECIALISED = 64
SHORT = 16
COPIED = 4  # words: successors of up to so many are copied to their place

UNIT = '#include "model.h"\n'
MASKING = "void masking(u64 *s) {\n    mask(s);\n}\n"  # `mask` as another unit calls it
MASKING_NOTHING = "void masking(u64 *s) {\n    (void)s;\n}\n"
MASKED_APART = "#define MASKED\nvoid masking(u64 *s);\nOWN void mask(u64 *s) {\n    masking(s);\n}\n\n"


@dataclass(frozen=True, slots=True)
class Program:
    """A model in C, and what is needed to read its answers."""

    specification: ir.Specification
    head: str
    mask: str  # what is dead, where anything may be: known last, and so a part that can be compiled apart
    tail: str
    state: layout.StateLayout
    sites: tuple[ir.Span, ...]
    symmetric: tuple[domains.Sort, ...]
    begun: str = ""  # the first unit as it was begun, where nothing has turned out to be dead

    @property
    def text(self) -> str:
        """All of it, as one unit."""
        return self.head + self.mask + self.tail

    @property
    def units(self) -> tuple[str, str]:
        """The same in two units, of which the first does not say what is dead; the second may be empty."""
        if self.begun:
            return self.begun, UNIT + MASKING_NOTHING
        if not self.mask:
            return self.text, ""
        return self.head + MASKED_APART + self.tail, UNIT + self.mask + MASKING

    @property
    def digest(self) -> str:
        """Names the text: searches of equal digests are the same search."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:32]

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions as numbered in C: the actions, then the initial ones."""
        initial = [action.name for action in self.specification.initial] or ["init"]
        return (*(action.name for action in self.specification.actions), *initial)


def generate(
    specification: ir.Specification,
    ghosts: bool = False,
    symmetric: tuple[domains.Sort, ...] = (),
    dead: tuple[Dead, ...] = (),
    profiled: bool = False,
) -> Program:
    """Writes a model. `ghosts` counts them as part of a state's identity; `symmetric` sorts are canonicalised;
    states that differ in `dead` values only are the same. A `profiled` model counts what takes its time."""
    return masked(outline(specification, ghosts, symmetric, bool(dead), profiled), dead)


def masked(program: Program, dead: tuple[Dead, ...]) -> Program:
    """An outline with what is dead."""
    return replace(program, mask="".join(f"{part}\n\n" for part in masking(program.state, dead)))


def outline(
    specification: ir.Specification, ghosts: bool, symmetric: tuple[domains.Sort, ...], masks: bool, profiled: bool
) -> Program:
    """A model but for what is dead, if it `masks` anything."""
    state = layout.state_layout(specification.variables, ghosts)
    writer = _Writer(specification, state, Unit(), profiled=profiled)
    writer.helpers_in_order()
    first = [
        *([writer.profile()] if profiled else []),
        *writer.texts,
        writer.start(),
        *(writer.action(action, number) for number, action in enumerate(specification.actions)),
        *(
            writer.action(action, number)
            for number, action in enumerate(specification.initial, len(specification.actions))
        ),
        *(writer.property(one) for one in specification.properties),
    ]
    second = [
        *canonical(writer.unit, state, symmetric),
        writer.questions("violated", "invariant", True),
        writer.questions("reached", "witness", False),
        writer.questions("intended", "terminal", False),
        writer.questions("within", "boundary", True),
        writer.steps(),
        writer.take(bool(symmetric), masks),
        writer.expand(),
        writer.initial(),
        writer.table(masks),
    ]
    title = f"/* {specification.name}, generated. */\n{UNIT}"
    sizes = f"enum {{ WORDS = {state.words}, IDENTITY = {state.identity_words} }};"
    head = "\n\n".join([title + sizes, "\n".join(writer.unit.top), *first]) + "\n\n"
    tail = "\n\n".join(second) + "\n"
    mask = MASKED_APART if masks else ""
    return Program(specification, head, mask, tail, state, tuple(writer.unit.sites), symmetric)


@dataclass(slots=True)
class _Writer:
    specification: ir.Specification
    state: layout.StateLayout
    unit: Unit
    helpers: dict[str, Helper] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    profiled: bool = False

    def scope(self, body: Body, now: str = "s", stable: bool = True) -> Scope:
        return Scope(body, self.state, self.helpers, expressions.value, now=now, stable=stable)

    # ------------------------------------------------------------------------------------------ helpers

    def helpers_in_order(self) -> None:
        """Writes the helper functions, those that are called before those that call them."""
        functions = {function.name: function for function in self.specification.functions}
        done: set[str] = set()

        def visit(function: ir.Function) -> None:
            if function.name in done:
                return
            done.add(function.name)
            for called in called_by(function.body):
                visit(functions[called])
            self.texts.append(self.helper(function))

        for function in self.specification.functions:
            visit(function)

    def helper(self, function: ir.Function) -> str:
        cname = "h_" + "".join(c if c.isalnum() and c.isascii() else "_" for c in function.name)
        cname += f"_{len(self.helpers)}"
        self.helpers[function.name] = Helper(cname, function)
        return self._effect(function, cname) if function.returns is None else self._pure(function, cname)

    def _pure(self, function: ir.Function, cname: str) -> str:
        kind = function.returns
        assert kind is not None
        direct = not isinstance(kind, domains.Tuple) and layout.small(kind)
        body = Body(self.unit, "return 0;" if direct else "return;")
        scope = self.scope(body)
        params = self._params(scope, function.params)
        result = None if direct else expressions.unflattened(kind, Place(kind, "out"))
        flow = Flow(scope, "", "", result)
        self._statements(flow, function.body)
        returns, out = (ctype(kind), []) if direct else ("void", ["u64 *out"])
        if body.stops:
            self.unit.stopping.add(cname)
        own = "PURE" if direct and not body.stops else "OWN"
        return body.render(f"{own} {returns} {cname}({', '.join(['Context *cx', 'const u64 *s', *params, *out])})")

    def _effect(self, function: ir.Function, cname: str) -> str:
        body = Body(self.unit, "return STOPPED;")
        scope = self.scope(body, "n", False)
        params = self._params(scope, function.params)
        flow = Flow(scope, "return ABANDONED;", "return DONE;")
        if self._statements(flow, function.body):
            body.line("return DONE;")
        if body.stops:
            self.unit.stopping.add(cname)
        return body.render(f"OWN int {cname}({', '.join(['Context *cx', 'u64 *n', *params])})")

    def _params(self, scope: Scope, params: tuple[ir.Param, ...]) -> list[str]:
        """C parameters, bound as local names; marked as used."""
        texts: list[str] = []
        scope.body.line(f"(void)cx; (void){scope.now};")
        for param in params:
            scope.names[param.name] = self._param(scope.body, param.type, param.name, texts)
        return texts

    def _param(self, body: Body, kind: domains.Type, stem: str, texts: list[str]) -> Value:
        if isinstance(kind, domains.Tuple):
            return Parts(kind, tuple(self._param(body, item, stem, texts) for item in kind.items))
        own = body.fresh(stem)
        body.line(f"(void){own};")
        if layout.small(kind):
            texts.append(f"{ctype(kind)} {own}")
            return Scalar(kind, own)
        texts.append(f"const u64 *{own}")
        return Place(kind, own, stable=True)

    def _statements(self, flow: Flow, body: tuple[ir.Stmt, ...]) -> bool:
        statements.declare_locals(flow, body)
        return statements.block(flow, body)

    # ------------------------------------------------------------------------------- actions and properties

    def start(self) -> str:
        """The state with every variable at its initial value."""
        body = Body(self.unit, "return STOPPED;")
        scope = self.scope(body, "n", False)
        body.line("(void)cx;")
        body.line("clear(n, WORDS);")
        for variable in self.specification.variables:
            store(body, scope.variable(variable.name), _fit(scope.value(variable.initial), variable.type))
        body.line("return DONE;")
        return body.render("OWN int start(Context *cx, u64 *n)")

    def action(self, action: ir.Action, number: int) -> str:
        """The step of one action with given arguments, in two functions: its first guards, and all the rest.

        The guards are small and stand in line with their arguments as constants; what rarely happens is called.
        """
        guards, rest = _guards(action.body)
        first = self._guard(action, number, guards)
        body = Body(self.unit, "return STOPPED;")
        scope = self.scope(body)
        params = self._params(scope, action.params)
        flow = Flow(scope, "return ABANDONED;", "return DONE;", copies=True)
        if self._statements(flow, rest):
            statements.begin_changes(flow)
            body.line("return DONE;")
        short = len(body.lines) <= SHORT and _instances(action) <= SPECIALISED
        given = ", ".join(["Context *cx", "const u64 *s", "u64 *n", *params])
        text = body.render(f"{'INLINED' if short else 'OWN'} int a_{number}({given})")
        return "\n\n".join([f"/* {action.name} */\n{first}", text])

    def _guard(self, action: ir.Action, number: int, guards: tuple[ir.Stmt, ...]) -> str:
        """Whether the first guards of an action hold."""
        body = Body(self.unit, "return 0;")
        scope = self.scope(body)
        params = self._params(scope, action.params)
        statements.block(Flow(scope, "return 0;", ""), guards)
        body.line("return 1;")
        inlined = "INLINED" if _instances(action) <= SPECIALISED else "OWN"
        if body.stops:
            self.unit.stopping.add(f"g_{number}")
        return body.render(f"{inlined} int g_{number}({', '.join(['Context *cx', 'const u64 *s', *params])})")

    def property(self, one: ir.Property) -> str:
        """Whether a property holds; a step invariant also sees the state before."""
        body = Body(self.unit, "return 0;")
        scope = self.scope(body)
        flow = Flow(scope, "", "")
        body.line("(void)cx; (void)s;")
        before = ""
        if one.kind == "step_invariant":
            before = ", const u64 *b"
            body.line("(void)b;")
        self._statements(flow, one.body)
        return f"/* {one.name} */\n" + body.render(
            f"OWN int {self._property_name(one)}(Context *cx, const u64 *s{before})"
        )

    def _property_name(self, one: ir.Property) -> str:
        return f"p_{self.specification.properties.index(one)}"

    def _of_kind(self, kind: ir.Kind) -> list[ir.Property]:
        return [one for one in self.specification.properties if one.kind == kind]

    def questions(self, cname: str, kind: ir.Kind, negated: bool) -> str:
        """The wanted properties of a kind that are true (or false) in a state, as bits; the first unless `all`."""
        lines = [f"OWN u64 {cname}(Context *cx, const u64 *s, u64 wanted, int all) {{", "    u64 found = 0;"]
        lines.append("    (void)cx; (void)s; (void)wanted; (void)all;")
        for bit, one in enumerate(self._of_kind(kind)):
            test = f"{'!' if negated else ''}{self._property_name(one)}(cx, s)"
            lines += self._ask(bit, one, test)
        return "\n".join([*lines, "    return found;", "}"])

    def _ask(self, bit: int, one: ir.Property, test: str) -> list[str]:
        number = self.specification.properties.index(one)
        timed = [f"        spent(ACTIONS + {number}, began);"] if self.profiled else []
        return [
            f"    if (wanted >> {bit} & 1) {{",
            *(["        const u64 began = profile_clock();"] if self.profiled else []),
            f"        const int is = {test};",
            *timed,
            f"        if (rarely(cx->site != 0)) {{ cx->failed = PROPERTY + {number}; return found; }}",
            f"        if (is) {{ found |= UINT64_C(1) << {bit}; if (!all) return found; }}",
            "    }",
        ]

    def steps(self) -> str:
        """The wanted step invariants that a step breaks, as bits."""
        lines = ["OWN u64 broken(Context *cx, const u64 *b, const u64 *s, u64 wanted) {", "    u64 found = 0;"]
        lines.append("    (void)cx; (void)b; (void)s; (void)wanted; const int all = 1; (void)all;")
        for bit, one in enumerate(self._of_kind("step_invariant")):
            lines += self._ask(bit, one, f"!{self._property_name(one)}(cx, s, b)")
        return "\n".join([*lines, "    return found;", "}"])

    # ---------------------------------------------------------------------------------------- successors

    def take(self, symmetric: bool, masked: bool) -> str:
        """What happens to every successor: judged, made canonical, handed to the runtime."""
        lines = ["OWN void take(Context *cx, const u64 *s, u64 *n, unsigned action) {"]
        lines.append("    unsigned kind = 0; u64 steps = 0;")
        if self._of_kind("step_invariant"):
            lines.append("    if (s != NULL && cx->steps != 0) steps = broken(cx, s, n, cx->steps);")
        if self._of_kind("boundary"):
            lines.append("    if (within(cx, n, ~UINT64_C(0), 0) != 0) kind = OUTSIDE;")
        lines.append("    (void)s;")
        lines.append("    if (rarely(cx->site != 0)) return;")
        if masked:
            lines.append("    u64 key[WORDS]; copy(key, n, WORDS); mask(key);")
        if symmetric:
            lines.append("    canonical_by(n, key);" if masked else "    canonical(n);")
        if self.target() == "n":
            lines.append("    copy(cx->next, n, WORDS);")
        lines.append(f"    const u64 print = fingerprint({'key' if masked else 'n'}, IDENTITY);")
        return "\n".join([*lines, "    accept(cx, print, WORDS, action, kind, (unsigned)steps);", "}"])

    def target(self) -> str:
        """Where successors are made. Where a short one is put depends on how many before it were known; it is made in
        a place of its own, and so need not wait for that."""
        return "n" if self.state.words <= COPIED else "cx->next"

    def expand(self) -> str:
        """All successors of a state, in order."""
        body = Body(self.unit, "return;")
        body.line("(void)cx; (void)s;")
        if self.target() == "n":
            body.line("u64 n[WORDS]; (void)n;")
        if self.profiled:
            body.line("note_values(s);")
        for number, action in enumerate(self.specification.actions):
            if self.profiled:
                body.line(f"const u64 began_{number} = profile_clock();")
            self._instances(body, action, number, "s")
            if self.profiled:
                body.line(f"spent({number}, began_{number});")
            body.line("settle(cx);")
        return body.render("OWN void expand(Context *cx, const u64 *s)")

    def profile(self) -> str:
        """What a profile counts, and the function that looks at the values of a state."""
        spec = self.specification
        counts = f"ACTIONS = {len(spec.actions)}, PROPERTIES = {len(spec.properties)}"
        body = Body(self.unit, "return;")
        for at, (variable, offset) in enumerate(zip(spec.variables, self.state.offsets, strict=True)):
            place = Place(variable.type, "s", stable=True).part(variable.type, offset)
            body.line(f"note_value({at}, {digested(place)});")
        body.line("note_state();")
        head = f'enum {{ {counts}, VARIABLES = {len(spec.variables)} }};\n#include "profile.h"'
        return f"{head}\n\n{body.render('OWN void note_values(const u64 *s)')}"

    def initial(self) -> str:
        """All initial states, in order."""
        body = Body(self.unit, "return;")
        body.line("u64 s[WORDS];")
        body.line("if (start(cx, s) != DONE) { cx->failed = NOBODY; return; }")
        if self.target() == "n":
            body.line("u64 n[WORDS]; (void)n;")
        first = len(self.specification.actions)
        for number, action in enumerate(self.specification.initial, first):
            self._instances(body, action, number, "NULL")
        if not self.specification.initial:
            body.line(f"copy({self.target()}, s, WORDS);")
            body.line(f"take(cx, NULL, {self.target()}, {first});")
        return body.render("OWN void initial(Context *cx)")

    def _instances(self, body: Body, action: ir.Action, number: int, before: str) -> None:
        body.line(f"/* {action.name} */")
        depth = body.depth
        if _instances(action) <= SPECIALISED:
            for given in _constant_arguments(action):
                self._try(body, number, given, before)
            return
        self._loops(body, action, number, before)
        while body.depth > depth:
            body.close()

    def _loops(self, body: Body, action: ir.Action, number: int, before: str) -> None:
        scope = self.scope(body)
        given: list[str] = []
        body.stop = f"{{ cx->failed = {number}; return; }}"
        for param in action.params:
            if param.drawn is None:
                loops.opened(scope, _binder(param, ir.Every(type=param.type, span=param.span)))
            else:
                loops.opened_distinct(scope, param, param.drawn)
            given += expressions.passed(body, scope.names[param.name])
        self._try(body, number, given, before)

    def _try(self, body: Body, number: int, given: list[str], before: str) -> None:
        guard = f"g_{number}({', '.join(['cx', 's', *given])})"
        call = f"a_{number}({', '.join(['cx', 's', self.target(), *given])})"
        macro = "TRY_CHECKED" if f"g_{number}" in self.unit.stopping else "TRY"
        body.line(f"{macro}({guard}, {call}, {number}, {before}, {self.target()});")

    def table(self, masked: bool) -> str:
        """What the runtime knows of the model."""
        counts = [len(self.specification.actions), max(1, len(self.specification.initial))]
        counts += [len(self._of_kind(kind)) for kind in _KINDS]
        numbers = ", ".join(["ABI", "WORDS", "IDENTITY", *map(str, counts)])
        functions = f"initial, expand, violated, reached, intended, orbit, {'mask' if masked else 'NULL'}"
        return f"{self.affected()}\n\nconst Model model = {{{numbers}, affected, {functions}}};"

    def affected(self) -> str:
        """For every action, the invariants that read what it writes; all others are as true after a step as before.
        A profile counts what every invariant costs in every state."""
        spec = self.specification
        reads = [effects_of(spec, one).read_names() for one in self._of_kind("invariant")]
        rows = [effects_of(spec, action).written_names() for action in spec.actions]
        bits = [sum(1 << bit for bit, read in enumerate(reads) if read & written or self.profiled) for written in rows]
        bits += [2**64 - 1] * max(1, len(spec.initial))
        return f"OWN const u64 affected[] = {{{', '.join(f'{row:#x}ull' for row in bits)}}};"


_KINDS: tuple[ir.Kind, ...] = ("invariant", "step_invariant", "witness", "terminal")


def called_by(node: object) -> list[str]:
    """The helper functions that a part of the tree calls, in order."""
    found: list[str] = []
    if isinstance(node, tuple):
        for item in node:
            found += called_by(item)
    elif isinstance(node, ir.Call | ir.Do):
        found.append(node.function)
        found += called_by(node.arguments)
    elif hasattr(node, "__dataclass_fields__") and not isinstance(node, ir.Span) and not _is_type(node):
        for own in node.__dataclass_fields__:
            found += called_by(getattr(node, own))
    return found


def _is_type(node: object) -> bool:
    return type(node).__module__ == domains.__name__


def _fit(value: Value, kind: domains.Type) -> Value:
    return Scalar(kind, load(value)) if layout.numeric(kind) else value


def _guards(body: tuple[ir.Stmt, ...]) -> tuple[tuple[ir.Stmt, ...], tuple[ir.Stmt, ...]]:
    """The `require`s that an action begins with, and the rest."""
    count = next((at for at, statement in enumerate(body) if not isinstance(statement, ir.Require)), len(body))
    return body[:count], body[count:]


def _instances(action: ir.Action) -> int:
    """How many instances an action has; a drawn or large parameter counts as too many to write out."""
    count = 1
    for param in action.params:
        if param.drawn is not None or not layout.small(param.type):
            return SPECIALISED + 1
        count *= domains.cardinality(param.type)
    return count


def _constant_arguments(action: ir.Action) -> list[list[str]]:
    """The arguments of all instances, in order, as C constants."""
    rows: list[list[str]] = [[]]
    for param in action.params:
        values = [layout.encode(param.type, plain) for plain in domains.values(param.type)]
        texts = [load(code(param.type, number)) for number in values]
        rows = [[*row, text] for row in rows for text in texts]
    return rows


def _binder(param: ir.Param, domain: "ir.Every | ir.Expr") -> ir.Binder:
    return ir.Binder(param.name, param.type, domain, span=param.span)
