"""How a leader brings a learner to its own history: the decision table of `LearnerHandler.syncFollower`.

| the learner's last zxid | the leader sends |
|---|---|
| is the leader's | an empty DIFF |
| is newer, and its epoch has proposed something | TRUNC to the leader's last |
| is older than what is retained | SNAP |
| is known, or its epoch has proposed nothing | DIFF and what follows |
| is unknown, and the next known one is of the same epoch | TRUNC to the one before, and what follows |
| is unknown, and the next known one is of another epoch | SNAP |
| is such that the learner would have to TRUNC into its own snapshot | SNAP |

ZooKeeper keeps two sources of retained transactions, 500 in memory and the log files; here they are one.
"""

from bisect import bisect_right

from .messages import Diff, Log, Snap, Trunc, counter_of, epoch_of, last_zxid

Opening = Diff | Trunc | Snap


def choose(history: Log, retained: int, peer: int, floor: int = 0, peer_floor: int = 0) -> tuple[Opening, Log]:
    """The packet that opens the synchronisation, and the committed transactions to send after it.

    `history` follows `floor`, of what is before there is only a snapshot; so with the learner and `peer_floor`.
    """
    opening, missing = _choose(history, retained, peer, floor)
    if isinstance(opening, Trunc) and opening.zxid < peer_floor:
        return Snap(history, floor), ()
    return opening, missing


def _choose(history: Log, retained: int, peer: int, floor: int) -> tuple[Opening, Log]:
    last = last_zxid(history, floor)
    fresh_epoch = counter_of(peer) == 0
    if peer == last:
        return Diff(last), ()
    if peer > last and not fresh_epoch:
        return Trunc(last), ()
    zxids = [txn.zxid for txn in history]
    newer = bisect_right(zxids, peer)  # the first transaction that is newer than the learner's last
    before = zxids[newer - 1] if newer else floor
    oldest = max(0, len(history) - retained)
    if peer < floor or (oldest and newer <= oldest):
        return Snap(history, floor), ()
    if fresh_epoch or before == peer:
        return Diff(last), history[newer:]
    if epoch_of(zxids[newer]) != epoch_of(peer):
        return Snap(history, floor), ()
    return Trunc(before), history[newer:]
