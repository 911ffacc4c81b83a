"""Putting a specification together: its variables, helpers, actions and properties, read from its classes."""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .. import domains, ir
from ..domains import Bool, Map, Type
from ..errors import CODES, Refusal
from ..hints import is_enumerable
from ..source import Source, SourceMissing, class_node, function_node
from ..specification import Spec, _Variable
from ..split import Home
from .calls import annotation
from .comprehensions import type_of
from .expressions import read_expression
from .fit import fit
from .scope import Role, Scope, Stop
from .statements import Block, always_returns, read_block

PARAM_LIMIT = 256  # instances per parameter; beyond, a parameter is drawn from the state
INSTANCE_LIMIT = 65536

_Definition = ast.FunctionDef | ast.AsyncFunctionDef

_NOT_YET = {
    "eventually": "E314",
    "leads_to": "E314",
    "weak_fairness": "E313",
    "strong_fairness": "E313",
}
_PROPERTIES = ("invariant", "step_invariant", "witness", "boundary", "terminal")


class Assembly:
    """Reads one specification class; `refusals` collects what was wrong, in the order it was found."""

    def __init__(self, spec: type[Spec]) -> None:
        self.spec = spec
        self.refusals: list[Refusal] = []
        self.variables: dict[str, ir.Variable] = {}
        self.functions: dict[str, ir.Function] = {}
        self.homes: dict[str, Home] = {}
        self._reading: list[str] = []

    # ------------------------------------------------------------------------------------------ variables

    def read_variables(self) -> None:
        """Every `name: Type = state(…)`, base classes first."""
        self._look_outside()
        for base in reversed(self.spec.__mro__):
            if not issubclass(base, Spec) or base is Spec:
                continue
            source, node = class_node(base)
            for statement in node.body:
                with self._collecting():
                    self._class_statement(source, base, statement)

    def _look_outside(self) -> None:
        """An action that has slipped out of its class would be missed in silence."""
        for name, value in vars(sys.modules[self.spec.__module__]).items():
            if inspect.isfunction(value) and hasattr(value, "__quorate__") and value.__qualname__ == name:
                source, node = function_node(value)
                kind = value.__quorate__.replace("_", " ")
                with self._collecting():
                    scope = self._scope(source, {}, "action")
                    scope.refuse("E316", node, f"{name} is marked as {kind} and stands outside a class")

    @contextmanager
    def _collecting(self) -> Iterator[None]:
        try:
            yield
        except Stop as stop:
            if stop.refusal:
                self.refusals.append(stop.refusal)

    def _scope(self, source: Source, globals_: dict[str, Any], role: Role) -> Scope:
        return Scope(
            source, globals_, role, self.variables, self.spec, read_expression, self.read_helper, refusals=self.refusals
        )

    def _class_statement(self, source: Source, base: type, node: ast.stmt) -> None:
        scope = self._scope(source, vars(sys.modules[base.__module__]), "initial value")
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Pass() | ast.Expr(value=ast.Constant()):
                return
            case ast.AnnAssign(target=ast.Name(id=name)) if isinstance(vars(base).get(name), _Variable):
                self.variables[name] = self._variable(scope, base, node, name)
            case ast.Assign(targets=[ast.Name(id=name)]) if isinstance(vars(base).get(name), _Variable):
                scope.refuse("E302", node, f"the state variable {name!r} has no type")
            case _:
                scope.refuse("E315", node, "this has no place in a specification's class")

    def _variable(self, scope: Scope, base: type, node: ast.AnnAssign, name: str) -> ir.Variable:
        kind = type_of(scope, node.annotation, annotation(scope, node.annotation))
        if isinstance(kind, domains.Int):
            scope.refuse(
                "E207", node.annotation, "int has no bounds", "use a Range: `class Epoch(Range, low=0, high=n)`"
            )
        declared: _Variable = vars(base)[name]
        call = node.value
        if not isinstance(call, ast.Call):
            scope.refuse("E315", node, "a state variable gets `state(…)`")
        initial = self._initial(scope, node, kind, call.args[0] if call.args else None)
        return ir.Variable(name, kind, initial, bool(declared.ghost), span=scope.span(node))

    def _initial(self, scope: Scope, node: ast.AST, kind: Type, given: ast.expr | None) -> ir.Expr:
        """The initial value: of every entry of a map, of the variable itself otherwise."""
        span = scope.span(given or node)
        if isinstance(kind, Map):
            name = f"key{len(scope.locals) + 1}"
            inner = given
            if isinstance(given, ast.Lambda):
                name, inner = given.args.args[0].arg, given.body
            with scope.binding(node, name, kind.key):
                body = self._initial(scope, node, kind.value, inner)
            binder = ir.Binder(name, kind.key, ir.Every(kind.key, span=span), span=span)
            return ir.Comprehension((binder,), body, type=kind, span=span)
        if given is not None:
            return fit(scope, given, scope.expr(given, kind), kind)
        if isinstance(kind, domains.Set | domains.Seq | domains.Bag):
            return ir.Collect((), type=kind, span=span)
        scope.refuse("E301", node, f"{domains.a(kind)} needs an initial value")

    # ------------------------------------------------------------------------------------------ functions

    def read_helper(self, scope: Scope, node: ast.expr, function: Callable[..., Any], method: bool) -> ir.Function:
        """A helper function or method, read when it is first called."""
        name = f"self.{function.__name__}" if method else function.__name__
        if name in self._reading:
            scope.refuse("E309", node, f"{name} calls itself")
        if name not in self.functions:
            self._reading.append(name)
            try:
                self.functions[name] = self._function(scope, node, function, name, method)
            finally:
                self._reading.remove(name)
        return self.functions[name]

    def _function(
        self, caller: Scope, call: ast.expr, function: Callable[..., Any], name: str, method: bool
    ) -> ir.Function:
        try:
            source, node = function_node(function)
        except SourceMissing as problem:
            caller.refuse("E406", call, str(problem))
        scope, params = self._opened(source, function, node, "pure", method)
        returns = self._return_type(scope, node, function)
        scope.returns = returns
        scope.role = "pure" if returns is not None else "effect"
        if returns is None and not method:
            scope.refuse(
                "E132", node, f"{name} gives no value", "an effect on the state is a method of the specification"
            )
        body = read_block(scope, node.body)
        if returns is not None and not always_returns(body) and not self.refusals:
            scope.refuse("E136", node, f"{name} may end without a value")
        return ir.Function(name, params, returns, body, _doc(function), span=scope.span(node))

    def _return_type(self, scope: Scope, node: _Definition, function: Callable[..., Any]) -> Type | None:
        if node.returns is None:
            scope.refuse("E137", node, f"{node.name} does not say what it gives", "write `-> bool`, `-> None`, …")
        hint = annotation(scope, node.returns)
        return None if hint is None else type_of(scope, node.returns, hint)

    def _opened(
        self, source: Source, function: Callable[..., Any], node: _Definition, role: Role, method: bool
    ) -> tuple[Scope, tuple[ir.Param, ...]]:
        """The scope inside a function, and its parameters."""
        scope = self._scope(source, inspect.unwrap(function).__globals__, role)
        if isinstance(node, ast.AsyncFunctionDef):
            scope.refuse("E110", node, "'async' is not in the language")
        arguments = node.args
        if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults or arguments.posonlyargs:
            scope.refuse("E138", node, "a parameter has a default or a star", "write plain parameters")
        given = list(arguments.args)
        if method:
            if not given:
                scope.refuse("E139", node, f"{node.name} has no `self`", "write `def name(self, …)`")
            scope.self_name = given.pop(0).arg
        scope.counts = _assignments(node)
        return scope, tuple(self._param(scope, argument) for argument in given)

    def _param(self, scope: Scope, argument: ast.arg) -> ir.Param:
        if argument.annotation is None:
            scope.refuse("E302", argument, f"the parameter {argument.arg!r} has no type")
        kind = type_of(scope, argument.annotation, annotation(scope, argument.annotation))
        if argument.arg in scope.locals or argument.arg == scope.self_name:
            scope.refuse("E407", argument, f"{argument.arg!r} is already in use here")
        scope.locals[argument.arg] = scope.types[argument.arg] = kind
        return ir.Param(argument.arg, kind, span=scope.span(argument))

    def read_text(self, source: Source, node: ast.expr, names: dict[str, Type]) -> ir.Expr:
        """An expression that stands in no class, as if it stood in a property; raises Stop."""
        bases = (base for base in reversed(self.spec.__mro__) if issubclass(base, Spec))
        known = {name: value for base in bases for name, value in vars(sys.modules[base.__module__]).items()}
        scope = self._scope(source, known, "property")
        scope.self_name, scope.before_name = "self", "before"
        scope.locals = dict(names)
        return scope.expr(node)

    # ------------------------------------------------------------------------------- actions and properties

    def marked(self, *kinds: str) -> Iterator[tuple[str, Callable[..., Any]]]:
        """The methods with one of these marks: in order of declaration, base classes first."""
        names = (name for base in reversed(self.spec.__mro__) for name in vars(base))
        for name in dict.fromkeys(names):
            method = inspect.getattr_static(self.spec, name)
            if getattr(method, "__quorate__", None) in kinds:
                yield name, method

    def read_actions(self, kind: str) -> tuple[ir.Action, ...]:
        """All actions, or all choices of an initial state."""
        found: list[ir.Action] = []
        for name, method in self.marked(kind):
            with self._collecting():
                found.append(self._action(name, method))
        return tuple(found)

    def _action(self, name: str, method: Callable[..., Any]) -> ir.Action:
        source, node = function_node(method)
        scope, params = self._opened(source, method, node, "action", True)
        body = read_block(scope, node.body)
        drawn = tuple(self._drawn(scope, param, params[:n], body) for n, param in enumerate(params))
        instances = 1
        for param in drawn:
            instances *= 1 if param.drawn else domains.cardinality(param.type)
        if instances > INSTANCE_LIMIT:
            scope.refuse(
                "E307",
                node,
                f"{name} has {instances} instances",
                "draw a parameter from the state: `require(p in self.…)`",
            )
        self._note_home(scope, node, name, drawn, method)
        return ir.Action(name, drawn, body, _doc(method), span=scope.span(node))

    def _note_home(
        self, scope: Scope, node: ast.AST, name: str, params: tuple[ir.Param, ...], method: Callable[..., Any]
    ) -> None:
        """On which thread of its first parameter an action runs, if it says so."""
        thread = getattr(inspect.unwrap(method), "__thread__", None)
        if thread is None:
            return
        threads = type_of(scope, node, type(thread))
        if not params or params[0].drawn is not None or not isinstance(threads, domains.Enumeration):
            scope.refuse("E317", node, f"{name} runs on a thread of its first parameter, and has none")
        self.homes[name] = Home(threads.members.index(thread.name), threads)

    def _drawn(self, scope: Scope, param: ir.Param, earlier: tuple[ir.Param, ...], body: Block) -> ir.Param:
        """A parameter with many values comes from the collection in the state that a first `require` names."""
        if is_enumerable(param.type) and domains.cardinality(param.type) <= PARAM_LIMIT:
            return param
        known = {other.name for other in earlier}
        for source in _membership(body, param.name):
            if _locals_of(source) <= known:
                return ir.Param(param.name, param.type, source, span=param.span)
        span = param.span
        message = f"{param.name!r} has too many values to try each"
        raise Stop(Refusal("E307", span, message, CODES["E307"][1], scope.source.line(span.line)))

    def read_properties(self) -> tuple[ir.Property, ...]:
        """All properties, in order of declaration."""
        for name, method in self.marked(*_NOT_YET):
            with self._collecting():
                self._not_yet(name, method)
        found: list[ir.Property] = []
        for name, method in self.marked(*_PROPERTIES):
            with self._collecting():
                found.append(self._property(name, method))
        return tuple(found)

    def _not_yet(self, name: str, method: Any) -> None:
        source, node = function_node(method)
        scope = self._scope(source, inspect.unwrap(method).__globals__, "property")
        scope.refuse(_NOT_YET[method.__quorate__], node, f"{method.__quorate__.replace('_', ' ')} is not there yet")

    def _property(self, name: str, method: Any) -> ir.Property:
        source, node = function_node(method)
        kind: ir.Kind = method.__quorate__
        scope = self._scope(source, inspect.unwrap(method).__globals__, "property")
        names = [argument.arg for argument in node.args.args]
        expected = 2 if kind == "step_invariant" else 1
        if len(names) != expected:
            cure = "write `def name(self, before: Self) -> bool`" if expected == 2 else "write `def name(self) -> bool`"
            scope.refuse("E305", node, f"{name} takes {len(names) - 1} parameters", cure)
        scope.self_name, scope.before_name = names[0], names[1] if expected == 2 else None
        scope.counts = _assignments(node)
        if node.returns is None or annotation(scope, node.returns) is not bool:
            scope.refuse("E304", node, f"{name} does not say that it gives a truth value")
        doc = _doc(method)
        if not doc and kind in ("invariant", "step_invariant", "witness"):
            scope.refuse("E308", node, f"{name} has no docstring")
        scope.returns = Bool()
        body = read_block(scope, node.body)
        if not always_returns(body) and not self.refusals:
            scope.refuse("E136", node, f"{name} may end without a value")
        return ir.Property(name, kind, body, doc, span=scope.span(node))


def _doc(function: Callable[..., Any]) -> str:
    return inspect.cleandoc(function.__doc__ or "")


def _assignments(function: _Definition) -> dict[str, int]:
    """How often each name is assigned in a function."""
    counts: dict[str, int] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            counts[node.id] = counts.get(node.id, 0) + 1
    return counts


def _membership(body: Block, name: str) -> Iterator[ir.Expr]:
    """The collections that the leading requires say this name is in."""
    for statement in body:
        if not isinstance(statement, ir.Require):
            return
        test = statement.test
        for part in test.items if isinstance(test, ir.Logic) and test.op == "and" else (test,):
            match part:
                case ir.Contains(ir.Local(found), container) if found == name:
                    yield container
                case _:
                    pass


def _locals_of(item: ir.Expr) -> set[str]:
    """The names an expression uses; comprehensions are left out of account, they do not occur here."""
    match item:
        case ir.Local(name):
            return {name}
        case ir.Read() | ir.Literal():
            return set()
        case ir.At(inner, key):
            return _locals_of(inner) | _locals_of(key)
        case ir.Field(inner) | ir.Convert(inner):
            return _locals_of(inner)
        case _:
            return {"?"}
