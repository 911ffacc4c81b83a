"""Texts by number: a page's data holds each text once.

Knows nothing of what the texts say.
"""


class Texts:
    """Every text gets a number when it is first seen, and keeps it."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text."""
        return self._numbers.setdefault(text, len(self._numbers))

    def listed(self) -> list[str]:
        """All texts, in order of their numbers."""
        return list(self._numbers)
