"""Generated Python: golden texts, one construct each, and agreement with the tree-walking meaning on every classic."""

from collections.abc import Iterable
from enum import Enum
from importlib import import_module
from itertools import islice
from pkgutil import iter_modules
from typing import Self

import pytest
from quorate.spec import classics, zookeeper
from quorate.spec.lang import (
    Bag,
    Map,
    Range,
    Record,
    Seq,
    Set,
    Sort,
    Spec,
    action,
    expect,
    initial,
    invariant,
    require,
    state,
    step_invariant,
)
from quorate.spec.lang.errors import EvaluationError
from quorate.spec.lang.meaning.compile import Meaning, source_of
from quorate.spec.lang.meaning.interpret import Interpreter
from quorate.spec.lang.reader import read


class Server(Sort, size=3):
    """A server."""


class Node(Sort, size=20):
    """More of them than are written out."""


class Epoch(Range, low=1, high=4):
    """Not from zero."""


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Ping(Record):
    to: Server
    epoch: Epoch


class Pong(Record):
    to: Server


class Log(Seq[Epoch], capacity=3):
    """A short sequence."""


class Net(Bag[Ping | Pong], capacity=3):
    """A small network."""


class Constructs(Spec):
    """One action per construct; the golden text of each is its function."""

    colour: Map[Server, Colour] = state(Colour.RED)
    epoch: Map[Server, Epoch] = state(1)
    links: Map[Server, Map[Server, Epoch]] = state(1)
    known: Set[Server] = state()
    epochs: Set[Epoch] = state()
    many: Set[Node] = state()
    log: Log = state()
    logs: Map[Server, Log] = state()
    net: Net = state()
    leader: Server | None = state(None)
    top: Epoch = state(1)

    @action
    def guards_are_hoisted(self, s: Server, t: Server) -> None:
        require(s != t)
        require(self.colour[s] is Colour.RED and self.leader is None)
        self.colour[t] = Colour.BLUE

    @action
    def guard_after_a_check_stays(self, s: Server, t: Server) -> None:
        require(self.log[0] == self.epoch[t])
        require(self.colour[s] is Colour.RED)
        self.top = self.epoch[s]

    @action
    def entry_of_nested_maps(self, s: Server, t: Server) -> None:
        self.links[s][t] = self.epoch[t]

    @action
    def number_into_a_range(self) -> None:
        self.top = self.top + 1

    @action
    def branches(self, s: Server) -> None:
        if s in self.known:
            self.top = 2
        elif self.leader == s:
            self.known.discard(s)
            return
        else:
            self.known.add(s)
        self.leader = s

    @action
    def loop(self) -> None:
        for s in Server:
            if s in self.known:
                self.colour[s] = Colour.BLUE

    @action
    def loop_that_abandons(self, t: Server) -> None:
        for s in self.known:
            require(self.epoch[s] <= self.epoch[t])
        self.leader = t

    @action
    def sets(self, s: Server) -> None:
        self.known.update(Set(x for x in Server if self.epoch[x] > 1))
        self.epochs.add(self.top)
        self.many = Set(n for n in Node if n not in self.many)
        self.known = self.known - Set((s,))

    @action
    def sequences(self) -> None:
        require(len(self.log) > 0)
        self.log.append(self.log.last)
        self.log = self.log[1:]
        self.log[0] = 3

    @action
    def sequence_in_a_map(self, s: Server) -> None:
        self.logs[s].append(self.epoch[s])

    @action
    def bags(self, s: Server) -> None:
        self.net.add(Ping(to=s, epoch=self.epoch[s]))

    @action
    def drawn(self, m: Ping | Pong) -> None:
        require(m in self.net)
        self.net.remove(m)
        match m:
            case Ping():
                self.epoch[m.to] = m.epoch
            case Pong():
                self.leader = m.to

    @action
    def expected(self) -> None:
        s = expect(self.leader)
        self.colour[s] = Colour.BLUE

    @action
    def locals_and_choices(self) -> None:
        best = max((s for s in Server), key=lambda s: self.epoch[s])
        self.top = self.epoch[best] if self.colour[best] is Colour.RED else 1

    @action
    def helpers(self, s: Server) -> None:
        require(self.is_quorum(self.known))
        self.promote(s)

    def is_quorum(self, who: Set[Server]) -> bool:
        return len(who) * 2 > 3

    def promote(self, s: Server) -> None:
        require(self.leader is None)
        self.leader = s
        self.known.clear()

    @action
    def sums(self) -> None:
        require(sum(1 for s in Server if self.colour[s] is Colour.RED) == 2)
        require(sum(self.epoch[s] for s in Server) % 2 == 1)
        self.top = min(self.epoch[s] for s in Server)

    @action
    def many_values(self) -> None:
        require(all(n in self.many for n in Node) or any(e == 2 for e in self.log))
        self.many.clear()

    @step_invariant
    def grows(self, before: Self) -> bool:
        """The top never sinks."""
        return self.top >= before.top


