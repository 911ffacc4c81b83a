"""Zab in plain Python, written for speed by hand: the same steps as spec/zookeeper/zab.py, without its language.

A state is nested tuples of numbers; servers are numbers, sets of servers are bits, a zxid is 100 * epoch + counter, a
transaction is (zxid, value, who has logged it).

There are two forms. The lean one has no ghosts, and one invariant: prefix_ordered_commits. The full one has what the
specification has: three ghosts among the totals, the step that drops a message which nobody should have sent, and all
invariants (zab_invariants_by_hand).
"""

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

N = 3
LOOKING, FOLLOWING, LEADING = range(3)
ELECTION, DISCOVERY, SYNCHRONIZATION, BROADCAST = range(4)
ROLE, PHASE, PROMISED, CURRENT, HISTORY, DONE, LAST, LEARNERS, CEPOCHS, SUMMARIES, LOGGED, SENT, LEADER = range(13)
CEPOCH, NEWEPOCH, ACKEPOCH, NEWLEADER, ACKLD, COMMITLD, PROPOSE, ACK, COMMIT = range(9)
ORACLE, TIMEOUTS, RESTARTS, LONGEST, HIGHEST, REQUESTS, BROADCASTS, ESTABLISHED, ANOMALIES = range(9)
GHOSTS = (frozenset[tuple[int, int, int]](), (0,) * 8, 0)
EVERYONE = range(N)
NOTHING = (None,) * N
QUORUM = [2 * mask.bit_count() > N for mask in range(1 << N)]

Server, Channels, Totals = list[Any], list[tuple[Any, ...]], list[Any]


def explore(limits: dict[str, int], most: int, check: Callable[[Any], None], full: bool) -> tuple[int, float]:
    """Distinct states, at most so many, and CPU seconds; every new state is checked. There are no cycles to collect."""
    gc.collect()
    gc.disable()
    began = time.process_time()
    try:
        return search(limits, most, check, full), time.process_time() - began
    finally:
        gc.enable()


def search(limits: dict[str, int], most: int, check: Callable[[Any], None], full: bool) -> int:
    """Breadth-first, with a set and a list."""
    server = (LOOKING, ELECTION, 0, 0, (), 0, 0, 0, NOTHING, NOTHING, NOTHING, 0, -1)
    start = ((server,) * N, ((),) * (N * N), (-1, 0, 0, 0, 0, 0, *(GHOSTS if full else ())))
    seen, frontier = {start}, [start]
    while frontier:
        found = []
        for state in frontier:
            for step in successors(state, limits):
                if step not in seen:
                    seen.add(step)
                    found.append(step)
                    check(step)
            if len(seen) >= most:
                return len(seen)
        frontier = found
    return len(seen)


def prefix_ordered_commits(state: Any) -> None:
    """Of what two servers have delivered, one is a prefix of the other."""
    delivered = [[txn[:2] for txn in server[HISTORY][: server[DONE]]] for server in state[0] if server[DONE]]
    for one in delivered:
        for other in delivered:
            assert all(a == b for a, b in zip(one, other, strict=False))


def successors(state: Any, limits: dict[str, int]) -> Iterator[Any]:
    servers, channels, totals = state
    if len(totals) > ANOMALIES:
        yield from dropping(state)
    for i, server in enumerate(servers):
        role = server[ROLE]
        if role == LOOKING:
            yield from looking(state, i)
        elif role == LEADING:
            yield from leading(state, i, limits)
        elif server[LEADER] >= 0 and channels[server[LEADER] * N + i]:
            yield following(state, i, server[LEADER])
        if totals[TIMEOUTS] < limits["timeouts"] and totals[RESTARTS] < limits["restarts"]:
            s, c, t = thaw(state)
            crash(s, c, t, i)
            yield freeze(s, c, t)


def thaw(state: Any) -> tuple[list[Server], Channels, Totals]:
    return [list(server) for server in state[0]], list(state[1]), list(state[2])


def freeze(s: list[Server], c: Channels, t: Totals) -> Any:
    return tuple([tuple(server) for server in s]), tuple(c), tuple(t)


def anomaly(t: Totals) -> None:
    """Something that no server should see; that this never happens is an invariant of the full form."""
    if len(t) > ANOMALIES:
        t[ANOMALIES] = 1


