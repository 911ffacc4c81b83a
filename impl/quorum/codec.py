"""What members say to each other as bytes: one packet a frame, a type and jute's fields.

The types are ZooKeeper's numbers where it has the packet; its framing is not kept, for it carries Java's records inside
records. Whatever comes in is hostile: `decode` raises `Malformed` and nothing else. Votes name servers by their number
in the configuration (sid); `Names` translates them to those of the node, which count from 0.
Source: `Leader.java` (packet types), `FastLeaderElection.buildMsg`.
"""

from collections.abc import Callable, Sequence
from typing import assert_never, get_args

from ..ensemble import messages as m
from ..member import packets as p
from ..wire.jute import Malformed, Reader, Writer
from ..wire.records import Id

STATES: tuple[m.State, ...] = get_args(m.State)
# Types. Those above 20 are ours alone.
REQUEST, PROPOSAL, ACK, COMMIT, PING, REVALIDATE, SYNC, INFORM = 1, 2, 3, 4, 5, 6, 7, 8
NEW_LEADER, FOLLOWER_INFO, UP_TO_DATE, DIFF, TRUNC, SNAP = 10, 11, 12, 13, 14, 15
LEADER_INFO, ACK_EPOCH = 17, 18
ASSIGNED, REVALIDATED, SNAP_PART = 21, 22, 23
NONE = -1  # an epoch that was promised before
HIGHEST_EPOCH = (1 << 31) - 1


def encode_notification(notification: m.Notification, sids: Sequence[int]) -> bytes:
    """A vote: state, round, and the vote's epoch, zxid and sid."""
    vote = notification.vote
    out = Writer()
    out.int32(STATES.index(notification.state))
    for number in (notification.round, vote.epoch, vote.zxid, sids[vote.leader]):
        out.int64(number)
    return out.done()


def decode_notification(frame: bytes, sids: Sequence[int]) -> m.Notification:
    """Raises `Malformed`, also when the vote is for nobody in the configuration."""
    source = Reader(frame)
    state, round_, epoch, zxid, sid = source.int32(), *(source.int64() for _ in range(4))
    source.finish()
    if not 0 <= state < len(STATES) or sid not in sids or round_ < 0 or epoch > HIGHEST_EPOCH:
        raise Malformed(f"a notification of state {state}, round {round_}, epoch {epoch} and a vote for {sid}")
    return m.Notification(STATES[state], m.Vote(epoch, zxid, sids.index(sid)), round_)


def encode(packet: p.Packet) -> bytes:
    """A packet; of a snapshot only the head, its bytes follow in parts (see `links`)."""
    out = Writer()
    match packet:
        case m.FollowerInfo(accepted):
            _longs(out, FOLLOWER_INFO, accepted)
        case m.LeaderInfo(epoch):
            _longs(out, LEADER_INFO, epoch)
        case m.AckEpoch(current, zxid, floor):
            _longs(out, ACK_EPOCH, NONE if current is None else current, zxid, floor)
        case m.Diff(zxid):
            _longs(out, DIFF, zxid)
        case m.Trunc(zxid):
            _longs(out, TRUNC, zxid)
        case m.NewLeader(zxid):
            _longs(out, NEW_LEADER, zxid)
        case m.UpToDate(zxid):
            _longs(out, UP_TO_DATE, zxid)
        case m.Ack(zxid):
            _longs(out, ACK, zxid)
        case m.Commit(zxid):
            _longs(out, COMMIT, zxid)
        case m.Proposal(txn):
            _txn(out, PROPOSAL, txn)
        case m.Inform(txn):
            _txn(out, INFORM, txn)
        case m.Snap() | p.FullSnapshot():
            raise ValueError("a snapshot travels in parts")
        case _:
            _encode_about_clients(out, packet)
    return out.done()


def decode(frame: bytes) -> p.Packet:
    """Raises `Malformed`."""
    source = Reader(frame)
    kind = source.int32()
    decode_fields = _DECODERS.get(kind)
    if decode_fields is None:
        raise Malformed(f"a packet of type {kind}, which no member sends")
    packet = decode_fields(source)
    source.finish()
    return packet


def kind_of(frame: bytes) -> int:
    """The type of a packet. Raises `Malformed`."""
    return Reader(frame).int32()


