"""The one task: read a message as what it is, a stranger's request, and hand it to the pipeline.

What is not even a request does not get here (`countersign/adapters/inlet.py`); a request that this runner will not consider is
refused here. Both go on the record through the same `Refusals`.
"""

import threading
from typing import TYPE_CHECKING, Protocol

import structlog
from celery import Celery

from countersign.adapters.inlet import Refusals, pause
from countersign.domain.canonical import canonical_json
from countersign.domain.ids import ChangeRef, MalformedError
from countersign.domain.messages import RUN_TASK, RunRequest
from countersign.domain.outcomes import Fault, Refused
from runners.pipeline import Ending

if TYPE_CHECKING:
    from celery.app.task import Task

_FIRST_RETRY = 2
_LAST_RETRY = 300
_TRIES = 12

BUSY_TRIES = 4
"""Half a minute: a dead runner's lease has ended by then (`wiring.py`). Who is alive for longer finishes what it holds itself."""


class Desk(Protocol):
    """What the task needs of a runner."""

    def handle(self, ref: ChangeRef) -> Ending:
        """Look at a change and do what is due."""
        ...


def register(app: Celery, desk: Desk, refusals: Refusals) -> None:
    """Give the application its task."""
    log = structlog.get_logger("countersign.runner")

    @app.task(name=RUN_TASK, bind=True, shared=False, max_retries=_TRIES)
    def run(self: "Task[..., None]", /, *args: object, **kwargs: object) -> None:
        try:
            ending = receive(desk, refusals, args, kwargs)
        except Fault as fault:
            wait = pause(self.request.retries, first=_FIRST_RETRY, longest=_LAST_RETRY)
            log.warning("could not, will try again", fault=str(fault), seconds=wait)
            raise self.retry(countdown=wait, exc=fault) from None
        if ending is Ending.BUSY and self.request.retries < BUSY_TRIES:
            raise self.retry(countdown=pause(self.request.retries, first=_FIRST_RETRY, longest=_LAST_RETRY))


def receive(desk: Desk, refusals: Refusals, args: tuple[object, ...], kwargs: dict[str, object]) -> Ending:
    """Take one message. Everything that is not exactly one well-formed request is refused, on the record.

    Raises:
        Fault: could not; the message is to be tried again.
    """
    message = args[0] if len(args) == 1 and not kwargs else {"args": list(args), "kwargs": kwargs}
    try:
        request = RunRequest.read(message)
        ending = desk.handle(request.change)
    except (MalformedError, Refused) as no:
        refusals.refuse(_bytes(message), str(no))
        return Ending.REFUSED
    structlog.get_logger("countersign.runner").info(
        "handled", change=str(request.change), ending=ending.value, thread=threading.current_thread().name
    )
    return ending


def _bytes(message: object) -> bytes:
    try:
        return canonical_json(message)
    except (TypeError, ValueError, RecursionError):
        return repr(message).encode(errors="backslashreplace")[:65536]
