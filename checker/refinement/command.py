"""`quorate refine`: what splitting adds. Is a specification with splits on, at rest, the same with fewer, or none?"""

import sys
from typing import TYPE_CHECKING, Any

import click

from ..commands.arguments import complete_constant, complete_specification, find_class, read_specification
from ..commands.mistakes import EXIT_HOLDS, EXIT_INCOMPLETE, EXIT_VIOLATED, Mistake

if TYPE_CHECKING:
    from ...spec.lang import ir
    from .splits import Difference

EPILOG = """\b
Examples:
  quorate refine zookeeper split=NL --of split=none
  quorate refine zookeeper crashes=0 split=NL,SY --of split=SY
  quorate refine my_spec.py:MySpec split=all --of split=none
"""


@click.command(epilog=EPILOG, short_help="Say what splitting actions adds at rest.")
@click.argument("specification", shell_complete=complete_specification)
@click.argument("words", nargs=-1, metavar="[NAME=VALUE]… split=POINTS", shell_complete=complete_constant)
@click.option("--of", "coarse", default="split=none", show_default=True, metavar="split=POINTS", help="Compared with.")
@click.option("--variant", multiple=True, metavar="NAME", help="Switch a named deviation on; repeatable.")
@click.option("--max-states", type=click.IntRange(1), metavar="N", help="Stop after so many states of each.")
@click.option("--trace", type=click.Path(dir_okay=False), metavar="FILE", help="Where the difference goes.")
def refine(specification: str, words: tuple[str, ...], coarse: str, **options: Any) -> int:
    """Compares SPECIFICATION with actions split at some points with the same at fewer, or none.

    At rest nothing is half done. Does the split specification then only show what the unsplit one shows too? If not,
    the shortest trace to the first other state is shown. Exit code 0: yes; 1: no; 4: --max-states was reached.
    """
    from .splits import compare_at_rest

    fine = [word for word in words if word.startswith("split=")]
    if len(fine) != 1:
        raise Mistake("name what is split once: split=NL,SY or split=all")
    spec = find_class(specification)
    rest = [word for word in words if not word.startswith("split=")]
    trees = [read_specification(spec, rest, options["variant"], _points(word)) for word in (fine[0], coarse)]
    try:
        found = compare_at_rest(trees[0], trees[1], options["max_states"])
    except ValueError as problem:
        raise Mistake(f"{fine[0]} splits nothing that {coarse} does not: {problem}") from None
    _report(trees[0], specification, f"{fine[0]} of {coarse}", found, options["trace"])
    return EXIT_HOLDS if found.refines else EXIT_VIOLATED if found.steps else EXIT_INCOMPLETE


def _points(word: str) -> list[str]:
    """The points of `split=NL,SY`; none of `split=none`."""
    name, _, points = word.partition("=")
    if name != "split" or not points:
        raise Mistake(f"{word!r} is not of the form split=NL,SY, split=all or split=none")
    return [] if points == "none" else points.split(",")


def _report(tree: "ir.Specification", source: str, asked: str, found: "Difference", file: str | None) -> None:
    from ..output.console import paint_for

    paint = paint_for(sys.stdout)
    if found.refines:
        verdict = paint("good", "at rest it shows only what the coarser one shows")
    elif found.steps:
        verdict = paint("bad", "it comes to rest where the coarser one never does")
    else:
        verdict = paint("warning", "undecided: the limit of states was reached")
    click.echo(f"{source}: {asked}: {verdict}", color=True)
    click.echo(
        f"  {found.fine_states:,} states, {found.at_rest:,} at rest; the coarser one: {found.coarse_states:,} at rest"
    )
    if found.steps:
        _show(tree, source, found, file)


def _show(tree: "ir.Specification", source: str, found: "Difference", file: str | None) -> None:
    """The trace to the first state at rest that is new, replayed and stored."""
    from pathlib import Path

    from ...traces.replay import replay
    from ...traces.store import write
    from ...traces.text import render_trace
    from ...traces.trace import Step, Trace
    from ..output.console import paint_for

    assert found.steps is not None
    steps = tuple(Step(label, state) for label, state in found.steps)
    trace = replay(Trace(tree, source, steps, "reached", None, None, "reference"))
    click.echo("\n" + render_trace(trace, paint=paint_for(sys.stdout)), nl=False, color=True)
    where = write(trace, Path(file)) if file else write(trace)
    click.echo(f"\ntrace in: {where}   (see quorate trace --help)")
