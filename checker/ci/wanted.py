"""The checks that `[tool.quorate]` of a pyproject.toml lists, and each as a request that `quorate check` knows.

What is written there is checked like a command line: an unknown key, a wrong type, a name given twice is a mistake.
"""

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from ..commands.arguments import Duration, Size, nearest
from ..commands.mistakes import Mistake
from ..commands.request import Request


class Wanted(msgspec.Struct, forbid_unknown_fields=True, rename="kebab", frozen=True):
    """One `[[tool.quorate.check]]` table; what it leaves out is as on the command line."""

    specification: str
    name: str = ""
    constants: dict[str, int] = {}
    variants: list[str] = []
    splits: list[str] = []
    properties: list[str] = []
    expect: Literal["holds", "violated"] = "holds"
    fail_on: str = "violation,incomplete"
    symmetry: bool = True
    deadlock: bool = True
    identity: Literal["state", "ghosts", "label"] | None = None
    dead_values: bool | None = None
    engine: Literal["auto", "native", "reference"] = "auto"
    workers: int = 1
    max_states: int | None = None
    max_depth: int | None = None
    timeout: str | int | None = None
    memory: str | int | None = None
    seed: int = 0

    def title(self) -> str:
        """Its name; without one, what it checks."""
        constants = [f"{name}={value}" for name, value in self.constants.items()]
        return self.name or " ".join([self.specification, *constants, *self.variants])


def read_wanted(path: Path) -> list[Wanted]:
    """The checks of a file in order, which may be none; raises Mistake."""
    every = _tables(path)
    titles = [one.title() for one in every]
    for title in titles:
        if titles.count(title) > 1:
            raise Mistake(f"{path} lists {title!r} twice; give each check a name of its own: name = '…'")
    return every


def matches(wanted: Wanted, pattern: str) -> bool:
    """Whether a check is meant by a name with `*` and `?` in it."""
    return fnmatchcase(wanted.title(), pattern)


def _tables(path: Path) -> list[Wanted]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise Mistake(f"{path} cannot be read: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise Mistake(f"{path} is no TOML: {problem}") from None
    tool = document.get("tool", {})
    if not isinstance(tool, dict):
        raise Mistake(f"{path}: [tool] is no table")
    own = tool.get("quorate", {})
    if not isinstance(own, dict) or own.keys() - {"check"}:
        raise Mistake(f"{path}: [tool.quorate] holds [[tool.quorate.check]] tables and nothing else")
    tables = own.get("check", [])
    if not isinstance(tables, list):
        raise Mistake(
            f"{path}: [tool.quorate.check] is one table; write [[tool.quorate.check]], as there may be several"
        )
    return [_wanted(path, number, table) for number, table in enumerate(tables, start=1)]


def _wanted(path: Path, number: int, table: object) -> Wanted:
    known = [field.encode_name for field in msgspec.structs.fields(Wanted)]
    for key in table if isinstance(table, dict) else ():
        if key not in known:
            raise Mistake(f"{path}: check {number} has the unknown key {key!r}{nearest(key, known)}")
    try:
        wanted = msgspec.convert(table, Wanted)
    except msgspec.ValidationError as problem:
        raise Mistake(f"{path}: check {number}: {problem}") from None
    if not 1 <= wanted.workers <= 1024 or (wanted.max_states or 1) < 1 or (wanted.max_depth or 1) < 1:
        raise Mistake(f"{path}: check {number}: workers are 1 to 1024, max-states and max-depth at least 1")
    return wanted


def request_of(wanted: Wanted) -> Request:
    """What `quorate check` would be asked; raises Mistake where a time or size is none."""
    request = Request(
        specification=wanted.specification,
        constants=tuple(f"{name}={value}" for name, value in wanted.constants.items()),
        variant=tuple(wanted.variants),
        split=tuple(wanted.splits),
        property_=tuple(wanted.properties),
        symmetry=wanted.symmetry,
        identity=wanted.identity,
        dead_values=wanted.dead_values,
        deadlock=wanted.deadlock,
        engine=wanted.engine,
        workers=wanted.workers,
        max_states=wanted.max_states,
        max_depth=wanted.max_depth,
        timeout=_converted(Duration(), wanted.timeout),
        memory=_converted(Size(), wanted.memory),
        seed=wanted.seed,
        fail_on=wanted.fail_on,
        expect=wanted.expect,
        quiet=True,
    )
    request.conditions()
    return request


def _converted(kind: Duration | Size, value: str | int | None) -> Any:
    try:
        return None if value is None else kind.convert(value, None, None)
    except click.BadParameter as problem:
        raise Mistake(problem.message) from None
