"""The reference engine: breadth-first search in Python, readable first, the oracle of the others."""

from .search import check

__all__ = ["check"]
