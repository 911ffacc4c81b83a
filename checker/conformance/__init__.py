"""The implementation beside the specification, step by step: the map between the two lives here."""

from .search import Conformance, Divergence, every_step, random_walks
from .sessions import SessionService
from .watches import WatchService
from .znodes import ZnodeService

__all__ = ["Conformance", "Divergence", "SessionService", "WatchService", "ZnodeService", "every_step", "random_walks"]
