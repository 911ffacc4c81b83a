"""The other direction: behaviours sampled from `zab` are replayed on the implementation.

For every step of the specification the world does what it stands for, and afterwards roles, phases, epochs, histories
and what is delivered must be the same on both sides. The specification allows more than ZooKeeper does; a walk ends
where it goes on in a way that ZooKeeper does not, and says why: see `WAYS`.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from ....impl.ensemble.cluster import Label, World, begin, enabled, perform
from ....impl.ensemble.messages import Ack, AckEpoch, counter_of, epoch_of
from ....impl.ensemble.state import Ensemble, Following, Leading
from ....spec.lang.meaning.compile import Meaning, State
from ....spec.lang.reader import read
from ....spec.zookeeper.zab import Zab

WAYS = {
    "oracle": "the oracle changes its mind between obeying it and connecting",
    "newer": "a leader takes over the newer history of a follower; ZooKeeper's gives up, for its election chose better",
    "repeated": "a follower's second promise of the same epoch counts; ZooKeeper's leader waits for another server's",
    "deserted": "a leader goes on with learners that are not synchronised; ZooKeeper's counts those that are",
    "unacknowledged": "an outstanding proposal is part of NEWLEADER, and not acknowledged by itself",
}
_PHASES = ("ELECTION", "DISCOVERY", "SYNCHRONIZATION", "BROADCAST")
_LEADING = 2


@dataclass(slots=True)
class Replayed:
    """How many walks and steps were replayed, why walks ended early, and the first difference."""

    walks: int = 0
    steps: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    difference: str | None = None


class _Ends(Exception):
    """The specification goes on in a way that ZooKeeper does not."""


def replay(walks: int, seed: int, most: int = 200, **constants: int) -> Replayed:
    """Seeded random walks of `zab` with these constants, each of so many steps at most."""
    specification = read(Zab, constants, ())
    meaning, chance, found = Meaning(specification), Random(seed), Replayed()
    at = {variable.name: n for n, variable in enumerate(specification.variables)}
    servers = dict(specification.constants)["servers"]
    for _ in range(walks):
        _walk(meaning, at, servers, chance, most, found)
        if found.difference is not None:
            break
    return found


def _walk(meaning: Meaning, at: dict[str, int], servers: int, chance: Random, most: int, found: Replayed) -> None:
    found.walks += 1
    state = meaning.initial()[0][1]
    side = _Side(begin(Ensemble(servers, oracle=True), lazy_disk=False), at)
    for _ in range(most):
        choices = meaning.successors(state)
        if not choices:
            break
        proposals = [choice for choice in choices if choice[0][0] == "leader_broadcast_propose"]
        label, after = chance.choice(proposals or choices)  # a request and its proposal are one step in ZooKeeper
        try:
            side.take(label, state, after)
        except _Ends as end:
            found.ended[str(end)] += 1
            return
        state = after
        found.steps += 1
        found.actions[label[0]] += 1
        found.difference = side.difference(state, label)
        if found.difference is not None:
            return


class _Side:
    """The implementation's side of a walk."""

    def __init__(self, world: World, at: dict[str, int]) -> None:
        self.world, self._at = world, at

    def _do(self, name: str, *who: int) -> None:
        self.world = perform(self.world, (name, who))

    def take(self, label: tuple[str, tuple[int, ...]], before: State, after: State) -> None:
        """Does what a step of the specification stands for."""
        name, who = label
        match name:
            case "update_leader":
                self._do("elect", *who)
            case "follow_leader":
                self._do("elect" if self.world.oracle == who[0] else "follow", *who)
            case "connect_and_follower_send_cepoch":
                node = self.world.nodes[who[1]]
                assert node is not None
                if not isinstance(node.role, Following) or node.role.leader != who[0]:
                    raise _Ends("oracle")
            case "timeout":
                self._lose(who[0], who[1], before, after)
            case "leader_process_request":
                self._do("request", *who)
            case _ if name.startswith("leader_process"):
                self._leader(name, who[0], who[1], before, after)
            case _ if name.startswith("follower_process"):
                self._follower(name, who[0], who[1], before, after)

    def _leader(self, name: str, leader: int, learner: int, before: State, after: State) -> None:
        was, now = (_pairs(state[self._at["history"]][leader]) for state in (before, after))
        if name == "leader_process_ackepoch" and was != now:
            raise _Ends("newer")
        first = self.world.connection(learner, leader).up[0]
        if isinstance(first, AckEpoch) and first.current is None:
            raise _Ends("repeated")
        if name == "leader_process_ack":
            zxid = before[self._at["channel"]][learner][leader][0][1][0]
            if not isinstance(first, Ack) or (epoch_of(first.zxid), counter_of(first.zxid)) != zxid:
                raise _Ends("unacknowledged")
        self._do("leader_receives", leader, learner)
        node = self.world.nodes[leader]
        assert node is not None
        if name == "leader_process_ackepoch" and isinstance(node.role, Leading) and learner not in node.role.connected:
            raise _Ends("newer")
        self._check_leads(leader, after)

    def _check_leads(self, leader: int, after: State) -> None:
        node = self.world.nodes[leader]
        assert node is not None
        if after[self._at["role"]][leader] == _LEADING and not isinstance(node.role, Leading):
            raise _Ends("deserted")

    def _follower(self, name: str, server: int, leader: int, before: State, after: State) -> None:
        if name == "follower_process_propose" and before[self._at["history"]] == after[self._at["history"]]:
            return  # it came with NEWLEADER
        self._do("follower_receives", server, leader)
        node = self.world.nodes[server]
        assert node is not None
        while isinstance(node.role, Following) and self._goes_on(name, node.role, server, leader):
            self._do("follower_receives", server, leader)
            node = self.world.nodes[server]
            assert node is not None

    def _goes_on(self, name: str, role: Following, server: int, leader: int) -> bool:
        """NEWLEADER is several packets; before UPTODATE there may be commits."""
        if not self.world.connection(server, leader).down:
            return False
        if name == "follower_process_newleader":
            return not role.joined
        return name == "follower_process_commitld" and role.phase != "BROADCAST"

    def _lose(self, leader: int, learner: int, before: State, after: State) -> None:
        """Both sides of a connection notice that it is gone; a leader without a quorum loses everybody."""
        if after[self._at["role"]][leader] == _LEADING:
            if self._break(leader, learner):
                self._do("leader_receives", leader, learner)
            self._check_leads(leader, after)
            return
        for other in self.world.ensemble.others(leader):
            if before[self._at["learners"]][leader] >> other & 1:
                self._break(leader, other)
        self._do("timeout", leader)
        self._drain(leader)

    def _break(self, leader: int, learner: int) -> bool:
        """The learner notices; whether the leader has something to notice."""
        accepted = self.world.connection(learner, leader).accepted
        self._do("break", learner, leader)
        self._do("follower_receives", learner, leader)
        return accepted

    def _drain(self, leader: int) -> None:
        while labels := [one for one in enabled(self.world) if one[0] == "leader_receives" and one[1][0] == leader]:
            self.world = perform(self.world, labels[0])

    def difference(self, state: State, label: Label) -> str | None:
        """The first thing that both sides know and that is not the same."""
        for server, node in enumerate(self.world.nodes):
            assert node is not None
            role = 0 if node.role is None else 1 + isinstance(node.role, Leading)
            phase = 0 if node.role is None else _PHASES.index(node.role.phase)
            log = tuple(((epoch_of(t.zxid), counter_of(t.zxid)), int(str(t.payload)[1:]) - 1) for t in node.log)
            mine = role, phase, node.accepted, node.current, log, node.committed
            theirs = tuple(self._seen(state, name, server) for name in _SEEN)
            if mine != theirs:
                return f"after {label}: server {server} is {mine}, where the specification has {theirs}"
        return None

    def _seen(self, state: State, name: str, server: int) -> Any:
        value = state[self._at[name]][server]
        if name == "history":
            return _pairs(value)
        return value[0] if name == "last_committed" else value


_SEEN = ("role", "phase", "accepted_epoch", "current_epoch", "history", "last_committed")


def _pairs(history: Any) -> tuple[Any, ...]:
    return tuple((zxid, value) for zxid, value, _ in history)
