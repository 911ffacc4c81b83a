"""The map from the implementation to `zab`: which steps of the specification one thing that happens stands for.

| what happens to a node | steps of the specification |
|---|---|
| it is to lead, or to follow | `update_leader` or `follow_leader`; the oracle is whom the election named |
| the leader reads FOLLOWERINFO | `connect_and_follower_send_cepoch`, `leader_process_cepoch` |
| the follower reads LEADERINFO | `follower_process_newepoch` |
| the leader reads ACKEPOCH | `leader_process_ackepoch` |
| the follower answers NEWLEADER | `follower_process_newleader`, `follower_process_propose` for every outstanding one |
| the leader reads that answer | `leader_process_ackld` |
| UPTODATE, PROPOSAL, COMMIT are read | `follower_process_commitld`, `…_propose`, `…_commit` |
| the leader reads an ACK, or its own log is durable | `leader_process_ack` |
| a client asks | `leader_process_request`, `leader_broadcast_propose` |
| everything else | a stutter |

Where the implementation is finer or slower than the specification, the specification's state is corrected:

* **Losing each other has two halves.** `timeout` and `restart` end a connection on both sides at once; here each side
  leaves when it notices, and until then reads what was sent before.
* **Synchronisation is several writes.** Until NEWLEADER is answered the specification keeps the old history; the log
  must all the while be a prefix of it or of the one that is being sent, and is what a crash leaves.
* **NEWLEADER carries what is committed; what is being proposed follows as proposals**, and an acknowledgement of these
  from an earlier connection no longer counts. A repeated promise waits until the leader is established.
* **The leader acknowledges to itself** when its log is durable, through a channel to itself; a crash takes from a
  history only what its server has not acknowledged.
"""

from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any

from ....impl.ensemble.cluster import Label, World
from ....impl.ensemble.messages import (
    Ack,
    AckEpoch,
    Commit,
    Diff,
    FollowerInfo,
    LeaderInfo,
    Log,
    NewLeader,
    Proposal,
    Snap,
    Trunc,
    UpToDate,
    counter_of,
    epoch_of,
)
from ....impl.ensemble.state import Following, Leading, Node
from ....spec.lang.domains import Map, Optional, Union
from ....spec.lang.meaning.compile import State
from ....spec.lang.reader import read
from ....spec.zookeeper.zab import Zab
from .shadow import Mismatch, Shadow
from .unbounded import unbounded

LOOKING, FOLLOWING, LEADING = range(3)
PHASES = {"ELECTION": 0, "DISCOVERY": 1, "SYNCHRONIZATION": 2, "BROADCAST": 3}
Txns = tuple[tuple[tuple[int, int], int, int], ...]  # zxid, value, acknowledged by (a set as bits)


class ZabMap:
    """The map for so many servers; `variants` are those of the specification."""

    def __init__(self, servers: int, variants: Collection[str] = ()) -> None:
        whole = read(Zab, {"servers": servers}, tuple(variants))
        self.shadow = Shadow(unbounded(whole, ("servers",), ("broadcasts", "established")))
        self._servers = servers

    @property
    def first(self) -> State:
        """The state of the specification for a world in which every server has just started."""
        return self.shadow.first

    def follow(self, state: State, before: World, label: Label, after: World) -> State:
        """The specification's state after what happened; raises Mismatch."""
        return _Step(self.shadow, self._kinds, state, before, label, after).run()

    @cached_property
    def _kinds(self) -> dict[str, int]:
        """Positions of messages in the union of a channel."""
        channel = next(v for v in self.shadow.specification.variables if v.name == "channel").type
        assert isinstance(channel, Map) and isinstance(channel.value, Map)
        kind = channel.value.value
        item: Any = getattr(kind, "item", None)
        item = item.item if isinstance(item, Optional) else item
        assert isinstance(item, Union)
        return {record.name: n for n, record in enumerate(item.records)}


