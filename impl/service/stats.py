"""What a server counts of its own work: packets and latencies in milliseconds."""

from dataclasses import dataclass


@dataclass(slots=True)
class Stats:
    """Since the start, or since the last reset."""

    received: int = 0
    sent: int = 0
    latency_min: int = 0
    latency_max: int = 0
    latency_total: int = 0

    def answered(self, frames: int, latency_ms: int) -> None:
        """So many frames left, this long after the requests came."""
        if not self.sent or latency_ms < self.latency_min:
            self.latency_min = latency_ms
        if latency_ms > self.latency_max:
            self.latency_max = latency_ms
        self.sent += frames
        self.latency_total += latency_ms * frames

    @property
    def latency_average(self) -> float:
        return self.latency_total / self.sent if self.sent else 0.0

    def reset(self) -> None:
        """Count from zero."""
        self.received = self.sent = self.latency_min = self.latency_max = self.latency_total = 0
