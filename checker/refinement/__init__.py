"""That one model does only what another allows: the operational Zab against the theory that is proved for any size."""

from .product import Mismatch, Refinement, refine
from .zab import ZabLink

__all__ = ["Mismatch", "Refinement", "ZabLink", "refine"]
