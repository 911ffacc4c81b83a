"""`quorate simulate`: random walks through spaces that nobody can exhaust."""

from pathlib import Path
from typing import Any, Literal

import click

from ...spec.lang import ir
from ..commands.arguments import complete_constant, complete_specification, nearest
from ..commands.mistakes import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_VIOLATED, Mistake
from ..result import Result

MOST_ROWS = 40  # of abstract states
BUDGET = 5_000  # states that one attempt to shrink a trace may meet; `quorate trace shrink` goes on with more


@click.command(short_help="Take random walks through the states of a specification.")
@click.argument("specification", shell_complete=complete_specification)
@click.argument("constants", nargs=-1, metavar="[NAME=VALUE]…", shell_complete=complete_constant)
@click.option("--variant", multiple=True, metavar="NAME", help="Switch a named deviation on; repeatable.")
@click.option("--split", multiple=True, metavar="POINT", help="Let others come between at this step; repeatable.")
@click.option("--walks", type=click.IntRange(1), default=100_000, show_default=True, help="How many walks at most.")
@click.option("--depth", type=click.IntRange(1, 10**6), default=100, show_default=True, help="States per walk at most.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed finds the same thing.")
@click.option("--workers", type=click.IntRange(1, 1024), default=1, show_default=True, help="Threads.")
@click.option("--deadlock/--no-deadlock", default=True, help="A state without successors is a violation.")
@click.option("--by", metavar="VARIABLE", help="Also count how often walks were at which values of this variable.")
@click.option("--trace", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Where a trace goes.")
def simulate(**options: Any) -> int:
    """Takes random walks through the states of SPECIFICATION until something is violated.

    Walks prefer what has rarely happened. They decide nothing: where they find nothing, the exit code is 4.
    """
    from ..commands.arguments import find_class, read_specification
    from ..model import Options
    from .compiler import NoCompiler
    from .simulate import simulate as walk

    spec = find_class(options["specification"])
    tree = read_specification(spec, options["constants"], options["variant"], options["split"])
    asked = Options(deadlock=options["deadlock"], workers=options["workers"], seed=options["seed"])
    try:
        found = walk(tree, asked, options["walks"], options["depth"], _by(tree, options["by"]))
    except NoCompiler as problem:
        raise Mistake(str(problem)) from None
    _summary(found, options["seed"])
    if options["by"] is not None:
        _coverage(tree, options["by"], found)
    if found.result.steps is None:
        return EXIT_INTERRUPTED if found.result.reason == "interrupted" else EXIT_INCOMPLETE
    _show(options, tree, found.result)
    return EXIT_VIOLATED


def _by(tree: ir.Specification, variable: str | None) -> str | None:
    """The variable by which walks are counted; raises Mistake where it cannot be."""
    from ...traces.space.views import naming

    known = [one.name for one in tree.variables if naming(tree, one.name) is not None]
    if variable is not None and variable not in known:
        near = nearest(variable, known)
        raise Mistake(f"--by: {variable!r} is no variable with few values{near} (there are: {', '.join(known)})")
    return variable


def _coverage(tree: ir.Specification, variable: str, found: Any) -> None:
    """How often walks were in each abstract state, the rarest last."""
    from ...traces.space.views import naming

    name = naming(tree, variable)
    assert name is not None
    counts: dict[str, int] = {}
    for value, count in found.covered.items():
        counts[name(value)] = counts.get(name(value), 0) + count
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    click.echo(f"by {variable}: {len(rows):,} abstract states met")
    width = max((len(shown) for shown, _ in rows), default=0)
    for shown, count in (*rows[: MOST_ROWS // 2], *rows[max(MOST_ROWS // 2, len(rows) - MOST_ROWS // 2) :]):
        click.echo(f"  {shown:<{width}} {count:>14,}")
    if len(rows) > MOST_ROWS:
        click.echo(f"  ({len(rows) - MOST_ROWS:,} between the most frequent and the rarest are not shown)")
    if found.beyond:
        click.echo(f"  further abstract states, not told apart: {found.beyond:,}")


def _summary(found: Any, seed: int) -> None:
    """What was walked, and how often every action was taken."""
    result = found.result
    said = f"{result.property} is violated" if result.verdict == "violated" else "no violation found, incomplete"
    said = str(result.error) if result.error is not None else said
    click.echo(f"{said}: {found.walks:,} random walks, {found.steps:,} steps, seed {seed}, {result.seconds:.1f} s")
    width = max(len(name) for name in found.actions)
    for name, count in found.actions.items():
        click.echo(f"  {name:<{width}} {count:>14,}{'' if count else '  never taken'}")


def _show(options: dict[str, Any], tree: ir.Specification, result: Result) -> None:
    """The trace, replayed, shrunk and stored like any other."""
    from ...traces.replay import replay
    from ...traces.shrinking import shrink
    from ...traces.store import write
    from ...traces.trace import Failure, Step, Trace, show_label

    failure, steps = None, result.steps or ()
    if result.error is not None:
        during = show_label(tree, result.failed) if isinstance(result.failed, tuple) else result.failed or "a step"
        failure = Failure(during, str(result.error.span), result.error.message)
    found = tuple(Step(label, state) for label, state in steps)
    verdict: Literal["violated", "undecided"] = "violated" if failure is None else "undecided"
    trace = Trace(
        tree, options["specification"], found, verdict, result.property, failure, result.engine, options["seed"]
    )
    shrunk = shrink(replay(trace), budget=BUDGET)
    stored = write(replay(shrunk.trace), options["trace"])
    click.echo(f"shrunk from {shrunk.before.steps} to {shrunk.after.steps} states; * cannot be left out:")
    for number, (step, needed) in enumerate(zip(shrunk.trace.steps, shrunk.necessary, strict=True), 1):
        click.echo(f"  {number:>3} {'*' if needed else ' '} {show_label(tree, step.label)}")
    click.echo(f"trace: quorate trace show {stored}")
