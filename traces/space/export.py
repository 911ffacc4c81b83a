"""The clustered state graph around a trace for other tools: networkx, GraphML, Graphviz, SVG.

The trace is the red path. Knows the views, nothing of how states are grouped.
"""

from itertools import pairwise
from typing import Any

from ...spec.lang.meaning.compile import Meaning
from ..export.graph import drawn, quoted
from ..text import headline
from ..trace import Trace
from .views import views


class NoSuchView(ValueError):
    """The states of this trace are not grouped by that; the text says by what they are."""


def to_graph(trace: Trace, by: str | None = None) -> Any:
    """A networkx.DiGraph of groups (`label`, `states`, `on_trace`) and edges (`steps`, `actions`, `on_trace`).

    `by` names what groups the states, as the page does: a variable, "depth", "last action", …; without it the first.
    Raises NoSuchView.
    """
    import networkx

    offered = views(trace, Meaning(trace.specification))["views"]
    chosen = next((one for one in offered if by in (None, one["name"])), None)
    if chosen is None:
        raise NoSuchView(f"the states are not grouped by {by!r}; there is: {', '.join(one['name'] for one in offered)}")
    path = chosen["path"]
    passed = set(pairwise(path))
    graph: Any = networkx.DiGraph(name=f"{headline(trace)}, states by {chosen['name']}")
    for number, (name, states, *_) in enumerate(chosen["nodes"]):
        graph.add_node(number, label=name, states=states, on_trace=number in path, end=number == path[-1])
    for source, target, count, actions in chosen["edges"]:
        graph.add_edge(source, target, steps=count, actions=", ".join(actions), on_trace=(source, target) in passed)
    return graph


def to_graphml(trace: Trace, by: str | None = None) -> str:
    """The graph as GraphML."""
    import networkx

    return "\n".join(networkx.generate_graphml(to_graph(trace, by))) + "\n"


def to_dot(trace: Trace, by: str | None = None) -> str:
    """The graph in Graphviz's language; steps that stay within a group are not drawn."""
    import pydot

    graph = to_graph(trace, by)
    drawing = pydot.Dot("space", graph_type="digraph", rankdir="LR", label=quoted(graph.name), labelloc="t")
    drawing.set_node_defaults(shape="box", fontname="monospace", style="rounded")
    drawing.set_edge_defaults(fontname="monospace", color="gray50")
    for node, own in graph.nodes(data=True):
        emphasis: dict[str, Any] = {"color": "red", "penwidth": "3" if own["end"] else "2"} if own["on_trace"] else {}
        text = f"{own['label']}\n{own['states']} state{'' if own['states'] == 1 else 's'}"
        drawing.add_node(pydot.Node(str(node), label=quoted(text), **emphasis))
    for source, target, own in graph.edges(data=True):
        if source != target:
            emphasis = {"color": "red", "penwidth": "3"} if own["on_trace"] else {}
            drawing.add_edge(pydot.Edge(str(source), str(target), label=quoted(str(own["steps"])), **emphasis))
    return str(drawing.to_string())


def to_svg(trace: Trace, by: str | None = None) -> str:
    """The graph drawn by Graphviz; raises NoGraphviz."""
    return drawn(to_dot(trace, by))
