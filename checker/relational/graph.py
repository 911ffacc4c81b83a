"""The proof graph: which conjuncts keep which others true, under which action. Drawn from the cores of a run.

An arrow `a → b` labelled with an action says: that b survives the action was shown from a. It is also an order in
which to read the proof. Properties are boxes; what failed is red, what stayed undecided is dashed.
"""

from collections import defaultdict
from pathlib import Path
from typing import Any

import networkx as nx
import pydot

from ...spec.relational.theory import Kind, Theory
from .prove import Result
from .solver.discharge import Status

FILL = {Kind.SAFETY: "#dbeafe", Kind.STEP: "#dbeafe", Kind.LEMMA: "#fef9c3", Kind.COROLLARY: "#fef9c3"}


class GraphError(Exception):
    """The graph cannot be drawn."""


def graph(theory: Theory, result: Result) -> "nx.DiGraph[str]":
    """Nodes are conjuncts with their kind, sentence and status; edges carry the actions."""
    drawn: nx.DiGraph[str] = nx.DiGraph()
    for conjunct in (*theory.conjuncts(), *theory.steps(theory)):
        drawn.add_node(conjunct.name, kind=conjunct.kind, sentence=conjunct.sentence, status=Status.PROVED)
    actions: dict[tuple[str, str], list[str]] = defaultdict(list)
    for outcome in result.outcomes:
        action, conjunct_name = outcome.obligation.split(" / ")
        if outcome.status is not Status.PROVED and drawn.nodes[conjunct_name]["status"] is not Status.REFUTED:
            drawn.nodes[conjunct_name]["status"] = outcome.status
        for hypothesis in outcome.core:
            if hypothesis != conjunct_name:
                actions[hypothesis, conjunct_name].append(action)
    for (source, target), labels in sorted(actions.items()):
        drawn.add_edge(source, target, actions=tuple(labels))
    return drawn


def dot(drawn: "nx.DiGraph[str]") -> str:
    """The graph in the DOT language."""
    return str(_pydot(drawn).to_string())


def write(drawn: "nx.DiGraph[str]", path: Path) -> None:
    """Write `.dot` or `.svg`. Raises GraphError for another ending, and where Graphviz is missing for SVG."""
    match path.suffix:
        case ".dot":
            path.write_text(dot(drawn))
        case ".svg":
            path.write_bytes(svg(drawn))
        case _:
            raise GraphError(f"{path}: a proof graph is written as .svg or .dot; choose one of these endings")


def svg(drawn: "nx.DiGraph[str]") -> bytes:
    """The graph as a picture. Raises GraphError where Graphviz is missing."""
    try:
        return bytes(_pydot(drawn).create_svg())
    except FileNotFoundError as error:
        raise GraphError("Graphviz (`dot`) is not installed; install it, or write .dot instead of .svg") from error


def _pydot(drawn: "nx.DiGraph[str]") -> Any:  # pydot makes its methods at run time
    picture: Any = pydot.Dot("proof", graph_type="digraph", rankdir="LR", fontname="sans-serif")
    picture.set_node_defaults(fontname="sans-serif", fontsize="11")
    picture.set_edge_defaults(fontname="sans-serif", fontsize="9", color="#6b7280")
    for name, about in drawn.nodes(data=True):
        picture.add_node(pydot.Node(name, tooltip=about["sentence"], **_style(about["kind"], about["status"])))
    for source, target, about in drawn.edges(data=True):
        picture.add_edge(pydot.Edge(source, target, label="\\n".join(about["actions"])))
    return picture


def _style(kind: Kind, status: Status) -> dict[str, Any]:
    shape = "box" if kind in (Kind.SAFETY, Kind.STEP, Kind.COROLLARY) else "ellipse"
    style: dict[str, Any] = {"shape": shape, "style": "filled", "fillcolor": FILL.get(kind, "#f3f4f6")}
    match status:
        case Status.PROVED:
            return style
        case Status.REFUTED:
            return style | {"fillcolor": "#fecaca", "color": "#b91c1c", "penwidth": "2"}
        case Status.UNDECIDED:
            return style | {"style": "filled,dashed"}
