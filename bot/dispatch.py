"""The bot's side of the queues: hands work to its own worker, and references to changes to the runners.

Celery on Redis, JSON only. What crosses is a project and a number; there is no field for a conclusion (attack 37, and whoever
writes into Redis gains nothing). Results are not kept: the forge and the audit branch tell what came of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import redis
import structlog
from celery import Celery, Task, signals
from kombu.exceptions import KombuError
from kombu.transport import redis as kombu
from kombu.utils.objects import cached_property

from bot import clock
from countersign.adapters.inlet import Inlet, celery_settings, pause
from countersign.domain.ids import ChangeRef, MalformedError, digest_of
from countersign.domain.messages import NO_ENVIRONMENT, RUN_QUEUES, RUN_TASK, RunRequest
from countersign.domain.outcomes import Fault

LOOK_TASK, RECONCILE_TASK = "bot.intake", "bot.reconcile"
INTAKE_QUEUE = "intake"

_ANY = 1
"""Stands for a change's number where a message is about a project as a whole."""

_EXPIRES = 3600
"""Seconds. A message that nobody took by then is thrown away; reconciling sends another as long as the change is open."""

_FIRST_RETRY, _LAST_RETRY, _TRIES = 1, 60, 8


class Worker(Protocol):
    """What the tasks need of the bot."""

    def look(self, change: ChangeRef) -> str:
        """Look at a change and do what is due; give a word for the log."""
        ...

    def reconcile(self, project: str) -> int:
        """Look at all open changes of a project; give how many have to be looked at more closely."""
        ...


class CeleryQueue:
    """The Queue port. May be shared between threads."""

    def __init__(self, app: Celery) -> None:
        """Send through this application."""
        self._app = app

    def look(self, change: ChangeRef, *, seconds: int = 0) -> None:
        """Ask the bot's own worker to look at a change, so many seconds from now.

        Raises:
            Fault: the broker did not take the message.
        """
        self._send(LOOK_TASK, INTAKE_QUEUE, change, seconds=seconds)

    def reconcile(self, project: str) -> None:
        """Ask the bot's own worker to look at all open changes of a project.

        Raises:
            Fault: the broker did not take the message.
        """
        self._send(RECONCILE_TASK, INTAKE_QUEUE, ChangeRef(project, _ANY))

    def run(self, change: ChangeRef, environment: str | None) -> None:
        """Ask the runners of an environment to look at a change; those of any, where it is None.

        Raises:
            Fault: the broker did not take the message.
        """
        self._send(RUN_TASK, RUN_QUEUES + (environment or NO_ENVIRONMENT), change)

    def _send(self, task: str, queue: str, change: ChangeRef, *, seconds: int = 0) -> None:
        message = RunRequest(project=change.project, iid=change.iid).model_dump()
        with _taking():
            self._app.send_task(
                task, args=[message], queue=queue, countdown=seconds or None, expires=_EXPIRES, retry=False, ignore_result=True
            )


class Discarded:
    """What becomes of messages that the bot does not take: a line of the log. The bot has no pen for the record."""

    def refuse(self, message: bytes, why: str) -> None:
        """Take note of a message that was not even considered."""
        structlog.get_logger("countersign.bot").warning(
            "threw away a message that is not of its form", digest=digest_of(message), bytes=len(message), why=why
        )

    def tick(self) -> None:
        """Do nothing: nothing waits."""


def make_app(redis_url: str) -> Celery:
    """Make the application: one message at a time, and each through an inlet (`countersign/adapters/inlet.py`)."""
    app = Celery("countersign.bot", broker=redis_url)
    app.conf.update(celery_settings(socket_timeout=5, socket_connect_timeout=5))
    app.conf.broker_transport = _transport(Inlet(tasks=(LOOK_TASK, RECONCILE_TASK), refusals=Discarded(), clock=clock.now))
    return app


def _leave_logging(**_signal: object) -> None:
    """Keep Celery from setting up logging of its own: whoever started the process has done so."""


def _transport(inlet: Inlet) -> type[kombu.Transport]:
    class InletChannel(kombu.Channel):
        @cached_property
        def client(self) -> redis.Redis:
            client: redis.Redis = super().client
            client.set_response_callback("BRPOP", inlet)
            return client

    class InletTransport(kombu.Transport):
        Channel = InletChannel

    return InletTransport


def register(app: Celery, worker: Worker) -> None:
    """Give the application its two tasks."""
    log = structlog.get_logger("countersign.bot")

    @app.task(name=LOOK_TASK, bind=True, shared=False, max_retries=_TRIES)
    def look(self: "Task[..., None]", /, *args: object, **kwargs: object) -> None:
        change = _change(args, kwargs)
        if change is None:
            log.warning("threw away a message that is not of its form", task=LOOK_TASK)
            return
        try:
            log.info("looked", change=str(change), saw=worker.look(change))
        except Fault as fault:
            wait = pause(self.request.retries, first=_FIRST_RETRY, longest=_LAST_RETRY)
            log.warning("could not look, will try again", change=str(change), fault=str(fault), seconds=wait)
            raise self.retry(countdown=wait, exc=fault) from None

    @app.task(name=RECONCILE_TASK, shared=False)
    def reconcile(*args: object, **kwargs: object) -> None:
        change = _change(args, kwargs)
        if change is None:
            log.warning("threw away a message that is not of its form", task=RECONCILE_TASK)
            return
        try:
            log.info("reconciled", project=change.project, to_look_at=worker.reconcile(change.project))
        except Fault as fault:
            log.warning("could not reconcile, the next pass will", project=change.project, fault=str(fault))


def consume(app: Celery) -> bool:
    """Serve the intake queue until told to stop. Say whether it was that: a worker that ends unasked has not done its work."""
    signals.setup_logging.connect(_leave_logging)
    worker = app.Worker(
        queues=[INTAKE_QUEUE], loglevel="WARNING", quiet=True, without_gossip=True, without_heartbeat=True, without_mingle=True
    )
    worker.start()
    return worker.exitcode == 0


def _change(args: tuple[object, ...], kwargs: dict[str, object]) -> ChangeRef | None:
    try:
        return RunRequest.read(args[0]).change if len(args) == 1 and not kwargs else None
    except MalformedError:
        return None


@contextmanager
def _taking() -> Iterator[None]:
    try:
        yield
    except (KombuError, redis.RedisError, OSError, ValueError) as error:  # the last: what kombu finds in its own keys is anybody's
        raise Fault(f"the queue does not take messages ({type(error).__name__})") from None
