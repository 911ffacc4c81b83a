"""Packets as bytes: every kind goes there and back, and whatever else comes is refused as malformed."""

import random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quorate.impl.ensemble import messages as m
from quorate.impl.member import packets as p
from quorate.impl.quorum import codec
from quorate.impl.wire.jute import Malformed
from quorate.impl.wire.records import Id

TXN = m.Txn(7 << 32 | 9, b"payload")
PACKETS: list[p.Packet] = [
    m.FollowerInfo(3),
    m.LeaderInfo(4),
    m.AckEpoch(3, 7, 5),
    m.AckEpoch(None, 7),
    m.Diff(9),
    m.Trunc(8),
    m.NewLeader(4 << 32),
    m.UpToDate(4 << 32),
    m.Proposal(TXN),
    m.Ack(TXN.zxid),
    m.Commit(TXN.zxid),
    m.Inform(TXN),
    p.Ping(),
    p.Ping(((-5, 4000), (1 << 56, 10))),
    p.Request(1, -5, 7, (Id("ip", "::1"), Id(None, None)), 9, 14, b"body"),
    p.Assigned(1, TXN.zxid),
    p.Revalidate(-5, 4000, 7),
    p.Revalidated(-5, 7, True),
    p.Revalidated(-5, 7, False),
    p.Sync(3),
]
SIDS = [1, 5, 9]


@pytest.mark.parametrize("packet", PACKETS, ids=lambda packet: type(packet).__name__)
def test_there_and_back(packet: p.Packet) -> None:
    assert codec.decode(codec.encode(packet)) == packet


def test_every_kind_is_here() -> None:
    kinds = {kind.__name__ for kind in (*get_args(m.Packet), *get_args(p.ClientPacket))}
    assert kinds - {type(packet).__name__ for packet in PACKETS} == {"Snap"}, "a snapshot travels in parts"


def test_votes_name_servers_by_their_numbers() -> None:
    notification = m.Notification("LEADING", m.Vote(-1, 7, 2), 3)
    frame = codec.encode_notification(notification, SIDS)
    assert frame[-1] == 9
    assert codec.decode_notification(frame, SIDS) == notification
    with pytest.raises(Malformed):
        codec.decode_notification(frame, [1, 5])


@given(st.binary(max_size=80))
def test_whatever_comes_is_malformed_or_a_packet(frame: bytes) -> None:
    for decode in (codec.decode, lambda frame: codec.decode_notification(frame, SIDS)):
        try:
            decode(frame)
        except Malformed:
            continue


def test_mutated_packets() -> None:
    rng = random.Random(1)
    frames = [codec.encode(packet) for packet in PACKETS]
    frames.append(codec.encode_notification(m.Notification("LOOKING", m.Vote(1, 2, 0), 3), SIDS))
    refused = 0
    for _ in range(20_000):
        frame = bytearray(rng.choice(frames))
        for _ in range(rng.randrange(1, 4)):
            frame[rng.randrange(len(frame))] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        cut = bytes(frame[: rng.randrange(len(frame) + 1)] if rng.random() < 0.3 else frame)
        try:
            codec.decode(cut)
        except Malformed:
            refused += 1
    assert refused > 5000
