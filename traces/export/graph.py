"""A trace as a graph of states and steps: DOT and GraphML, and SVG where Graphviz is installed.

States that occur twice are one node, so a loop is seen as a loop.
"""

import shutil
import subprocess
from typing import Any

from ...spec.lang.domains import show
from ..changes import changed_variables
from ..text import headline
from ..trace import Trace, show_label

MOST_NODES = 150  # nobody reads a raw graph beyond this
SECONDS_FOR_LAYOUT = 60


class NoGraphviz(Exception):
    """The program `dot` is not installed, or could not draw the graph."""


class TooLarge(Exception):
    """The trace has too many states to be drawn as a graph."""


def to_graph(trace: Trace) -> Any:
    """The trace as a networkx.MultiDiGraph: nodes carry `label` and `number`, edges `label`; raises TooLarge."""
    import networkx

    graph: Any = networkx.MultiDiGraph(name=headline(trace))
    nodes = {step.state: 0 for step in trace.steps}
    if len(nodes) > MOST_NODES:
        raise TooLarge(f"the trace has {len(nodes)} states; a graph of more than {MOST_NODES} is not readable")
    for number, step in enumerate(trace.steps, start=1):
        if not nodes[step.state]:
            nodes[step.state] = number
            graph.add_node(number, number=number, label=_node_text(trace, number))
    for number, (before, step) in enumerate(zip(trace.steps, trace.steps[1:], strict=False), start=2):
        text = f"{number}. {show_label(trace.specification, step.label)}"
        graph.add_edge(nodes[before.state], nodes[step.state], label=text)
    return graph


def _node_text(trace: Trace, number: int) -> str:
    variables, state = trace.specification.variables, trace.steps[number - 1].state
    if number == 1:
        rows = [f"{v.name} = {show(v.type, value)}" for v, value in zip(variables, state, strict=True)]
    else:
        before = trace.steps[number - 2].state
        rows = [f"{change.place}  {change.what}" for change in changed_variables(variables, before, state)]
    return "\n".join([f"state {number}", *rows])


def to_graphml(trace: Trace) -> str:
    """The graph as GraphML."""
    import networkx

    return "\n".join(networkx.generate_graphml(to_graph(trace))) + "\n"


def to_dot(trace: Trace) -> str:
    """The graph in Graphviz's language."""
    import pydot

    drawing = pydot.Dot(
        "trace", graph_type="digraph", label=quoted(headline(trace)), labelloc="t", fontname="monospace"
    )
    drawing.set_node_defaults(shape="box", fontname="monospace", style="rounded")
    drawing.set_edge_defaults(fontname="monospace")
    graph = to_graph(trace)
    last = trace.steps[-1].state
    for node, attributes in graph.nodes(data=True):
        is_end = trace.steps[node - 1].state == last
        emphasis: dict[str, Any] = {"color": "red", "penwidth": "2"} if is_end and trace.verdict == "violated" else {}
        drawing.add_node(pydot.Node(str(node), label=_left(attributes["label"]), **emphasis))
    for source, target, attributes in graph.edges(data=True):
        drawing.add_edge(pydot.Edge(str(source), str(target), label=quoted(attributes["label"])))
    return str(drawing.to_string())


def quoted(text: str) -> str:
    """A text as a string of Graphviz's language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _left(text: str) -> str:
    """A label whose lines begin at the left."""
    return quoted(text)[:-1].replace("\\n", "\\l") + '\\l"'


def to_svg(trace: Trace) -> str:
    """The graph drawn by Graphviz; raises NoGraphviz."""
    return drawn(to_dot(trace))


def drawn(dot: str) -> str:
    """A graph in Graphviz's language as SVG; raises NoGraphviz."""
    program = shutil.which("dot")
    if program is None:
        raise NoGraphviz(
            "Graphviz is not installed: there is no program `dot`; install it, or export to dot or mermaid"
        )
    try:
        done = subprocess.run([program, "-Tsvg"], input=dot.encode(), capture_output=True, timeout=SECONDS_FOR_LAYOUT)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise NoGraphviz(f"Graphviz did not draw the graph: {problem}") from problem
    if done.returncode != 0:
        raise NoGraphviz(f"Graphviz did not draw the graph: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()
