"""Which release of ZooKeeper behaves how: the variants of `switches.py` that each has, and the bugs that they give.

Read from the sources of the release tags named beside each row (Learner.syncWithLeader, Learner.shutdown,
LearnerHandler.run and syncFollower, ZooKeeperServer.loadData and shutdown, LearnerZooKeeperServer.shutdown,
SyncRequestProcessor.run). Bugs are named by the
number of their ZOOKEEPER issue; one that has none, by the issue that it is nearest to, with a letter.
"""

from ...history import Bug, History, Releases, Run, Variants

LOSS, GAP, RESTART = "data loss", "inconsistency", "refuses to start"
SYNC, STALE = "sync failure", "stale reads"


def _any(*variants: str) -> tuple[Variants, ...]:
    return tuple(frozenset((variant,)) for variant in variants)


def _all(*variants: str) -> tuple[Variants, ...]:
    return (frozenset(variants),)


# What three fixes took away: that of 4643, 4646 and 4685, that of 4394 and 3023, and that of 4925.
_IN_ORDER = frozenset(("epoch-before-log", "log-async", "log-after-uptodate"))
_FINAL = _IN_ORDER | {"log-all-pending", "serve-before-apply"}
_LISTED = frozenset(("synced-not-listed", "truncation-not-listed", "gap-accepted"))