class _Step:
    """One thing that happens, on both sides."""

    def __init__(
        self, shadow: Shadow, kinds: dict[str, int], state: State, before: World, label: Label, after: World
    ) -> None:
        self.shadow, self.kinds, self.began, self.state = shadow, kinds, state, state
        self.before, self.label, self.after = before, label, after

    def run(self) -> State:
        name, who = self.label
        match name:
            case "crash":
                self._crash(who[0])
            case "break":
                self._break(*who)
            case "leader_receives":
                self._leader_reads(*who)
            case "follower_receives":
                self._follower_reads(*who)
            case "request":
                self._request(who[0])
        for was, now in zip(self.before.nodes, self.after.nodes, strict=True):
            if was is not None and now is not None and was is not now:
                self._role(was, now)
        self._durable(who[0])
        self._compare()
        return self.state

    # ------------------------------------------------------------------------------------------ reading, writing

    def _of(self, name: str) -> Any:
        return self.state[self.shadow.at[name]]

    def _take(self, action: str, *arguments: int) -> None:
        self.state = self.shadow.take(self.state, action, *arguments)

    def _put(self, **values: Any) -> None:
        self.state = self.shadow.put(self.state, **values)

    def _set(self, name: str, server: int, value: Any) -> None:
        whole = self._of(name)
        if whole[server] != value:
            self._put(**{name: (*whole[:server], value, *whole[server + 1 :])})

    def _channel(self, sender: int, receiver: int) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self._of("channel")[sender][receiver]
        return found

    def _set_channel(self, sender: int, receiver: int, messages: tuple[Any, ...]) -> None:
        row = self._of("channel")[sender]
        if row[receiver] != messages:
            self._set("channel", sender, (*row[:receiver], messages, *row[receiver + 1 :]))

    def _others(self, server: int) -> tuple[int, ...]:
        return self.before.ensemble.others(server)

    # -------------------------------------------------------------------------------------------- roles and faults

    def _role(self, was: Node, now: Node) -> None:
        """A server has left a role, or taken one, or both."""
        if was.role is not None and now.role is None:
            self._flush(was, now.log)
            self._leave(was.id)
        if was.role is None and isinstance(now.role, Leading):
            self._take("follow_leader" if self._of("oracle") == now.id else "update_leader", now.id)
        if was.role is None and isinstance(now.role, Following):
            self._put(oracle=now.role.leader)
            self._take("follow_leader", now.id)

    def _leave(self, server: int) -> None:
        """The half of `timeout`, `restart` and losing a leader that happens at the server itself."""
        if self._of("role")[server] == LEADING:
            self._set("learners", server, 0)
            for other in range(self.before.ensemble.servers):
                self._set_channel(other, server, ())
        self._set("role", server, LOOKING)
        self._set("phase", server, PHASES["ELECTION"])
        self._set("leader", server, None)
        for other in self._others(server):
            self._set_channel(other, server, ())

    def _forget(self, leader: int, learner: int) -> None:
        """The half of losing a learner that happens at its leader."""
        self._set("learners", leader, self._of("learners")[leader] & ~(1 << learner))
        for name in ("cepochs", "ack_epochs", "ack_lds"):
            row = self._of(name)[leader]
            if row[learner] is not None:
                entry = (False, *row[learner][1:])
                self._set(name, leader, (*row[:learner], entry, *row[learner + 1 :]))
        self._set_channel(learner, leader, ())

    def _flush(self, was: Node, log: Log) -> None:
        """A server leaves with this log: what it had not answered NEWLEADER for, or not acknowledged, can be gone."""
        history = self._of("history")[was.id]
        if _synchronises(was):
            self._set("history", was.id, tuple((zxid, value, 0) for zxid, value in _plain(log)))
        elif len(log) < len(history):
            self._check_unacknowledged(was, len(log))
            self._set("history", was.id, history[: len(log)])

    def _check_unacknowledged(self, was: Node, kept: int) -> None:
        """What a server loses is not on its disk: no leader may count on it, now or when it reads what is under way."""
        lost = [zxid for zxid, _, _ in self._of("history")[was.id][kept:]]
        leader = was.id if isinstance(was.role, Leading) else self._of("leader")[was.id]
        if leader is None:
            return
        sent = {_zxid(item.zxid) for item in self.before.connection(was.id, leader).up if isinstance(item, Ack)}
        counted = {zxid for zxid, _, acks in self._of("history")[leader] if acks >> was.id & 1}
        mine = [zxid for zxid in lost if zxid in sent or zxid in counted]
        if mine:
            raise Mismatch(f"server {was.id} loses {_list(mine)}, which it has acknowledged")
        self._filter(was.id, leader, lambda m: m[0] != self.kinds["Ack"] or m[1][0] not in lost)

    def _filter(self, sender: int, receiver: int, keep: Callable[[Any], bool]) -> None:
        self._set_channel(sender, receiver, tuple(m for m in self._channel(sender, receiver) if keep(m)))

    def _crash(self, server: int) -> None:
        node = self.before.nodes[server]
        assert node is not None
        self._flush(node, self.after.disks[server].log)
        self._leave(server)
        self._set("last_committed", server, (0, (0, 0)))

    def _break(self, learner: int, leader: int) -> None:
        if not self.before.connection(learner, leader).accepted:
            return
        self._set_channel(learner, leader, ())
        node = self.before.nodes[learner]
        if node is None or not _synchronises(node):  # else it may still answer NEWLEADER, once its log is durable
            self._set_channel(leader, learner, ())

    # ---------------------------------------------------------------------------------------------------- reading

    def _leader_reads(self, leader: int, learner: int) -> None:
        node = self.before.nodes[leader]
        assert node is not None
        packet = self.before.connection(learner, leader).up[0]
        if not isinstance(node.role, Leading):
            return
        match packet:
            case "CLOSED":
                self._forget(leader, learner)
            case FollowerInfo():
                self._put(oracle=leader)
                self._set_channel(learner, leader, ())  # what was sent to, or by, a server that had left is lost
                self._set_channel(leader, learner, ())
                self._take("connect_and_follower_send_cepoch", leader, learner)
                self._take("leader_process_cepoch", leader, learner)
            case AckEpoch(current):
                self._ack_epoch(leader, learner, current, node.role)
            case Ack(number) if counter_of(number) == 0:
                self._take("leader_process_ackld", leader, learner)
            case Ack(number):
                self._skip_committed(leader, learner, _zxid(number))
                self._take("leader_process_ack", leader, learner)

    def _skip_committed(self, leader: int, learner: int, zxid: tuple[int, int]) -> None:
        """What the learner knew to be committed when it answered NEWLEADER it has not acknowledged one by one."""
        committed = self._of("last_committed")[leader][1]
        while (head := self._channel(learner, leader)[:1]) and head[0][0] == self.kinds["Ack"]:
            if head[0][1][0] >= zxid or head[0][1][0] > committed:
                break
            self._take("leader_process_ack", leader, learner)

    def _ack_epoch(self, leader: int, learner: int, current: int | None, role: Leading) -> None:
        after = self.after.nodes[leader]
        assert after is not None
        if isinstance(after.role, Leading) and learner not in after.role.connected:
            self._forget(leader, learner)  # the leader gives up rather than take over a newer history
            return
        if current is None and role.phase == "DISCOVERY":
            return  # a repeated promise waits
        self._synchronise(leader, learner, len(self.before.nodes[leader].log))  # type: ignore[union-attr]
        if role.phase == "DISCOVERY" and isinstance(after.role, Leading) and after.role.phase != "DISCOVERY":
            for other, _, _ in sorted(role.waiting):
                if any(m[0] == self.kinds["AckEpoch"] for m in self._channel(other, leader)[:1]):
                    self._synchronise(leader, other, len(after.log))

    def _synchronise(self, leader: int, learner: int, length: int) -> None:
        """The leader reads ACKEPOCH; NEWLEADER then carries what is committed, and proposals the rest."""
        established = self._of("phase")[leader] == PHASES["BROADCAST"]
        self._take("leader_process_ackepoch", leader, learner)
        if not established:
            return
        history = self._of("history")[leader]
        settled = self._of("last_committed")[leader][0]
        if settled == len(history):
            return
        channel = self._channel(leader, learner)
        kind, (epoch, sent) = channel[-1]
        assert kind == self.kinds["NewLeader"] and length >= settled
        rest = tuple((self.kinds["Propose"], (zxid, value)) for zxid, value, _ in history[settled:])
        self._set_channel(leader, learner, (*channel[:-1], (kind, (epoch, sent[:settled])), *rest))
        again = tuple((zxid, value, acks & ~(1 << learner)) for zxid, value, acks in history[settled:])
        self._set("history", leader, (*history[:settled], *again))

    def _follower_reads(self, server: int, leader: int) -> None:
        was, now = self.before.nodes[server], self.after.nodes[server]
        assert was is not None and now is not None
        role = was.role
        packet = self.before.connection(server, leader).down[0]
        if not isinstance(role, Following) or role.leader != leader or packet == "CLOSED":
            return
        stays = isinstance(now.role, Following)
        match packet:
            case LeaderInfo() if stays:
                self._take("follower_process_newepoch", server, leader)
            case LeaderInfo():
                self._refuse(server, leader)
            case Proposal() if not _synchronises(was) and stays:
                self._take("follower_process_propose", server, leader)
            case UpToDate() if stays:
                self._take("follower_process_commitld", server, leader)
            case Commit() if role.phase == "BROADCAST" and stays:
                self._take("follower_process_commit", server, leader)
            case Diff() | Trunc() | Snap() | NewLeader() | Proposal() | Commit() | _:
                pass

    def _refuse(self, server: int, leader: int) -> None:
        """The follower leaves because it has promised a later epoch. Its half only: the leader has not noticed yet."""
        joined = self.state
        self._take("follower_process_newepoch", server, leader)
        if self._of("role")[server] != LOOKING:
            raise Mismatch(f"server {server} leaves server {leader}, whose epoch the specification lets it promise")
        self.state = joined

    def _answer_new_leader(self, node: Node, leader: int) -> None:
        """The log is that of the new epoch: the history that came with it, and the proposals behind it."""
        if node.synced < len(node.log):
            lost = f"only {node.synced} of {len(node.log)} transactions are on its disk"
            raise Mismatch(
                f"server {node.id} answers NEWLEADER while {lost}; follower_process_newleader logs all of it"
            )
        self._take("follower_process_newleader", node.id, leader)
        while len(self._of("history")[node.id]) < len(node.log):
            self._take("follower_process_propose", node.id, leader)

    # ------------------------------------------------------------------------------------------ requests, durability

    def _request(self, leader: int) -> None:
        node, after = self.before.nodes[leader], self.after.nodes[leader]
        assert node is not None and after is not None
        if len(after.log) == len(node.log):
            return  # the epoch has run out of counters
        self._put(requests=self.before.requests)
        self._take("leader_process_request", leader)
        *rest, (zxid, value, _) = self._of("history")[leader]
        self._set("history", leader, (*rest, (zxid, value, 0)))
        self._take("leader_broadcast_propose", leader)

    def _durable(self, server: int) -> None:
        """The log of a server reaches the disk: a leader acknowledges to itself, a follower may answer NEWLEADER."""
        was, now = self.before.nodes[server], self.after.nodes[server]
        if was is None or now is None:
            return
        role = was.role
        if isinstance(now.role, Following) and now.role.joined and _synchronises(was):
            self._answer_new_leader(now, now.role.leader)
        if isinstance(role, Leading) and was.synced < now.synced and isinstance(now.role, Leading):
            for txn in now.log[was.synced : now.synced]:
                ack = (self.kinds["Ack"], (_zxid(txn.zxid),))
                self._set_channel(server, server, (*self._channel(server, server), ack))
                self._take("leader_process_ack", server, server)

    # -------------------------------------------------------------------------------------------------- comparing

    def _compare(self) -> None:
        """What both sides know about the servers that have changed must be the same."""
        for server, (now, disk) in enumerate(zip(self.after.nodes, self.after.disks, strict=True)):
            if now is None:
                if self.before.nodes[server] is not None:
                    self._same("history", server, _plain(disk.log))
            elif now is not self.before.nodes[server]:
                self._compare_node(now)
        if self._of("anomalies"):
            raise Mismatch("the specification notes an anomaly: a server sees what it should never see")

    def _compare_node(self, node: Node) -> None:
        role, phase = (
            (LOOKING, "ELECTION") if node.role is None else (1 + isinstance(node.role, Leading), node.role.phase)
        )
        self._same("role", node.id, role)
        self._same("phase", node.id, PHASES[phase])
        self._same("accepted_epoch", node.id, node.accepted)
        self._same("current_epoch", node.id, node.current)
        if _synchronises(node):
            self._check_on_the_way(node)
        elif not self._is_untouched(node):
            self._same("history", node.id, _plain(node.log))
        self._same("last_committed", node.id, node.committed)
        if isinstance(node.role, Leading):
            self._same("learners", node.id, sum(1 << s for s in node.role.connected | {node.id}))

    def _is_untouched(self, node: Node) -> bool:
        """Whether neither side has written to a history; it need not be compared again then."""
        was, at = self.before.nodes[node.id], self.shadow.at["history"]
        same = was is not None and was.log is node.log and not _synchronises(was)
        return same and self.began[at][node.id] is self.state[at][node.id]

    def _check_on_the_way(self, node: Node) -> None:
        """While a learner is being synchronised, its log is a prefix of the history that it had or that it gets."""
        assert isinstance(node.role, Following)
        log = _plain(node.log)
        old = _pairs(self._of("history")[node.id])
        new: tuple[Any, ...] = ()
        for kind, content in self._channel(node.role.leader, node.id):
            if kind == self.kinds["NewLeader"]:
                new = _pairs(content[1])
            elif kind == self.kinds["Propose"]:
                new = (*new, content)
        if log != old[: len(log)] and log != new[: len(log)]:
            raise Mismatch(f"the log of server {node.id} is neither its old history nor that of its leader, so far")

    def _same(self, variable: str, server: int, found: Any) -> None:
        wanted = self._of(variable)[server]
        if variable == "history":
            wanted = _pairs(wanted)
        elif variable == "last_committed":
            wanted = wanted[0]
        if wanted != found:
            could = self.shadow.what_could(self.state, variable, server)
            raise Mismatch(
                f"{variable} of server {server} is {found} in the implementation and {wanted} in the specification"
                + (f"; {could}" if could else "")
            )


def _synchronises(node: Node) -> bool:
    """Whether a follower is being brought to its leader's history, and has not answered NEWLEADER."""
    return isinstance(node.role, Following) and node.role.phase == "SYNCHRONIZATION" and not node.role.joined


def _zxid(number: int) -> tuple[int, int]:
    return epoch_of(number), counter_of(number)


def _plain(log: Log) -> tuple[tuple[tuple[int, int], int], ...]:
    """A log as zxids and values; the n-th request asks for w<n>."""
    return tuple((_zxid(txn.zxid), int(txn.payload[1:]) - 1) for txn in log)


def _pairs(history: Txns) -> tuple[tuple[tuple[int, int], int], ...]:
    return tuple((zxid, value) for zxid, value, _ in history)


def _list(zxids: list[tuple[int, int]]) -> str:
    return " ".join(f"{epoch}.{counter}" for epoch, counter in zxids)
