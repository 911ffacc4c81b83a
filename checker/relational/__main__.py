"""`python -m quorate.checker.relational zab`: prove a bundled theory for any number of servers."""

import sys
from pathlib import Path
from typing import get_args

import click

from ...spec.relational.zookeeper import THEORIES
from .cores import CoreError
from .graph import GraphError, graph, write
from .prove import Options, Verdict, problem_of, prove
from .repair.suggest import plausible, suggest
from .report import EXIT_CODES, report, suggestion_report
from .solver.discharge import Settings, Status
from .solver.translate import Integers


@click.command()
@click.argument("theory", type=click.Choice(list(THEORIES)))
@click.option("--variant", "variants", multiple=True, metavar="NAME", help="Switch a seeded bug on.")
@click.option("--without", multiple=True, metavar="CONJUNCT", help="Leave a conjunct out of the invariant.")
@click.option("--suggest", "mend", is_flag=True, help="Look for conjuncts that mend a broken proof.")
@click.option("--integers", type=click.Choice(get_args(Integers)), default="unbounded", show_default=True)
@click.option("--seed", default=0, show_default=True, help="Seed of the solver.")
@click.option("--jobs", default=2, show_default=True, help="Processes.")
@click.option("--cores/--no-cores", "use_cores", default=True, help="Try the stored cores first.")
@click.option("--store", is_flag=True, help="Minimise the cores of a complete proof, and store them.")
@click.option("--rlimit", default=Settings.rlimit, show_default=True, help="Z3 resource units per attempt.")
@click.option("--memory", default=Settings.memory_megabytes, show_default=True, help="Megabytes per process.")
@click.option("--seconds", type=float, help="Wall-time limit; what is left then is undecided.")
@click.option("--graph", "picture", type=click.Path(path_type=Path), help="Draw the proof graph: .svg or .dot.")
def main(
    theory: str,
    variants: tuple[str, ...],
    without: tuple[str, ...],
    mend: bool,
    integers: Integers,
    seed: int,
    jobs: int,
    use_cores: bool,
    store: bool,
    rlimit: int,
    memory: int,
    seconds: float | None,
    picture: Path | None,
) -> None:
    """Prove THEORY for any number of servers. Exit code: 0 holds, 1 violated, 2 usage, 4 undecided."""
    settings = Settings(seed, rlimit, memory, integers, minimise_cores=store)
    options = Options(jobs, use_cores and not store, store, seconds)
    try:
        problem = problem_of(THEORIES[theory], *variants, without=frozenset(without))
        result = prove(problem, settings, options)
        click.echo(report(result))
        if mend and result.verdict is not Verdict.HOLDS:
            failing = tuple(o.obligation for o in result.outcomes if o.status is not Status.PROVED)
            instance = problem.instance()
            click.echo(suggestion_report(suggest(instance, problem.without, failing, plausible(instance))))
        if picture is not None:
            write(graph(problem.instance(), result), picture)
    except (ValueError, CoreError, GraphError) as error:
        raise click.UsageError(str(error)) from error
    sys.exit(EXIT_CODES[result.verdict])


if __name__ == "__main__":
    main()
