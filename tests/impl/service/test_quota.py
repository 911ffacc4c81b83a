"""Facts 4.7: quotas."""

from typing import Any

LIMITS, STATS = "zookeeper_limits", "zookeeper_stats"


def with_quota(raw: Any, lab: Any, text: bytes) -> Any:
    peer = lab.peer()
    for path, data in (("/q", b"12"), ("/q/old", b"345"), ("/zookeeper/quota/q", b"")):
        peer.ask(raw.create(path, data))
    peer.ask(raw.create(f"/zookeeper/quota/q/{LIMITS}", text))
    peer.ask(raw.create(f"/zookeeper/quota/q/{STATS}", b"count=0,bytes=0"))
    return peer


def stats(raw: Any, peer: Any) -> bytes:
    body = peer.ask(raw.get(f"/zookeeper/quota/q/{STATS}")).body
    data = body.buf()
    assert body.stat().version == 0, "updated silently"
    assert isinstance(data, bytes)
    return data


def test_counts_follow_every_change(raw: Any, lab: Any) -> None:
    peer = with_quota(raw, lab, b"count=5,bytes=-1")
    assert stats(raw, peer) == b"count=2,bytes=5"
    peer.ask(raw.create("/q/a", b"1234"))
    peer.ask(raw.create("/q/a/b", None))
    peer.ask(raw.create("/qq", b"not below"))
    assert stats(raw, peer) == b"count=4,bytes=9"
    peer.ask(raw.set_data("/q/a", b"1"))
    peer.ask(raw.set_data("/q/a/b", b"22"))
    assert stats(raw, peer) == b"count=4,bytes=8"
    peer.ask(raw.delete("/q/a/b"))
    assert stats(raw, peer) == b"count=3,bytes=6"
    peer.ask(raw.delete(f"/zookeeper/quota/q/{LIMITS}"))
    peer.ask(raw.create("/q/c"))
    assert stats(raw, peer) == b"count=3,bytes=6", "no limits, no counting"


def test_the_suffix_of_hard_limits_survives(raw: Any, lab: Any) -> None:
    peer = with_quota(raw, lab, b"count=5,bytes=-1=;byteHardLimit=-1;countHardLimit=2")
    peer.ask(raw.set_data(f"/zookeeper/quota/q/{STATS}", b"count=2,bytes=5=;byteHardLimit=-1;countHardLimit=2"))
    peer.ask(raw.create("/q/x", b"7"))
    data = peer.ask(raw.get(f"/zookeeper/quota/q/{STATS}")).body.buf()
    assert data == b"count=3,bytes=6=;byteHardLimit=-1;countHardLimit=2"


def test_limits_are_enforced_only_when_asked_and_only_if_hard(raw: Any) -> None:
    hard = b"count=-1,bytes=-1=;byteHardLimit=8;countHardLimit=3"
    lenient = with_quota(raw, raw.Lab(), hard)
    assert [lenient.err(raw.create(f"/q/{name}")) for name in "abc"] == [0, 0, 0]
    strict = with_quota(raw, raw.Lab(enforce_quota=True), hard)
    assert strict.err(raw.set_data("/q", b"123456")) == -125, "bytes: 5 and 4 more"
    assert strict.err(raw.set_data("/q", b"12345")) == 0
    assert strict.err(raw.create("/q/a")) == 0
    assert strict.err(raw.create("/q/b")) == -125
    assert strict.err(raw.set_data("/q/old", b"")) == 0, "shrinking is allowed"
    soft = with_quota(raw, raw.Lab(enforce_quota=True), b"count=1,bytes=1")
    assert soft.err(raw.create("/q/a", b"long")) == 0


def test_nonsense_in_a_quota_node_does_not_stop_the_server(raw: Any, lab: Any) -> None:
    peer = with_quota(raw, lab, b"\xff=,==;count=x")
    peer.ask(raw.set_data(f"/zookeeper/quota/q/{STATS}", b"garbage"))
    assert peer.err(raw.create("/q/a", b"1")) == 0
