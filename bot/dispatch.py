"""The bot's side of the queues: hands work to its own worker, and references to changes to the runners.

Celery on Redis, JSON only. What crosses is a project and a number; there is no field for a conclusion (attack 37, and whoever
writes into Redis gains nothing). Results are not kept: the forge and the audit branch tell what came of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import structlog
from celery import Celery, Task
from kombu.exceptions import KombuError
from redis import RedisError

from countersign.domain.ids import ChangeRef, MalformedError
from countersign.domain.messages import RunRequest
from countersign.domain.outcomes import Fault

LOOK_TASK, RECONCILE_TASK, RUN_TASK = "bot.intake", "bot.reconcile", "runners.run"
INTAKE_QUEUE, RUN_QUEUES, NO_ENVIRONMENT = "intake", "runs.", "none"

_ANY = 1
"""Stands for a change's number where a message is about a project as a whole."""

_EXPIRES = 3600
"""Seconds. A message that nobody took by then is thrown away; reconciling sends another as long as the change is open."""

_FIRST_RETRY, _LAST_RETRY, _TRIES = 1, 60, 8
_VISIBILITY_SECONDS = 300


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


def make_app(redis_url: str) -> Celery:
    """Make the application: one message at a time, acknowledged when done.

    The keys for messages under way are the bot's own. The usual ones are shared by all who use the Redis, and then the shortest
    visibility timeout among them would hand out a runner's message a second time.
    """
    app = Celery("countersign.bot", broker=redis_url)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        result_backend=None,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_create_missing_queues=True,
        worker_prefetch_multiplier=1,
        worker_pool="solo",
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "visibility_timeout": _VISIBILITY_SECONDS,
            "unacked_key": "countersign:bot:unacked",
            "unacked_index_key": "countersign:bot:unacked-index",
            "unacked_mutex_key": "countersign:bot:unacked-mutex",
            "socket_timeout": 5,
            "socket_connect_timeout": 5,
        },
        enable_utc=True,
    )
    return app


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
            wait = min(_LAST_RETRY, _FIRST_RETRY * 2**self.request.retries)
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


def consume(app: Celery) -> None:
    """Serve the intake queue until told to stop."""
    app.worker_main(["worker", "--loglevel=WARNING", "--without-gossip", "--without-mingle", "-Q", INTAKE_QUEUE])


def _change(args: tuple[object, ...], kwargs: dict[str, object]) -> ChangeRef | None:
    try:
        return RunRequest.read(args[0]).change if len(args) == 1 and not kwargs else None
    except MalformedError:
        return None


@contextmanager
def _taking() -> Iterator[None]:
    try:
        yield
    except (KombuError, RedisError, OSError) as error:
        raise Fault(f"the queue does not take messages ({type(error).__name__})") from None