def note_broadcasts(t: Totals, epoch: int, history: Any) -> None:
    """The full form remembers what leaders have ever broadcast."""
    if len(t) > BROADCASTS:
        t[BROADCASTS] |= {(epoch, txn[0], txn[1]) for txn in history}


# ------------------------------------------------------------------------------------------------------ steps


def dropping(state: Any) -> Iterator[Any]:
    """A server drops a message that its role does not know."""
    servers, channels, _ = state
    for place, queue in enumerate(channels):
        if not queue:
            continue
        (j, i), to_follower = divmod(place, N), queue[0][0] in (NEWEPOCH, NEWLEADER, COMMITLD, PROPOSE, COMMIT)
        role = servers[i][ROLE]
        if role == LEADING:
            wrong = to_follower or not servers[i][LEARNERS] >> j & 1
        else:
            wrong = role == LOOKING or not to_follower or servers[i][LEADER] != j
        if wrong:
            s, c, t = thaw(state)
            c[place] = queue[1:]
            anomaly(t)
            yield freeze(s, c, t)


def looking(state: Any, i: int) -> Iterator[Any]:
    oracle = state[2][ORACLE]
    if oracle != i:
        s, c, t = thaw(state)
        t[ORACLE] = i
        become_leader(s[i], i)
        yield freeze(s, c, t)
    if oracle >= 0:
        s, c, t = thaw(state)
        if oracle == i:
            become_leader(s[i], i)
        else:
            s[i][ROLE], s[i][PHASE] = FOLLOWING, DISCOVERY
        yield freeze(s, c, t)


def leading(state: Any, i: int, limits: dict[str, int]) -> Iterator[Any]:
    servers, channels, totals = state
    server = servers[i]
    for j in EVERYONE:
        other = servers[j]
        if not server[LEARNERS] >> j & 1:
            if totals[ORACLE] == i and other[ROLE] == FOLLOWING and other[LEADER] < 0:
                s, c, t = thaw(state)
                s[i][LEARNERS] |= 1 << j
                s[j][LEADER] = i
                c[j * N + i] += ((CEPOCH, other[PROMISED]),)
                yield freeze(s, c, t)
            continue
        if totals[TIMEOUTS] < limits["timeouts"] and other[ROLE] == FOLLOWING and other[LEADER] == i:
            s, c, t = thaw(state)
            t[TIMEOUTS] += 1
            lose(s, c, i, j)
            yield freeze(s, c, t)
        queue = channels[j * N + i]
        if queue and (queue[0][0] != CEPOCH or totals[HIGHEST] < limits["epochs"]):
            s, c, t = thaw(state)
            c[j * N + i] = queue[1:]
            READS[queue[0][0]](s, c, t, i, j, queue[0])
            yield freeze(s, c, t)
    if server[PHASE] != BROADCAST:
        return
    history = server[HISTORY]
    own = history[-1][0] % 100 if history and history[-1][0] // 100 == server[CURRENT] else 0
    if totals[LONGEST] < limits["transactions"]:
        s, c, t = thaw(state)
        s[i][HISTORY] += ((100 * server[CURRENT] + own + 1, t[REQUESTS], 1 << i),)
        t[REQUESTS] += 1
        t[LONGEST] = max(len(one[HISTORY]) for one in s)
        yield freeze(s, c, t)
    if server[SENT] < own:
        s, c, t = thaw(state)
        s[i][SENT] += 1
        zxid = 100 * server[CURRENT] + s[i][SENT]
        txn = history[position(history, zxid) - 1]
        tell(s[i], c, i, s[i][SUMMARIES], (PROPOSE, zxid, txn[1]))
        note_broadcasts(t, server[CURRENT], (txn,))
        yield freeze(s, c, t)


def read_cepoch(s: list[Server], c: Channels, t: Totals, i: int, j: int, message: Any) -> None:
    server = s[i]
    proposed = heard(server[CEPOCHS])
    server[CEPOCHS] = put(server[CEPOCHS], j, (True, message[1]))
    if proposed:
        c[i * N + j] += ((NEWEPOCH, server[PROMISED]),)
    elif server[PHASE] != DISCOVERY:
        anomaly(t)
    if not proposed and heard(server[CEPOCHS]):
        server[PROMISED] = max(one[1] for one in server[CEPOCHS] if one) + 1
        tell(server, c, i, server[CEPOCHS], (NEWEPOCH, server[PROMISED]))
    t[HIGHEST] = max(one[PROMISED] for one in s)


