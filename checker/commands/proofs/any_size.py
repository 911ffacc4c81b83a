"""`quorate prove THEORY --any-size`: a relational theory for any number of servers.

Reads the words, asks, and writes what was found as text, JSON, page and graph. Knows no specification.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..mistakes import Mistake

if TYPE_CHECKING:
    from ....spec.relational.theory import Theory
    from ...relational.prove import Result

_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "without": click.option(
        "--without", multiple=True, metavar="CONJUNCT", help="Leave a conjunct out of the invariant; repeatable."
    ),
    "suggest": click.option("--suggest", is_flag=True, help="Look for conjuncts that mend a broken proof."),
    "integers": click.option(
        "--integers", type=click.Choice(["unbounded", "int32"]), help="What a number is; unbounded by default."
    ),
    "jobs": click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes; 2 by default."),
    "no_cores": click.option("--no-cores", is_flag=True, help="Do not try the stored cores first."),
    "store": click.option("--store", is_flag=True, help="Minimise the cores of a complete proof, and store them."),
    "rlimit": click.option(
        "--rlimit", type=click.IntRange(1), metavar="UNITS", help="Z3's resource units per attempt, 3000000 by default."
    ),
    "graph": click.option(
        "--graph", type=click.Path(path_type=Path), metavar="FILE", help="Draw the proof graph: .svg or .dot."
    ),
}


def any_size_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that only a proof for any size has."""
    for option in reversed(_OPTIONS.values()):
        command = option(command)
    return command


def only_for_any_size(options: dict[str, Any]) -> None:
    """Raises Mistake where one of them is given without --any-size."""
    given = ["--" + name.replace("_", "-") for name in _OPTIONS if options[name]]
    if given:
        verb = "is" if len(given) == 1 else "are"
        raise Mistake(f"{' and '.join(given)} {verb} about a proof for any size; add --any-size")


def prove_any_size(name: str, command: str, options: dict[str, Any]) -> int:
    """Proves the theory of this name, and writes what was found. The exit code."""
    from ....spec.relational.zookeeper import THEORIES
    from ...relational import report
    from ...relational.cores import CoreError
    from ...relational.graph import GraphError

    if name not in THEORIES:
        raise Mistake(f"there is no theory {name!r} for any size; there are: {', '.join(THEORIES)}")
    try:
        result = _proved(THEORIES[name], options)
        if options["output_format"] == "json":
            click.echo(json.dumps(_entry(name, command, result), indent=2, ensure_ascii=False))
        else:
            click.echo(report.report(result))
            if options["suggest"]:
                _suggest(result)
        _write(result, command, options)
    except (ValueError, CoreError, GraphError) as problem:
        raise Mistake(str(problem)) from None
    return report.EXIT_CODES[result.verdict]


def _proved(theory: "type[Theory]", options: dict[str, Any]) -> "Result":
    from ...relational.prove import Options, problem_of, prove
    from ...relational.solver.discharge import Settings

    store, cores = options["store"], not options["no_cores"]
    settings = Settings(
        seed=options["seed"],
        rlimit=options["rlimit"] or Settings.rlimit,
        memory_megabytes=options["memory"] // 2**20 if options["memory"] else Settings.memory_megabytes,
        integers=options["integers"] or Settings.integers,
        minimise_cores=store,
    )
    problem = problem_of(theory, *options["variant"], without=frozenset(options["without"]))
    return prove(problem, settings, Options(options["jobs"] or 2, cores and not store, store, options["timeout"]))


def _suggest(result: "Result") -> None:
    from ...relational.prove import Verdict
    from ...relational.repair.suggest import plausible, suggest
    from ...relational.report import suggestion_report
    from ...relational.solver.discharge import Status

    if result.verdict is Verdict.HOLDS:
        return
    instance = result.problem.instance()
    failing = tuple(o.obligation for o in result.outcomes if o.status is not Status.PROVED)
    click.echo(suggestion_report(suggest(instance, result.problem.without, failing, plausible(instance))))


def _write(result: "Result", command: str, options: dict[str, Any]) -> None:
    from ....traces.store import replace_file
    from ...relational.graph import graph, write
    from ...relational.page import to_html

    instance = result.problem.instance()
    if options["graph"]:
        write(graph(instance, result), options["graph"])
    if options["html"]:
        replace_file(options["html"], to_html(instance, result, command).encode())


def _entry(name: str, command: str, result: "Result") -> dict[str, Any]:
    return {
        "schema": 1,
        "theory": name,
        "variants": list(result.problem.deviations),
        "without": sorted(result.problem.without),
        "verdict": result.verdict.value,
        "obligations": [
            {"name": o.obligation, "status": o.status.value, "how": o.how, "core": list(o.core)}
            for o in result.outcomes
        ],
        "integers": result.settings.integers,
        "solver": result.solver,
        "seed": result.settings.seed,
        "seconds": round(result.seconds, 6),
        "command": command,
    }
