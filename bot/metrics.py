"""Counts what the web face does, for Prometheus. Labels are words of our own; nothing that a stranger chose becomes one."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from bot.door import Verdict

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """One registry of one process."""

    def __init__(self) -> None:
        """Start at zero."""
        self._registry = CollectorRegistry()
        self._deliveries = Counter(
            "countersign_deliveries", "Webhook deliveries by what became of them.", ["verdict"], registry=self._registry
        )
        self._proposals = Counter(
            "countersign_proposals", "Requests for a proposal by HTTP status.", ["status"], registry=self._registry
        )
        self._seconds = Histogram(
            "countersign_answer_seconds",
            "Time from the request to the answer.",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        for verdict in Verdict:
            self._deliveries.labels(verdict.value)

    def delivery(self, verdict: Verdict, seconds: float) -> None:
        """Count a delivery."""
        self._deliveries.labels(verdict.value).inc()
        self._seconds.labels("webhook").observe(seconds)

    def proposal(self, status: int, seconds: float) -> None:
        """Count a proposal."""
        self._proposals.labels(str(status)).inc()
        self._seconds.labels("proposal").observe(seconds)

    def text(self) -> bytes:
        """Give all figures in Prometheus' text format."""
        return generate_latest(self._registry)
