"""Session ids, passwords, negotiation, expiry by tick, re-attach and move."""

import pytest
from quorate.impl.data.codes import Refused
from quorate.impl.data.sessions import Sessions, first_id, password


def sessions() -> Sessions:
    return Sessions(500, 1000, 60_000, first_id(1, 123_456))


def test_first_id_is_server_and_uptime() -> None:
    assert first_id(1, 123_456) == (1 << 56) | ((123_456 << 24) >> 8)
    assert first_id(1, 1 << 50) >> 56 == 1
    assert first_id(200, 0) < 0


def test_password_is_javas_random() -> None:
    # java: byte[] p = new byte[16]; new java.util.Random(0x100000000000001L ^ 0xB3415C00L).nextBytes(p)
    assert password(0x100000000000001).hex() == "054cc74a37327db215e702e20c73f005"


def test_negotiation_clamps() -> None:
    table = sessions()
    assert [table.negotiate(ms) for ms in (0, -5, 999, 1000, 5000, 60_000, 1 << 30)] == [
        1000, 1000, 1000, 1000, 5000, 60_000, 60_000,
    ]  # fmt: skip


def test_ids_count_up() -> None:
    table = sessions()
    first, second = table.create(1000, 1, 0), table.create(1000, 2, 0)
    assert second.id == first.id + 1


def test_expiry_is_rounded_up_to_the_next_tick() -> None:
    table = sessions()
    session = table.create(1000, 1, 10)
    assert session.expires_ms == 1500
    assert table.expired(1499) == []
    assert table.expired(1500) == [session.id]
    table.touch(session, 1200)
    assert table.expired(2499) == []
    assert table.expired(2500) == [session.id]


def test_expiry_is_oldest_first_and_survives_until_closed() -> None:
    table = sessions()
    late, early = table.create(5000, 1, 0), table.create(1000, 1, 0)
    assert table.expired(10_000) == [early.id, late.id]
    table.close(early.id)
    assert table.expired(10_000) == [late.id]
    with pytest.raises(Refused, match="-112"):
        table.check(early.id, 1)
    table.touch(early, 20_000)
    assert table.expired(60_000) == [late.id], "a closing session is not revived"


def test_reattach_moves_the_session() -> None:
    table = sessions()
    session = table.create(1000, 1, 0)
    assert table.reattach(session.id, bytes(16), 2000, 2, 0) is None
    assert session.owner == 1
    assert table.reattach(session.id + 1, password(session.id + 1), 2000, 2, 0) is None
    assert table.reattach(session.id, password(session.id), 2000, 2, 0) is session
    assert (session.owner, session.timeout_ms) == (2, 2000)
    with pytest.raises(Refused, match="-118"):
        table.check(session.id, 1)
    table.check(session.id, 2)


def test_forgotten_sessions_are_unknown() -> None:
    table = sessions()
    session = table.create(1000, 1, 0)
    table.forget(session.id)
    assert table.expired(100_000) == []
    with pytest.raises(Refused, match="-112"):
        table.check(session.id, 1)
