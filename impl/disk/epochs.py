"""The two files of a member of an ensemble that say which epochs it has promised and taken part in.

`acceptedEpoch` is the last epoch whose leader it promised to follow, `currentEpoch` the last whose history it has;
decimal digits without a newline. Each is replaced as a whole, durably. Source: QuorumPeer.readEpochFromFile,
writeLongToFile, AtomicFileOutputStream.
"""

from typing import NamedTuple

from .directory import Directory
from .files import UNFINISHED
from .recovery import Unrecoverable

_ACCEPTED, _CURRENT = "acceptedEpoch", "currentEpoch"
_HIGHEST = (1 << 31) - 1


class Epochs(NamedTuple):
    """`current` is never greater than `accepted`."""

    accepted: int
    current: int


def read_epochs(directory: Directory, last_zxid: int) -> Epochs:
    """What the files say; where one is missing, the epoch of the last transaction. Raises `Unrecoverable`."""
    names = set(directory.names())
    accepted, current = (
        _parsed(name, directory.read(name)) if name in names else last_zxid >> 32 for name in (_ACCEPTED, _CURRENT)
    )
    if _ACCEPTED not in names:
        accepted = max(accepted, current)
    if current > accepted:
        raise Unrecoverable(
            f"{_CURRENT} {current} is greater than {_ACCEPTED} {accepted}, which no server writes; "
            f"start with an empty folder, and let the others send what they have"
        )
    return Epochs(accepted, current)


def write_epochs(directory: Directory, before: Epochs, after: Epochs) -> None:
    """Replace what differs. acceptedEpoch goes first, so that a crash in between keeps the order of the two."""
    if after.accepted != before.accepted:
        _replace(directory, _ACCEPTED, after.accepted)
    if after.current != before.current:
        _replace(directory, _CURRENT, after.current)


def _replace(directory: Directory, name: str, epoch: int) -> None:
    handle = directory.create(UNFINISHED + name)
    try:
        directory.write(handle, 0, str(epoch).encode())
        directory.sync(handle)
    finally:
        directory.close(handle)
    directory.rename(UNFINISHED + name, name)
    directory.sync_names()


def _parsed(name: str, data: bytes) -> int:
    text = data.strip()
    if not text.isdigit() or len(text) > 10 or int(text) > _HIGHEST:
        raise Unrecoverable(f"{name} holds {data[:20]!r}, which is no epoch; put a copy of the file into its place")
    return int(text)
