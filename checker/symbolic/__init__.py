"""Z3 on the same tree, at fixed size: k-step search, inductive invariants, k-induction."""

from .search import Question, prove

__all__ = ["Question", "prove"]