def read_ack_epoch(s: list[Server], c: Channels, t: Totals, i: int, j: int, message: Any) -> None:
    server = s[i]
    chosen = heard(server[SUMMARIES])
    server[SUMMARIES] = put(server[SUMMARIES], j, (True, message[1], message[2]))
    if chosen:
        c[i * N + j] += ((NEWLEADER, server[PROMISED], server[HISTORY]),)
        note_broadcasts(t, server[PROMISED], server[HISTORY])
    elif server[PHASE] != DISCOVERY:
        anomaly(t)
    if not chosen and heard(server[SUMMARIES]):
        known = [(one[1], last_zxid(one[2]), k == i, one[2]) for k, one in enumerate(server[SUMMARIES]) if one]
        best = max(known, key=lambda one: one[:3])[3]
        server[CURRENT] = server[PROMISED]
        server[HISTORY] = tuple([(zxid, value, 1 << i) for zxid, value, _ in best])
        server[PHASE] = SYNCHRONIZATION
        tell(server, c, i, server[SUMMARIES], (NEWLEADER, server[PROMISED], server[HISTORY]))
        note_broadcasts(t, server[PROMISED], server[HISTORY])
        if len(t) > ESTABLISHED:
            epoch = server[PROMISED]
            t[ESTABLISHED] = put(t[ESTABLISHED], epoch, t[ESTABLISHED][epoch] | 1 << i)


def read_ack_ld(s: list[Server], c: Channels, t: Totals, i: int, j: int, message: Any) -> None:
    server = s[i]
    committed = heard(server[LOGGED])
    server[LOGGED] = put(server[LOGGED], j, (True,))
    server[HISTORY] = tuple([(z, v, acks | 1 << j if z <= message[1] else acks) for z, v, acks in server[HISTORY]])
    if server[PHASE] != (BROADCAST if committed else SYNCHRONIZATION):
        anomaly(t)
    if committed:
        c[i * N + j] += ((COMMITLD, server[LAST]),)
    elif heard(server[LOGGED]):
        server[DONE], server[LAST] = len(server[HISTORY]), last_zxid(server[HISTORY])
        server[PHASE] = BROADCAST
        tell(server, c, i, server[LOGGED], (COMMITLD, server[LAST]))


def read_ack(s: list[Server], c: Channels, t: Totals, i: int, j: int, message: Any) -> None:
    server = s[i]
    history, zxid = server[HISTORY], message[1]
    k = position(history, zxid)
    acked = max((n + 1 for n, txn in enumerate(history) if txn[2] >> j & 1), default=0)
    if not (1 <= k <= len(history) and acked in (0, k - 1)):
        return anomaly(t)
    acks = history[k - 1][2] | 1 << j
    server[HISTORY] = put(history, k - 1, (zxid, history[k - 1][1], acks))
    if server[LAST] < zxid and k - 1 <= server[DONE] and QUORUM[acks]:
        if server[DONE] + 1 != k:
            anomaly(t)
        server[DONE], server[LAST] = k, zxid
        tell(server, c, i, server[LOGGED], (COMMIT, zxid))


READS = {CEPOCH: read_cepoch, ACKEPOCH: read_ack_epoch, ACKLD: read_ack_ld, ACK: read_ack}


