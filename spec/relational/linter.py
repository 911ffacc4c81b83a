"""Is an obligation in the decidable fragment? Effectively propositional logic (EPR), with stratified functions.

An edge `A → B` of the sort graph says that elements of A make new elements of B: a function from A to B, or a
"for every A there is a B". Without a cycle every formula has a finite model or none, and the solver terminates;
with one it may answer "unknown". Knows formulas only.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .printing import text
from .terms import (
    And,
    Application,
    AtMost,
    Atom,
    Choice,
    Equal,
    Formula,
    Iff,
    Implies,
    Not,
    Or,
    Quantified,
    Sum,
    Truth,
    Variable,
    free,
    nodes,
)
from .theory import Theory


@dataclass(frozen=True)
class Edge:
    """Elements of `source` make elements of `target`, because of a formula or a function."""

    source: str
    target: str
    cause: str
    formula: Formula | None = None

    @property
    def reason(self) -> str:
        """The function, or the name of the claim and the part of it that makes the elements."""
        return self.cause if self.formula is None else f"{self.cause}: {text(self.formula)}"


@dataclass(frozen=True)
class Fragment:
    """The sort graph of some formulas; decidable unless it has a cycle or speaks of integers."""

    edges: tuple[Edge, ...]
    cycle: tuple[Edge, ...]
    integers: tuple[str, ...]  # formulas that need arithmetic

    @property
    def decidable(self) -> bool:
        """Whether the solver is sure to terminate, given enough resources."""
        return not self.cycle and not self.integers

    def explanation(self) -> str:
        """One paragraph: the fragment, or the cycle with the formula responsible for each edge."""
        if self.decidable:
            pairs = sorted({f"{e.source} → {e.target}" for e in self.edges})
            return f"decidable (EPR): the sort graph has no cycle: {', '.join(pairs) or 'no edges'}"
        lines = [f"arithmetic in {name}" for name in self.integers]
        lines += [f"{e.source} → {e.target} because of {e.reason}" for e in self.cycle]
        return "outside the decidable fragment:\n" + "\n".join(f"  {line}" for line in lines)


@dataclass(frozen=True)
class Claim:
    """A formula as the solver gets it: assumed, or denied."""

    name: str
    formula: Formula
    assumed: bool = True


def fragment(theory: Theory, claims: Iterable[Claim]) -> Fragment:
    """The fragment that the claims lie in, with the functions of the vocabulary that they mention."""
    claims = tuple(claims)
    used = {node.function for claim in claims for node in nodes(claim.formula) if isinstance(node, Application)}
    functions = [s for s in theory.symbols() if s.name in used and s.result is not None]
    edges = [Edge(sort, s.result or "", f"function {s.name}") for s in functions for sort in s.sorts]
    edges += [edge for claim in claims for edge in formula_edges(claim)]
    unique = tuple({(e.source, e.target): e for e in reversed(edges) if e.target != "Integer"}.values())
    integers = tuple(claim.name for claim in claims if _arithmetic(claim.formula))
    return Fragment(unique, _cycle(unique), integers)


def formula_edges(claim: Claim) -> tuple[Edge, ...]:
    """The edges of one claim: a universal variable makes the existential ones below it that depend on it."""
    found: dict[tuple[str, str], Edge] = {}
    for source, target, part in _dependencies(claim.formula, claim.assumed, frozenset()):
        found.setdefault((source, target), Edge(source, target, claim.name, part if claim.assumed else Not(part)))
    return tuple(found.values())


def _dependencies(
    formula: Formula, positive: bool, universal: frozenset[Variable]
) -> Iterable[tuple[str, str, Formula]]:
    match formula:
        case Truth() | Atom() | Equal() | AtMost():
            return
        case Not(body):
            yield from _dependencies(body, not positive, universal)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _dependencies(part, positive, universal)
        case Implies(premise, conclusion):
            yield from _dependencies(premise, not positive, universal)
            yield from _dependencies(conclusion, positive, universal)
        case Iff(left, right):
            for part in (left, right):
                yield from _dependencies(part, True, universal)
                yield from _dependencies(part, False, universal)
        case Quantified(is_universal, variables, body) if is_universal == positive:
            yield from _dependencies(body, positive, universal | set(variables))
        case Quantified(_, variables, body):
            makers = {v.sort for v in free(formula) & universal}
            yield from ((source, v.sort, formula) for source in sorted(makers) for v in variables)
            yield from _dependencies(body, positive, universal)


def _arithmetic(formula: Formula) -> bool:
    return any(isinstance(node, Sum | Choice | Application) and node.sort == "Integer" for node in nodes(formula))


def _cycle(edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """A shortest cycle, or nothing."""
    cycles = (_path_back(edge, edges) for edge in edges)
    return min((c for c in cycles if c), key=len, default=())


def _path_back(first: Edge, edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
    paths: list[tuple[Edge, ...]] = [(first,)]
    seen = {first.target}
    for path in paths:
        if path[-1].target == first.source:
            return path
        for edge in edges:
            if edge.source == path[-1].target and (edge.target not in seen or edge.target == first.source):
                seen.add(edge.target)
                paths.append((*path, edge))
    return ()