BUGS = (
    Bug(
        "2355",
        "A server believes to have what it was only told to expect.",
        GAP,
        ("3.4.11", "3.5.4", "3.6.0"),
        (frozenset(("diff-header-jumps", "memory-kept")), frozenset(("diff-header-jumps", "memory-kept-in-sync"))),
        Run("reported_is_applied", ("SYNC", "STOP"), {"crashes": 0, "disconnects": 1}),
        takes=frozenset(("diff-header-jumps",)),
    ),
    Bug(
        "2845",
        "A transaction that only one server logged comes back when it restarts.",
        GAP,
        ("3.4.12", "3.5.4", "3.6.0"),
        _any("memory-kept"),
        Run("looking_memory_is_log", ("SY", "STOP"), {"crashes": 0, "disconnects": 1}),
        adds=frozenset(("drain-after-fast-forward",)),
    ),
    Bug(
        "3911",
        "NEWLEADER is acknowledged before its transactions are logged.",
        LOSS,
        ("3.5.10", "3.6.3", "3.7.0"),
        _any("log-after-uptodate"),
        Run("acked_is_durable", ("NL",), {"crashes": 0}),
        adds=frozenset(("log-async", "initial-not-stopped")),
    ),
    Bug(
        "4643",
        "currentEpoch is on disk, the transactions are not, and the epoch wins.",
        LOSS,
        ("3.8.5", "3.9.2"),
        _any("epoch-before-log"),
        Run("epoch_implies_history", ("NL",), {"crashes": 0}),
        adds=frozenset(("log-all-pending",)),
        takes=_IN_ORDER,
    ),
    Bug(
        "4646",
        "NEWLEADER is acknowledged while its transactions are still queued.",
        LOSS,
        ("3.8.5", "3.9.2"),
        _any("log-async"),
        Run("acked_is_durable", ("NL", "SY"), {"crashes": 0}),
        adds=frozenset(("log-all-pending",)),
        takes=_IN_ORDER,
    ),
    Bug(
        "4685",
        "The ACK of a transaction overtakes that of NEWLEADER.",
        SYNC,
        ("3.8.5", "3.9.2"),
        _any("log-async"),
        Run("first_ack", ("NL", "SY"), {"crashes": 0}),
        adds=frozenset(("log-all-pending",)),
        takes=_IN_ORDER,
    ),
    Bug(
        "4394",
        "A COMMIT before UPTODATE finds no proposal.",
        SYNC,
        ("3.9.3",),
        _any("log-all-pending", "log-async"),
        Run("pending_commit", ("NL",), {"crashes": 0}),
        adds=frozenset(("synced-not-listed",)),
        takes=_FINAL,
    ),
    Bug(
        "3023",
        "Clients are served before what was synchronized is applied.",
        STALE,
        ("3.9.3",),
        _any("serve-before-apply"),
        Run("synced_before_serving", ("UP", "CP"), {"crashes": 0}),
        adds=frozenset(("synced-not-listed",)),
        takes=_FINAL,
    ),
    Bug(
        "4712",
        "A thread that should have ended writes into the log of the next epoch.",
        GAP,
        ("3.9.3",),
        (frozenset(("sync-thread-leaks",)), frozenset(("initial-not-stopped", "log-async"))),
        Run("stopped_is_silent", ("SY", "STOP"), {"crashes": 0, "disconnects": 1}),
        takes=frozenset(("sync-thread-leaks", "initial-not-stopped")),
    ),
    Bug(
        "4712w",
        "Memory is brought up to date before the last writes to the log.",
        GAP,
        ("3.5.10", "3.6.3", "3.7.0"),
        _any("drain-after-fast-forward"),
        Run("looking_memory_is_log", ("SY", "STOP"), {"crashes": 0, "disconnects": 1}),
    ),
    Bug(
        "3642",
        "A snapshot that was loaded and never written leaves a gap.",
        GAP,
        ("3.5.10", "3.6.3", "3.7.0"),
        _any("snap-abort-keeps-memory", "memory-kept-in-sync"),
        Run("looking_memory_is_log", ("SYNC", "STOP"), {"crashes": 0, "disconnects": 1, "kept": 0}),
        adds=frozenset(("sync-thread-leaks",)),
        takes=frozenset(("snap-abort-keeps-memory", "memory-kept-in-sync", "drain-after-fast-forward")),
    ),
    Bug(
        "5094",
        "Commits applied after TRUNC and never written leave a gap.",
        GAP,
        (),
        _any("trunc-abort-keeps-memory", "memory-kept-in-sync"),
        Run("looking_memory_is_log", ("SYNC", "STOP"), {"transactions": 2, "crashes": 0, "disconnects": 1}),
    ),
    Bug(
        "2872",
        "A snapshot is lost in a power failure after it was acknowledged.",
        LOSS,
        ("3.5.10", "3.6.0"),
        _any("snapshot-not-synced"),
        Run("epoch_implies_history", ("NL",), {"kept": 0, "crashes": 0}),
    ),
    Bug(
        "3104",
        "A snapshot holds parts of transactions that are not in the log.",
        GAP,
        ("3.5.5", "3.6.0"),
        _any("newleader-before-dump"),
        Run("snapshot_closed", ("LH",), {"transactions": 2, "crashes": 0, "kept": 0}),
    ),
    Bug(
        "2418",
        "A DIFF leaves out what is between the log files and the list.",
        GAP,
        ("3.6.0",),
        _any("disk-diff-unchecked"),
        Run("sync_is_whole", (), {"transactions": 2, "crashes": 0, "disconnects": 1, "epochs": 3, "kept": 0}),
        adds=frozenset(("disk-diff-gap-checked",)),
    ),
    Bug(
        "2846",
        "A DIFF is read from log files that have holes or dead tails.",
        GAP,
        (),
        _any("disk-diff-gap-checked", "disk-diff-unchecked"),
        Run("sync_is_whole", (), {"transactions": 3, "crashes": 0, "disconnects": 1, "epochs": 3, "kept": 0}),
    ),
    Bug(
        "4925",
        "What was synchronized is missing from the list that others are synchronized from.",
        LOSS,
        ("3.9.4",),
        _any("synced-not-listed"),
        Run("sync_is_whole", (), {"transactions": 2, "crashes": 0, "disconnects": 1, "epochs": 3}),
        takes=_LISTED,
    ),
    Bug(
        "4925t",
        "What was committed after a truncation is missing from the list that others are synchronized from.",
        LOSS,
        ("3.9.4",),
        _any("truncation-not-listed"),
        Run("sync_is_whole", (), {"transactions": 3, "crashes": 0, "disconnects": 1, "epochs": 4}),
        takes=_LISTED,
    ),
    Bug(
        "4837",
        "A snapshot brings back what TRUNC has cut off.",
        GAP,
        (),
        _all("snapshot-survives-truncation", "snapshot-when-elected"),
        Run("cut_log_is_shared", (), {"crashes": 0, "disconnects": 1, "epochs": 3}),
        takes=frozenset(("snapshot-survives-truncation",)),
        elsewhere=(
            frozenset(("snapshot-survives-truncation",)),
            Run("cut_log_is_shared", (), {"servers": 5, "disconnects": 1, "crashes": 0, "epochs": 3, "kept": 0}),
        ),
    ),
    Bug(
        "4882",
        "A transaction that could not be logged is applied all the same.",
        GAP,
        (),
        _any("failed-write-keeps-memory"),
        Run("looking_memory_is_log", ("SY",), {"crashes": 0, "io_errors": 1}),
    ),
    Bug(
        "2354",
        "A log newer than currentEpoch keeps a server from starting.",
        RESTART,
        (),
        _any("epoch-not-marked"),
        Run("can_restart", ("NL",)),
    ),
    Bug(
        "3526",
        "A leader that served read-only makes its followers cut off everything.",
        LOSS,
        (),
        _any("read-only-recorded"),
        Run("sync_is_whole", (), {"transactions": 2, "crashes": 0}),
    ),
    Bug(
        "predicted",  # in no list of known bugs; no release is said to have it until somebody has seen it on one
        "The ACK of a follower that was made to cut its log counts all the same.",
        LOSS,
        (),
        _any("acks-outlive-truncation"),
        Run("leader_completeness", ("SY",), {"transactions": 2, "crashes": 1, "disconnects": 1, "epochs": 3}),
    ),
)

