"""Keeps what a command writes: scrubbed, digested whole, cut to what is shown. Does not read the container's stream."""

import hashlib
from collections.abc import Iterable

from countersign.domain.ids import Digest
from runners.sandbox.scrub import Scrubber


class Output:
    """One stream (standard output or standard error) of one run."""

    def __init__(self, secrets: Iterable[str], *, limit: int) -> None:
        """Prepare to keep at most `limit` bytes: half from the beginning, half from the end, where errors are told."""
        self._scrubber = Scrubber(secrets)
        self._hash = hashlib.sha256()
        self._first = limit - limit // 2
        self._last = limit // 2
        self._head = b""
        self._tail = b""
        self._length = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes as the command wrote them."""
        self._keep(self._scrubber.feed(chunk))

    def finish(self) -> None:
        """Take note that nothing follows. Must be called before the answers below are read."""
        self._keep(self._scrubber.finish())

    @property
    def tainted(self) -> bool:
        """Say whether a credential was seen."""
        return self._scrubber.found

    @property
    def digest(self) -> Digest:
        """Give the digest of the whole stream, scrubbed."""
        return Digest("sha256:" + self._hash.hexdigest())

    @property
    def text(self) -> str:
        """Give what is kept; a line in the middle says how much is not."""
        left_out = self._length - len(self._head) - len(self._tail)
        middle = b"\n[%d bytes left out]\n" % left_out if left_out else b""
        return (self._head + middle + self._tail).decode("utf-8", "replace")

    def _keep(self, clean: bytes) -> None:
        self._hash.update(clean)
        self._length += len(clean)
        room = self._first - len(self._head)
        self._head += clean[:room]
        rest = self._tail + clean[room:]
        self._tail = rest[max(0, len(rest) - self._last) :]
