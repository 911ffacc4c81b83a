"""Facts 4.5: access control and authentication."""

from typing import Any

import pytest

BOB = "bob:ikIaKsbtGweaHnb/jKn7OHqbunM="
SUPER_TEST = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="


@pytest.mark.parametrize(
    ("scheme", "id", "legal"),
    [
        ("world", "anyone", True),
        ("world", "someone", False),
        ("world", "", False),
        ("digest", BOB, True),
        ("digest", ":x", True),
        ("digest", "a:b:", True),
        ("digest", "bob", False),
        ("digest", "a:b:c", False),
        ("digest", "a:", False),
        ("ip", "127.0.0.1", True),
        ("ip", "10.0.0.0/8", True),
        ("ip", "10.0.0.0/33", False),
        ("ip", "10.0.0/8", False),
        ("ip", "256.0.0.1", False),
        ("ip", "::1", False),
        ("x509", "CN=a", False),
        ("sasl", "a", False),
        ("super", "", False),
        ("auth", "", False),
        ("nonsense", "", False),
        (None, "anyone", False),
        ("digest", None, False),
        ("world", None, False),
    ],
)
def test_which_identities_are_legal(raw: Any, lab: Any, scheme: str, id: str, legal: bool) -> None:
    assert lab.peer().err(raw.create("/a", acl=((31, scheme, id),))) == (0 if legal else -114)


def test_lists(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    for acl in (None, ()):
        assert peer.err(raw.create("/a", acl=acl)) == -114
    twice = ((0, "world", "anyone"), (64, "world", "anyone"), (0, "world", "anyone"))
    assert peer.err(raw.create("/a", acl=twice)) == 0, "permissions are not validated"
    peer.ask(raw.auth("digest", b"super:test"), -4)
    assert [
        entry[0]
        for entry in lab.service.tree.nodes["/a"].acl and [(a.perms,) for a in lab.service.tree.nodes["/a"].acl]
    ] == [0, 64]


def test_digest_lets_its_owner_in(raw: Any, lab: Any) -> None:
    peer, stranger = lab.peer(), lab.peer()
    reply = peer.ask(raw.auth("digest", b"bob:pw"), -4)
    assert (reply.xid, reply.zxid, reply.err) == (-4, 0, 0)
    assert peer.err(raw.create("/a", b"x", acl=((31, "auth", "ignored"),))) == 0
    assert peer.ask(raw.get_acl("/a")).body.acls() == [(31, "digest", BOB)]
    assert peer.err(raw.get("/a")) == 0
    refused = [raw.get("/a"), raw.children("/a"), raw.set_data("/a", b""), raw.create("/a/b"), raw.get_acl("/a")]
    assert [stranger.err(request) for request in refused] == [-102] * 5
    assert stranger.err(raw.exists("/a")) == 0, "exists asks no permission"
    assert stranger.err(raw.delete("/a")) == 0, "deleting needs a right on the parent only"


def test_auth_expands_to_every_proven_identity(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    for credential in (b"bob:pw", b"ann:pw", b"bob:pw"):
        peer.ask(raw.auth("digest", credential), -4)
    peer.ask(raw.create("/a", acl=((1, "auth", ""),)))
    assert [id.split(":")[0] for _, _, id in peer.ask(raw.get_acl("/a")).body.acls()] == ["bob", "ann"]


def test_a_credential_without_a_colon_is_accepted(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    assert peer.err(raw.auth("digest", b"justme")) == 0
    assert peer.ask(raw.WHO_AM_I).body.pairs() == [("ip", "127.0.0.1"), ("digest", "justme")]


@pytest.mark.parametrize("scheme", ["x509", "sasl", "world", "super", "auth", None, "nonsense"])
def test_unknown_schemes_fail_and_hang_up(raw: Any, lab: Any, scheme: str) -> None:
    peer = lab.peer()
    assert peer.ask(raw.auth(scheme, b"x"), -4).err == -115
    assert peer.next() is None


def test_addresses(raw: Any, lab: Any) -> None:
    home, away = lab.peer("10.1.2.3"), lab.peer("11.1.2.3")
    home.ask(raw.create("/a", acl=((1, "ip", "10.0.0.0/8"),)))
    home.ask(raw.create("/b", acl=((1, "ip", "11.1.2.3"),)))
    assert [home.err(raw.get(path)) for path in ("/a", "/b")] == [0, -102]
    assert [away.err(raw.get(path)) for path in ("/a", "/b")] == [-102, 0]
    assert home.err(raw.create("/c", acl=((1, "auth", ""),))) == -114, "an address is not a proof of identity"
    assert home.err(raw.auth("ip", b"")) == 0


def test_the_super_user_passes_everything(raw: Any) -> None:
    lab = raw.Lab(super_digest=SUPER_TEST)
    peer = lab.peer()
    peer.ask(raw.create("/a", acl=((0, "world", "anyone"),)))
    assert peer.err(raw.get("/a")) == -102
    assert peer.err(raw.auth("digest", b"super:wrong")) == 0
    assert peer.err(raw.get("/a")) == -102
    assert peer.err(raw.auth("digest", b"super:test")) == 0
    assert [peer.err(raw.get("/a")), peer.err(raw.set_acl("/a", raw.OPEN))] == [0, 0]
    assert ("super", "") in peer.ask(raw.WHO_AM_I).body.pairs()


def test_hashes_are_masked_for_all_but_administrators(raw: Any, lab: Any) -> None:
    peer, reader = lab.peer(), lab.peer()
    peer.ask(raw.auth("digest", b"bob:pw"), -4)
    peer.ask(raw.create("/a", acl=((16, "digest", BOB), (1, "world", "anyone"))))
    assert peer.ask(raw.get_acl("/a")).body.acls()[0] == (16, "digest", BOB)
    assert reader.ask(raw.get_acl("/a")).body.acls() == [(16, "digest", "bob:x"), (1, "world", "anyone")]


def test_configuration_is_read_only(raw: Any, lab: Any) -> None:
    peer = lab.peer()
    assert peer.err(raw.set_data("/zookeeper/config", b"")) == -102
    assert peer.err(raw.get("/zookeeper/config")) == 0


def test_sasl_without_a_provider_is_answered_with_no_token(raw: Any, lab: Any) -> None:
    reply = lab.peer().ask((102, raw.buf(b"token")))
    assert (reply.err, reply.zxid, reply.body.buf()) == (0, 0, None)
