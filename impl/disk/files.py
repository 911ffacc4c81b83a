"""The names in a data directory: which files are logs and snapshots, and which of them belong together.

Source: persistence.Util.getZxidFromName, FileTxnLog.getLogFiles.
"""

import re

from .directory import Directory

UNFINISHED = "unfinished-"  # before a snapshot's name while it is written; ZooKeeper ignores such files

_SNAPSHOT = re.compile(r"snapshot\.([0-9a-f]{1,16})(\.gz|\.snappy)?")
_LOG = re.compile(r"log\.([0-9a-f]{1,16})")


def log_name(zxid: int) -> str:
    """The log whose first transaction is `zxid`."""
    return f"log.{zxid:x}"


def snapshot_name(zxid: int) -> str:
    """The snapshot that holds at least everything up to `zxid`."""
    return f"snapshot.{zxid:x}"


def logs(directory: Directory) -> list[tuple[int, str]]:
    """First zxid and name of every log, in order."""
    return _numbered(directory, _LOG)


def snapshots(directory: Directory) -> list[tuple[int, str]]:
    """Zxid and name of every snapshot, oldest first, whole or not."""
    return _numbered(directory, _SNAPSHOT)


def logs_needed_after(directory: Directory, zxid: int) -> list[str]:
    """The logs that may hold transactions after `zxid`: all that begin later, and the last that begins before."""
    found = logs(directory)
    begun = [first for first, _ in found if first <= zxid]
    earliest = max(begun, default=0)
    return [name for first, name in found if first >= earliest]


def _numbered(directory: Directory, pattern: re.Pattern[str]) -> list[tuple[int, str]]:
    matches = ((pattern.fullmatch(name), name) for name in directory.names())
    return sorted((int(match[1], 16), name) for match, name in matches if match)
