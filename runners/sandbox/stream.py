"""Talks to a container over the engine's attach socket: hands the order in, takes both outputs, until the end or the deadline.

The socket is the one that the docker SDK opens; its frames are eight bytes (stream, three zeros, length) and the payload.
"""

import socket
import struct
import time
from collections.abc import Iterable

from countersign.domain.outcomes import SandboxFault
from runners.sandbox import entry
from runners.sandbox.output import Output

_HEADER = struct.Struct(">BxxxL")
_STDOUT, _STDERR = 1, 2
_CHUNK = 65536
_SEND_SECONDS = 30.0


class Trailed:
    """Standard error, whose last bytes are not the command's but the entry program's."""

    def __init__(self, output: Output) -> None:
        """Hand all but the trailer on to `output`."""
        self._output = output
        self._last = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; hold back as many as the trailer has."""
        whole = self._last + chunk
        self._last = whole[-entry.TRAILER_LENGTH :]
        self._output.feed(whole[: -entry.TRAILER_LENGTH])

    def finish(self) -> tuple[str, int] | None:
        """Give how the command ended and its status; None where the entry program did not live to tell."""
        told = self._last.removeprefix(entry.TRAILER)
        if told == self._last or not told[1:].isdigit():
            self._output.feed(self._last)
            return None
        return chr(told[0]), int(told[1:])


def send(attached: socket.socket, order: Iterable[bytes]) -> None:
    """Hand the order in: the container waits for all of it.

    Raises:
        SandboxFault: it did not take it.
    """
    try:
        attached.settimeout(_SEND_SECONDS)
        for piece in order:
            attached.sendall(piece)
    except OSError as error:
        raise SandboxFault(f"the container did not take its order: {error}") from None


def receive(attached: socket.socket, stdout: Output, stderr: Trailed, *, deadline: float) -> bool:
    """Read until the container ends (True) or the monotonic clock reaches `deadline` (False).

    Raises:
        SandboxFault: the engine sent what is no frame, or broke the connection.
    """
    buffer = b""
    sinks: dict[int, Output | Trailed] = {_STDOUT: stdout, _STDERR: stderr}
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        attached.settimeout(left)
        try:
            chunk = attached.recv(_CHUNK)
        except TimeoutError:
            return False
        except OSError as error:
            raise SandboxFault(f"the engine broke the connection to the container: {error}") from None
        if not chunk:
            return True
        buffer = _deliver(buffer + chunk, sinks)


def _deliver(buffer: bytes, sinks: dict[int, Output | Trailed]) -> bytes:
    """Hand whole frames on; give what is left of an incomplete one."""
    while len(buffer) >= _HEADER.size:
        kind, length = _HEADER.unpack_from(buffer)
        end = _HEADER.size + length
        if kind not in sinks:
            raise SandboxFault(f"the engine sent a frame of an unknown stream ({kind})")
        if len(buffer) < end:
            break
        sinks[kind].feed(buffer[_HEADER.size : end])
        buffer = buffer[end:]
    return buffer