def constructs():
    return read(Constructs, {}, ())


def functions(source):
    """The generated functions by name."""
    parts = source.text.strip().split("\n\n\n")
    return {part.split("(", 1)[0].removeprefix("def "): part for part in parts}


NAMES = [name for name, value in vars(Constructs).items() if getattr(value, "__quorate__", "") == "action"]


@pytest.mark.parametrize("name", NAMES)
def test_the_source_of(name, golden):
    parts = functions(source_of(constructs()))
    wanted = [f"a_{name}_instance", f"a_{name}"]
    wanted += {"helpers": ["f_self_is_quorum", "e_self_promote"]}.get(name, [])
    golden("\n\n\n".join(parts[one] for one in wanted if one in parts) + "\n")


def test_the_source_of_a_step_invariant(golden):
    golden(functions(source_of(constructs()))["p_grows"] + "\n")


# --------------------------------------------------------------------------------------- two meanings


def outcome(compute):
    """A value, or the words of the error."""
    try:
        return compute()
    except EvaluationError as error:
        return str(error)


def reachable(meaning) -> Iterable:
    """States in the order of a breadth-first search, as far as no check fails."""
    seen = dict.fromkeys(start for _, start in meaning.initial())
    queue = list(seen)
    for here in queue:
        yield here
        for _, steps in meaning.actions:
            found = outcome(lambda: steps(here))  # noqa: B023
            fresh = [] if isinstance(found, str) else [target for _, target in found if target not in seen]
            seen.update(dict.fromkeys(fresh))
            queue += dict.fromkeys(fresh)


def assert_same_meaning(specification, states):
    """The generated Python and the tree-walking meaning agree on everything there is to ask."""
    meaning, interpreter = Meaning(specification), Interpreter(specification)
    assert meaning.initial() == interpreter.initial()
    for here in islice(reachable(meaning), states):
        for (name, steps), one in zip(meaning.actions, specification.actions, strict=True):
            expected = outcome(lambda: list(interpreter._steps(one, here)))  # noqa: B023
            found = outcome(lambda: list(steps(here)))  # noqa: B023
            assert found == expected, (name, here)
            assert typed(found) == typed(expected), (name, here)
        for one in specification.properties:
            before = here if one.kind == "step_invariant" else None
            expected = outcome(lambda: interpreter.holds(one.name, here, before))  # noqa: B023
            assert outcome(lambda: meaning.holds(one.name, here, before)) == expected  # noqa: B023


def typed(value):
    """The types inside, so that True and 1 are told apart."""
    return [typed(item) for item in value] if isinstance(value, tuple | list) else type(value)


def bundled(package):
    """The specifications of a package's modules, by name."""
    for module in iter_modules(package.__path__):
        found = vars(import_module(f"{package.__name__}.{module.name}")).values()
        yield from (v for v in found if isinstance(v, type) and issubclass(v, Spec) and has_actions(v))


def has_actions(spec):
    """Whether a class is a specification, and not one that others build on."""
    return any(getattr(getattr(spec, name), "__quorate__", "") == "action" for name in dir(spec))


@pytest.mark.parametrize("spec", list(bundled(classics)))
def test_generated_python_means_what_the_tree_means(spec):
    assert_same_meaning(read(spec, {}, ()), states=150)


@pytest.mark.parametrize("spec", list(bundled(zookeeper)))
def test_generated_python_means_what_the_tree_means_in_large(spec):
    assert_same_meaning(read(spec, {}, ()), states=40)


def test_every_construct_means_what_the_tree_means():
    assert_same_meaning(constructs(), states=400)


class Chosen(Spec):
    """Several initial actions, one with an argument."""

    top: Epoch = state(2)
    names: Map[Epoch, Colour] = state(lambda e: Colour.RED if e > 2 else Colour.BLUE)

    @initial
    def any_top(self, e: Epoch) -> None:
        require(e != 3)
        self.top = e

    @initial
    def as_it_is(self) -> None:
        pass

    @action
    def nothing(self) -> None:
        pass

    @invariant
    def named(self) -> bool:
        """A high top is red."""
        return self.names[self.top] is Colour.RED or self.top <= 2


def test_initial_actions_give_the_initial_states():
    specification = read(Chosen, {}, ())
    names = (1, 1, 0, 0)
    expected = [(("any_top", (e,)), (e, names)) for e in (1, 2, 4)] + [(("as_it_is", ()), (2, names))]
    assert Meaning(specification).initial() == expected
    assert_same_meaning(specification, states=10)
