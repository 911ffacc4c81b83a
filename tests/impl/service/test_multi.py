"""Facts 4.3: multi and multiRead."""

from typing import Any

import pytest


def test_all_parts_share_a_zxid_and_see_each_other(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    reply = peer.ask(
        raw.multi(
            raw.create("/a", b"1"),
            raw.create2("/a/b"),
            raw.set_data("/a", b"22", 0),
            raw.check("/a", 1),
            raw.delete("/a/b", 0),
            raw.container("/c"),
            raw.ttl("/t", 5),
            raw.create("/s", flags=2),
        )
    )
    parts = reply.body.parts()
    assert (reply.err, reply.zxid) == (0, 2)
    assert [kind for kind, _ in parts] == [1, 1, 5, 13, 2, 15, 15, 1]
    assert parts[0][1] == "/a" and parts[1][1] == "/a/b" and parts[7][1] == "/s0000000003"
    assert parts[2][1].mzxid == parts[2][1].czxid == parts[5][1][1].czxid == 2
    assert parts[2][1].num_children == 1, "the stat of its moment, not of the end"
    assert peer.ask(raw.exists("/a")).stat.cversion == 2


@pytest.mark.parametrize("position", [0, 1, 3])
def test_a_failure_undoes_all(raw: Any, lab: Any, position: int) -> None:
    peer = lab.peer()
    parts = [raw.create("/a"), raw.create("/a/b"), raw.create("/c", flags=2)]
    parts.insert(position, raw.delete("/none/x"))
    digest = lab.service.tree.digest
    reply = peer.ask(raw.multi(*parts))
    assert reply.err == 0, "the failure is in the parts, not in the header"
    expected = [0] * position + [-101] + [-2] * (3 - position)
    assert reply.body.parts() == [(-1, code) for code in expected]
    assert lab.service.tree.digest == digest
    assert peer.ask(raw.create("/c", flags=2)).path == "/c0000000000", "the undone name was not counted"


@pytest.mark.parametrize("op", [7, 3, 4, 8, 6, 9, 14, 99, -11])
def test_what_may_not_stand_inside(raw: Any, lab: Any, op: int) -> None:
    peer = lab.peer()
    reply = peer.ask(raw.multi(raw.create("/a"), (op, raw.text("/a") + b"\0")))
    assert (reply.err, reply.zxid) == (-5, 2), "one zxid is taken"
    assert peer.err(raw.exists("/a")) == -101


def test_an_empty_multi_takes_a_zxid(raw: Any, lab: Any) -> None:
    reply = lab.peer().ask(raw.multi())
    assert (reply.err, reply.zxid, reply.body.parts()) == (0, 2, [])


def test_flags_are_checked_inside(raw: Any, lab: Any) -> None:
    reply = lab.peer().ask(raw.multi(raw.create("/a", flags=99)))
    assert reply.body.parts() == [(-1, -8)]


def test_multi_read_never_fails_as_a_whole(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    peer.ask(raw.create("/a", b"x"))
    peer.ask(raw.create("/a/b"))
    reply = peer.ask(raw.multi_read(raw.get("/a"), raw.get("/no"), raw.children("/a"), raw.children("/no")))
    data, missing, names, none = reply.body.parts()
    assert (reply.err, reply.zxid) == (0, 3)
    assert data[0] == 4 and data[1][0] == b"x" and data[1][1].czxid == 2
    assert (missing, names, none) == ((-1, -101), (8, ["b"]), (-1, -101))
    assert peer.err(raw.multi_read(raw.get("/a"), raw.create("/x"))) == -5


def test_watches_of_a_multi_come_in_order_before_its_reply(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    peer.ask(raw.add_watch("/", 1))
    peer.ask(raw.multi(raw.create("/a"), raw.set_data("/a", b"x"), raw.create("/b"), raw.delete("/a")))
    assert peer.events() == [(1, "/a"), (3, "/a"), (1, "/b"), (2, "/a")]
