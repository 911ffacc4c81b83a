"""Fast leader election (`FastLeaderElection.java`): votes, rounds, and when an election is over.

A vote for the newest history wins, among equals the larger server id. It knows nothing of what a leader does then.
"""

from dataclasses import replace

from .messages import Connect, Disconnect, Effect, Flush, FollowerInfo, Notification, Notify, Send, Vote, WriteEpochs
from .state import Election, Following, Leading, Node, Step


def look(node: Node) -> Step:
    """Leaves whatever role the node has and starts a new round with a vote for itself."""
    left = tuple(Disconnect(peer) for peer in _peers(node))
    node = replace(node, role=None, synced=len(node.log))
    effects: tuple[Effect, ...] = (*left, Flush())
    if node.has("promise-twice"):
        node, effects = replace(node, accepted=node.current), (*effects, WriteEpochs(node.current, node.current))
    if node.ensemble.oracle:
        return node, effects
    nobody = (None,) * node.ensemble.servers
    election = Election(0 if node.observes else node.election.round + 1, own_vote(node), nobody, nobody)
    node = _counted(replace(node, election=election), node.id, election.vote)
    return node, (*effects, *_broadcast(node))


def own_vote(node: Node) -> Vote:
    """The vote for oneself; that of an observer is less than any other."""
    return Vote(-1, -1, node.id) if node.observes else Vote(*recency(node, node.current, node.last), node.id)


def recency(node: Node, epoch: int, zxid: int) -> tuple[int, int]:
    """How new a history is: the epoch in which its holder last followed, then the last zxid."""
    return 0 if node.has("ignore-epoch") else epoch, 0 if node.has("ignore-zxid") else zxid


def notified(node: Node, peer: int, heard: Notification) -> Step:
    """A notification came."""
    if node.role is not None or peer in node.ensemble.observers:
        return node, (_answer(node, peer),) if heard.state == "LOOKING" and not node.observes else ()
    if heard.state != "LOOKING":
        return _from_outside(node, peer, heard)
    mine = node.election.round
    if node.has("no-round"):
        heard = replace(heard, round=mine)
    if heard.round < mine:
        return node, () if node.observes else (_answer(node, peer),)
    if heard.round > mine:
        nobody = (None,) * node.ensemble.servers
        vote = max(heard.vote, own_vote(node))
        return _adopted(replace(node, election=Election(heard.round, vote, nobody, node.election.outside)), peer, heard)
    if heard.vote > node.election.vote or (node.has("no-comparison") and heard.vote != node.election.vote):
        return _adopted(replace(node, election=replace(node.election, vote=heard.vote)), peer, heard)
    return _counted(node, peer, heard.vote), ()


def resend(node: Node) -> Step:
    """Nothing was heard for a while: say it again."""
    return node, _broadcast(node) if node.role is None else ()


def told(node: Node, leader: int) -> Step:
    """The host names the leader. Whoever asks this node hears of that one."""
    if not node.ensemble.oracle:
        vote = replace(node.election.vote, leader=leader)
        node = replace(node, election=replace(node.election, vote=vote))
    return decide(node, leader)


def decide(node: Node, leader: int) -> Step:
    """The election is over for this node."""
    if leader == node.id:
        promised = tuple(node.accepted if s == node.id else None for s in range(node.ensemble.servers))
        return replace(node, role=Leading(promised=promised, start=len(node.log))), ()
    greeting = Connect(leader), Send(leader, FollowerInfo(node.accepted))
    return replace(node, role=Following(leader)), greeting


def _adopted(node: Node, peer: int, heard: Notification) -> Step:
    """The node changed its vote or its round: it counts itself and the peer, and tells everybody."""
    node = _counted(_counted(node, node.id, node.election.vote), peer, heard.vote)
    return node, _broadcast(node)


def _counted(node: Node, peer: int, vote: Vote) -> Node:
    election = node.election
    received = tuple(vote if s == peer else v for s, v in enumerate(election.received))
    agreeing = frozenset(s for s, v in enumerate(received) if v == election.vote)
    decided = node.ensemble.is_quorum(agreeing)
    return replace(node, election=replace(election, received=received, decided=decided))


def _from_outside(node: Node, peer: int, heard: Notification) -> Step:
    """A server that follows or leads speaks: join when a quorum confirms its leader, the leader among them.

    The leader's own word must be of that very vote: what it said before it restarted is no confirmation.
    """
    election = node.election
    outside = tuple(heard if s == peer else n for s, n in enumerate(election.outside))
    node = replace(node, election=replace(election, outside=outside))
    leader = heard.vote.leader
    agreeing = frozenset(s for s, n in enumerate(outside) if n and (n.vote, n.round) == (heard.vote, heard.round))
    speaks = outside[leader]
    leads = leader in agreeing and speaks is not None and speaks.state == "LEADING"
    if heard.round == election.round:
        agreeing |= frozenset(s for s, v in enumerate(election.received) if v == heard.vote)
        leads |= leader == node.id
    if not (leads and node.ensemble.is_quorum(agreeing)):
        return node, ()
    return decide(replace(node, election=replace(node.election, round=heard.round, vote=heard.vote)), leader)


def _answer(node: Node, peer: int) -> Notify:
    return Notify(peer, Notification(node.state, node.election.vote, node.election.round))


def _broadcast(node: Node) -> tuple[Notify, ...]:
    return tuple(_answer(node, peer) for peer in node.ensemble.others(node.id))


def _peers(node: Node) -> tuple[int, ...]:
    """Those the node has a connection with."""
    match node.role:
        case Following(leader):
            return (leader,)
        case Leading():
            return tuple(sorted(node.role.connected))
        case None:
            return ()
