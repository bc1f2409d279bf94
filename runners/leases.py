"""Who is at work on a run, in Redis. Saves work; it does not make "at most once" true (the audit branch does).

A lease is a key that lives for some seconds and holds a value only its holder knows. A thread renews it every third of that.
A runner that dies loses it by itself; one that is cut off from Redis goes on and is stopped by the audit branch, if at all.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import redis

from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault

_RENEW = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end"
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"


class RedisLeases:
    """Leases that all runners of one Redis see."""

    def __init__(self, client: "redis.Redis", *, seconds: float = 30.0, prefix: str = "countersign:lease:") -> None:
        """Use a client whose socket timeouts are well below `seconds` (the life of a lease): a renewal may have to try again."""
        self._redis = client
        self._seconds = seconds
        self._prefix = prefix

    @contextmanager
    def hold(self, run: RunId) -> Iterator[bool]:
        """Try to hold the run for as long as the context lasts; False where a living runner holds it.

        Raises:
            Fault: Redis does not answer. Nobody is told that he holds the run.
        """
        key, mark = self._key(run), secrets.token_hex(16)
        try:
            mine = bool(self._redis.set(key, mark, nx=True, px=self._milliseconds))
        except redis.RedisError as error:
            # The answer to a SET that was carried out may be what was lost: then the key goes by itself.
            raise _away(error) from None
        if not mine:
            yield False
            return
        over = Event()
        keeper = Thread(target=self._keep, args=(key, mark, over), name=f"lease {run}", daemon=True)
        keeper.start()
        try:
            yield True
        finally:
            over.set()
            keeper.join()
            with suppress(redis.RedisError):  # the work is done and recorded; the key goes by itself
                self._redis.eval(_RELEASE, 1, key, mark)

    def held(self, run: RunId) -> bool:
        """Say whether a living runner holds the run.

        Raises:
            Fault: Redis does not answer.
        """
        try:
            return bool(self._redis.exists(self._key(run)))
        except redis.RedisError as error:
            raise _away(error) from None

    @property
    def _milliseconds(self) -> int:
        return int(self._seconds * 1000)

    def _key(self, run: RunId) -> str:
        return f"{self._prefix}{run}"

    def _keep(self, key: str, mark: str, over: Event) -> None:
        """Renew until the work is over. A lease that somebody else holds by now is never taken back."""
        while not over.wait(self._seconds / 3):
            with suppress(redis.RedisError):  # tried again in a third of the lifetime
                self._redis.eval(_RENEW, 1, key, mark, self._milliseconds)


def _away(error: redis.RedisError) -> Fault:
    return Fault(f"leases: Redis does not answer ({type(error).__name__}); the run is tried again later")
