"""The native engine: the typed tree becomes C, a fixed C runtime explores it, ctypes drives both."""

from .engine import check

__all__ = ["check"]
