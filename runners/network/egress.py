"""The egress proxy of one run: lets through the endpoints that the policy lists, and keeps a note of every attempt.

Speaks HTTP proxy (CONNECT and absolute form) on a unix socket, which is mounted into a container that has no network. Resolves
a name once, judges the addresses, and connects to one of them: no second answer of DNS can change where it goes. Does not look
into tunnels: what a listed server does with the bytes is the server's, so list servers of one's own, not shared front doors.
"""

import asyncio
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Self

from countersign.domain.outcomes import SandboxFault
from countersign.domain.run import Connection, Endpoint
from runners.network.addresses import ForbiddenAddressError, Lookup, permitted, system_lookup
from runners.network.request import MalformedRequestError, ProxyRequest, parse_head
from runners.network.streams import Peer, Tally, relay

_HEAD_BYTES = 32768
_HEAD_SECONDS = 10
_CONNECT_SECONDS = 10
_STOP_SECONDS = 5
_ATTEMPTS = 1000
"""So many attempts are noted for one run. Those after it are refused: nothing is let through without a note."""


@dataclass(slots=True)
class _Attempt:
    endpoint: Endpoint
    allowed: bool = False
    bytes: Tally = field(default_factory=Tally)


class _DeniedError(Exception):
    """The answer to the client: status, reason phrase, and a sentence on what to do."""

    def __init__(self, status: str, why: str) -> None:
        super().__init__(why)
        body = f"countersign: {why}\n".encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.answer = head.encode() + body


class EgressProxy:
    """Listens for as long as its `with` lasts; all its connections are closed when that ends."""

    def __init__(
        self,
        path: Path,
        *,
        allow: Iterable[Endpoint],
        resolve: Mapping[str, tuple[str, int]] | None = None,
        lookup: Lookup = system_lookup,
    ) -> None:
        """Listen on the unix socket `path`; whoever can reach it is the run, so keep it in a private directory.

        `resolve` maps a listed name to an address (a literal) and port of the deployer's; it is used as it stands, also where it
        is loopback. It does not list anything: `allow` alone does.

        Raises:
            ValueError: an address in `resolve` is no literal.
        """
        self._path = path
        self._allow = frozenset(allow)
        self._resolve = {name: (str(ip_address(address)), port) for name, (address, port) in (resolve or {}).items()}
        self._lookup = lookup
        self._attempts: list[_Attempt] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._main, name=f"egress {path.parent.name}", daemon=True)

    def __enter__(self) -> Self:
        """Begin to listen.

        Raises:
            SandboxFault: the socket cannot be made.
        """
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise SandboxFault(f"the egress proxy cannot listen: {self._failure.strerror or self._failure}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Close the socket and every connection."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_STOP_SECONDS)  # a resolver that hangs keeps its thread; every socket is closed by then
        self._path.unlink(missing_ok=True)

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Give every attempt so far, in the order of their arrival. Bytes are those that were passed on."""
        return tuple(Connection(one.endpoint, one.allowed, one.bytes.sent, one.bytes.received) for one in list(self._attempts))

    def _main(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            server = await asyncio.start_unix_server(self._accept, path=self._path, limit=_HEAD_BYTES)
            self._path.chmod(0o666)  # the container's user is another one; the directory keeps everybody else away
        except OSError as error:
            self._failure = error
            return
        finally:
            self._ready.set()
        async with server:
            await self._stop.wait()
            server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        client = Peer(reader, writer)
        try:
            with suppress(OSError, EOFError, asyncio.CancelledError):
                await self._handle(client)
        finally:
            await client.close()

    async def _handle(self, client: Peer) -> None:
        try:
            request = await self._read(client)
            attempt = _Attempt(request.endpoint)
            self._attempts.append(attempt)
            server = await self._connect(attempt)
        except _DeniedError as denied:
            await client.say_last(denied.answer)
            return
        try:
            if request.forward is None:
                client.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                server.writer.write(request.forward)
                attempt.bytes.sent += len(request.forward)
            await relay(client, server, attempt.bytes)
        finally:
            await server.close()

    async def _read(self, client: Peer) -> ProxyRequest:
        if len(self._attempts) >= _ATTEMPTS:
            raise _DeniedError("429 Too Many Requests", f"this run has made {_ATTEMPTS} connections, and may not make more")
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                return parse_head(await client.reader.readuntil(b"\r\n\r\n"))
        except MalformedRequestError as error:
            raise _DeniedError("400 Bad Request", str(error)) from None
        except asyncio.LimitOverrunError:
            raise _DeniedError("431 Request Header Fields Too Large", f"the head is more than {_HEAD_BYTES} bytes") from None
        except TimeoutError:
            raise _DeniedError("408 Request Timeout", f"no head within {_HEAD_SECONDS} s") from None

    async def _connect(self, attempt: _Attempt) -> Peer:
        """Judge the endpoint and connect. Sets `allowed` once nothing but the network can be in the way."""
        endpoint = attempt.endpoint
        if endpoint not in self._allow:
            listed = ", ".join(map(str, sorted(self._allow))) or "nothing"
            raise _DeniedError("403 Forbidden", f"{endpoint} is not listed for this run, which may reach {listed}")
        places = await self._places(endpoint)
        attempt.allowed = True
        why = ""
        for address, port in places:
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    return Peer(*await asyncio.open_connection(address, port))
            except TimeoutError:
                why = "no answer in time"
            except OSError as error:
                why = error.strerror or type(error).__name__
        raise _DeniedError("502 Bad Gateway", f"{endpoint} is listed, and cannot be reached: {why}")

    async def _places(self, endpoint: Endpoint) -> list[tuple[str, int]]:
        if endpoint.host in self._resolve:
            return [self._resolve[endpoint.host]]
        try:
            found = await asyncio.get_running_loop().run_in_executor(None, lambda: list(self._lookup(endpoint.host)))
            return [(str(address), endpoint.port) for address in permitted(found)]
        except ForbiddenAddressError as error:
            raise _DeniedError("403 Forbidden", f"{endpoint} is listed, but {error}") from None
        except (OSError, ValueError):
            raise _DeniedError("502 Bad Gateway", f"{endpoint} is listed, and its name cannot be resolved") from None
