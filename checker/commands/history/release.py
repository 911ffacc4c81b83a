"""`version=3.8.4` and `fix=3911` among the words of a command line: the variants that a release has.

A specification offers a table of releases as `HISTORY` in its module. Nothing here knows one by name.
"""

import sys
from collections.abc import Iterable
from typing import Any

from ....spec.history import History, UnknownRelease
from ..mistakes import Mistake

WORDS = ("version", "fix")


def history_of(spec: Any) -> History | None:
    """The table of releases beside a specification, if it has one."""
    found = getattr(sys.modules.get(spec.__module__), "HISTORY", None)
    return found if isinstance(found, History) else None


def released(
    spec: Any, words: Iterable[str], variants: Iterable[str], splits: Iterable[str]
) -> tuple[list[str], list[str], list[str]]:
    """The words without `version=` and `fix=`, and the variants and splits with what these two stand for.

    A release is not atomic: with a version, and no split named, everything is split. Raises Mistake.
    """
    words, variants, splits = list(words), list(variants), list(splits)
    given = {name: [word.partition("=")[2] for word in words if word.startswith(f"{name}=")] for name in WORDS}
    history = history_of(spec)
    if history is None or not any(given.values()):
        return words, variants, splits
    if len(given["version"]) != 1:
        raise Mistake("name one release, such as version=3.8.4" + (" for the fix" if given["fix"] else ""))
    fixes = [issue for word in given["fix"] for issue in word.split(",")]
    try:
        found = history.variants_of(given["version"][0], fixes)
    except UnknownRelease as problem:
        raise Mistake(str(problem)) from None
    rest = [word for word in words if word.partition("=")[0] not in WORDS]
    return rest, [*variants, *sorted(found)], splits or ["all"]
