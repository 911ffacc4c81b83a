"""The map from the implementation to `election`: which steps of the specification one notification stands for.

| what happens to a node | steps of the specification |
|---|---|
| it starts, or loses its role | `zab_timeout` |
| it hears a notification | `receive_notmsg`, and while it looks for a leader `handle_notmsg` |
| it has heard nothing for a while | `notmsg_timeout`, `handle_notmsg` |
| no better vote has come for a while | `wait_new_notmsg` |
| everything else | a stutter |

What happens between elections, and how servers come to their epochs and histories, is Zab's part: it is taken over from
the node when it begins to look. Where the two differ, the specification's state is corrected:

* **A server hears itself**, as in `FastLeaderElection.java`, whose notifications go to the sender too: its own ballot
  is among those that it holds.
* **Waiting for a better vote does not make it deaf.** The specification drops what is no better while it waits; here it
  is looked at, and the wait goes on.
* **A decision may come later.** The specification follows a leader of its own round as soon as it hears of it; the
  implementation waits until a quorum confirms.
* **Servers restart**, and begin again with the first round: what one says then replaces what it said
  before in the same role, of whatever round.
* Notifications to a server that is down are lost, and some get lost or are repeated on the way.
"""

from collections.abc import Collection
from typing import Any

from ....impl.ensemble.cluster import Label, World
from ....impl.ensemble.messages import Notification, Vote, counter_of, epoch_of
from ....impl.ensemble.state import Node
from ....spec.lang.meaning.compile import State
from ....spec.lang.reader import read
from ....spec.zookeeper.election import Election
from .shadow import Mismatch, Shadow
from .unbounded import unbounded

LOOKING, FOLLOWING, LEADING = range(3)
_ROLES = {"LOOKING": LOOKING, "FOLLOWING": FOLLOWING, "LEADING": LEADING}


class ElectionMap:
    """The map for so many servers; `variants` are those of the specification."""

    def __init__(self, servers: int, variants: Collection[str] = ()) -> None:
        whole = read(Election, {"servers": servers}, tuple(variants))
        self.shadow = Shadow(unbounded(whole, ("servers", "versions"), ("credentials",)))

    def first(self, world: World) -> State:
        """The state of the specification for a world in which every server has just started."""
        step = _Step(self.shadow, self.shadow.first, world, ("restart", ()), world)
        for server in range(world.ensemble.servers):
            step.enter(server)
        step.hear_of(world)
        return step.state

    def follow(self, state: State, before: World, label: Label, after: World) -> State:
        """The specification's state after what happened; raises Mismatch."""
        unmoved = all(was is now for was, now in zip(before.nodes, after.nodes, strict=True))
        if unmoved and before.notifications is after.notifications:
            return state
        return _Step(self.shadow, state, before, label, after).run()


