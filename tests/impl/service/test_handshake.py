"""Facts 3 and 4.6: handshake, sessions, frames that are not requests."""

from typing import Any

import pytest
from quorate.impl.data.sessions import password


def test_a_new_session(raw: Any, lab: Any) -> None:
    first, second = lab.peer(timeout=7000).welcome, lab.peer(timeout=1).welcome
    assert (first.timeout, first.session, first.password) == (7000, 1 << 56, password(1 << 56))
    assert (second.timeout, second.session) == (4000, (1 << 56) + 1)
    assert lab.peer(timeout=1 << 30).welcome.timeout == 40_000
    assert [(txn.header.type, txn.header.zxid, txn.body.timeout) for txn in lab.journal[:2]] == [
        (-10, 1, 7000),
        (-10, 2, 4000),
    ]


def test_very_old_clients_are_not_sent_what_they_do_not_know(raw: Any, lab: Any) -> None:
    assert lab.peer(tail=b"").welcome[3:] == (None, 36)
    assert lab.peer().welcome[3:] == (False, 37)


def test_refused_sessions(raw: Any, lab: Any) -> None:
    owner = lab.peer()
    known, secret = owner.welcome.session, owner.welcome.password
    for session, offered in ((known + 1, password(known + 1)), (known, bytes(16)), (known, secret[:15])):
        refused = lab.peer(session=session, password=offered)
        assert (refused.welcome.timeout, refused.welcome.session, refused.welcome.password) == (0, 0, bytes(16))
        assert refused.client.closing
    assert owner.client.closing, "a wrong password cuts the owner's connection"
    assert lab.peer(session=known, password=secret).welcome.session == known, "and leaves the session alone"


def test_a_client_from_the_future_gets_no_answer(raw: Any, lab: Any) -> None:
    assert lab.peer(seen=1).welcome is None
    lab.peer()
    assert lab.peer(seen=1).welcome.session


def test_reattach_closes_the_old_connection_and_negotiates_anew(raw: Any, lab: Any) -> None:
    old = lab.peer(timeout=20_000)
    old.ask(raw.create("/e", flags=1))
    new = lab.peer(session=old.welcome.session, password=old.welcome.password, timeout=5000)
    assert (new.welcome.timeout, new.welcome.session, new.welcome.password) == (5000, *old.welcome[1:3])
    assert old.client.closing
    assert new.ask(raw.exists("/e")).stat.ephemeral_owner == new.welcome.session
    lab.service.disconnect(old.client)
    lab.wait(4000)
    assert new.err(raw.exists("/e")) == 0
    lab.wait(8000)
    assert new.client.closing, "the new time-out counts"


def test_expiry(raw: Any) -> None:
    lab = raw.Lab(tick_ms=500)
    peer, witness = lab.peer(timeout=1000), lab.peer(timeout=10_000)
    peer.ask(raw.create("/e", flags=1))
    lab.wait(500)
    peer.ask(raw.PING)
    lab.wait(1000)
    assert not peer.client.closing
    lab.wait(500)
    assert peer.client.closing
    last = lab.service.journal[-1]
    assert (last.header.type, last.header.session_id, last.body.paths) == (-11, peer.welcome.session, ("/e",))
    assert witness.err(raw.exists("/e")) == -101
    assert lab.peer(session=peer.welcome.session, password=peer.welcome.password).welcome.session == 0


def test_closed_sessions_cannot_come_back(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    assert peer.ask(raw.CLOSE).err == 0
    assert peer.next() is None
    assert lab.peer(session=peer.welcome.session, password=peer.welcome.password).welcome.session == 0


def test_a_moved_session_is_dropped_without_reply(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    lab.service.sessions.live[peer.welcome.session].owner = 99
    peer.post(raw.get("/"))
    assert peer.next() is None


@pytest.mark.parametrize("op", [0, 10, 20, -10, 99, 108, 999, -1, 1 << 30])
def test_unknown_operations(raw: Any, lab: Any, op: int) -> None:
    peer = lab.peer()
    peer.post((op, b"whatever"))
    reply = peer.next()
    assert (reply.xid, reply.zxid, reply.err) == (1, -1, -6)
    assert peer.next() is None


def test_short_frames_hang_up(raw: Any, lab: Any) -> None:
    for frame in (b"", b"\0\0\0\1", b"\0\0\0\1\0\0\0"):
        peer = lab.peer()
        peer.send(raw.i32(len(frame)) + frame)
        assert peer.next() is None
    for frame in (b"", bytes(20)):
        peer = lab.peer(greet=False)
        peer.send(raw.i32(len(frame)) + frame)
        assert peer.client.closing and not peer.client.out


def test_pings_have_their_own_xid(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    reply = peer.ask(raw.PING, 77)
    assert (reply.xid, reply.zxid, reply.err) == (-2, 1, 0)


def test_pipelined_requests_are_answered_in_order(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    for request in (
        raw.create("/a"),
        raw.get("/a"),
        raw.set_data("/a", b"1"),
        raw.get("/a"),
        raw.delete("/a"),
        raw.get("/a"),
    ):
        peer.post(request)
    replies = [peer.next() for _ in range(6)]
    assert [(reply.xid, reply.err) for reply in replies] == [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, -101)]
    assert [reply.zxid for reply in replies] == [2, 2, 3, 3, 4, 4]


def test_sessions_of_the_log_live_on_after_a_restart(raw: Any, lab: Any) -> None:
    peer = lab.peer(timeout=9000)
    peer.ask(raw.create("/e", flags=1))
    restarted = raw.Lab()
    for txn in lab.journal:
        restarted.service.tree.apply(txn.header, txn.body)
    again = raw.Service(restarted.service.tree, restarted.service.settings, 1 << 57, restarted.now())
    restarted.service = again
    back = restarted.peer(session=peer.welcome.session, password=peer.welcome.password, seen=2)
    assert back.welcome.session == peer.welcome.session
    restarted.wait(14_000)
    assert "/e" not in again.tree.nodes
