"""The product of an operational specification and a relational theory, gone through breadth-first.

Every operational step names the relational steps that it stands for, none being a stutter; each must be allowed, guard
by guard, and afterwards both sides must agree. The relational state is a history variable: it follows the operational
one, so no abstraction has to be guessed. Knows no protocol: a `Link` says what stands for what.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...spec.lang import ir
from ...spec.lang.meaning.compile import Meaning
from ...spec.relational.finite import Compiled, CompiledAction, Structure
from ...spec.relational.printing import text
from ...spec.relational.theory import Action, Theory
from ...spec.relational.walks import Taken
from ..result import Label, State, Steps


class Link(Protocol):
    """What an operational step stands for, and when the two states agree."""

    specification: ir.Specification

    @property
    def theory(self) -> Theory:
        """What is proved for any size."""
        ...

    def start(self) -> Structure:
        """The relational state that goes with the initial one."""
        ...

    def scripts(self, before: State, label: Label, after: State, abstract: Structure) -> Iterator[Sequence[Taken]]:
        """The sequences of relational steps that this step may stand for; the first that is allowed is taken."""
        ...

    def disagreement(self, state: State, abstract: Structure) -> str | None:
        """How the two states differ, in words; None where they agree."""
        ...


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A step that the theory does not allow: the operational trace, the relational step, and what is against it."""

    steps: Steps
    taken: Taken | None  # the relational step whose guard failed; None where the states disagree
    reason: str


@dataclass(frozen=True, slots=True)
class Refinement:
    """How far the product was gone through, and the first mismatch, which is a shortest one."""

    product_states: int
    operational_states: int
    abstract_states: int
    steps: int
    stutters: int
    depth: int
    mismatch: Mismatch | None
    complete: bool

    @property
    def refines(self) -> bool:
        """Every step of the whole space of this configuration is allowed."""
        return self.complete and self.mismatch is None


Pair = tuple[State, Structure]


def refine(link: Link, most_states: int | None = None) -> Refinement:
    """Goes through the product, at most `most_states` of its states."""
    return _Product(link, most_states).search()


class _Product:
    def __init__(self, link: Link, most_states: int | None) -> None:
        self.link, self.most = link, most_states
        self.meaning = Meaning(link.specification)
        self.theory = _Steps(link.theory)
        self.parents: dict[Pair, tuple[Pair, Label] | None] = {}
        self.count = self.stutters = 0

    def search(self) -> Refinement:
        start = self.link.start()
        self.labels = {(state, start): label for label, state in self.meaning.initial()}
        self.parents = dict.fromkeys(self.labels)
        level, depth = list(self.parents), 0
        while level:
            depth += 1
            following: list[Pair] = []
            for pair in level:
                mismatch = self._expand(pair, following)
                if mismatch is not None:
                    return self._refinement(depth, mismatch, False)
                if self.most is not None and len(self.parents) >= self.most:
                    return self._refinement(depth, None, False)
            level = following
        return self._refinement(depth, None, True)

    def _expand(self, pair: Pair, following: list[Pair]) -> Mismatch | None:
        before, abstract = pair
        for label, after in self.meaning.successors(before):
            self.count += 1
            matched, taken, reason = self._matched(before, label, after, abstract)
            if matched is None:
                last = ((label, after),)
                return Mismatch((*self._trace(pair), *last), taken, reason)
            self.stutters += matched is abstract
            arrived = (after, matched)
            if arrived not in self.parents:
                self.parents[arrived] = (pair, label)
                following.append(arrived)
        return None

    def _matched(
        self, before: State, label: Label, after: State, abstract: Structure
    ) -> tuple[Structure | None, Taken | None, str]:
        """The relational state after the first script that works; or what is against the one that got furthest."""
        against: tuple[Taken | None, str] = (None, "nothing stands for this step")
        furthest = -1
        for script in self.link.scripts(before, label, after, abstract):
            state, problem = abstract, None
            for number, taken in enumerate(script):
                problem = self.theory.against(state, taken)
                if problem is not None:
                    if (reach := 100 * number + problem[0]) > furthest:
                        furthest, against = reach, (taken, problem[1])
                    break
                state = self.theory.after(state, taken)
            if problem is None:
                difference = self.link.disagreement(after, state)
                if difference is None:
                    return state, None, ""
                furthest, against = 100 * len(script), (None, difference)
        return None, *against

    def _trace(self, pair: Pair) -> Steps:
        steps: list[tuple[Label, State]] = []
        here = pair
        while (arrival := self.parents[here]) is not None:
            steps.append((arrival[1], here[0]))
            here = arrival[0]
        steps.append((self.labels[here], here[0]))
        return tuple(reversed(steps))

    def _refinement(self, depth: int, mismatch: Mismatch | None, complete: bool) -> Refinement:
        operational = {state for state, _ in self.parents}
        abstract = {state for _, state in self.parents}
        sizes = len(self.parents), len(operational), len(abstract)
        return Refinement(*sizes, self.count, self.stutters, depth, mismatch, complete)


class _Steps:
    """The steps of a theory, one at a time, each remembered."""

    def __init__(self, theory: Theory) -> None:
        self.actions: dict[str, Action] = {action.name: action for action in theory.actions()}
        self._compiled = {name: CompiledAction(theory, action) for name, action in self.actions.items()}
        self._guards = {
            name: [Compiled(guard, action.parameters) for guard in action.step.guards]
            for name, action in self.actions.items()
        }
        self._against: dict[tuple[Structure, Taken], tuple[int, str] | None] = {}
        self._after: dict[tuple[Structure, Taken], Structure] = {}

    def against(self, state: Structure, taken: Taken) -> tuple[int, str] | None:
        """The first guard that forbids the step, its number and in words; None where it is allowed."""
        key = (state, taken)
        if key not in self._against:
            self._against[key] = self._first_against(state, taken)
        return self._against[key]

    def _first_against(self, state: Structure, taken: Taken) -> tuple[int, str] | None:
        action = self.actions[taken.action]
        for number, (guard, formula) in enumerate(zip(self._guards[taken.action], action.step.guards, strict=True)):
            if not guard.call(state, taken.values):
                values = ", ".join(f"{p.name}={v}" for p, v in zip(action.parameters, taken.values, strict=True))
                return number, f"guard {number + 1} of {taken.action}({values}) is false: {text(formula)}"
        return None

    def after(self, state: Structure, taken: Taken) -> Structure:
        """The state after a step that is allowed."""
        key = (state, taken)
        if key not in self._after:
            self._after[key] = self._compiled[taken.action].after(state, taken.values)
        return self._after[key]
