"""A real redis-server for one test run or one demo: loopback, nothing written to disk, gone afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.support.process import Child, UnusableError, binary, free_port

_TRIES = 3


@dataclass(slots=True)
class RedisServer:
    """A running server. `pause` and `resume` take it away and bring it back, empty, on the same port."""

    port: int
    folder: Path
    child: Child

    @property
    def url(self) -> str:
        """Give the URL of database 0."""
        return f"redis://127.0.0.1:{self.port}/0"

    def pause(self) -> None:
        """Stop the server: every connection breaks, nothing answers."""
        self.child.stop()

    def resume(self) -> None:
        """Start it again, empty."""
        self.child = _start(self.port, self.folder)


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Run a new server for as long as the context lasts.

    Raises:
        UnusableError: redis-server is not installed or did not start; the text says what to do.
    """
    with tempfile.TemporaryDirectory(prefix="cs-redis-") as name:
        folder = Path(name)
        server = _any_port(folder)
        try:
            yield server
        finally:
            server.child.stop()


def _any_port(folder: Path) -> RedisServer:
    for attempt in range(_TRIES):  # another process may take the port between asking for it and using it
        port = free_port()
        try:
            return RedisServer(port, folder, _start(port, folder))
        except UnusableError:
            if attempt == _TRIES - 1:
                raise
    raise AssertionError


def _start(port: int, folder: Path) -> Child:
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(folder)]
    child = Child([binary("redis-server"), *options], log=folder / f"log.{port}")
    try:
        child.wait_for(lambda: _answers(port))
    except UnusableError:
        child.stop()
        raise
    return child


def _answers(port: int) -> bool:
    with redis.Redis(host="127.0.0.1", port=port, socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
