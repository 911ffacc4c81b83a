"""That one model does only what another allows: the operational Zab against the theory that is
proved for any size, a specification with split actions against the same text without."""

from .product import Mismatch, Refinement, refine
from .splits import Difference, compare_at_rest
from .zab import ZabLink

__all__ = ["Difference", "Mismatch", "Refinement", "ZabLink", "compare_at_rest", "refine"]
