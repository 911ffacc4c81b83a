"""Access control: which lists are well formed, who passes them, what of them is shown.

Knows nothing of nodes.
Source: `PrepRequestProcessor.fixupACL`, `ZooKeeperServer.checkACL`, the providers in `server.auth`.
"""

import base64
import hashlib
import re
from collections.abc import Sequence

from ..wire.records import ACL, OPEN_ACL, Id
from .codes import ADMIN, READ, Code, Refused

ANYONE = Id("world", "anyone")
OPEN = OPEN_ACL
READ_ONLY = (ACL(READ, ANYONE),)
SUPER = Id("super", "")


def require(acl: Sequence[ACL], permission: int, identities: Sequence[Id]) -> None:
    """Refuse unless the list grants the permission."""
    if not grants(acl, permission, identities):
        raise Refused(Code.NO_AUTH)


def grants(acl: Sequence[ACL], permission: int, identities: Sequence[Id]) -> bool:
    """Whether the list gives one of the permission's bits to one of the identities; an empty list gives all."""
    if acl is OPEN or not acl or SUPER in identities:
        return True
    return any(entry.perms & permission and _is_granted(entry.id, identities) for entry in acl)


def normalise(acl: Sequence[ACL] | None, identities: Sequence[Id]) -> tuple[ACL, ...]:
    """The list as it is stored: no duplicates, `auth` expanded to the caller's identities; else an invalid ACL."""
    if not acl:
        raise Refused(Code.INVALID_ACL)
    stored: list[ACL] = []
    for entry in dict.fromkeys(acl):
        stored += _expand(entry, identities)
    return OPEN if tuple(stored) == OPEN else tuple(stored)


def shown(acl: Sequence[ACL], identities: Sequence[Id]) -> tuple[ACL, ...]:
    """The list as `getACL` answers it: the hashes of passwords are for administrators only."""
    require(acl, READ | ADMIN, identities)
    try:
        require(acl, ADMIN, identities)
    except Refused:
        return tuple(_masked(entry) for entry in acl)
    return tuple(acl)


def authenticate(scheme: str | None, credential: bytes, super_digest: str | None, address: str) -> list[Id]:
    """The identities that an auth packet proves; an unknown scheme is an authentication failure."""
    match scheme:
        case "digest":
            identity = digest(credential)
            proven = [Id("digest", identity)]
            return [SUPER, *proven] if identity == super_digest else proven
        case "ip":
            return [Id("ip", address)]
        case _:
            raise Refused(Code.AUTH_FAILED)


def digest(credential: bytes) -> str:
    """`user:password` → `user:base64(SHA1(user:password))`; a credential without a colon is all user."""
    user = credential.split(b":", 1)[0].decode("utf-8", "replace")
    return f"{user}:{base64.b64encode(hashlib.sha1(credential).digest()).decode()}"


def user_name(identity: Id) -> str:
    """What `whoAmI` shows of an identity: never a hash."""
    match identity.scheme:
        case "digest":
            return (identity.id or "").split(":")[0]
        case "ip":
            return identity.id or ""
        case _:
            return ""


def _expand(entry: ACL, identities: Sequence[Id]) -> list[ACL]:
    match entry.id.scheme:
        case "world" if entry.id.id == "anyone":
            return [entry]
        case "auth":
            # An address proves nothing about the person behind it, so "auth" leaves it out.
            expanded = [ACL(entry.perms, identity) for identity in identities if identity.scheme == "digest"]
            if expanded:
                return expanded
        case "digest" if _is_digest_id(entry.id.id):
            return [entry]
        case "ip" if _network(entry.id.id or "") is not None:
            return [entry]
    raise Refused(Code.INVALID_ACL)


def _is_digest_id(text: str | None) -> bool:
    """Two parts around colons, where Java's `split` does not count empty parts at the end."""
    return text is not None and text.rstrip(":").count(":") == 1


def _is_granted(granted: Id, identities: Sequence[Id]) -> bool:
    if granted == ANYONE:
        return True
    if granted.scheme == "ip":
        return any(identity.scheme == "ip" and _is_in_network(identity.id, granted.id) for identity in identities)
    return granted in identities


def _masked(entry: ACL) -> ACL:
    if entry.id.scheme != "digest":
        return entry
    return ACL(entry.perms, Id("digest", re.sub(":.*", ":x", entry.id.id or "")))


def _is_in_network(address: str | None, network_text: str | None) -> bool:
    network, own = _network(network_text or ""), _network(address or "")
    if network is None or own is None:
        return False
    shift = 32 - network[1]
    return own[0] >> shift == network[0] >> shift


def _network(text: str) -> tuple[int, int] | None:
    """`a.b.c.d` or `a.b.c.d/bits` as (address, bits); nothing if it is neither. Only IPv4, as in the original."""
    address_text, _, bits_text = text.partition("/")
    numbers = [_decimal(part) for part in address_text.split(".")]
    bits = _decimal(bits_text) if "/" in text else 32
    if len(numbers) != 4 or bits is None or not 0 <= bits <= 32:
        return None
    address = 0
    for number in numbers:
        if number is None or not 0 <= number <= 255:
            return None
        address = address << 8 | number
    return address, bits


def _decimal(text: str) -> int | None:
    """As `Integer.parseInt` reads it: an optional sign, then ASCII digits."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,10}", text) else None
