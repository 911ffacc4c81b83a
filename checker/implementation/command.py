"""`quorate check impl:cluster`: words to a budget, and an enumeration to the result of an engine.

The bounds are those of `Budget`; seeded bugs cannot be reached from here, but for a trace that a test has recorded.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ...spec.lang import ir
from ...spec.lang.specification import declared
from ..commands.arguments import read_constants
from ..commands.mistakes import Mistake
from ..model import Options
from ..result import Result
from .how import REFINEMENT, How
from .picture import ACTIONS, SIMULATED, Performer, World, budget_of, known, tree
from .search import Outcome, check

if TYPE_CHECKING:
    from ..commands.request import Request

NAME = "impl:cluster"
REDUCTION = "reduction"
PLANTED: tuple[str, ...] = ()  # seeded bugs; tests plant them here
_UNUSED = ("checkpoint", "resume", "check_all", "exact", "profile", "identity")


def configured(words: Iterable[str], variants: Iterable[str] = (), splits: Iterable[str] = ()) -> ir.Specification:
    """The tree of an enumeration; raises Mistake."""
    for option, given in (("variant", variants), ("split", splits)):
        if tuple(given):
            raise Mistake(f"--{option} is for specifications, not for {NAME}; leave it out")
    found = planted(words, PLANTED)
    if dict(found.constants).get(SIMULATED):
        raise Mistake(f"{SIMULATED} is for traces of simulated runs: {NAME} takes all that can happen; leave it out")
    return found


def planted(words: Iterable[str], bugs: Iterable[str]) -> ir.Specification:
    """The tree with seeded bugs, as a trace of a test names them; raises Mistake."""
    bugs = tuple(bugs)
    if not known(bugs):
        raise Mistake(f"{NAME} has no seeded bugs {', '.join(bugs)}")
    given = read_constants(NAME, declared(World)[0], words)
    if given.get(REDUCTION) and given.get(REFINEMENT):
        raise Mistake(f"{REDUCTION} leaves out steps that {REFINEMENT} is about; choose one of them")
    if given.get(REFINEMENT):
        given[REDUCTION] = 0
    return tree(given, bugs)


def explore(request: "Request", specification: ir.Specification, options: Options) -> Result:
    """What the enumeration finds, its steps as those of the tree. Raises Mistake."""
    for name in _UNUSED:
        if getattr(request, name):
            raise Mistake(f"--{name.replace('_', '-')} is for specifications, not for {NAME}; leave it out")
    if request.engine != "auto":
        raise Mistake(f"{NAME} has an engine of its own; leave --engine out")
    constants = dict(specification.constants)
    how = How(
        bool(constants[REDUCTION]),
        request.workers or len(os.sched_getaffinity(0)),
        bool(constants[REFINEMENT]),
        options.properties,
    )
    budget = budget_of(specification)
    outcome = check(budget, specification.variants, limits=options.limits, progress=options.progress, how=how)
    return performed(specification, outcome, options)


def performed(specification: ir.Specification, outcome: Outcome, options: Options) -> Result:
    """The result with its traces as states, and its counts under the names of actions."""
    performer, result = specification.performer, outcome.result
    assert isinstance(performer, Performer)
    names = [one.name for one in specification.actions]
    generated = {ACTIONS.get(name, name): count for name, count in result.actions.items()}
    new = {ACTIONS.get(name, name): count for name, count in result.distinct_actions.items()}
    chosen = options.properties
    ways = {name: way for name, way in outcome.witnesses.items() if chosen is None or name in chosen}
    return replace(
        result,
        actions={name: generated.get(name, 0) for name in names},
        distinct_actions={name: new.get(name, 0) for name in names},
        bounds={**result.bounds, **options.limits.words()},
        properties=(*(one for one in result.properties if chosen is None or one in chosen), *ways),
        witnesses={name: None if way is None else performer.shown(way) for name, way in ways.items()},
        steps=None if outcome.way is None else performer.shown(outcome.way),
    )
