"""`quorate check impl:cluster`: words to a budget, and the result of an enumeration as text or JSON.

The bounds are those of `Budget`; seeded bugs cannot be reached from here.
"""

import json
import os
import sys
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

from ...impl.ensemble.cluster import Label, World, perform
from ..commands.arguments import nearest
from ..commands.mistakes import Mistake
from ..model import Limits
from ..output.console import ProgressLine
from ..result import Result, Steps
from .budget import Budget, Found
from .how import REFINEMENT, How
from .search import Outcome, check

if TYPE_CHECKING:
    from ..commands.request import Request

NAME = "impl:cluster"
REDUCTION = "reduction"
SWITCHES = (REDUCTION, REFINEMENT)
# What a bound may be: more servers than that are not explored in a lifetime.
HIGHEST = {"servers": 7, "transactions": 100, "slow_disk": 1}
_MOST = 1000
_UNUSED = ("variant", "split", "property_", "check_all", "checkpoint", "resume", "html", "trace", "verbose")


def run(request: "Request") -> tuple[Result, dict[str, str]]:
    """The result, and the reports that were asked for, by format. Raises Mistake."""
    for name in _UNUSED:
        if getattr(request, name):
            raise Mistake(f"--{name.strip('_').replace('_', '-')} is for specifications, not for {NAME}; leave it out")
    if "markdown" in request.output_format:
        raise Mistake(f"{NAME} is reported as text or json, not as markdown")
    if request.engine != "auto":
        raise Mistake(f"{NAME} has an engine of its own; leave --engine out")
    budget = read_budget(tuple(word for word in request.constants if word.partition("=")[0] not in SWITCHES))
    refine = _switch(request.constants, REFINEMENT, usually=False)
    reduce = _switch(request.constants, REDUCTION, usually=not refine)
    if reduce and refine:
        raise Mistake(f"{REDUCTION} leaves out steps that {REFINEMENT} is about; choose one of them")
    how = How(reduce, request.workers or len(os.sched_getaffinity(0)), refine)
    limits = Limits(request.max_states, request.max_depth, request.timeout, request.memory)
    progress = ProgressLine(sys.stderr)
    try:
        outcome = check(budget, limits=limits, progress=None if request.quiet else progress, how=how)
    finally:
        progress.close()
    result = replayed(outcome, budget.begin())
    texts = {"text": _text(result, request.quiet), "json": _json(result)}
    return result, {name: texts[name] for name, _ in request.outputs()}


def _switch(words: tuple[str, ...], name: str, usually: bool) -> bool:
    """What a word `name=0` or `name=1` says; raises Mistake."""
    given = [word.partition("=")[2] for word in words if word.partition("=")[0] == name]
    if len(given) > 1 or any(value not in ("0", "1") for value in given):
        raise Mistake(f"{name} is given once, and is 0 or 1")
    return usually if not given else given == ["1"]


def replayed(outcome: Outcome, first: Found) -> Result:
    """The result with its traces, replayed from the first world; of a state, what its servers are in one line each."""
    ways = {name: None if way is None else _steps(first, way) for name, way in outcome.witnesses.items()}
    steps = None if outcome.way is None else _steps(first, outcome.way)
    return replace(outcome.result, witnesses=ways, steps=steps)


def _steps(first: Found, way: tuple[Label, ...]) -> Steps:
    world = first.world
    steps: list[tuple[Label, tuple[str, ...]]] = [(("start", ()), described(world))]
    for label in way:
        world = perform(world, label)
        steps.append((label, described(world)))
    return tuple(steps)


def read_budget(words: tuple[str, ...]) -> Budget:
    """A budget from words `crashes=1`; raises Mistake where one is unknown, no number or out of bounds."""
    known = {field.name: field.default for field in fields(Budget)}
    values: dict[str, int] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name not in known:
            listed = ", ".join([*known, *SWITCHES])
            raise Mistake(f"{NAME} has no bound {name!r}{nearest(name, known)} (it has: {listed})")
        if name in values:
            raise Mistake(f"{name} is given twice")
        low = 1 if name in ("servers", "retained", "rounds") else 0
        high = HIGHEST.get(name, _MOST)
        if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
            raise Mistake(f"{word}: {name} is a whole number from {low} to {high}")
        values[name] = int(text)
    return Budget(**values)


def _text(result: Result, quiet: bool) -> str:
    bounds = " ".join(f"{name}={value}" for name, value in result.bounds.items())
    lines = [f"{NAME} {bounds}: {_verdict(result)}"]
    if quiet:
        return lines[0] + "\n"
    lines.append(f"  {result.distinct:,} distinct states, {result.generated:,} generated, depth {result.depth}")
    if result.outside:
        lines.append(f"  {result.outside:,} generated states have a later round: checked, not explored")
    lines.append(f"  checked: {', '.join(result.properties)}")
    lines += [f"  never reached: {name}" for name in result.unreached()]
    lines.append(f"  in {result.seconds:.1f} s, engine {result.engine}")
    return "\n".join([*lines, *_story(result.steps or ())]) + "\n"


def _verdict(result: Result) -> str:
    if result.verdict == "violated":
        return f"violated: {result.property}"
    if result.verdict == "undecided":
        return f"no violation found, incomplete: stopped by {result.reason}"
    within = " within the rounds" if result.outside else ""
    return f"holds for everything that can happen within this budget{within}"


def described(world: World) -> tuple[str, ...]:
    """Every server in a line: role and phase, epochs, log, how much of it is synced and committed."""
    lines = []
    for server, (node, disk) in enumerate(zip(world.nodes, world.disks, strict=True)):
        state = "down" if node is None else f"{node.state} {node.role.phase}" if node.role else node.state
        log = " ".join(f"{txn.zxid >> 32}.{txn.zxid & 0xFFFFFFFF}" for txn in disk.log)
        committed = node.committed if node else 0
        epochs = f"epochs {disk.accepted}/{disk.current}"
        lines.append(f"{server}: {state}, {epochs}, log [{log}], {disk.synced} synced, {committed} committed")
    return tuple(lines)


def _story(steps: Steps) -> list[str]:
    """Each step with the servers that it changed."""
    lines: list[str] = []
    for number, ((name, arguments), state) in enumerate(steps, start=1):
        lines += ["", f"{number}. {name}({', '.join(map(str, arguments))})"]
        before = steps[number - 2][1] if number > 1 else (None,) * len(state)
        lines += [f"     {now}" for now, was in zip(state, before, strict=True) if now != was]
    return lines


def _json(result: Result) -> str:
    document: dict[str, Any] = asdict(result) | {"schema": 1, "specification": NAME}
    document["witnesses"] = {name: None if steps is None else len(steps) for name, steps in result.witnesses.items()}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
