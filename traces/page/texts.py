"""Texts by number: a page's data holds each text once.

Knows nothing of what the texts say.
"""


class Texts:
    """Every text gets a number when it is first seen, and keeps it; the numbers begin at `first`."""

    def __init__(self, first: int = 0) -> None:
        self._numbers: dict[str, int] = {}
        self._first = first

    def number(self, text: str) -> int:
        """The number of a text."""
        return self._numbers.setdefault(text, self._first + len(self._numbers))

    def listed(self) -> list[str]:
        """All texts, in order of their numbers."""
        return list(self._numbers)
