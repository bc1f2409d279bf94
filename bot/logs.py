"""The bot's log: one JSON object a line on standard error, so that no text from outside can forge a line of its own.

Values of secrets are blanked wherever they turn up, though nothing of ours puts them there.
"""

import sys
from collections.abc import Iterable, Mapping, MutableMapping

import structlog

_SHORTEST = 8
"""Characters; shorter values are no secrets and would blank out half of any log."""


class Blanking:
    """A structlog processor that blanks the given secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Keep the secrets, longest first, so that one within another leaves nothing behind."""
        self._secrets = sorted({secret for secret in secrets if len(secret) >= _SHORTEST}, key=len, reverse=True)

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, object]) -> Mapping[str, object]:
        """Blank every text of the event."""
        return {name: self._blanked(value) if isinstance(value, str) else value for name, value in event.items()}

    def _blanked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def configure(secrets: Iterable[str] = ()) -> None:
    """Log as JSON from now on, in this process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            Blanking(secrets),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