_OPEN = frozenset(("trunc-abort-keeps-memory", "snapshot-survives-truncation", "failed-write-keeps-memory"))
_NO_LIST = _OPEN | {"gap-accepted", "truncation-not-listed"}  # before 3.9.4
_UPTODATE = _NO_LIST | {"log-after-uptodate", "epoch-before-log", "serve-before-apply", "snap-abort-keeps-memory"}
_ASYNC = _NO_LIST | {"log-async", "epoch-before-log", "serve-before-apply", "sync-thread-leaks", "initial-not-stopped"}
_SYNC_ALL = _NO_LIST | {"log-all-pending", "serve-before-apply", "sync-thread-leaks", "initial-not-stopped"}
_OLD_SNAP = frozenset(("snapshot-not-synced", "newleader-before-dump"))
_3_5 = frozenset(("epoch-not-marked", "disk-diff-unchecked", "read-only-recorded", "snapshot-when-elected"))
_3_6 = frozenset(("epoch-not-marked", "disk-diff-gap-checked", "read-only-recorded", "snapshot-when-elected"))

# Before 3.4.10 and 3.5.3 a server read its database from disk before every election, and a follower took a snapshot in
# every synchronization. What is applied without entering the list matters only where that memory is kept; a failed
# write ends the process, or makes it read its database again.
_RELOADED = _OLD_SNAP | {"memory-reloaded", "diff-snapshotted", "snapshot-survives-truncation", "gap-accepted"}
_KEPT_IN_SYNC = frozenset(("memory-kept-in-sync", "diff-header-jumps", "truncation-not-listed"))
_OLDER = (
    "the sources of older ones have not been read, and nothing is guessed: ask for 3.4.6, the nearest, which is the"
    " first of its line with the fix of ZOOKEEPER-1653"
)


def _row(lines: str, tags: str, variants: Variants) -> Releases:
    """`lines` as `3.6.3-3.6.4 3.7.0-3.7.2`; the tags are `release-…` of each word."""
    pairs = tuple((first, last or first) for first, _, last in (line.partition("-") for line in lines.split()))
    return Releases(pairs, tuple(f"release-{tag}" for tag in tags.split()), variants)


RELEASES = (
    _row("3.4.6", "3.4.6", _RELOADED),
    _row("3.4.7-3.4.9", "3.4.7 3.4.8 3.4.9", _RELOADED | _KEPT_IN_SYNC),
    _row("3.4.10", "3.4.10", _UPTODATE | _OLD_SNAP | {"memory-kept", "diff-header-jumps"}),
    _row("3.4.11", "3.4.11", _UPTODATE | _OLD_SNAP | {"memory-kept"}),
    _row("3.4.12-3.4.14", "3.4.12 3.4.13 3.4.14", _UPTODATE | _OLD_SNAP | {"drain-after-fast-forward"}),
    _row("3.5.0", "3.5.0", _RELOADED | _3_5),
    _row("3.5.1-3.5.2", "3.5.1 3.5.2", _RELOADED | _KEPT_IN_SYNC | _3_5),
    _row("3.5.3", "3.5.3", _UPTODATE | _OLD_SNAP | _3_5 | {"memory-kept", "diff-header-jumps"}),
    _row("3.5.4", "3.5.4", _UPTODATE | _OLD_SNAP | _3_5 | {"drain-after-fast-forward"}),
    _row(
        "3.5.5-3.5.9",
        "3.5.5 3.5.6 3.5.7 3.5.8 3.5.9",
        _UPTODATE | _3_5 | {"drain-after-fast-forward", "snapshot-not-synced"},
    ),
    _row("3.5.10", "3.5.10", _ASYNC | _3_5),
    _row("3.6.0-3.6.2", "3.6.0 3.6.1 3.6.2", _UPTODATE | _3_6 | {"drain-after-fast-forward"}),
    _row(
        "3.6.3-3.6.4 3.7.0-3.7.2 3.8.0-3.8.4 3.9.0-3.9.1",
        "3.6.3 3.6.4 3.7.0 3.7.1 3.7.2 3.8.0-1 3.8.1 3.8.2 3.8.3 3.8.4 3.9.0 3.9.1",
        _ASYNC | _3_6,
    ),
    _row("3.8.5-3.8.6 3.9.2", "3.8.5 3.8.6 3.9.2", _SYNC_ALL | _3_6),
    _row("3.9.3", "3.9.3", _NO_LIST | _3_6 | {"synced-not-listed"}),
    _row("3.9.4-3.9.5", "3.9.4 3.9.5", _OPEN | _3_6),
)

HISTORY = History(BUGS, RELEASES, _OLDER)
