"""Small instances of a theory, set going: first states, seeded walks, and breadth-first search.

For tests of the theory itself: that its actions can happen at all, and that invariants hold on samples before a
solver is asked. Quorums are the majorities. A search here covers one small instance and proves nothing beyond it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from random import Random

from .finite import Compiled, CompiledAction, Structure
from .terms import Formula
from .theory import Symbol, Theory
from .vocabulary import Quorum, members_of, membership_of

ATTEMPTS = 2_000  # random backgrounds tried before giving up


@dataclass(frozen=True)
class Taken:
    """A step that was taken: the action and the values of its parameters."""

    action: str
    values: tuple[int, ...]


class Instance:
    """A theory over sorts of given sizes."""

    def __init__(self, theory: Theory, **sizes: int) -> None:
        self.theory = theory
        quorums = {
            s.__name__: _majorities(sizes[members_of(s).__name__]) for s in theory.sorts if issubclass(s, Quorum)
        }
        self._memberships = {membership_of(name): sets for name, sets in quorums.items()}
        self.sizes = {**sizes, **{name: len(sets) for name, sets in quorums.items()}}
        self.actions = [CompiledAction(theory, action) for action in theory.actions()]
        self._axioms = [Compiled(axiom.formula) for axiom in theory.axioms()]

    def start(self, random: Random) -> Structure:
        """A first state over a random background that satisfies the axioms."""
        for _ in range(ATTEMPTS):
            blank = self._blank(random)
            if all(axiom.call(blank) for axiom in self._axioms):
                return self._first(blank)
        raise ValueError(f"no background of sizes {self.sizes} satisfies the axioms in {ATTEMPTS} random attempts")

    def steps(self, state: Structure) -> Iterator[tuple[Taken, Structure]]:
        """All steps from a state, in the order of the text."""
        for action in self.actions:
            for values in action.instances(state):
                yield Taken(action.action.name, values), action.after(state, values)

    def walk(self, random: Random, length: int) -> Iterator[Structure]:
        """A random walk of at most `length` steps that change something.

        First an action, then its values; every other time the smallest values, so that epochs and transactions
        are not used up by the first steps.
        """
        state = self.start(random)
        yield state
        for _ in range(length):
            following = self._random_step(state, random)
            if following is None:
                return
            state = following
            yield state

    def sample(self, walks: int, length: int, most: int, seed: int) -> tuple[Structure, ...]:
        """States of seeded walks: half of them those with the most facts, half spread over the rest."""
        random = Random(seed)
        walked = {state: None for _ in range(walks) for state in self.walk(random, length)}
        ranked = sorted(walked, key=lambda state: -sum(len(facts) for _, facts in state.relations))
        half = most // 2
        return (*ranked[:half], *ranked[half :: 1 + len(ranked) // half])

    def search(self, bad: Formula, start: Structure, most_states: int) -> tuple[list[Taken] | None, int, bool]:
        """Breadth-first for a state where `bad` is true: shortest steps or None, states seen, whether all were."""
        test = Compiled(bad)
        parents: dict[Structure, tuple[Structure, Taken] | None] = {start: None}
        level = [start]
        while level:
            following: list[Structure] = []
            for state in level:
                if test.call(state):
                    return _path(state, parents), len(parents), False
                if len(parents) >= most_states:
                    return None, len(parents), False
                for taken, after in self.steps(state):
                    if after not in parents:
                        parents[after] = (state, taken)
                        following.append(after)
            level = following
        return None, len(parents), True

    def _random_step(self, state: Structure, random: Random) -> Structure | None:
        for action in random.sample(self.actions, len(self.actions)):
            instances = list(action.instances(state))
            if random.random() < 0.5:
                random.shuffle(instances)
            for values in instances:
                after = action.after(state, values)
                if after != state:
                    return after
        return None

    def _blank(self, random: Random) -> Structure:
        symbols = self.theory.symbols()
        fixed = [s for s in symbols if s.background and s.result is None]
        relations = {s.name: frozenset(t for t in self._tuples(s) if random.random() < 0.5) for s in fixed}
        relations |= {name: _as_tuples(sets) for name, sets in self._memberships.items()}
        empty: dict[str, frozenset[tuple[int, ...]]] = {s.name: frozenset() for s in symbols if s.result is None}
        functions = tuple((s.name, self._graph(s, random)) for s in symbols if s.result is not None)
        return Structure(tuple(self.sizes.items()), tuple((empty | relations).items()), functions)

    def _graph(self, symbol: Symbol, random: Random) -> tuple[tuple[tuple[int, ...], int], ...]:
        values = range(self.sizes[symbol.result or ""])
        return tuple((arguments, random.choice(values)) for arguments in self._tuples(symbol))

    def _tuples(self, symbol: Symbol) -> Iterator[tuple[int, ...]]:
        return product(*(range(self.sizes[sort]) for sort in symbol.sorts))

    def _first(self, blank: Structure) -> Structure:
        action = self.theory.first_step()
        return CompiledAction(self.theory, action).after(blank, ())


def _majorities(members: int) -> list[tuple[int, ...]]:
    smallest = members // 2 + 1
    return [q for size in range(smallest, members + 1) for q in combinations(range(members), size)]


def _as_tuples(sets: list[tuple[int, ...]]) -> frozenset[tuple[int, ...]]:
    return frozenset((number, member) for number, members in enumerate(sets) for member in members)


def _path(state: Structure, parents: dict[Structure, tuple[Structure, Taken] | None]) -> list[Taken]:
    steps: list[Taken] = []
    while (arrival := parents[state]) is not None:
        state, taken = arrival
        steps.append(taken)
    return steps[::-1]
