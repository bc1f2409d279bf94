"""The log of bot and runner: one JSON object a line on standard error, so that no text from outside can forge a line of its own.

Lines of libraries (Celery, uvicorn) get the same form. Values of secrets are blanked wherever they turn up, though nothing of ours
puts them there. The auditor's command line does not come here.
"""

import json
import logging
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

_SHORTEST = 8
"""Characters; shorter values are no secrets and would blank out half of any log."""


class BlankedJson:
    """The last structlog processor: writes the line, and blanks the given secrets in it, however deep in the event they were."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Keep the secrets as they are and as JSON writes them, longest first, so that one within another leaves nothing behind."""
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in (secret, json.dumps(secret)[1:-1])}
        self._forms = sorted(forms, key=len, reverse=True)
        self._render = structlog.processors.JSONRenderer()

    def __call__(self, logger: object, method: str, event: MutableMapping[str, Any]) -> str:
        """Write the line."""
        line = str(self._render(logger, method, event))
        for form in self._forms:
            line = line.replace(form, "***")
        return line


def configure(secrets: Iterable[str] = ()) -> None:
    """Log as JSON from now on, in this process: our own lines, and warnings and errors of libraries."""
    stamp = structlog.processors.TimeStamper(fmt="iso")
    finish: list[Processor] = [structlog.processors.format_exc_info, BlankedJson(secrets)]
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp, *finish],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, stamp],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
