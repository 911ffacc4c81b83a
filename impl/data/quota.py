"""Quotas: the text of limits and counts, and which quota governs a path.

The counts stand in nodes below /zookeeper/quota; the tree keeps them up to date, silently: no version changes.
Source: `StatsTrack`, `Quotas`, `DataTree.updateQuotaStat`, `ZooKeeperServer.checkQuota`.
"""

import re
from dataclasses import dataclass, replace
from typing import Self

from .paths import QUOTA, ROOT, ancestors

LIMITS, STATS = "zookeeper_limits", "zookeeper_stats"
_PAIR = re.compile(r"([^=,;]+)=(-?\d+)?")


@dataclass(frozen=True, slots=True)
class Track:
    """Counts or limits of a subtree, `size` in bytes; -1 is no limit. Hard limits are absent unless given."""

    count: int = -1
    size: int = -1
    extra: tuple[tuple[str, int], ...] = ()

    @classmethod
    def parse(cls, data: bytes | None) -> Self:
        """Read the text of a limits or stats node; what is not a pair is passed over."""
        pairs = {key: int(value or -1) for key, value in _PAIR.findall((data or b"").decode("utf-8", "replace"))}
        count, size = pairs.pop("count", -1), pairs.pop("bytes", -1)
        return cls(count, size, tuple(sorted(pairs.items())))

    def text(self) -> bytes:
        """`count=5,bytes=-1`, with the odd suffix `=;key=value` for whatever else was given."""
        suffix = "=" + "".join(f";{key}={value}" for key, value in self.extra) if self.extra else ""
        return f"count={self.count},bytes={self.size}{suffix}".encode()

    def plus(self, count: int, size: int) -> Self:
        """The counts after a change."""
        return replace(self, count=self.count + count, size=self.size + size)

    def hard(self, key: str) -> int:
        """A hard limit by its name in the text; -1 if there is none."""
        return dict(self.extra).get(key, -1)

    def exceeds(self, limits: Self, count_grew: bool, bytes_grew: bool) -> bool:
        """Whether these counts break a hard limit. Soft limits are for the log only."""
        over_count = count_grew and -1 < limits.hard("countHardLimit") < self.count
        over_bytes = bytes_grew and -1 < limits.hard("byteHardLimit") < self.size
        return over_count or over_bytes


def stats_path(governed: str) -> str:
    """The node that counts a governed subtree."""
    return f"{QUOTA}{governed}/{STATS}"


def limits_path(governed: str) -> str:
    """The node that limits a governed subtree."""
    return f"{QUOTA}{governed}/{LIMITS}"


def governed_by(governed: dict[str, None], path: str) -> str | None:
    """The nearest governed path at or above this one. A quota on the root governs nothing, as in the original."""
    if not governed:
        return None
    return next((place for place in ancestors(path) if place in governed and place != ROOT), None)
