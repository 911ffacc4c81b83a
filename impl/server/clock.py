"""The one place that asks the machine for the time."""

import time

from ..service.client import Now


def now() -> Now:
    """Wall and monotonic time in milliseconds."""
    return Now(time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000)
