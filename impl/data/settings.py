"""What an operator can set on a server; names and defaults are ZooKeeper's, in our units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """`super_digest` is the digest (not the password) that makes a connection a super user, `None` for nobody."""

    tick_ms: int = 2000
    session_timeout_ms_min: int | None = None
    session_timeout_ms_max: int | None = None
    extended_types: bool = True
    reconfig_enabled: bool = False
    enforce_quota: bool = False
    super_digest: str | None = None
    container_check_ms: int = 60_000
    frame_bytes_max: int = 0xFFFFF
    words: frozenset[str] = frozenset({"srvr"})

    @property
    def timeout_ms_min(self) -> int:
        """Two ticks unless set."""
        return 2 * self.tick_ms if self.session_timeout_ms_min is None else self.session_timeout_ms_min

    @property
    def timeout_ms_max(self) -> int:
        """Twenty ticks unless set."""
        return 20 * self.tick_ms if self.session_timeout_ms_max is None else self.session_timeout_ms_max
