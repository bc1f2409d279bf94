"""The one task: read a message as what it is, a stranger's request, and hand it to the pipeline.

Also keeps the record of what it would not even consider: malformed messages and unknown tasks.
"""

import threading
from typing import TYPE_CHECKING, Protocol

import structlog
from celery import Celery
from celery.signals import task_unknown

from countersign.domain.canonical import canonical_json
from countersign.domain.ids import ChangeRef, MalformedError
from countersign.domain.messages import RunRequest
from countersign.domain.outcomes import Fault, Refused
from runners.pipeline import Ending

if TYPE_CHECKING:
    from celery.app.task import Task

TASK = "runners.run"
_FIRST_RETRY = 2
_LAST_RETRY = 300
_TRIES = 12


class Desk(Protocol):
    """What the task needs of a runner."""

    def handle(self, ref: ChangeRef) -> Ending:
        """Look at a change and do what is due."""
        ...

    def refuse_message(self, message: bytes, why: str) -> None:
        """Put a message that was not even considered on the record."""
        ...


def register(app: Celery, desk: Desk) -> None:
    """Give the application its task."""
    log = structlog.get_logger("countersign.runner")

    @app.task(name=TASK, bind=True, max_retries=_TRIES)
    def run(self: "Task[..., None]", /, *args: object, **kwargs: object) -> None:
        try:
            receive(desk, args, kwargs)
        except Fault as fault:
            wait = min(_LAST_RETRY, _FIRST_RETRY * 2**self.request.retries)
            log.warning("could not, will try again", fault=str(fault), seconds=wait)
            raise self.retry(countdown=wait, exc=fault) from None

    def unknown(**signal: object) -> None:
        name, message = str(signal.get("name"))[:200], signal.get("message")
        desk.refuse_message(_bytes([name, str(getattr(message, "body", ""))[:65536]]), "a task that does not exist")
        log.warning("refused an unknown task")

    task_unknown.connect(unknown, weak=False)


def receive(desk: Desk, args: tuple[object, ...], kwargs: dict[str, object]) -> Ending:
    """Take one message. Everything that is not exactly one well-formed request is refused, on the record.

    Raises:
        Fault: could not; the message is to be tried again.
    """
    log = structlog.get_logger("countersign.runner")
    message = args[0] if len(args) == 1 and not kwargs else {"args": list(args), "kwargs": kwargs}
    try:
        request = RunRequest.read(message)
        ending = desk.handle(request.change)
    except (MalformedError, Refused) as no:
        desk.refuse_message(_bytes(message), str(no))
        log.warning("refused a message", why=str(no))
        return Ending.REFUSED
    log.info("handled", change=str(request.change), ending=ending.value, thread=threading.current_thread().name)
    return ending


def _bytes(message: object) -> bytes:
    try:
        return canonical_json(message)
    except (TypeError, ValueError, RecursionError):
        return repr(message).encode(errors="backslashreplace")[:65536]
