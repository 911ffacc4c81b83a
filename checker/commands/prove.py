"""`quorate prove`: Z3 is asked, about one configuration or about any number of servers.

Reads the words, asks, replays what was found, and says plainly what a verdict rests on.
"""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .arguments import Duration, Size, complete_specification, find_class, read_specification
from .mistakes import EXIT_HOLDS, EXIT_INCOMPLETE, EXIT_VIOLATED, Mistake
from .proofs.any_size import any_size_options, only_for_any_size, prove_any_size

if TYPE_CHECKING:
    from ...spec.lang import ir
    from ..model import Options
    from ..symbolic.search import Answer, Question

EPILOG = """\b
Examples:
  quorate prove ewd840 nodes=4 --inductive all
  quorate prove two-phase-commit managers=3 --variant commit-early --steps 6
  quorate prove peterson processes=2 --k-induction 3
  quorate prove zab --any-size --html proof.html
  quorate prove zab servers=3 --refinement

\b
Without options: paths of up to 10 steps. A counterexample to induction starts in a state that need not be
reachable; --reachable searches for it. Exit codes: 0 holds, 1 violated, 2 a mistake, 4 undecided.
"""


@click.command(epilog=EPILOG)
@click.argument("specification", shell_complete=complete_specification)
@click.argument("constants", nargs=-1, metavar="[NAME=VALUE]…")
@click.option("--variant", multiple=True, metavar="NAME", help="Switch a named deviation on; repeatable.")
@click.option("--split", multiple=True, metavar="POINT", help="Split actions at this point; repeatable.")
@click.option("--steps", type=click.IntRange(0), metavar="K", help="Search for a violation within K steps.")
@click.option("--inductive", multiple=True, metavar="PROPERTY", help="Are these invariants inductive? `all`, or names.")
@click.option("--k-induction", type=click.IntRange(1), metavar="K", help="Induction over K steps, of all invariants.")
@click.option("--any-size", is_flag=True, help="Prove it for any number of servers, with the relational theory.")
@click.option("--refinement", is_flag=True, help="Does every step of this configuration refine the any-size theory?")
@any_size_options
@click.option("--reachable", is_flag=True, help="Ask whether a counterexample to induction can be reached.")
@click.option("--timeout", type=Duration(), metavar="TIME", help="Give up on a question after this time: 90s, 5m.")
@click.option("--memory", type=Size(), metavar="SIZE", help="Give up when Z3 holds so much: 500M, 2G.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the solver.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write what was found as a page.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def prove(specification: str, constants: tuple[str, ...], **options: Any) -> int:
    """Asks Z3 about SPECIFICATION: a bundled name (see quorate list), my_spec.py, or my_spec.py:MySpec.

    Constants are given as NAME=VALUE.
    """
    if options["any_size"]:
        if constants:
            raise Mistake("a proof for any size has no constants; leave out " + " ".join(constants))
        return prove_any_size(specification, _command(specification, (), options), options)
    only_for_any_size(options)
    from ..symbolic.search import prove as ask

    spec = find_class(specification)
    tree = read_specification(spec, constants, options["variant"], options["split"])
    if options["refinement"]:
        return _refinement(tree, specification)
    question = _question(tree, options)
    answer = ask(tree, question, _options(options))
    command = _command(specification, constants, options)
    if options["output_format"] == "json":
        _print_json(tree, specification, command, answer)
    else:
        _print_text(tree, specification, command, answer, options)
    if options["html"]:
        _write_page(tree, specification, command, answer, options)
    return {"holds": EXIT_HOLDS, "violated": EXIT_VIOLATED}.get(answer.result.verdict, EXIT_INCOMPLETE)


def _question(tree: "ir.Specification", options: dict[str, Any]) -> "Question":
    from ..symbolic.search import Question

    asked = [name for name in ("steps", "inductive", "k_induction") if options[name] not in (None, ())]
    if len(asked) > 1:
        listed = " and ".join("--" + name.replace("_", "-") for name in asked)
        raise Mistake(f"{listed} are different questions; ask one at a time")
    if options["inductive"]:
        names = tuple(name for name in options["inductive"] if name != "all")
        known = [one.name for one in tree.properties if one.kind in ("invariant", "step_invariant")]
        for name in names:
            if name not in known:
                raise Mistake(f"{tree.name} has no invariant {name!r} (it has: {', '.join(known)})")
        return Question("inductive", 1, () if "all" in options["inductive"] else names)
    if options["k_induction"]:
        return Question("k-induction", options["k_induction"])
    return Question("steps", 10 if options["steps"] is None else options["steps"])


def _options(options: dict[str, Any]) -> "Options":
    from ..model import Limits, Options

    limits = Limits(seconds=options["timeout"], memory=options["memory"])
    return Options(seed=options["seed"], limits=limits)


def _command(specification: str, constants: tuple[str, ...], options: dict[str, Any]) -> str:
    words = ["quorate", "prove", specification, *constants]
    for name in ("variant", "split", "inductive", "without"):
        words += [word for value in options[name] for word in (f"--{name}", value)]
    for name in ("steps", "k_induction"):
        if options[name] is not None:
            words += ["--" + name.replace("_", "-"), str(options[name])]
    words += ["--any-size"] if options["any_size"] else []
    words += ["--integers", options["integers"]] if options["integers"] else []
    return shlex.join(words + (["--seed", str(options["seed"])] if options["seed"] else []))


# --------------------------------------------------------------------------------------------------- reports


def _verdict(answer: "Answer") -> str:
    result = answer.result
    match result.verdict, result.reason:
        case "violated", "error":
            return f"the specification has an error: {result.error}"
        case "violated", _:
            return f"violated: {result.property}"
        case "holds", _ if result.bounds["question"] == "steps":
            return f"holds in every reachable state of this configuration: {result.bounds['why']}"
        case "holds", _:
            return "holds in every reachable state of this configuration, by induction"
    return f"undecided: {result.bounds['why']}"


def _print_text(tree: "ir.Specification", source: str, command: str, answer: "Answer", options: dict[str, Any]) -> None:
    from ...traces.replay import replay
    from ...traces.store import write
    from ...traces.text import render_trace, render_why
    from ...traces.why import why_violated
    from ..output.console import paint_for

    paint, result = paint_for(sys.stdout), answer.result
    role = {"holds": "good", "violated": "bad"}.get(result.verdict, "warning")
    configuration = " ".join(f"{name}={value}" for name, value in tree.constants)
    title = " ".join(part for part in (source, configuration, *(f"with {v}" for v in tree.variants)) if part)
    lines = [f"{title}: {paint(role, _verdict(answer))}", f"  asked about: {', '.join(result.properties) or 'nothing'}"]
    lines.append(f"  symbolic engine (Z3), {result.seconds:.2f} s")
    click.echo("\n".join(lines), color=True)
    if result.steps:
        trace = replay(_trace(tree, source, result.steps, result.property, options["seed"]))
        click.echo("\n" + render_trace(trace, paint=paint), nl=False, color=True)
        reason = why_violated(trace)
        if reason is not None:
            click.echo("\n" + render_why(trace, reason, paint), nl=False, color=True)
        click.echo(f"\nrepeat with: {command}\ntrace in:    {write(trace)}   (see quorate trace --help)")
    if answer.to_induction:
        from .proofs.induction import induction_text

        click.echo("\n" + induction_text(tree, answer, options["reachable"]), nl=False, color=True)


def _write_page(tree: "ir.Specification", source: str, command: str, answer: "Answer", options: dict[str, Any]) -> None:
    """The page of a violation, or of a counterexample to induction; without either there is nothing to show."""
    from ...traces.page.document import to_html
    from ...traces.replay import replay
    from ...traces.store import replace_file
    from .proofs.induction import induction_page

    result = answer.result
    if result.steps:
        text = to_html(replay(_trace(tree, source, result.steps, result.property, options["seed"])))
    elif answer.to_induction:
        text = induction_page(tree, source, answer, command)
    else:
        click.echo(f"quorate: there is nothing to show, so {options['html']} is not written", err=True)
        return
    replace_file(options["html"], text.encode())


def _trace(tree: "ir.Specification", source: str, steps: Any, name: str | None, seed: int) -> Any:
    from ...traces.trace import Step, Trace

    found = tuple(Step(label, state) for label, state in steps)
    return Trace(tree, source, found, "violated", name, None, "symbolic", seed)


def _print_json(tree: "ir.Specification", source: str, command: str, answer: "Answer") -> None:
    import json

    from ...spec.lang.domains import show

    result = answer.result
    shown = [
        {v.name: show(v.type, value) for v, value in zip(tree.variables, state, strict=True)}
        for state in answer.to_induction
    ]
    entry = {
        "schema": 1,
        "specification": {"name": tree.name, "source": source, "digest": tree.digest},
        "constants": dict(tree.constants),
        "variants": list(tree.variants),
        "verdict": result.verdict,
        "property": result.property,
        "properties": list(result.properties),
        "depth": result.depth or None,
        "bounds": dict(result.bounds),
        "engine": result.engine,
        "seconds": round(result.seconds, 6),
        "counterexample_to_induction": shown or None,
        "broken": answer.broken,
        "command": command,
    }
    click.echo(json.dumps(entry, indent=2, ensure_ascii=False))


# ------------------------------------------------------------------------------------ any size, and the link to it


def _refinement(tree: "ir.Specification", source: str) -> int:
    """Whether each step of the specification is a step, or a stutter, of the theory that is proved for any size."""
    from ...traces.text import render_trace
    from ..refinement import ZabLink, refine

    if tree.name != "Zab":
        raise Mistake(f"{source} has no link to a theory for any size; zab has")
    found = refine(ZabLink(tree))
    counts = (
        f"{found.product_states:,} states of the product, {found.steps:,} steps, {found.stutters:,} of them stutters"
    )
    configuration = " ".join(f"{name}={value}" for name, value in tree.constants)
    verdict = "every step refines the theory for any size" if found.refines else "violated: a step the theory forbids"
    click.echo(f"{source} {configuration}: {verdict}\n  {counts}, depth {found.depth}")
    if found.mismatch is None:
        return EXIT_HOLDS
    trace = _trace(tree, source, found.mismatch.steps, None, 0)
    click.echo("\n" + render_trace(trace), nl=False)
    click.echo(f"\nagainst the last step: {found.mismatch.reason}")
    return EXIT_VIOLATED
