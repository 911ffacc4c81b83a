"""The fifteen invariants of Zab in plain Python, written for speed by hand, over the states of zab_by_hand.

What every server has delivered is found once for all of them, and where nobody has delivered anything those that
speak of it are not asked. Each stands under its name in spec/zookeeper/zab_properties.py.
"""

from typing import Any

from zab_by_hand import (
    ANOMALIES,
    BROADCAST,
    BROADCASTS,
    CURRENT,
    DONE,
    ESTABLISHED,
    EVERYONE,
    FOLLOWING,
    HISTORY,
    LAST,
    LEADER,
    LEADING,
    LEARNERS,
    PHASE,
    PROMISED,
    ROLE,
    SUMMARIES,
    SYNCHRONIZATION,
)

Delivered = list[list[tuple[int, int]]]


def check(state: Any) -> None:
    """All invariants; raises AssertionError where one is violated."""
    servers, _, totals = state
    assert not totals[ANOMALIES]  # no_anomaly
    for group in totals[ESTABLISHED]:
        assert not group & (group - 1)  # single_leader_per_epoch
    led, anything = [], False
    for server in servers:
        history, done = server[HISTORY], server[DONE]
        # epochs_in_order
        assert (history[-1][0] // 100 if history else 0) <= server[CURRENT] <= server[PROMISED]
        # delivered_is_logged
        assert done <= len(history) and (history[done - 1][0] if done else 0) == server[LAST]
        anything = anything or done > 0
        if server[ROLE] == LEADING:
            check_summaries(server[SUMMARIES])
            if server[PHASE] in (SYNCHRONIZATION, BROADCAST):
                assert server[CURRENT] not in led  # one_leader_at_a_time
                led.append(server[CURRENT])
    if anything:
        delivered = [[txn[:2] for txn in server[HISTORY][: server[DONE]]] for server in servers]
        check_pairs(servers, delivered)
        check_broadcasts(servers, delivered, totals[BROADCASTS])
        check_leaders(servers, delivered)


def check_summaries(summaries: Any) -> None:
    """equally_recent_histories_are_equal"""
    known = [one for one in summaries if one]
    for place, one in enumerate(known):
        for other in known[:place]:
            if one[1] == other[1] and last(one[2]) == last(other[2]):
                assert len(one[2]) == len(other[2])
                assert all(a[:2] == b[:2] for a, b in zip(one[2], other[2], strict=True))


def last(history: Any) -> int:
    return history[-1][0] if history else 0


def check_pairs(servers: Any, delivered: Delivered) -> None:
    """prefix_ordered_commits, agreement, total_order, global_primary_order"""
    for i, mine in enumerate(delivered):
        assert all(a[0] // 100 <= b[0] // 100 for n, b in enumerate(mine) for a in mine[:n])
        for j, others in enumerate(delivered):
            assert all(a == b for a, b in zip(mine, others, strict=False))
            if servers[i][ROLE] == servers[j][ROLE] == FOLLOWING:
                assert all(a in others or b in mine for a in mine for b in others)
            for n, b in enumerate(mine):
                if n and b in others:
                    before = others[: others.index(b)]
                    assert all(a in before for a in mine[:n])


def check_broadcasts(servers: Any, delivered: Delivered, broadcasts: Any) -> None:
    """integrity, local_primary_order, primary_starts_from_what_is_delivered"""
    for i, mine in enumerate(delivered):
        if mine and servers[i][ROLE] == FOLLOWING:
            known = {one[1:] for one in broadcasts}
            assert all(txn in known for txn in mine)
        for n, txn in enumerate(mine):
            for epoch, zxid, value in broadcasts:
                if zxid == txn[0] and value == txn[1]:
                    assert all(a[1:] in mine[:n] for a in broadcasts if a[0] == epoch and a[1] < zxid)
    started = {one[0] for one in broadcasts if one[1] // 100 == one[0]}
    for epoch in started:
        zxids = {one[1] for one in broadcasts if one[0] == epoch}
        assert all(txn[0] in zxids for mine in delivered for txn in mine if txn[0] // 100 < epoch)


def check_leaders(servers: Any, delivered: Delivered) -> None:
    """primary_integrity, leader_completeness"""
    for i, server in enumerate(servers):
        if server[ROLE] != LEADING or server[PHASE] not in (SYNCHRONIZATION, BROADCAST):
            continue
        current, logged = server[CURRENT], [txn[:2] for txn in server[HISTORY]]
        assert all(txn in logged for others in delivered for txn in others if txn[0] // 100 < current)
        if server[PHASE] == BROADCAST:
            for j in EVERYONE:
                other = servers[j]
                followed = server[LEARNERS] >> j & 1 and other[ROLE] == FOLLOWING and other[LEADER] == i
                if followed and other[PHASE] == BROADCAST:
                    assert all(txn in delivered[i] for txn in delivered[j] if txn[0] // 100 < current)
