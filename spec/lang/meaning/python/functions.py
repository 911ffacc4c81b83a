"""The generated functions: helpers, properties, initial values, and one per action.

An action's function takes a state and gives all its steps, as pairs of label and state. Loops over parameters stand
inside it; a guard stands in the outermost loop whose parameters it needs, as long as no run-time check that could
fail changes its turn. The module knows nothing of how source is compiled.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ... import domains, ir
from ...domains import Plain
from .. import effects
from . import aggregates
from .expressions import Expressions, Helper, Scope, bare, display, local
from .guards import Guard, hoisted
from .pool import Pool, word
from .statements import Body, Effect, Lines, abandons_in_loop


@dataclass(frozen=True, slots=True)
class Source:
    """Generated source, the objects it refers to, and the names of its functions."""

    text: str
    objects: Mapping[str, Any]
    start: str
    initial: tuple[tuple[str, str], ...]  # (name of the initial action, its function)
    actions: tuple[tuple[str, str], ...]
    properties: Mapping[str, str]


class Writer:
    """Writes the source of one specification."""

    def __init__(self, specification: ir.Specification) -> None:
        self.specification = specification
        self.lines = Lines()
        self.pool = Pool()
        self.variables = tuple(variable.name for variable in specification.variables)
        self._types = {variable.name: variable.type for variable in specification.variables}
        self._effects: dict[str, Effect] = {}
        self._known = self._helpers()
        self._x = Expressions(self.pool, self._known)
        self._scope = Scope({n: f"s_{n}" for n in self.variables}, {n: f"b_{n}" for n in self.variables})

    def source(self) -> Source:
        """Everything."""
        spec = self.specification
        for function in spec.functions:
            if function.returns is not None:
                self._function(function)
        for function in _callees_first(spec):
            self._effect(function)
        self._start()
        initial = tuple((action.name, self._action(action, "i")) for action in spec.initial)
        actions = tuple((action.name, self._action(action, "a")) for action in spec.actions)
        properties = {one.name: self._property(one) for one in spec.properties}
        text = "\n".join(self.lines.text).replace("\ndef ", "\n\n\ndef ") + "\n"
        return Source(text, self.pool.objects, "start", initial, actions, properties)

    # ------------------------------------------------------------------------------------- helpers

    def _helpers(self) -> dict[str, Helper]:
        found: dict[str, Helper] = {}
        for function in self.specification.functions:
            if function.returns is not None:
                reach = effects.effects_of(self.specification, function)
                here, before = reach.read_names(), reach.read_names(before=True)
                found[function.name] = Helper(f"f_{word(function.name)}", self._ordered(here), self._ordered(before))
        return found

    def _ordered(self, names: frozenset[str]) -> tuple[str, ...]:
        return tuple(name for name in self.variables if name in names)

    def _function(self, function: ir.Function) -> None:
        helper = self._known[function.name]
        names = [local(param.name) for param in function.params]
        names += [f"s_{name}" for name in helper.reads] + [f"b_{name}" for name in helper.reads_before]

        def write() -> None:
            self._body(abandon="", leave=_leave_with_value).write(function.body)

        self.lines.block(f"def {helper.name}({', '.join(names)}):", write)

    def _effect(self, function: ir.Function) -> None:
        reach = effects.effects_of(self.specification, function)
        writes = self._ordered(reach.written_names())
        takes = self._ordered(reach.read_names() | reach.written_names())
        effect = Effect(f"e_{word(function.name)}", takes, writes, reach.abandons)
        self._effects[function.name] = effect
        names = [*(local(param.name) for param in function.params), *(f"s_{name}" for name in takes)]

        def leave(body: Body, value: str | None, last: bool) -> None:
            if writes or effect.abandons:
                self.lines.add(f"return {display([f's_{name}' for name in writes])}")
            else:
                self.lines.add("return")

        def write() -> None:
            self._body(abandon="return None", leave=leave).write(function.body)

        self.lines.block(f"def {effect.name}({', '.join(names)}):", write)

    def _body(self, *, abandon: str, leave: Callable[[Body, str | None, bool], None], renames: bool = False) -> Body:
        return Body(
            self.lines,
            self._x,
            self._scope,
            self._effects,
            self._types,
            abandon=abandon,
            leave=leave,
            renames=renames,
        )

    # -------------------------------------------------------------------------- properties, start

    def _property(self, one: ir.Property) -> str:
        name = f"p_{word(one.name)}"
        reach = effects.effects_of(self.specification, one)

        def write() -> None:
            self._load("state", "s", reach.read_names())
            self._load("before", "b", reach.read_names(before=True))
            self._body(abandon="", leave=_leave_with_value).write(one.body)

        step = one.kind == "step_invariant"
        self.lines.block(f"def {name}({'before, state' if step else 'state'}):", write)
        return name

    def _load(self, state: str, prefix: str, names: frozenset[str]) -> None:
        """Reads the variables that are needed out of a state."""
        if len(names) * 2 > len(self.variables):
            self.lines.add(f"{self._tuple(prefix)} = {state}")
            return
        for position, name in enumerate(self.variables):
            if name in names:
                self.lines.add(f"{prefix}_{name} = {state}[{position}]")

    def _tuple(self, prefix: str) -> str:
        return ", ".join(f"{prefix}_{name}" for name in self.variables) + ("," if len(self.variables) == 1 else "")

    def _start(self) -> None:
        def write() -> None:
            for variable in self.specification.variables:
                self.lines.add(f"s_{variable.name} = {bare(self._x.value(variable.initial, self._scope))}")
            self.lines.add(f"return {display([f's_{name}' for name in self.variables])}")

        self.lines.block("def start():", write)

    # ------------------------------------------------------------------------------------- actions

    def _action(self, action: ir.Action, prefix: str) -> str:
        name = f"{prefix}_{word(action.name)}"
        separate = abandons_in_loop(action.body, self._effects)
        if separate:
            self._instance(action, f"{name}_instance")
        guards, rest = ((), action.body) if separate else hoisted(self.specification, action)
        self.lines.block(f"def {name}(state):", lambda: self._loops(action, name, tuple(guards), rest, separate))
        return name

    def _instance(self, action: ir.Action, name: str) -> None:
        """A function of one instance, which gives the state after it or None."""

        def leave(body: Body, value: str | None, last: bool) -> None:
            self.lines.add(f"return {self._new_state(body)}")

        def write() -> None:
            self.lines.add(f"{self._tuple('s')} = state")
            self._body(abandon="return None", leave=leave).write(action.body)

        params = "".join(f", {local(param.name)}" for param in action.params)
        self.lines.block(f"def {name}(state{params}):", write)

    def _loops(
        self, action: ir.Action, name: str, guards: tuple[Guard, ...], rest: Sequence[ir.Stmt], separate: bool
    ) -> None:
        if self.variables:
            self.lines.add(f"{self._tuple('s')} = state")
        label = _Label(self, action)
        body = self._body(
            abandon="continue" if action.params else "return ()",
            leave=lambda body, value, last: self._found(action, label, self._new_state(body), last),
            renames=True,
        )

        def level(number: int) -> None:
            for guard in guards:
                if guard.level == number:
                    body.guard(guard.statement, "continue" if number else "return ()")
            if number < len(action.params):
                if number == 0:
                    self.lines.add("found = []")
                self.lines.block(label.loop(number), lambda: level(number + 1))
            elif separate:
                self._call_instance(action, name, label)
            else:
                body.write(rest)

        level(0)
        if action.params:
            self.lines.add("return found")

    def _call_instance(self, action: ir.Action, name: str, label: "_Label") -> None:
        params = "".join(f", {local(param.name)}" for param in action.params)
        self.lines.add(f"target = {name}_instance(state{params})")
        if action.params:
            self.lines.block("if target is not None:", lambda: self._found(action, label, "target", True))
        else:
            self.lines.add(f"return () if target is None else (({label.text}, target),)")

    def _found(self, action: ir.Action, label: "_Label", target: str, last: bool) -> None:
        if not action.params:
            self.lines.add(f"return (({label.text}, {target}),)")
            return
        self.lines.add(f"found.append(({label.text}, {target}))")
        if not last:
            self.lines.add("continue")

    def _new_state(self, body: Body) -> str:
        return display([body.scope.state[name] for name in self.variables])

    def items(self, param: ir.Param) -> str:
        """What a parameter ranges over in a state: distinct, in the order of its type."""
        if param.drawn is None:
            return aggregates.every(self._x, param.type)
        drawn = aggregates.items(self._x, param.drawn, self._scope)
        match param.drawn.type:
            case domains.Set():
                return bare(drawn)
            case domains.Bag():
                return f"dict.fromkeys({bare(drawn)})"
        order = self.pool.order(param.type)
        return f"sorted(set({bare(drawn)}){f', key={order}' if order else ''})"


class _Label:
    """The loops over an action's parameters, and the label of the instance at hand.

    Labels of parameters that are not drawn are made once: `for l_a, rows in …: for l_b, label in rows:`.
    """

    def __init__(self, writer: Writer, action: ir.Action) -> None:
        self._writer, self._params = writer, action.params
        self._made = all(param.drawn is None for param in action.params)
        own = writer.pool
        if self._made:
            self._table = own.name(
                f"label_{word(action.name)}" if not action.params else f"labels_{word(action.name)}",
                None,
                (action,),
                lambda: _label_table(action.name, action.params, ()),
            )
            self.text = "label" if action.params else self._table
        else:
            self.text = f"({action.name!r}, {display([local(param.name) for param in action.params])})"

    def loop(self, number: int) -> str:
        """The head of the loop over a parameter."""
        param = self._params[number]
        if not self._made:
            return f"for {local(param.name)} in {self._writer.items(param)}:"
        row = "label" if number == len(self._params) - 1 else f"labels_{number + 1}"
        return f"for {local(param.name)}, {row} in {f'labels_{number}' if number else self._table}:"


def _label_table(name: str, params: tuple[ir.Param, ...], given: tuple[Plain, ...]) -> Any:
    if not params:
        return (name, given)
    return tuple((value, _label_table(name, params[1:], (*given, value))) for value in domains.values(params[0].type))


def _leave_with_value(body: Body, value: str | None, last: bool) -> None:
    if value is not None:
        body.lines.add(f"return {value}")


def _callees_first(specification: ir.Specification) -> list[ir.Function]:
    """Effects in an order in which each comes after the effects it calls."""
    by_name = {f.name: f for f in specification.functions if f.returns is None}
    found: dict[str, ir.Function] = {}

    def visit(function: ir.Function) -> None:
        if function.name not in found:
            for called in _done(function.body):
                visit(by_name[called])
            found[function.name] = function

    for function in by_name.values():
        visit(function)
    return list(found.values())


def _done(body: Sequence[ir.Stmt]) -> list[str]:
    found: list[str] = []
    for statement in body:
        match statement:
            case ir.Do(function):
                found.append(function)
            case ir.If(_, then, otherwise):
                found += _done((*then, *otherwise))
            case ir.For(_, inner):
                found += _done(inner)
            case _:
                pass
    return found