def following(state: Any, i: int, j: int) -> Any:
    """The follower i reads from its leader j."""
    s, c, t = thaw(state)
    server, message = s[i], c[j * N + i][0]
    kind, history = message[0], server[HISTORY]
    if (kind == NEWEPOCH and message[1] < server[PROMISED]) or (kind == NEWLEADER and message[1] != server[PROMISED]):
        disconnect(s, c, j, i)
        return freeze(s, c, t)
    c[j * N + i] = c[j * N + i][1:]
    if kind == NEWEPOCH:
        if server[PHASE] == DISCOVERY:
            server[PROMISED], server[PHASE] = message[1], SYNCHRONIZATION
            c[i * N + j] += ((ACKEPOCH, server[CURRENT], history),)
        else:
            anomaly(t)
    elif kind == NEWLEADER:
        if server[PHASE] != SYNCHRONIZATION:
            anomaly(t)
        server[CURRENT], server[HISTORY] = server[PROMISED], message[2]
        c[i * N + j] += ((ACKLD, last_zxid(message[2])),)
    elif kind == COMMITLD:
        k = position(history, message[1])
        if k <= len(history):
            server[DONE], server[LAST] = k, message[1]
        else:
            anomaly(t)
        server[PHASE] = BROADCAST
    elif kind == PROPOSE:
        if follows_directly(last_zxid(history), message[1]):
            server[HISTORY] += ((message[1], message[2], 0),)
            c[i * N + j] += ((ACK, message[1]),)
        elif not 0 < position(history, message[1]) <= len(history):
            anomaly(t)
    elif kind == COMMIT and (done := server[DONE]) < len(history):
        if history[done][0] == message[1]:
            server[DONE], server[LAST] = done + 1, message[1]
        else:
            anomaly(t)
    return freeze(s, c, t)


# ------------------------------------------------------------------------------------------- roles and connections


def become_leader(server: Server, i: int) -> None:
    server[ROLE], server[PHASE], server[LEARNERS], server[SENT] = LEADING, DISCOVERY, 1 << i, 0
    server[CEPOCHS] = put(NOTHING, i, (True, server[PROMISED]))
    server[SUMMARIES] = put(NOTHING, i, (True, server[CURRENT], server[HISTORY]))
    server[LOGGED] = put(NOTHING, i, (True,))


def look(server: Server) -> None:
    server[ROLE], server[PHASE], server[LEADER] = LOOKING, ELECTION, -1


def crash(s: list[Server], c: Channels, t: Totals, i: int) -> None:
    server = s[i]
    t[TIMEOUTS] += 1
    t[RESTARTS] += 1
    server[DONE] = server[LAST] = 0
    if server[LEADER] >= 0:
        lose(s, c, server[LEADER], i)
    elif server[ROLE] == FOLLOWING:
        look(server)
        for k in EVERYONE:
            c[k * N + i] = ()
    elif server[ROLE] == LEADING:
        shut_down(s, c, i)


def lose(s: list[Server], c: Channels, i: int, j: int) -> None:
    if QUORUM[s[i][LEARNERS] & ~(1 << j)]:
        disconnect(s, c, i, j)
    else:
        shut_down(s, c, i)


def shut_down(s: list[Server], c: Channels, i: int) -> None:
    for k in EVERYONE:
        if s[i][LEARNERS] >> k & 1:
            look(s[k])
            for sender in EVERYONE:
                c[sender * N + k] = ()
    s[i][LEARNERS] = 0


def disconnect(s: list[Server], c: Channels, i: int, j: int) -> None:
    server = s[i]
    server[LEARNERS] &= ~(1 << j)
    for table in (CEPOCHS, SUMMARIES, LOGGED):
        if server[table][j]:
            server[table] = put(server[table], j, (False, *server[table][j][1:]))
    look(s[j])
    c[i * N + j] = c[j * N + i] = ()


# --------------------------------------------------------------------------------------------------- small things


def put(row: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*row[:place], value, *row[place + 1 :])


def heard(entries: tuple[Any, ...]) -> bool:
    return QUORUM[sum(1 << k for k, one in enumerate(entries) if one)]


def tell(server: Server, c: Channels, i: int, entries: tuple[Any, ...], message: Any) -> None:
    """The leader i sends to those that are connected in a table."""
    for k, one in enumerate(entries):
        if one and one[0] and k != i and server[LEARNERS] >> k & 1:
            c[i * N + k] += (message,)


def last_zxid(history: tuple[Any, ...]) -> int:
    return history[-1][0] if history else 0


def position(history: tuple[Any, ...], zxid: int) -> int:
    if zxid == 0:
        return 0
    return next((k for k, txn in enumerate(history, 1) if txn[0] == zxid), len(history) + 1)


def follows_directly(last: int, zxid: int) -> bool:
    return last // 100 < zxid // 100 if zxid % 100 == 1 else last + 1 == zxid
