"""From the words of a command line to a specification with its constants bound.

Knows the bundled names, files, constants and variants; every wrong word is answered with the nearest right one.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from ...spec.lang import ir
from ...spec.lang.errors import Refused
from .mistakes import Mistake

LIBRARIES = ("classics", "zookeeper")  # packages of quorate.spec with a table SPECIFICATIONS


def bundled() -> dict[str, str]:
    """The bundled specifications: name -> "module:Class" within quorate.spec."""
    found: dict[str, str] = {}
    for library in LIBRARIES:
        table: Mapping[str, str] = import_module(f"...spec.{library}", __package__).SPECIFICATIONS
        found |= {name: f"{library}.{place}" for name, place in table.items()}
    return found


def find_class(reference: str) -> Any:
    """The class of a bundled name, of `file.py` or of `file.py:Class`; raises Mistake."""
    known = bundled()
    if reference in known:
        module, name = known[reference].split(":")
        return getattr(import_module(f"...spec.{module}", __package__), name)
    path = reference.rpartition(":")[0] or reference
    if not path.endswith(".py") and "/" not in path and not Path(path).exists():
        raise Mistake(
            f"there is no specification {reference!r}{nearest(reference, known)}; "
            "see `quorate list`, or name a file: my_spec.py:MySpec"
        )
    from ...spec.lang.reader import load

    try:
        return load(reference)
    except Refused as refused:
        raise Mistake(str(refused)) from None


def read_specification(
    spec: Any, words: Iterable[str], variants: Iterable[str], splits: Iterable[str] = ()
) -> ir.Specification:
    """The specification with the constants `name=value` bound, the variants on, its actions split at these points.

    Where a specification has a history, `version=3.8.4` and `fix=3911` are variants too. Raises Mistake or Refused.
    """
    from ...spec.lang.reader import read
    from ...spec.lang.specification import declared
    from .history.release import released

    constants, switches = declared(spec)
    words, variants, splits = released(spec, words, variants, splits)
    chosen = tuple(dict.fromkeys(variants))
    for name in chosen:
        if name not in switches:
            raise Mistake(f"{spec.__name__} has no variant {name!r}{nearest(name, switches)}{_known(switches)}")
    return read(spec, read_constants(spec.__name__, constants, words), chosen, tuple(dict.fromkeys(splits)))


def read_constants(owner: str, known: Mapping[str, Any], words: Iterable[str]) -> dict[str, int]:
    """The values of `name=value` words; raises Mistake where one is unknown, twice there, no number, out of bounds."""
    values: dict[str, int] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise Mistake(f"{word!r} is not of the form name=value{_known(known, 'the constants are')}")
        if name not in known:
            raise Mistake(f"{owner} has no constant {name!r}{nearest(name, known)}{_known(known)}")
        if name in values:
            raise Mistake(f"{name} is given twice")
        if not re.fullmatch(r"-?[0-9]{1,100}", text):
            raise Mistake(f"{word}: {text!r} is not a whole number")
        low, high = known[name].low, known[name].high
        values[name] = int(text)
        if not low <= values[name] <= high:
            bounds = f"at least {low}" if values[name] < low and high >= 2**31 else f"{low} to {high}"
            raise Mistake(f"{word} is out of bounds: {name} ({known[name].help}) is {bounds}")
    return values


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'managers'?`, or nothing where no known word is near."""
    matches = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {matches[0]!r}?" if matches else ""


def _known(names: Iterable[str], before: str = "it has") -> str:
    listed = ", ".join(names)
    return f" ({before}: {listed})" if listed else " (it has none)"


class Duration(click.ParamType[Any]):
    """Seconds, or `90s`, `5m`, `2h`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smh]?)", str(value))
        if not found or float(found[1]) == 0:
            self.fail(f"{value!r} is not a duration; write seconds, or 90s, 5m, 2h", param, ctx)
        return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


class Size(click.ParamType[Any]):
    """Bytes, or `500M`, `2G`."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"([0-9]+)([KMGT]?)(?:i?B)?", str(value), re.IGNORECASE)
        if not found or int(found[1]) == 0:
            self.fail(f"{value!r} is not a size; write bytes, or 500M, 2G", param, ctx)
        return int(found[1]) * 1024 ** "KMGT".find(found[2].upper()) * 1024 if found[2] else int(found[1])


def complete_specification(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Shell completion: bundled names, and Python files."""
    names = [CompletionItem(name) for name in bundled() if name.startswith(incomplete)]
    return [*names, CompletionItem(incomplete, type="file")]


def complete_constant(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Shell completion: the constants of the specification that was named."""
    from ...spec.lang.specification import declared

    try:
        constants, _ = declared(find_class(ctx.params["specification"]))
    except (Mistake, KeyError):
        return []
    return [CompletionItem(f"{name}=") for name in constants if name.startswith(incomplete)]
