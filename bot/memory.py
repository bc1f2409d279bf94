"""What the bot remembers in Redis. All of it can be lost, and all of it expires; the forge and the audit branch are the state."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import redis

from bot.ports import Mark
from countersign.domain.ids import ChangeRef, Digest, MalformedError, digest
from countersign.domain.outcomes import Fault

_PREFIX = "countersign:bot"
_DAY = 24 * 3600
"""Seconds. Far longer than a delivery stays fresh, and than anybody tries again with the same key."""


class RedisDeliveries:
    """The Deliveries port."""

    def __init__(self, client: redis.Redis) -> None:
        """Use this connection pool; it may be shared between threads."""
        self._redis = client

    def first(self, project: str, delivery: str) -> bool:
        """Say whether this is the first time, and remember, in one step.

        Raises:
            Fault: Redis does not answer.
        """
        with _answering():
            return bool(self._redis.set(_key("delivery", project, delivery), "1", nx=True, ex=_DAY))

    def forget(self, project: str, delivery: str) -> None:
        """Let the same delivery come again."""
        with suppress(Fault), _answering():
            self._redis.delete(_key("delivery", project, delivery))


class RedisKeys:
    """The Keys port."""

    def __init__(self, client: redis.Redis) -> None:
        """Use this connection pool; it may be shared between threads."""
        self._redis = client

    def claim(self, agent: str, key: str, content: Digest) -> bool:
        """Say whether the key is new or stands for this very content, and remember.

        Raises:
            Fault: Redis does not answer.
        """
        name = _key("idempotency", agent, key)
        with _answering():
            return bool(self._redis.set(name, content, nx=True, ex=_DAY)) or self._redis.get(name) == content.encode()


class RedisMarks:
    """The Marks port."""

    def __init__(self, client: redis.Redis) -> None:
        """Use this connection pool; it may be shared between threads."""
        self._redis = client

    def seen(self, mark: Mark, change: ChangeRef) -> Digest | None:
        """Give how the change stood; anything that is no digest counts as nothing.

        Raises:
            Fault: Redis does not answer.
        """
        with _answering():
            found = self._redis.get(_key(mark.value, str(change)))
        try:
            return digest(found.decode("ascii")) if isinstance(found, bytes) else None
        except (UnicodeDecodeError, MalformedError):
            return None

    def keep(self, mark: Mark, change: ChangeRef, stood: Digest, *, good: timedelta) -> None:
        """Remember how it stands for as long as that is good.

        Raises:
            Fault: Redis does not answer.
        """
        with _answering():
            self._redis.set(_key(mark.value, str(change)), stood, px=max(1, int(good.total_seconds() * 1000)))


def connect(url: str) -> redis.Redis:
    """Make a client that gives up soon: whoever waits for it can try again."""
    return redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3, health_check_interval=30)


def _key(kind: str, *parts: str) -> str:
    """Name a key. Parts come from strangers, so they go in by digest."""
    name = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"{_PREFIX}:{kind}:{name}"


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise Fault(f"Redis does not answer ({type(error).__name__})") from None
