"""Reading a specification class, with its constants bound, into the typed tree."""

import ast
import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from .. import ir
from ..domains import Type
from ..errors import CODES, Refusal, Refused
from ..meaning.effects import parts
from ..meaning.ghosts import ghost_leaks
from ..source import Source, SourceMissing, class_node, source_of
from ..specification import Spec, bind, declared
from ..split import CannotSplit, Home, points, split
from .assembly import Assembly
from .scope import Stop


def read(
    spec: type[Spec],
    constants: Mapping[str, int] | None = None,
    variants: Collection[str] = (),
    splits: Collection[str] = (),
) -> ir.Specification:
    """The tree of a specification with these constants and variants, its actions split at these points.

    `splits` holds names of points (`NL`), of single steps (`NL.log`), or `all`. Raises Refused with everything that is
    wrong: unknown or impossible constants or points (E005), and whatever in the text is not in the language.
    """
    source, node = _definition(spec)
    try:
        bind(spec, dict(constants or {}), variants)
    except ValueError as problem:
        raise Refused([Refusal("E005", source.span(node), str(problem), CODES["E005"][1])]) from None
    assembly = Assembly(spec)
    assembly.read_variables()
    actions, initial = assembly.read_actions("action"), assembly.read_actions("initial")
    properties = assembly.read_properties()
    if not actions and not assembly.refusals:
        message = f"{spec.__name__} has no actions"
        assembly.refusals.append(Refusal("E310", source.span(node), message, CODES["E310"][1]))
    if assembly.refusals:
        raise Refused(sorted(assembly.refusals, key=_place))
    actions = tuple(action for action in actions if not _switched_off(action))
    known, _ = declared(spec)
    specification = ir.Specification(
        name=spec.__name__,
        doc=(spec.__doc__ or "").strip(),
        constants=tuple((name, int(constant)) for name, constant in known.items()),
        variants=tuple(sorted(variants)),
        variables=tuple(assembly.variables.values()),
        functions=_used(assembly.functions, (*assembly.variables.values(), *actions, *initial, *properties)),
        initial=initial,
        actions=actions,
        properties=properties,
        digest=_digest(spec),
        span=source.span(node),
    )
    specification = _split(spec, specification, assembly.homes, splits)
    _refuse_leaks(spec, specification)
    return specification


