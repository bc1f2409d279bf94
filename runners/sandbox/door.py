"""The one way out of a run's container: the egress proxy's socket in a folder of its own, and the names that lead to it.

A run without endpoints has no door at all. Each endpoint's name gets a loopback address inside, where the entry program listens
on the endpoint's port, so that a tool that knows nothing of proxies (psql) works unchanged. Does not judge connections:
`runners.network.egress` does.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Self

from countersign.domain.outcomes import SandboxFault
from countersign.domain.run import Connection, Endpoint
from runners.network.egress import EgressProxy
from runners.sandbox import entry
from runners.sandbox.scrub import scrub_text

_MAX_HOSTS = 250


class Door:
    """Open for as long as its `with` lasts. `mount` is the folder for the container, None where nothing is allowed."""

    def __init__(self, folder: Path, allow: Iterable[Endpoint], resolve: Mapping[str, tuple[str, int]]) -> None:
        """Prepare a door at `folder`, which must not be there yet, to the endpoints."""
        self._folder = folder
        self._allow = tuple(sorted(set(allow)))
        self._resolve = resolve
        self._stack = ExitStack()
        self._proxy: EgressProxy | None = None
        names = [host for host in dict.fromkeys(endpoint.host for endpoint in self._allow) if not _is_address(host)]
        self.hosts = {name: f"127.0.1.{number}" for number, name in enumerate(names[:_MAX_HOSTS], start=1)}
        self.mount = folder if self._allow else None

    @property
    def env(self) -> dict[str, str]:
        """Give the variables that tools take their proxy from."""
        if self.mount is None:
            return {}
        proxy = f"http://127.0.0.1:{entry.PROXY_PORT}"
        return {name: proxy for word in ("HTTP_PROXY", "HTTPS_PROXY") for name in (word, word.lower())}

    @property
    def aliases(self) -> list[tuple[str, str, int]]:
        """Give loopback address, name and port of each endpoint for the entry program."""
        return [(self.hosts[one.host], one.host, one.port) for one in self._allow if one.host in self.hosts]

    def connections(self, secrets: Iterable[str]) -> tuple[tuple[Connection, ...], bool]:
        """Give every attempt, also after the door is closed, and whether a name that was asked for told a secret."""
        scrubbed: list[Connection] = []
        told = False
        for connection in self._proxy.connections if self._proxy else ():
            host, found = scrub_text(connection.endpoint.host, secrets)
            scrubbed.append(replace(connection, endpoint=replace(connection.endpoint, host=host)))
            told = told or found
        return tuple(scrubbed), told

    def __enter__(self) -> Self:
        """Make the folder and let the proxy listen in it.

        Raises:
            SandboxFault: the folder is there already (another runner is at work on this run), or cannot be made.
        """
        if self.mount is None:
            return self
        try:
            self._folder.parent.mkdir(exist_ok=True, mode=0o711)  # enough for the engine to pass through
            self._folder.mkdir(mode=0o711)
            self._stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
            handle = os.open(self._folder, os.O_PATH | os.O_DIRECTORY)
            self._stack.callback(os.close, handle)
            # By handle: the path of a unix socket has 107 bytes at most, and folders of state can be deep.
            path = Path(f"/proc/self/fd/{handle}") / Path(entry.PROXY).name
            self._proxy = self._stack.enter_context(EgressProxy(path, allow=self._allow, resolve=self._resolve))
        except OSError as error:
            self._stack.close()
            raise SandboxFault(f"no door for the run: {error.strerror}: {self._folder.name}") from None
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self._stack.close()

    @staticmethod
    def clear(folder: Path) -> None:
        """Remove what a dead runner's door left."""
        shutil.rmtree(folder, ignore_errors=True)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