def _encode_about_clients(out: Writer, packet: p.ClientPacket) -> None:
    match packet:
        case p.Ping(touched):
            out.int32(PING)
            out.vector(touched, _encode_touched)
        case p.Request():
            _longs(out, REQUEST, packet.serial, packet.session, packet.owner)
            out.vector(packet.identities, lambda writer, identity: identity.encode(writer))
            out.int32(packet.cxid)
            out.int32(packet.op)
            out.buffer(packet.body)
        case p.Assigned(serial, zxid):
            _longs(out, ASSIGNED, serial, zxid)
        case p.Revalidate(session, timeout_ms, owner):
            _longs(out, REVALIDATE, session, timeout_ms, owner)
        case p.Revalidated(session, owner, valid):
            _longs(out, REVALIDATED, session, owner, int(valid))
        case p.Sync(serial):
            _longs(out, SYNC, serial)
        case _:
            assert_never(packet)


def _longs(out: Writer, kind: int, *numbers: int) -> None:
    out.int32(kind)
    for number in numbers:
        out.int64(number)


def _txn(out: Writer, kind: int, txn: m.Txn) -> None:
    assert isinstance(txn.payload, bytes)
    _longs(out, kind, txn.zxid)
    out.buffer(txn.payload)


def _encode_touched(out: Writer, pair: tuple[int, int]) -> None:
    out.int64(pair[0])
    out.int32(pair[1])


def _number(source: Reader) -> int:
    """A zxid, an epoch, a serial: never negative."""
    number = source.int64()
    if number < 0:
        raise Malformed(f"offset {source.offset - 8}: {number} where no negative number can be")
    return number


def _epoch(source: Reader) -> int:
    epoch = source.int64()
    if not 0 <= epoch <= HIGHEST_EPOCH:
        raise Malformed(f"offset {source.offset - 8}: {epoch} is no epoch")
    return epoch


def _decode_ack_epoch(source: Reader) -> m.AckEpoch:
    current, zxid, floor = source.int64(), _number(source), _number(source)
    if not NONE <= current <= HIGHEST_EPOCH:
        raise Malformed(f"{current} is no epoch")
    return m.AckEpoch(None if current == NONE else current, zxid, floor)


def _decode_txn(source: Reader) -> m.Txn:
    zxid, payload = _number(source), source.buffer()
    if not payload:
        raise Malformed(f"transaction 0x{zxid:x} is empty")
    return m.Txn(zxid, payload)


def _decode_request(source: Reader) -> p.Request:
    serial, session, owner = _number(source), source.int64(), _number(source)
    identities = source.vector(Id.decode) or ()
    return p.Request(serial, session, owner, identities, source.int32(), source.int32(), source.buffer() or b"")


def _decode_touched(source: Reader) -> tuple[int, int]:
    return source.int64(), source.int32()


_DECODERS: dict[int, Callable[[Reader], p.Packet]] = {
    REQUEST: _decode_request,
    PROPOSAL: lambda source: m.Proposal(_decode_txn(source)),
    ACK: lambda source: m.Ack(_number(source)),
    COMMIT: lambda source: m.Commit(_number(source)),
    PING: lambda source: p.Ping(source.vector(_decode_touched) or ()),
    REVALIDATE: lambda source: p.Revalidate(source.int64(), _epoch(source), _number(source)),
    SYNC: lambda source: p.Sync(_number(source)),
    INFORM: lambda source: m.Inform(_decode_txn(source)),
    NEW_LEADER: lambda source: m.NewLeader(_number(source)),
    FOLLOWER_INFO: lambda source: m.FollowerInfo(_epoch(source)),
    UP_TO_DATE: lambda source: m.UpToDate(_number(source)),
    DIFF: lambda source: m.Diff(_number(source)),
    TRUNC: lambda source: m.Trunc(_number(source)),
    LEADER_INFO: lambda source: m.LeaderInfo(_epoch(source)),
    ACK_EPOCH: _decode_ack_epoch,
    ASSIGNED: lambda source: p.Assigned(_number(source), _number(source)),
    REVALIDATED: lambda source: p.Revalidated(source.int64(), _number(source), source.int64() == 1),
}
