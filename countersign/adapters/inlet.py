"""The inlet of a queue: sees every item that BRPOP gives before Celery does, and lets through only what it has written itself.

It is a response callback of redis-py, so nothing of Celery has to be patched, and what is refused has left the list already: it
cannot come back and cannot end a worker. Also holds the settings that both faces give to Celery, as plain data, for neither
Celery nor kombu is known here. Does not record; whoever runs it brings the `Refusals`.
"""

import uuid
from collections.abc import Container
from typing import Protocol

from countersign.domain.envelope import Envelope
from countersign.domain.ids import MalformedError
from countersign.domain.ports import Clock

_SLOWEST_RETRY = 8
"""As power of two; the tries of a message are the sender's word."""


class Refusals(Protocol):
    """Where refused messages go. Neither method raises: a refusal that cannot be kept must not end the worker."""

    def refuse(self, message: bytes, why: str) -> None:
        """Take note of a message that was not even considered."""
        ...

    def tick(self) -> None:
        """Do what is due. Called about once a second while the queue is idle, and after each message."""
        ...


class Inlet:
    """A callable for `redis.Redis.set_response_callback("BRPOP", …)`."""

    def __init__(self, *, tasks: Container[str], refusals: Refusals, clock: Clock) -> None:
        """Let requests for these tasks through."""
        self._tasks, self._refusals, self._clock = tasks, refusals, clock

    def __call__(self, response: object, **_options: object) -> tuple[bytes, bytes] | None:
        """Give the queue and a message made anew, or None, as where nothing had come."""
        let_through = self._read(response) if isinstance(response, list | tuple) else None
        self._refusals.tick()
        return let_through

    def _read(self, response: list[bytes] | tuple[bytes, ...]) -> tuple[bytes, bytes] | None:
        queue, raw = response
        try:
            envelope = Envelope.read(raw, tasks=self._tasks, now=self._clock())
        except MalformedError as no:
            self._refusals.refuse(raw, str(no))
            return None
        return queue, envelope.write(name=str(uuid.uuid4()), queue=queue.decode())


def pause(tries: int, *, first: int, longest: int) -> int:
    """Give the seconds to wait before trying again: twice as long each time, up to the longest."""
    return min(longest, first << max(0, min(tries, _SLOWEST_RETRY)))


def celery_settings(**options: object) -> dict[str, object]:
    """Give what both faces tell Celery. `options` are further ones for the transport.

    JSON only, one message at a time, nothing but messages read from Redis. Redis keeps no list of messages under way: it would
    be one more place to write into, and a message that is lost with its worker is sent again by the bot's reconcile pass.
    """
    return {
        "accept_content": ["json"],
        "task_serializer": "json",
        "result_backend": None,
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_create_missing_queues": True,
        "worker_prefetch_multiplier": 1,
        "worker_pool": "solo",
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
        "broker_connection_retry_on_startup": True,
        "broker_channel_error_retry": True,
        "broker_transport_options": {"ack_emulation": False, "priority_steps": [0], **options},
        "enable_utc": True,
    }
