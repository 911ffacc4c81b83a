"""`quorate trace`: stored traces are shown, explained, compared and exported.

Every trace is replayed in its specification before anything of it is shown. A trace file says which specification it
belongs to; as importing a specification runs its file, only bundled ones and files below the current folder are
taken from there, others are named with --spec.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..logs.command import import_
from ..subject import IMPLEMENTATION, class_of, recorded
from .arguments import bundled, complete_specification, nearest
from .mistakes import Mistake

if TYPE_CHECKING:
    from ...spec.lang import ir
    from ...traces.expression import Value
    from ...traces.store import Stored
    from ...traces.trace import Trace

EPILOG = """\b
Examples:
  quorate trace show .quorate/traces/<id>.json --full
  quorate trace why <id>
  quorate trace why last --step 3 --action commit
  quorate trace diff <id> <other id>
  quorate trace eval <id> 'phase[rm1]'
  quorate trace shrink <id> --for servers
  quorate trace export <id> --format svg --output trace.svg

A trace is named by its file, by the first characters of its name below .quorate/traces/, or `last` for the newest.
"""

SPEC = click.option(
    "--spec",
    metavar="SPECIFICATION",
    shell_complete=complete_specification,
    help="The trace's specification, if not the one it names.",
)


@click.group(epilog=EPILOG, short_help="Show, explain, evaluate, compare, shrink, export and import traces.")
def trace() -> None:
    """Shows, explains, compares and exports stored traces."""


trace.add_command(import_)


@trace.command()
@click.argument("file")
@click.option("--full", is_flag=True, help="All values in every state, not only those that change.")
@click.option("--properties", is_flag=True, help="Instead of the steps, what is true after each.")
@SPEC
def show(file: str, full: bool, properties: bool, spec: str | None) -> None:
    """Shows the steps of a trace, or which properties are true after each of them."""
    from ...spec.lang.meaning.compile import Meaning
    from ...traces.page.properties import courses
    from ...traces.text import render_properties, render_trace
    from ..output.console import paint_for

    found, paint = load_trace(file, spec), paint_for(sys.stdout)
    if properties:
        text = render_properties(found, courses(found, Meaning(found.specification)), paint)
    else:
        text = render_trace(found, full, paint)
    click.echo(text, nl=False, color=True)


@trace.command()
@click.argument("file")
@click.option(
    "--step", type=click.IntRange(1), metavar="N", help="What can happen in the state after step N, and what cannot."
)
@click.option("--action", metavar="NAME", help="Only this action, or instance: commit, 'prepare(rm1)'.")
@SPEC
def why(file: str, step: int | None, action: str | None, spec: str | None) -> None:
    """Explains why the property is violated, or why actions cannot happen.

    Without options: the property's tree with the truth value of every part, the binding that decides, the values read
    and the steps that wrote them. With --step or --action: the first guard that fails of everything that cannot happen.
    """
    from ...traces.export.drawing import half_done
    from ...traces.text import render_alternatives, render_deadlock, render_why
    from ...traces.trace import DEADLOCK
    from ...traces.why import alternatives, why_violated
    from ..output.console import paint_for

    found, paint = load_trace(file, spec), paint_for(sys.stdout)
    number = step or len(found.steps)
    if number > len(found.steps):
        raise Mistake(f"the trace has {len(found.steps)} steps; there is no step {number}")
    reason = why_violated(found)
    if step is None and action is None and reason is not None:
        text = render_why(found, reason, paint) + "".join(f"  {line}\n" for line in half_done(found))
    elif step is None and action is None and found.property == DEADLOCK:
        text = render_deadlock(found, alternatives(found, number), paint)
    else:
        chosen = _chosen(found, action, alternatives(found, number))
        text = render_alternatives(found, number, chosen, paint)
    click.echo(text, nl=False, color=True)


def _chosen(found: "Trace", action: str | None, every: list[Any]) -> list[Any]:
    """The alternatives of one action, or of one instance."""
    if action is None:
        return every
    name = action.partition("(")[0].strip()
    names = [one.name for one in found.specification.actions]
    if name not in names:
        raise Mistake(
            f"{found.specification.name} has no action {name!r}{nearest(name, names)} (it has: {', '.join(names)})"
        )
    own = [one for one in every if one.label.partition("(")[0] == name]
    if "(" not in action:
        return own
    exact = [one for one in own if one.label.replace(" ", "") == action.replace(" ", "")]
    if not exact:
        labels = ", ".join(one.label for one in own[:5])
        raise Mistake(f"{action} is no instance of the action in this state; there are: {labels or 'none'}")
    return exact


@trace.command("eval")
@click.argument("file")
@click.argument("expression")
@click.option("--full", is_flag=True, help="Every step, not only those since which the value is another.")
@SPEC
def evaluate(file: str, expression: str, full: bool, spec: str | None) -> None:
    """Shows the value of an expression after every step.

    EXPRESSION is written as in a property: self.phase, len(self.sent) > 1, before.phase. State variables may stand
    without self, elements as they are printed: phase[rm1].
    """
    from ...traces.text import render_history
    from ..output.console import paint_for

    found = load_trace(file, spec)
    values = values_of(found, expression, spec)
    click.echo(render_history(found, expression, values, full, paint_for(sys.stdout)), nl=False, color=True)


def values_of(found: "Trace", expression: str, spec: str | None) -> "list[Value]":
    """The values of an expression in a trace; raises Mistake."""
    from ...spec.lang.errors import Refused
    from ...traces.expression import TooMuch, history

    try:
        return history(class_of(spec or found.source), found, expression)
    except (Refused, TooMuch) as problem:
        raise Mistake(str(problem)) from None


@trace.command()
@click.argument("left")
@click.argument("right")
@click.option("--format", "form", type=click.Choice(["text", "html"]), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Instead of stdout.")
@SPEC
def diff(left: str, right: str, form: str, output: Path | None, spec: str | None) -> None:
    """Shows how far two traces are the same, and where they part.

    As html: a page of both, lined up by what happened from the same causes, with the first divergence in the middle.
    """
    from ...traces.comparing.align import align
    from ...traces.comparing.difference import NotComparable, compare
    from ...traces.comparing.page import to_html
    from ...traces.text import plain, render_alignment, render_difference
    from ..output.console import paint_for

    first, second = load_trace(left, spec), load_trace(right, spec)
    try:
        if form == "html":
            text = to_html([first, second])
        else:
            paint = plain if output else paint_for(sys.stdout)
            text = render_difference(first, second, compare(first, second), paint)
            text += render_alignment(first, second, align([first, second]), paint)
    except NotComparable as problem:
        raise Mistake(str(problem)) from None
    _put_out(text, output)


@trace.command()
@click.argument("file")
@click.option(
    "--for",
    "objective",
    type=click.Choice(["steps", "faults", "servers", "switches"]),
    default="steps",
    show_default=True,
    help="Of what there shall be least; switches are changes of who acts.",
)
@click.option("--fault", multiple=True, metavar="ACTION", help="An action that counts as a fault; repeatable.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="For the new trace.")
@SPEC
def shrink(file: str, objective: Any, fault: tuple[str, ...], output: Path | None, spec: str | None) -> None:
    """Finds a simpler trace that ends in the same violation, shows and stores it.

    A step marked with * is needed: without it, and what only it enabled, the violation is lost.
    """
    from ...traces.replay import replay
    from ...traces.shrinking import NotShrinkable
    from ...traces.shrinking import shrink as shrink_trace
    from ...traces.store import write
    from ..output.console import paint_for
    from ..output.shrunk import render_shrunk

    found = load_trace(file, spec)
    names = [one.name for one in found.specification.actions]
    for name in fault:
        if name not in names:
            raise Mistake(f"{found.specification.name} has no action {name!r}{nearest(name, names)}")
    try:
        shrunk = shrink_trace(found, objective, fault)
        path = write(replay(shrunk.trace), output)
    except NotShrinkable as problem:
        raise Mistake(f"{file} cannot be shrunk: {problem}") from None
    except OSError as problem:
        raise Mistake(f"the trace cannot be written to {output or '.quorate'}: {problem.strerror}") from None
    click.echo(render_shrunk(shrunk, objective, path, paint_for(sys.stdout)), nl=False, color=True)


FORMATS = (
    "itf",
    "dot",
    "svg",
    "graphml",
    "mermaid",
    "markdown",
    "json",
    "timeline",
    "timeline-svg",
    "html",
    "pytest",
    "space-dot",
    "space-svg",
    "space-graphml",
)


@trace.command()
@click.argument("file")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    required=True,
    help="svg and space-svg need Graphviz; timeline-svg and html need nothing. space-… is the clustered state graph, "
    "pytest a test that fails as long as the steps end as they do.",
)
@click.option("--by", metavar="VIEW", help="What groups the states of a space-… format: a variable, depth, …")
@click.option("--watch", multiple=True, metavar="EXPRESSION", help="A row of the html page, as trace eval; repeatable.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Instead of stdout.")
@SPEC
def export(file: str, form: str, by: str | None, watch: tuple[str, ...], output: Path | None, spec: str | None) -> None:
    """Writes a trace in another format: for Apalache and Quint, Graphviz, Markdown, a browser, pytest."""
    from ...traces.export.graph import NoGraphviz, TooLarge
    from ...traces.page.document import to_html
    from ...traces.space.export import NoSuchView

    found = load_trace(file, spec)
    if watch and form != "html":
        raise Mistake(f"--watch adds rows to the html page, not to {form}")
    try:
        if watch:
            text = to_html(found, {one: values_of(found, one, spec) for one in watch})
        else:
            text = _exporter(form, by)(found)
    except (NoGraphviz, NoSuchView, TooLarge) as problem:
        raise Mistake(str(problem)) from None
    _put_out(text, output)


def _put_out(text: str, output: Path | None) -> None:
    """Prints a text, or writes it to a file; raises Mistake."""
    from ...traces.store import replace_file

    if output is None:
        click.echo(text, nl=False, color=True)
        return
    try:
        replace_file(output, text.encode())
    except OSError as problem:
        raise Mistake(f"{output} cannot be written: {problem.strerror}") from None


def _exporter(form: str, by: str | None) -> "Callable[[Trace], str]":
    from ...traces.export import drawing, graph, itf, markdown
    from ...traces.page.document import to_html
    from ...traces.page.repeat import regression_test
    from ...traces.space import export as space
    from ...traces.store import to_text

    if by is not None and not form.startswith("space-"):
        raise Mistake(f"--by groups the states of a space-… format, not of {form}")
    table: dict[str, Callable[[Trace], str]] = {
        "itf": itf.to_itf,
        "dot": graph.to_dot,
        "svg": graph.to_svg,
        "graphml": graph.to_graphml,
        "mermaid": drawing.to_mermaid,
        "markdown": markdown.to_markdown,
        "json": to_text,
        "timeline": drawing.to_timeline,
        "timeline-svg": drawing.to_timeline_svg,
        "html": to_html,
        "pytest": regression_test,
        "space-dot": partial(space.to_dot, by=by),
        "space-svg": partial(space.to_svg, by=by),
        "space-graphml": partial(space.to_graphml, by=by),
    }
    return table[form]


def load_trace(name: str, spec: str | None) -> "Trace":
    """The trace of this file or id, replayed; raises Mistake where it cannot be read or does not happen any more."""
    from ...spec.lang.errors import EvaluationError, Refused
    from ...traces.replay import NotABehaviour, replay
    from ...traces.store import Unreadable, read, restore

    path = find_file(name)
    try:
        stored = read(path)
        specification = _specification(stored, spec)
        return replay(restore(stored, specification))
    except OSError as problem:
        raise Mistake(f"{path} cannot be read: {problem.strerror}") from None
    except Unreadable as problem:
        raise Mistake(f"{path} is no trace that can be shown: {problem}") from None
    except EvaluationError as error:
        raise Mistake(f"{path} cannot be replayed: the specification fails at {error}") from None
    except Refused as refused:
        raise Mistake(f"the specification of {path} is refused:\n{refused}") from None
    except NotABehaviour as problem:
        changed = " (its text has changed since)" if specification.digest != stored.specification.digest else ""
        raise Mistake(f"{path} is no behaviour of {stored.specification.source}{changed}: {problem}") from None


def find_file(name: str) -> Path:
    """A trace file by its path, `last`, or the beginning of its name in .quorate/traces/; raises Mistake."""
    from ...traces.store import FOLDER

    path = Path(name)
    if name == "last":
        newest = max(FOLDER.glob("*.json"), key=lambda file: file.stat().st_mtime_ns, default=None)
        if newest is None:
            raise Mistake(f"there is no trace in {FOLDER} yet; a check that finds a violation stores one")
        return newest
    if path.exists() or not name.isalnum():
        return path
    found = sorted(FOLDER.glob(f"{name}*.json"))
    if len(found) > 1:
        raise Mistake(f"{len(found)} traces in {FOLDER} begin with {name!r}; write more of the name")
    if not found:
        raise Mistake(f"there is no file {name!r}, and no trace in {FOLDER} that begins so")
    return found[0]


def _specification(stored: "Stored", spec: str | None) -> "ir.Specification":
    source = spec or stored.specification.source
    if spec is None and source not in bundled() and source not in IMPLEMENTATION:
        path = Path(source.rpartition(":")[0] or source)
        if not path.resolve().is_relative_to(Path.cwd()) or not path.is_file():
            raise Mistake(
                f"the trace belongs to {source}, which is not a file below this folder; "
                "if you trust it, name it: --spec FILE.py:Class"
            )
    words = [f"{name}={value}" for name, value in stored.constants.items()]
    return recorded(source, words, stored.variants, stored.splits)
