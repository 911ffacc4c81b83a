"""`quorate list` and `quorate doctor`: which specifications there are, and what this machine has to offer."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

from ... import __version__
from .arguments import bundled, complete_specification, find_class
from .mistakes import EXIT_HOLDS, EXIT_MISTAKE

LIST_EPILOG = """\b
Examples:
  quorate list
  quorate list paxos
  quorate list my_spec.py:MySpec
"""

PLURALS = {
    "invariant": "invariants",
    "step_invariant": "step invariants",
    "witness": "witnesses",
    "boundary": "boundaries",
    "terminal": "intended ends",
}


@click.command("list", epilog=LIST_EPILOG, short_help="Show the bundled specifications.")
@click.argument("specification", required=False, shell_complete=complete_specification)
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_specifications(specification: str | None, output_format: str) -> None:
    """Shows the bundled specifications, or one of them, with constants, variants and properties."""
    from ..output.console import paint_for

    entries = [describe(name) for name in ([specification] if specification else bundled())]
    if output_format == "json":
        click.echo(json.dumps({"schema": 1, "specifications": entries}, indent=2, ensure_ascii=False))
        return
    paint = paint_for(sys.stdout)
    blocks = []
    for entry in entries:
        lines = [f"{paint('title', entry['name'])}  {entry['sentence']}", *_rows(entry)]
        blocks.append("\n".join(lines))
    click.echo("\n\n".join(blocks), color=True)


def describe(name: str) -> dict[str, Any]:
    """A specification with the constants at their defaults, as data; raises Mistake."""
    from ...spec.lang.specification import declared
    from .arguments import read_specification

    spec = find_class(name)
    constants, variants = declared(spec)
    tree = read_specification(spec, (), ())
    return {
        "name": name,
        "class": spec.__name__,
        "sentence": first_sentence(sys.modules[spec.__module__].__doc__ or tree.doc),
        "constants": [
            {"name": own, "default": c.default, "low": c.low, "high": c.high, "help": c.help}
            for own, c in ((own, _any(c)) for own, c in constants.items())
        ],
        "variants": [{"name": own, "help": _any(one).help} for own, one in variants.items()],
        "splits": _split_points(spec),
        "properties": [
            {"name": one.name, "kind": one.kind, "sentence": first_sentence(one.doc)} for one in tree.properties
        ],
    }


def _split_points(spec: Any) -> list[str]:
    """The points at which actions can be split."""
    from ...spec.lang.errors import Refused
    from .arguments import read_specification

    try:
        return list(read_specification(spec, (), (), ("all",)).splits)
    except Refused:
        return []


def _any(value: object) -> Any:
    return value


def first_sentence(doc: str) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join(doc.strip().split("\n\n")[0].split())


def _rows(entry: dict[str, Any]) -> Iterator[str]:
    """Constants, variants and properties, each kind under its heading, names aligned."""
    constants = [(f"{one['name']}={one['default']}", one["help"]) for one in entry["constants"]]
    groups = {"constants": constants, "variants": [(one["name"], one["help"]) for one in entry["variants"]]}
    groups["split points"] = [(name, "") for name in entry["splits"]]
    for one in entry["properties"]:
        heading = PLURALS[one["kind"]]
        groups.setdefault(heading, []).append((one["name"], one["sentence"]))
    width = min(30, max(len(name) for rows in groups.values() for name, _ in rows))
    for heading, rows in groups.items():
        if rows:
            yield f"  {heading}"
            yield from (f"    {name:<{width}}  {sentence}".rstrip() for name, sentence in rows)


@click.command(short_help="Say what this machine has.")
def doctor() -> int:
    """Says what this machine has: versions, compiler, Graphviz, memory.

    Exit code 2 means that something is missing which quorate cannot do without.
    """
    missing = False
    for name, found, needed_for in _findings():
        mark = found or "missing"
        click.echo(f"{name:<12} {mark}{'' if found else f'  (needed for {needed_for})'}")
        missing = missing or (found is None and needed_for == "everything")
    return EXIT_MISTAKE if missing else EXIT_HOLDS


def _findings() -> Iterator[tuple[str, str | None, str]]:
    """What was looked for, its version or place, and what needs it."""
    yield "quorate", __version__, "everything"
    python = platform.python_version() if sys.version_info >= (3, 11) else None
    yield "python", python, "everything"
    for package, use in (("click", "everything"), ("msgspec", "everything"), ("rich", "everything")):
        yield package, _version(package), use
    for package, use in (("z3-solver", "proofs"), ("networkx", "drawing graphs"), ("pydot", "drawing graphs")):
        yield package, _version(package), use
    yield "C compiler", _compiler(), "the native engine; without it the reference engine runs, which is slower"
    yield "cache", _cache(), "nothing; compiled specifications are not kept"
    yield "graphviz", shutil.which("dot"), "quorate trace export --format svg"
    yield "processors", str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()), ""
    yield "memory", _memory(), "nothing; it could not be measured"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _compiler() -> str | None:
    from ..native.compiler import NoCompiler, find_compiler

    try:
        return str(find_compiler())
    except NoCompiler:
        return None


def _cache() -> str | None:
    from ..native.compiler import cache_folder, cache_problem

    return cache_problem() or str(cache_folder())


def _memory() -> str | None:
    from ..output.console import show_memory

    try:
        return show_memory(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return None
