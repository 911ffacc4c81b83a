"""The result of a proof as one HTML file: counterexamples to induction as tables, and the proof graph.

Nothing in the file runs: a policy in it forbids scripts and requests, every text is escaped, and the graph is a
picture, which cannot do anything either. Knows results; asks no solver.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files

from ...spec.relational.theory import Theory
from .counterexample import Counterexample
from .graph import GraphError, graph, svg
from .prove import Result
from .report import head, verdict_line
from .solver.discharge import Outcome, Status
from .table import tabulated


def to_html(theory: Theory, result: Result, command: str) -> str:
    """The whole page. `command` is what repeats the run."""
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = f"{result.problem.theory}: {verdict_line(result)}"
    body = "\n".join([*_heading(title, theory, result, command), *_failures(theory, result), *_graph(theory, result)])
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _heading(title: str, theory: Theory, result: Result, command: str) -> Iterator[str]:
    yield f'<h1 class="{result.verdict.value}">{escape(title)}</h1>'
    yield "<ul>" + _each("li", head(theory, result)) + "</ul>"
    yield f"<p>Repeat with <code>{escape(command)}</code></p>"


def _failures(theory: Theory, result: Result) -> Iterator[str]:
    for outcome in result.of(Status.REFUTED):
        yield from _refuted(theory, outcome)
    undecided = result.of(Status.UNDECIDED)
    if undecided:
        yield "<section><h2>Undecided</h2><ul>"
        yield _each("li", (f"{outcome.obligation}: {outcome.how}" for outcome in undecided))
        yield "</ul></section>"


def _refuted(theory: Theory, outcome: Outcome) -> Iterator[str]:
    yield f'<section class="refuted"><h2>{escape(outcome.obligation)}</h2>'
    if outcome.counterexample is None:
        yield "<p>Refuted; no counterexample small enough to show was found.</p>"
    else:
        yield from _table(theory, outcome.counterexample)
    yield "</section>"


def _table(theory: Theory, example: Counterexample) -> Iterator[str]:
    found = tabulated(theory, example)
    yield _each("p", found.head)
    yield "<ul>" + _each("li", found.background) + "</ul>"
    yield "<table><thead><tr>" + _each("th", (*found.names, "before", "step")) + "</tr></thead><tbody>"
    for place, kept, changes in found.rows:
        marked = "".join(f'<span class="{_kind(change)}">{escape(change)}</span>' for change in changes)
        yield f"<tr>{_each('th', place)}<td>{escape(', '.join(kept))}</td><td>{marked}</td></tr>"
    yield "</tbody></table>"


def _kind(change: str) -> str:
    return {"+": "added", "−": "removed"}.get(change[0], "changed")


def _graph(theory: Theory, result: Result) -> Iterator[str]:
    drawn = graph(theory, result)
    yield "<section><h2>The proof</h2>"
    yield "<p>An arrow from a to b, labelled with actions: that b survives them was shown from a. Red: refuted.</p>"
    try:
        picture = base64.b64encode(svg(drawn)).decode()
        yield f'<img alt="The proof graph; the table below says the same." src="data:image/svg+xml;base64,{picture}">'
    except GraphError as problem:
        yield f"<p>No picture: {escape(str(problem))}</p>"
    yield (
        "<table><thead><tr>"
        + _each("th", ("conjunct", "what it says", "status", "kept true by"))
        + "</tr></thead><tbody>"
    )
    for name, about in drawn.nodes(data=True):
        keepers = (
            f"{source} ({', '.join(drawn.edges[source, name]['actions'])})" for source in drawn.predecessors(name)
        )
        status: Status = about["status"]
        cells = _each("td", (about["sentence"], status.value, "; ".join(keepers)))
        yield f'<tr class="{status.value}"><th>{escape(name)}</th>{cells}</tr>'
    yield "</tbody></table></section>"


def _each(tag: str, texts: Iterable[str]) -> str:
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts)
