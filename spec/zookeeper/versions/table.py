"""Which release behaves how: the variants of `server.py` that each release has, and the bugs that they give.

Read from the sources of the release tags (Learner.syncWithLeader, Learner.shutdown, ZooKeeperServer.shutdown,
LearnerZooKeeperServer.shutdown); where a tag was not read itself, from the first tag that contains the fix. Bugs are
named by the number of their ZOOKEEPER issue; one that has none, by the issue it became, with a letter.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bug:
    """A way to lose data, or to fail: any of these combinations of variants gives it."""

    issue: str
    story: str
    variants: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Releases:
    """Releases that behave alike: pairs of the first and the last of each line, and the variants they have."""

    lines: tuple[tuple[str, str], ...]
    variants: frozenset[str]


def _any(*variants: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset((variant,)) for variant in variants)


BUGS = (
    Bug(
        "2355",
        "A server believes to have what it was only told to expect.",
        (frozenset(("diff-header-jumps", "memory-kept")),),
    ),
    Bug("2845", "A transaction that only one server logged comes back when it restarts.", _any("memory-kept")),
    Bug("3911", "NEWLEADER is acknowledged before its transactions are logged.", _any("log-after-uptodate")),
    Bug("4643", "currentEpoch is on disk, the transactions are not, and the epoch wins.", _any("epoch-before-log")),
    Bug("4646", "NEWLEADER is acknowledged while its transactions are still queued.", _any("log-async")),
    Bug("4685", "The ACK of a transaction overtakes that of NEWLEADER.", _any("log-async")),
    Bug("4394", "A COMMIT before UPTODATE finds no proposal.", _any("log-async", "log-all-pending")),
    Bug("3023", "Clients are served before what was synchronized is applied.", _any("serve-before-apply")),
    Bug("4712", "A thread that should have ended writes into the log of the next epoch.", _any("sync-thread-leaks")),
    Bug("4712w", "Memory is brought up to date before the last writes to the log.", _any("drain-after-fast-forward")),
    Bug("3642", "A snapshot that was loaded and never written leaves a gap.", _any("snap-abort-keeps-memory")),
    Bug("5094", "Commits applied after TRUNC and never written leave a gap.", _any("trunc-abort-keeps-memory")),
    Bug("2872", "A snapshot is lost in a power failure after it was acknowledged.", _any("snapshot-not-synced")),
    Bug(
        "4925",
        "What was synchronized is missing from the list that others are synchronized from.",
        _any("synced-not-listed"),
    ),
    Bug("4837", "A snapshot brings back what TRUNC has cut off.", _any("snapshot-survives-truncation")),
    Bug("4882", "A transaction that could not be logged is applied all the same.", _any("failed-write-keeps-memory")),
    Bug("2354", "A log newer than currentEpoch keeps a server from starting.", _any("epoch-not-marked")),
)

_ALWAYS = frozenset(("trunc-abort-keeps-memory", "snapshot-survives-truncation", "failed-write-keeps-memory"))
_UPTODATE = _ALWAYS | {"log-after-uptodate", "epoch-before-log", "serve-before-apply", "snap-abort-keeps-memory"}
_ASYNC = _ALWAYS | {"log-async", "epoch-before-log", "serve-before-apply", "sync-thread-leaks", "initial-not-stopped"}
_ASYNC_LINES = (("3.6.3", "3.6.4"), ("3.7.0", "3.7.2"), ("3.8.0", "3.8.4"), ("3.9.0", "3.9.1"))

RELEASES = (
    Releases((("3.4.10", "3.4.10"),), _UPTODATE | {"memory-kept", "snapshot-not-synced", "diff-header-jumps"}),
    Releases((("3.4.11", "3.4.11"),), _UPTODATE | {"memory-kept", "snapshot-not-synced"}),
    Releases((("3.4.12", "3.4.14"),), _UPTODATE | {"drain-after-fast-forward", "snapshot-not-synced"}),
    Releases(
        (("3.5.3", "3.5.3"),),
        _UPTODATE | {"memory-kept", "snapshot-not-synced", "diff-header-jumps", "epoch-not-marked"},
    ),
    Releases(
        (("3.5.4", "3.5.9"),), _UPTODATE | {"drain-after-fast-forward", "snapshot-not-synced", "epoch-not-marked"}
    ),
    Releases((("3.6.0", "3.6.2"),), _UPTODATE | {"drain-after-fast-forward", "epoch-not-marked"}),
    Releases((("3.5.10", "3.5.10"), *_ASYNC_LINES), _ASYNC | {"epoch-not-marked"}),
    Releases(
        (("3.8.5", "3.8.6"), ("3.9.2", "3.9.2")),
        _ALWAYS
        | {"log-all-pending", "serve-before-apply", "sync-thread-leaks", "initial-not-stopped", "epoch-not-marked"},
    ),
    Releases((("3.9.3", "3.9.3"),), _ALWAYS | {"synced-not-listed", "epoch-not-marked"}),
    Releases((("3.9.4", "3.9.5"),), _ALWAYS | {"epoch-not-marked"}),
)


def variants_of(version: str) -> frozenset[str]:
    """The variants that a release has. Raises KeyError for a release that the table does not know."""
    wanted = _number(version)
    for releases in RELEASES:
        for first, last in releases.lines:
            if _number(first) <= wanted <= _number(last):
                return releases.variants
    raise KeyError(version)


def bugs_of(version: str) -> tuple[str, ...]:
    """The bugs that a release has, in order of the table. Raises KeyError as `variants_of`."""
    has = variants_of(version)
    return tuple(bug.issue for bug in BUGS if any(needed <= has for needed in bug.variants))


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
