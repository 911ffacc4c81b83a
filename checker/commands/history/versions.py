"""`quorate versions`: which of the known bugs can bite a release, what fixes each, and the command that shows it."""

import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from ....spec.history import Bug, History, Run, UnknownRelease, Variants
from ..arguments import bundled, find_class
from ..mistakes import Mistake
from .release import history_of

EPILOG = """\b
Examples:
  quorate versions
  quorate versions 3.8.4
  quorate versions 3.8
  quorate versions 3.6.2..3.9.3
  quorate versions 3.6.2 --fix 3911
"""


@click.command(epilog=EPILOG, short_help="Say which known bugs a release has.")
@click.argument("releases", required=False, metavar="[VERSION|LINE|FROM..TO]")
@click.option("--fix", "fixes", multiple=True, metavar="ISSUE", help="As if the fix of this issue were in; repeatable.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def versions(releases: str | None, fixes: tuple[str, ...], output_format: str) -> None:
    """Shows the bugs that can bite a release: severity, what fixes each, and the command that shows the counterexample.

    Without releases: every release, and its bugs. With --fix: also what the fix closes and what it opens.
    """
    name, history = _the_history()
    try:
        chosen = _chosen(history, releases)
        found = {one: history.variants_of(one, fixes) for one in chosen}
        changes = [_change(history, one, fixes) for one in chosen] if fixes else []
    except UnknownRelease as problem:
        raise Mistake(str(problem)) from None
    if output_format == "json":
        click.echo(json.dumps(_as_data(name, history, found), indent=2, ensure_ascii=False))
    elif releases is None:
        click.echo("\n".join([*changes, *(f"{one:<8}{_issues(history.bugs_of(own))}" for one, own in found.items())]))
    else:
        click.echo("\n".join([*changes, *_described(name, history, found)]), color=True)


def _the_history() -> tuple[str, History]:
    """The bundled specification that has a history."""
    for name in bundled():
        history = history_of(find_class(name))
        if history is not None:
            return name, history
    raise Mistake("no bundled specification has a table of releases")


def _chosen(history: History, text: str | None) -> Sequence[str]:
    """The releases that were asked for: all, one, a line such as 3.8, or a range. Raises UnknownRelease."""
    if text is None:
        return history.versions()
    first, dots, last = text.partition("..")
    if dots:
        chosen: Sequence[str] = history.between(first, last)
    else:
        chosen = [one for one in history.versions() if one == text or one.startswith(f"{text}.")]
    if not chosen:
        raise UnknownRelease(history.missing(text))
    return chosen


def _change(history: History, version: str, fixes: Sequence[str]) -> str:
    """What fixes close and open in a release."""
    before = {bug.issue for bug in history.bugs_of(history.variants_of(version))}
    after = [bug.issue for bug in history.bugs_of(history.variants_of(version, fixes))]
    closed = [bug.issue for bug in history.bugs if bug.issue in before and bug.issue not in after]
    opened = [issue for issue in after if issue not in before]
    said = f"closes {' '.join(closed) or 'nothing'}, opens {' '.join(opened) or 'nothing'}"
    return f"{version} with the fix of {', '.join(fixes)}: {said}"


def _issues(bugs: Sequence[Bug]) -> str:
    return " ".join(bug.issue for bug in bugs)


def _described(name: str, history: History, found: dict[str, Variants]) -> Iterator[str]:
    """A heading, and three lines for each bug that one of the releases has."""
    from ...output.console import paint_for

    paint = paint_for(sys.stdout)
    every = [bug for bug in history.bugs if any(bug.is_in(variants) for variants in found.values())]
    spans = f"{next(iter(found))} to {list(found)[-1]}" if len(found) > 1 else next(iter(found))
    yield paint("title", f"{spans}: {len(every)} of the bugs in the table can bite")
    for bug in every:
        has = [one for one, variants in found.items() if bug.is_in(variants)]
        fixed = bug.fixed_after(has[-1])
        where = "" if len(has) == len(found) else f" · in {', '.join(has)}"
        yield f"  {bug.issue:<6}{bug.severity} · {f'fixed in {fixed}' if fixed else 'not fixed'}{where}"
        yield f"        {bug.story}"
        yield f"        {command(name, bug, found[has[-1]])}"


def command(name: str, bug: Bug, variants: Variants) -> str:
    """The command that shows a bug alone, in the way that a release has it: everything else is repaired."""
    return command_of(name, *next(bug.ways(variants)))


def command_of(name: str, needed: Variants, run: Run) -> str:
    """The command of one run, with these variants on."""
    words = ["quorate", "check", name, *(f"{key}={value}" for key, value in run.constants.items())]
    words += [word for variant in sorted(needed) for word in ("--variant", variant)]
    words += [word for split in run.splits for word in ("--split", split)]
    return shlex.join([*words, "--property", run.property])


def _as_data(name: str, history: History, found: dict[str, Variants]) -> dict[str, Any]:
    return {
        "schema": 1,
        "specification": name,
        "releases": [
            {
                "version": version,
                "bugs": [
                    {
                        "issue": bug.issue,
                        "severity": bug.severity,
                        "story": bug.story,
                        "fixed in": bug.fixed_after(version),
                        "command": command(name, bug, variants),
                    }
                    for bug in history.bugs_of(variants)
                ],
            }
            for version, variants in found.items()
        ],
    }
