"""Reads and writes of action instances, and the proof that ghosts are ghosts."""

import inspect

import pytest
from quorate.spec.classics.two_phase_commit import TwoPhaseCommit
from quorate.spec.lang import Map, Range, Set, Sort, Spec, action, boundary, require, state
from quorate.spec.lang.errors import Refused
from quorate.spec.lang.meaning.effects import Access, Known, Parameter, effects_of, independent, instance_effects
from quorate.spec.lang.meaning.ghosts import ghost_leaks
from quorate.spec.lang.reader import read


class Server(Sort, size=3):
    """A server."""


class Epoch(Range, low=0, high=3):
    """A small number."""


def piece(specification, name):
    return next(one for one in (*specification.actions, *specification.properties) if one.name == name)


def test_an_action_reads_and_writes_the_entries_of_its_parameters():
    spec = read(TwoPhaseCommit, {"managers": 3}, ())
    prepare = effects_of(spec, piece(spec, "prepare"))
    assert prepare.reads == {Access("phase", Parameter("r")), Access("sent")}
    assert prepare.writes == {Access("phase", Parameter("r")), Access("sent")}
    assert prepare.abandons
    assert effects_of(spec, piece(spec, "consistent")).read_names() == {"phase"}


def test_instances_on_different_entries_are_independent():
    spec = read(TwoPhaseCommit, {"managers": 3}, ())
    obey = piece(spec, "obey_commit")
    one, other = instance_effects(spec, obey, (0,)), instance_effects(spec, obey, (1,))
    assert one.writes == {Access("phase", Known(0))}
    assert independent(one, other) and not independent(one, one)
    assert not independent(one, instance_effects(spec, piece(spec, "commit"), ()))


class Through(Spec):
    """Reads and writes through helpers."""

    votes: Map[Server, Set[Server]] = state()
    epoch: Map[Server, Epoch] = state(0)

    @action
    def vote(self, s: Server, t: Server) -> None:
        require(self.newest(s) <= self.epoch[t])
        self.give(t, s)

    def newest(self, who: Server) -> Epoch:
        return self.epoch[who]

    def give(self, who: Server, whom: Server) -> None:
        require(whom not in self.votes[who])
        self.votes[who].add(whom)

    @action
    def renamed(self, s: Server) -> None:
        for t in Server:
            if self.epoch[t] == 0:
                self.epoch[t] = 1
        self.votes[s] = Set(u for u in Server if self.epoch[u] > 0)


def test_helpers_count_for_their_caller_with_its_keys():
    spec = read(Through, {}, ())
    vote = effects_of(spec, piece(spec, "vote"))
    s, t = Parameter("s"), Parameter("t")
    assert vote.reads == {Access("epoch", s), Access("epoch", t), Access("votes", t)}
    assert vote.writes == {Access("votes", t)}
    assert vote.abandons


def test_a_bound_name_reads_the_whole_variable():
    spec = read(Through, {}, ())
    renamed = effects_of(spec, piece(spec, "renamed"))
    assert renamed.reads == {Access("epoch")}
    assert renamed.writes == {Access("epoch"), Access("votes", Parameter("s"))}
    assert not renamed.abandons


# ------------------------------------------------------------------------------------------------ ghosts


class Honest(Spec):
    """Ghosts that are ghosts: read by properties, updated from anything."""

    epoch: Map[Server, Epoch] = state(0)
    highest: Epoch = state(0, ghost=True)
    seen: Set[Epoch] = state(ghost=True)

    @action
    def raise_epoch(self, s: Server) -> None:
        require(self.epoch[s] < 3)
        self.epoch[s] = self.epoch[s] + 1
        top = self.highest
        if self.epoch[s] > top:
            self.highest = self.epoch[s]
        top = self.epoch[s]
        self.note(top)
        self.epoch[s] = top

    def note(self, e: Epoch) -> None:
        if self.highest >= e:
            self.seen.add(e)


def test_ghosts_may_depend_on_everything():
    specification = read(Honest, {}, ())
    assert ghost_leaks(specification) == []


class Leaky(Spec):
    """Every way in which a ghost can decide what it must not; the comments are the messages expected."""

    epoch: Epoch = state(0)
    ghost: Epoch = state(0, ghost=True)

    @action
    def by_guard(self) -> None:
        require(self.ghost > 0)  # this guard depends on a ghost
        self.epoch = 1

    @action
    def by_data(self) -> None:
        top = self.ghost
        self.epoch = top  # this change of epoch depends on a ghost

    @action
    def by_control(self) -> None:
        if self.ghost > 0:
            self.epoch = 1  # this change of epoch depends on a ghost

    @action
    def by_early_return(self) -> None:
        if self.ghost > 0:
            return
        self.epoch = 1  # this change of epoch depends on a ghost

    @action
    def by_chosen_local(self) -> None:
        top = 0
        if self.ghost > 0:
            top = 1
        self.epoch = top  # this change of epoch depends on a ghost

    @action
    def by_helper(self) -> None:
        self.epoch = self.high()  # this change of epoch depends on a ghost

    def high(self) -> Epoch:
        if self.ghost > 1:
            return 1
        return 0

    @action
    def by_effect(self) -> None:
        if self.ghost > 0:
            self.reset()

    def reset(self) -> None:
        self.epoch = 0  # this change of epoch depends on a ghost

    @action
    def by_loop(self) -> None:
        last = 0
        for e in Epoch:
            require(e < 3)
            self.epoch = last  # this change of epoch depends on a ghost
            last = self.ghost

    @action
    def innocent(self) -> None:
        top = self.ghost
        top = self.epoch
        self.epoch = top

    @boundary
    def low(self) -> bool:  # boundary low reads a ghost
        """Few steps."""
        return self.high() < 3


def test_every_leak_is_refused_at_its_place():
    lines, first = inspect.getsourcelines(Leaky)
    expected = [(first + n, line.split("  # ")[1].strip()) for n, line in enumerate(lines) if "  # " in line]
    with pytest.raises(Refused) as caught:
        read(Leaky, {}, ())
    assert [(refusal.span.line, refusal.message) for refusal in caught.value.refusals] == expected
    assert {refusal.code for refusal in caught.value.refusals} == {"E311"}
