"""Breadth-first search: every reachable state once, every property, shortest traces, exact counts.

States are expanded in the order in which they are found, steps in the order that `Meaning` gives them, so a run is
the same every time. Per state the search keeps its key and the number of the state it was found from; traces are
rebuilt by replay. Where states with different ghosts are the same state, properties see the one that was found
first, as with TLC's VIEW; step invariants see every generated step. An interrupt gives what is known so far.
"""

import gc
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ...spec.lang import ir
from ...spec.lang.errors import EvaluationError
from ...spec.lang.meaning.compile import Label, Meaning, State
from ...spec.lang.meaning.interpret import Broken, Interpreter
from ..model import Options, Progress, properties_of
from ..profile import Profile
from ..result import DEADLOCK, Reason, Result, Steps, Verdict, Violation
from .identity import Identity, Key
from .profiling import Profiling
from .rebuild import NotReplayed, Rebuilder
from .selftest import Asymmetry, SelfTest
from .symmetry import Permutation

ENGINE = "reference"
PAUSE = 0.02  # seconds between two reports of progress, after one of which another engine may take over
STRIDE = 64  # states expanded between two looks at the clock

_Kind = Literal["invariant", "step_invariant", "deadlock"]
_Test = tuple[str, Callable[..., bool]]


def check(specification: ir.Specification, options: Options) -> Result:
    """Searches a specification's states; raises nothing but what a bug of ours would raise."""
    return Search(specification, options).run()


@dataclass(frozen=True, slots=True)
class _Place:
    """A state by number, and optionally one more step that was found there (None: the step is an initial one)."""

    number: int | None
    last: tuple[Label, State] | None = None


@dataclass(slots=True)
class _Found:
    kind: _Kind
    place: _Place
    count: int = 1


class _Stop(Exception):
    """The search ends here."""

    def __init__(self, reason: Reason, name: str | None = None, place: _Place | None = None) -> None:
        self.reason, self.name, self.place = reason, name, place


