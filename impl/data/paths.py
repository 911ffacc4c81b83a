"""Which strings are paths of znodes, and how a path splits.

Source: `PathUtils.validatePath`, `PrepRequestProcessor`.
"""

import re

from .codes import Code, Refused

ROOT = "/"
ZOOKEEPER = "/zookeeper"
QUOTA = "/zookeeper/quota"
CONFIG = "/zookeeper/config"
SPECIAL = frozenset({ROOT, ZOOKEEPER, QUOTA, CONFIG})

# Java compares UTF-16 units: a character above U+FFFF is a pair of surrogates there, and surrogates are forbidden.
_FORBIDDEN_CHARACTER = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\uf8ff\ufff0-\uffff\U00010000-\U0010ffff]")
_FORBIDDEN_COMPONENT = re.compile(r"/(\.{0,2})(/|$)")


def is_valid(path: str) -> bool:
    """Whether a node may be created under this name."""
    if path == ROOT:
        return True
    return path.startswith("/") and not _FORBIDDEN_COMPONENT.search(path) and not _FORBIDDEN_CHARACTER.search(path)


def require_valid(path: str) -> None:
    """Refuse a malformed path with bad arguments."""
    if not is_valid(path):
        raise Refused(Code.BAD_ARGUMENTS)


def parent_for_create(path: str) -> str:
    """The parent's path; deliberately weaker than `is_valid`, for a missing parent is reported before bad syntax."""
    if "/" not in path or "\0" in path:
        raise Refused(Code.BAD_ARGUMENTS)
    return parent_of(path)


def parent_for_delete(path: str) -> str:
    """As for create; moreover the four nodes that ZooKeeper itself needs cannot be deleted."""
    if path in SPECIAL:
        raise Refused(Code.BAD_ARGUMENTS)
    return parent_for_create(path)


def parent_of(path: str) -> str:
    """`/a/b` → `/a`, `/a` → `/`; the tree calls its root `/`."""
    return path[: path.rfind("/")] or ROOT


def split(path: str) -> tuple[str, str]:
    """Parent path and own name: `/a/b` → (`/a`, `b`), `/a` → (`/`, `a`)."""
    slash = path.rfind("/")
    return path[:slash] or ROOT, path[slash + 1 :]


def ancestors(path: str) -> list[str]:
    """The path itself, then every path above it up to `/`, nearest first."""
    found = [path]
    while path != ROOT:
        path = parent_of(path)
        found.append(path)
    return found
