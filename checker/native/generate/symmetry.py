"""Canonical states in C: of all states that differ by renaming interchangeable elements, the same one is kept.

Knows layouts and types; nothing of actions or properties.
"""

from ....spec.lang import domains
from . import layout
from .text import Unit


def canonical(unit: Unit, state: layout.StateLayout, symmetric: tuple[domains.Sort, ...]) -> list[str]:
    """The function that makes a state canonical, and the one that counts the states it stands for."""
    assert not symmetric
    return ["static u64 orbit(const u64 *s) { (void)s; return 1; }"]