class Search:
    """One search; `run` may be called once."""

    def __init__(self, specification: ir.Specification, options: Options) -> None:
        self._spec, self._options = specification, options
        self._meaning = Meaning(specification)
        self._identity = Identity(specification, options)
        self._profiling = Profiling(specification) if options.profile else None
        actions = self._meaning.actions
        self._steps_of = actions if self._profiling is None else self._profiling.actions(actions)
        whole = self._identity.whole
        self._selftest = SelfTest(self._meaning, whole, options.seed) if whole else None
        self._rebuilder = Rebuilder(self._meaning, whole, lambda label, state: self._identity.key(label, state)[:2])
        self._invariants = self._tests("invariant")
        self._step_invariants = self._tests("step_invariant")
        self._boundaries = self._tests("boundary")
        self._terminals = self._tests("terminal")
        self._witnesses = dict(self._tests("witness"))
        self._reached: dict[str, int] = {}  # witness -> number of the first state
        self._seen: dict[Key, int] = {}  # key -> number of the state it was found from; in order of numbers
        self._frontier: list[State] = []
        self._generated = self._depth = self._outside = self._unreduced = 0
        self._expanded = 0  # states of this level that are done
        self._actions = {action.name: 0 for action in specification.actions}
        self._new = {action.name: 0 for action in specification.actions}
        self._violations: dict[str, _Found] = {}
        self._violating_outside: set[tuple[str, Key]] = set()
        self._at: _Place | None = None  # where a property is being evaluated
        self._evaluating: str | None = None
        self._began = self._reported = time.monotonic()

    def _tests(self, kind: ir.Kind) -> list[_Test]:
        timed = self._profiling.property if self._profiling is not None else lambda _, test: test
        asked = properties_of(self._spec, kind, self._options)
        return [(p.name, timed(p.name, self._meaning.properties[p.name])) for p in asked]

    # --------------------------------------------------------------------------------------- run

    def run(self) -> Result:
        """The whole search."""
        collecting = gc.isenabled()
        gc.disable()  # states are trees of tuples: nothing for the collector, and it costs a third of the time
        try:
            self._start()
            for first in self._levels():
                self._level(first)
            stop = _Stop("complete")
        except _Stop as found:
            stop = found
        except KeyboardInterrupt:
            stop = _Stop("interrupted")
        except EvaluationError as error:
            return self._failed("error", error, self._evaluating, self._at)
        except Asymmetry as asymmetry:
            return self._failed("asymmetry", asymmetry.error, asymmetry.culprit, None)
        finally:
            if collecting:
                gc.enable()
        try:
            return self._result(stop)
        except NotReplayed as missing:
            return self._failed("asymmetry", self._not_replayed(missing), missing.label[0], None)

    def _start(self) -> None:
        found = self._meaning.initial()
        if self._selftest:
            self._selftest.start(found)
        self._generated += len(found)
        for label, state in found:
            self._meet(label, state, None)

    def _levels(self) -> Iterator[int]:
        """The number of the first state of every level; the level's states stand in the frontier."""
        first = 0
        while self._frontier:
            self._depth += 1
            if self._options.limits.depth is not None and self._depth >= self._options.limits.depth:
                raise _Stop("depth")
            size = len(self._frontier)
            yield first
            first += size

    def _level(self, first: int) -> None:
        level, self._frontier = self._frontier, []
        for self._expanded, state in enumerate(level):
            if not self._expanded % STRIDE:
                self._look_around(len(level) - self._expanded)
            self._expand(first + self._expanded, state)

    def _expand(self, number: int, state: State) -> None:
        """Takes every step that can happen in a state."""
        seen, plain, stuck = self._seen, self._identity.is_plain, True
        self._at, self._evaluating = _Place(number), None
        for name, steps in self._steps_of:
            found = steps(state)
            if not found:
                continue
            stuck = False
            self._actions[name] += len(found)
            self._generated += len(found)
            if self._step_invariants:
                self._check_steps(number, state, found)
            for label, target in found:
                if not (plain and target in seen):
                    self._meet(label, target, number)
        if stuck and self._options.deadlock and not any(test(state) for _, test in self._terminals):
            self._violated(DEADLOCK, "deadlock", _Place(number))
        if self._selftest:
            self._selftest.sample(state)

    def _meet(self, label: Label, target: State, number: int | None) -> None:
        """A generated state: checked and kept when it is new and inside the boundaries."""
        permutation: Permutation | None = None
        key, orbit = target, 1
        if not self._identity.is_plain:
            key, permutation, orbit = self._identity.key(label, target)
        if key in self._seen:
            return
        place = self._at = _Place(number, (label, target))
        inside = all(self._holds(name, test, target) for name, test in self._boundaries)
        if not inside:
            self._outside += 1
        else:
            self._keep(key, permutation, orbit, label, target, number)
        for name, test in self._invariants:
            if not self._holds(name, test, target) and (inside or self._is_new_outside(name, key)):
                self._violated(name, "invariant", place)
        if inside:
            for name in [name for name, test in self._witnesses.items() if self._holds(name, test, target)]:
                self._reached[name] = len(self._seen) - 1
                del self._witnesses[name]
        self._at, self._evaluating = _Place(number), None

    def _keep(
        self, key: Key, permutation: Permutation | None, orbit: int, label: Label, target: State, number: int | None
    ) -> None:
        if len(self._seen) == self._options.limits.states:
            raise _Stop("states")
        self._seen[key] = -1 if number is None else number
        self._unreduced += orbit
        if number is not None:
            self._new[label[0]] += 1
        whole = self._identity.whole
        self._frontier.append(target if whole is None or permutation is None else whole.rename(target, permutation))

    # ------------------------------------------------------------------------------- properties

    def _holds(self, name: str, test: Callable[..., bool], state: State) -> bool:
        self._evaluating = name
        return test(state)

    def _check_steps(self, number: int, state: State, found: Any) -> None:
        for label, target in found:
            for name, test in self._step_invariants:
                self._at, self._evaluating = _Place(number, (label, target)), name
                if not test(state, target):
                    self._violated(name, "step_invariant", _Place(number, (label, target)))
        self._at, self._evaluating = _Place(number), None

    def _is_new_outside(self, name: str, key: Key) -> bool:
        """States outside are not remembered, but one that violates a property counts once."""
        if (name, key) in self._violating_outside:
            return False
        self._violating_outside.add((name, key))
        return True

    def _violated(self, name: str, kind: _Kind, place: _Place) -> None:
        if not self._options.check_all:
            raise _Stop(kind, name, place)
        found = self._violations.get(name)
        if found is None:
            self._violations[name] = _Found(kind, place)
        else:
            found.count += 1

    # ---------------------------------------------------------------------- limits and progress

    def _look_around(self, left: int) -> None:
        limits, now = self._options.limits, time.monotonic()
        if limits.seconds is not None and now - self._began > limits.seconds:
            raise _Stop("seconds")
        if limits.memory is not None and peak_memory() > limits.memory:
            raise _Stop("memory")
        if self._options.progress is not None and now - self._reported >= PAUSE:
            self._reported = now
            frontier, spent = left + len(self._frontier), now - self._began
            self._options.progress(
                Progress(len(self._seen), self._generated, self._depth, frontier, spent, peak_memory())
            )

    # ----------------------------------------------------------------------------------- result

    def _result(self, stop: _Stop) -> Result:
        verdict: Verdict = "undecided"
        reason, name, steps = stop.reason, stop.name, None
        if stop.place is not None:
            verdict, steps = "violated", self._steps(stop.place)
        elif self._violations:
            name, first = next(iter(self._violations.items()))
            verdict, reason, steps = "violated", first.kind, self._steps(first.place)
        elif stop.reason == "complete":
            verdict = "holds"
        violations = tuple(
            Violation(name, found.kind, found.count, self._steps(found.place))
            for name, found in self._violations.items()
        )
        return self._answer(
            verdict, reason, property=name, complete=stop.reason == "complete", steps=steps, violations=violations
        )

    def _answer(self, verdict: Verdict, reason: Reason, **more: Any) -> Result:
        options = self._options
        names = [p.name for k in _CHECKED for p in properties_of(self._spec, k, options)]
        deeper = 1 if self._frontier and self._seen else 0  # the level that was begun
        return Result(
            verdict,
            reason,
            distinct=len(self._seen),
            generated=self._generated,
            depth=self._depth + (deeper if reason != "depth" else 0),
            outside=self._outside,
            unreduced=self._unreduced if self._identity.sorts else None,
            actions=self._actions,
            distinct_actions=self._new,
            bounds=_bounds(self._spec, options),
            properties=(*names, *((DEADLOCK,) if options.deadlock else ())),
            engine=ENGINE,
            seconds=time.monotonic() - self._began,
            peak_memory=peak_memory(),
            witnesses=self._witness_traces(),
            symmetric_sorts=tuple(sort.name for sort in self._identity.sorts),
            ghosts_left_out=self._identity.left_out,
            dead_values=self._identity.dead,
            profile=self._profile(),
            **more,
        )

    def _profile(self) -> Profile | None:
        return None if self._profiling is None else self._profiling.read(self._actions, self._new, peak_memory())

    def _witness_traces(self) -> dict[str, Steps | None]:
        names = [p.name for p in properties_of(self._spec, "witness", self._options)]
        places = {name: self._reached.get(name) for name in names}
        return {name: None if at is None else self._steps(_Place(at)) for name, at in places.items()}

    def _steps(self, place: _Place) -> Steps:
        """The trace to a place, replayed."""
        keys, parents = list(self._seen), list(self._seen.values())
        path: list[Key] = []
        at = -1 if place.number is None else place.number
        while at >= 0:
            path.append(keys[at])
            at = parents[at]
        return self._rebuilder.steps(path[::-1], place.last)

    def _failed(self, reason: Reason, error: EvaluationError, failed: str | None, place: _Place | None) -> Result:
        """A specification that cannot be evaluated, or is not symmetric."""
        steps = None if place is None else self._steps(place)
        culprit: Label | str | None = failed
        if failed is None and steps:
            culprit = self._culprit(steps[-1][1])
        return self._answer("undecided", reason, steps=steps, error=error, failed=culprit)

    def _culprit(self, state: State) -> Label | None:
        """The action instance that cannot be evaluated in a state."""
        interpreter = Interpreter(self._spec)
        for action in self._spec.actions:
            try:
                for arguments in interpreter.instances(action, state):
                    if isinstance(interpreter.attempt(action.name, arguments, state), Broken):
                        return action.name, arguments
            except EvaluationError:
                return action.name, ()
        return None

    def _not_replayed(self, missing: NotReplayed) -> EvaluationError:
        name = missing.label[0]
        span = next((action.span for action in self._spec.actions if action.name == name), None)
        what = "a step of it between representatives is not one between the states they stand for"
        cure = "Declare the Sort `ordered=True`, or check with --no-symmetry"
        return EvaluationError(span, f"{name} tells elements of an unordered Sort apart: {what}. {cure}")


_CHECKED: tuple[ir.Kind, ...] = ("invariant", "step_invariant", "witness")


def _bounds(spec: ir.Specification, options: Options) -> dict[str, int | float | str | bool]:
    """The bounds in force: constants under their names, what was left out, limits."""
    limits = options.limits
    given = {
        "max_states": limits.states,
        "max_depth": limits.depth,
        "max_seconds": limits.seconds,
        "max_memory": limits.memory,
    }
    boundaries = ", ".join(p.name for p in spec.properties if p.kind == "boundary")
    return {
        **dict(spec.constants),
        **({"variants": ", ".join(spec.variants)} if spec.variants else {}),
        "identity": options.identity,
        "symmetry": options.symmetry,
        **({"boundaries": boundaries} if boundaries else {}),
        **{name: value for name, value in given.items() if value is not None},
    }


def peak_memory() -> int:
    """The most memory that this process has used, in bytes."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024