class _Step:
    """One thing that happens, on both sides."""

    def __init__(self, shadow: Shadow, state: State, before: World, label: Label, after: World) -> None:
        self.shadow, self.state = shadow, state
        self.before, self.label, self.after = before, label, after

    def run(self) -> State:
        name, who = self.label
        match name:
            case "notified":
                self._hear(*who)
            case "resend":
                self._interrupt(who[0])
                self._take("notmsg_timeout", who[0])
                self._take("handle_notmsg", who[0])
            case "finalize":
                self._take("wait_new_notmsg", who[0])
            case "drop":
                sender, receiver = who
                self._set_channel(sender, receiver, self._channel(sender, receiver)[1:])
            case "duplicate":
                sender, receiver = who
                queue = self._channel(sender, receiver)
                self._set_channel(sender, receiver, (queue[0], *queue))
        for server, (was, now) in enumerate(zip(self.before.nodes, self.after.nodes, strict=True)):
            if now is not None and was is not now and (was is None or _entered(was, now)):
                self.enter(server)
        self._lose()
        self._compare()
        return self.state

    def enter(self, server: int) -> State:
        """A server begins to look, with the epoch and the history that it has."""
        node = self.after.nodes[server]
        assert node is not None
        history = tuple(((epoch_of(txn.zxid), counter_of(txn.zxid)), 0) for txn in node.log)
        self._set("current_epoch", server, node.current)
        self._set("history", server, tuple(history))
        if self.before.nodes[server] is None or self.label[0] == "restart":
            self._set("logical_clock", server, 0)
        self._set("role", server, FOLLOWING)
        self._take("zab_timeout", server)
        self._hear_oneself(server)
        return self.state

    def hear_of(self, world: World) -> None:
        """Servers start one after the other, and those that are not yet up hear nothing."""
        for sender, receiver in world.pairs():
            self._set_channel(sender, receiver, _said(sender, world.notification_queue(sender, receiver)))

    # -------------------------------------------------------------------------------------------------- hearing

    def _hear(self, server: int, peer: int) -> None:
        was, now = self.before.nodes[server], self.after.nodes[server]
        assert was is not None and now is not None
        waited = self._of("wait_notmsg")[server]
        self._believe_restarted(server, peer)
        self._take("receive_notmsg", server, peer)
        if was.role is not None:
            return
        self._interrupt(server)
        asked = self.state
        self._take("handle_notmsg", server)
        decided = self._of("role")[server] != LOOKING
        if decided and now.role is None:
            self._decide_later(server, asked)
        stays = all(self._of(n)[server] == asked[self.shadow.at[n]][server] for n in ("current_vote", "logical_clock"))
        if now.role is None and stays and waited:
            self._set("wait_notmsg", server, True)
        self._hear_oneself(server)

    def _believe_restarted(self, server: int, peer: int) -> None:
        """Only a server that has restarted speaks of an earlier round than before: that one counts no longer."""
        _, role, number, _ = self._channel(peer, server)[0]
        for name in ("receive_votes",) if role == LOOKING else ("receive_votes", "out_of_election"):
            row = self._of(name)[server]
            if row[peer][1] > number:
                self._set(name, server, (*row[:peer], (None, 0, LOOKING, 0), *row[peer + 1 :]))

    def _decide_later(self, server: int, asked: State) -> None:
        """What was heard is remembered; the decision is taken back."""
        for name in ("role", "current_vote", "logical_clock", "leading_vote_set"):
            self._set(name, server, asked[self.shadow.at[name]][server])

    def _interrupt(self, server: int) -> None:
        self._set("wait_notmsg", server, False)

    def _hear_oneself(self, server: int) -> None:
        row = self._of("receive_votes")[server]
        own = (self._of("current_vote")[server], self._of("logical_clock")[server], LOOKING, 0)
        if row[server] != own:
            self._set("receive_votes", server, (*row[:server], own, *row[server + 1 :]))

    def _lose(self) -> None:
        """Nothing reaches a server that is down."""
        for server, node in enumerate(self.after.nodes):
            if node is None:
                for sender in self.after.ensemble.others(server):
                    self._set_channel(sender, server, ())

    # ------------------------------------------------------------------------------------------------- comparing

    def _compare(self) -> None:
        for server, now in enumerate(self.after.nodes):
            if now is not None and now is not self.before.nodes[server]:
                self._same("role", server, _ROLES[now.state])
                self._same("current_vote", server, _vote(now.election.vote))
                self._same("logical_clock", server, now.election.round)
                if now.role is None and now.election.decided:
                    self._same("wait_notmsg", server, True)
        if self.after.notifications is not self.before.notifications:
            self._compare_channels()

    def _compare_channels(self) -> None:
        for sender, receiver in self.after.pairs():
            found = self.after.notification_queue(sender, receiver)
            if found is not self.before.notification_queue(sender, receiver):
                said = _said(sender, found)
                if said != self._channel(sender, receiver):
                    wanted = self._channel(sender, receiver)
                    raise Mismatch(f"{sender} has told {receiver} {said}, and in the specification {wanted}")

    def _same(self, variable: str, server: int, found: Any) -> None:
        wanted = self._of(variable)[server]
        if wanted != found:
            could = self.shadow.what_could(self.state, variable, server)
            raise Mismatch(
                f"{variable} of server {server} is {found} in the implementation and {wanted} in the specification"
                + (f"; {could}" if could else "")
            )

    # ------------------------------------------------------------------------------------------ reading, writing

    def _of(self, name: str) -> Any:
        return self.state[self.shadow.at[name]]

    def _take(self, action: str, *arguments: int) -> None:
        self.state = self.shadow.take(self.state, action, *arguments)

    def _set(self, name: str, server: int, value: Any) -> None:
        whole = self._of(name)
        if whole[server] != value:
            self.state = self.shadow.put(self.state, **{name: (*whole[:server], value, *whole[server + 1 :])})

    def _channel(self, sender: int, receiver: int) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self._of("election_messages")[sender][receiver]
        return found

    def _set_channel(self, sender: int, receiver: int, messages: tuple[Any, ...]) -> None:
        row = self._of("election_messages")[sender]
        if row[receiver] != messages:
            self._set("election_messages", sender, (*row[:receiver], messages, *row[receiver + 1 :]))


def _entered(was: Node, now: Node) -> bool:
    return was.role is not None and now.role is None


def _said(sender: int, queue: tuple[Notification, ...]) -> tuple[Any, ...]:
    return tuple((sender, _ROLES[n.state], n.round, _vote(n.vote)) for n in queue)


def _vote(vote: Vote) -> tuple[int, tuple[int, int], int]:
    return vote.epoch, (epoch_of(vote.zxid), counter_of(vote.zxid)), vote.leader
