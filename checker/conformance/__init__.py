"""The implementation beside the specification, step by step: the map between the two lives here."""

from .search import Conformance, Divergence, every_step, random_walks
from .znodes import ZnodeService

__all__ = ["Conformance", "Divergence", "ZnodeService", "every_step", "random_walks"]