def read_expression(
    spec: type[Spec], specification: ir.Specification, text: str, names: Mapping[str, Type]
) -> tuple[ir.Expr, ir.Specification]:
    """An expression over the state of a specification that was read from this class, where `names` are also known.

    State variables may stand without `self`. Gives the tree, and the specification with the helpers it calls. Raises
    Refused.
    """
    try:
        tree = ast.parse(text.strip(), "<expression>", mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        place = ir.Span("expression", 1, getattr(problem, "offset", 1) or 1, 1, len(text) + 1)
        raise Refused([Refusal("E001", place, f"this is no expression: {problem}", CODES["E001"][1], text)]) from None
    own = declared(spec)[1]
    bind(spec, dict(specification.constants), [name for name in specification.variants if name in own])
    assembly = Assembly(spec)
    assembly.variables |= {variable.name: variable for variable in specification.variables}
    node = _with_self(tree.body, assembly.variables.keys())
    try:
        expression = assembly.read_text(Source("expression", text.strip(), ast.Module([], [])), node, dict(names))
    except Stop as stop:
        raise Refused([stop.refusal] if stop.refusal else assembly.refusals) from None
    helpers = {function.name: function for function in specification.functions} | assembly.functions
    return expression, replace(specification, functions=tuple(helpers.values()))


def _with_self(node: ast.expr, variables: Collection[str]) -> ast.expr:
    """The expression with `self.` before every state variable that stands alone."""
    bound = {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}

    class Owned(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.expr:
            if name.id not in variables or name.id in bound:
                return name
            owner = ast.copy_location(ast.Name("self", ast.Load()), name)
            return ast.copy_location(ast.Attribute(owner, name.id, ast.Load()), name)

    found = Owned().visit(node)
    assert isinstance(found, ast.expr)
    return found


def _split(
    spec: type[Spec], specification: ir.Specification, homes: dict[str, Home], splits: Collection[str]
) -> ir.Specification:
    known = points(specification)
    names = {"all", *known, *(point.split(".")[0] for point in known)}
    if unknown := [name for name in splits if name not in names]:
        has = ", ".join(sorted(names - {"all"})) or "none"
        message = f"{spec.__name__} has no split point {unknown[0]!r}; it has {has}"
        raise Refused([Refusal("E005", specification.span, message, CODES["E005"][1])])
    try:
        return split(specification, homes, sorted(splits))
    except CannotSplit as problem:
        texts = {text.path: text for text in _sources(spec)}
        source = texts.get(problem.span.path)
        line = source.line(problem.span.line) if source else ""
        refusal = Refusal(problem.code, problem.span, problem.message, CODES[problem.code][1], line)
        raise Refused([refusal]) from None


def _switched_off(action: ir.Action) -> bool:
    """Whether an action starts with `require(some_variant)`, and the variant is off."""
    match action.body:
        case (ir.Require(test=ir.Literal(value=False)), *_):
            return True
        case _:
            return False


def _used(functions: Mapping[str, ir.Function], pieces: tuple[object, ...]) -> tuple[ir.Function, ...]:
    """The helpers that are called, each after those it calls: branches of variants that are off call none."""
    found: dict[str, ir.Function] = {}

    def visit(node: object) -> None:
        if isinstance(node, ir.Call | ir.Do) and node.function in functions.keys() - found.keys():
            visit(functions[node.function])
            found[node.function] = functions[node.function]
        for part in parts(node):
            visit(part)

    for piece in pieces:
        visit(piece)
    return tuple(found.values())


def _refuse_leaks(spec: type[Spec], specification: ir.Specification) -> None:
    """A ghost that decides something is no ghost: leaving it out of the identity would be wrong."""
    leaks = ghost_leaks(specification)
    if leaks:
        texts = {source.path: source for source in _sources(spec)}
        lines = [texts[leak.span.path].line(leak.span.line) if leak.span.path in texts else "" for leak in leaks]
        refusals = [
            Refusal("E311", leak.span, leak.message, CODES["E311"][1], line)
            for leak, line in zip(leaks, lines, strict=True)
        ]
        raise Refused(sorted(refusals, key=_place))


def _definition(spec: type[Spec]) -> tuple[Source, ast.ClassDef]:
    try:
        return class_node(spec)
    except SourceMissing as problem:
        nowhere = ir.Span("?", 1, 1, 1, 1)
        raise Refused([Refusal("E003", nowhere, str(problem), CODES["E003"][1])]) from None


def _place(refusal: Refusal) -> tuple[str, int, int]:
    return refusal.span.path, refusal.span.line, refusal.span.column


def _digest(spec: type[Spec]) -> str:
    """A name for the texts that a specification was read from: its own files and those of its base classes."""
    sources = {source.path: source.text for source in _sources(spec)}
    content = "\0".join(f"{path}\0{text}" for path, text in sorted(sources.items()))
    return hashlib.sha256(content.encode()).hexdigest()


def _sources(spec: type[Spec]) -> Iterator[Source]:
    import inspect
    import sys

    for base in spec.__mro__:
        if not issubclass(base, Spec) or base is Spec:
            continue
        yield source_of(inspect.getfile(base))
        for value in vars(sys.modules[base.__module__]).values():
            module = sys.modules.get(getattr(value, "__module__", None) or "")
            file = getattr(module, "__file__", None)
            if file and isinstance(value, type) and not file.startswith(_LANGUAGE) and _is_ours(value):
                yield source_of(file)


_LANGUAGE = str(__file__).rsplit("reader", 1)[0]


def _is_ours(value: type) -> bool:
    """Whether a class takes part in a specification: it derives from a word of the vocabulary."""
    return any((base.__module__ or "").startswith(__name__.rsplit(".reader", 1)[0]) for base in value.__mro__)
