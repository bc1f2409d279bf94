"""Keeps what a command writes: scrubbed, digested whole, cut to what is shown. Does not read the container's stream."""

import hashlib
import re
from collections.abc import Iterable

from countersign.domain.ids import Digest
from runners.sandbox.scrub import Scrubber

_LEFT_OUT = re.compile(r"\n\[[0-9]+ bytes left out\]\n")
_NEAR = 400
"""Characters beside the place of a cut that may belong to a value that was cut in half; fewer where a line ends before."""


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


def without_cut_lines(text: str) -> str:
    """Take out what the cut in the middle has left of two lines: half a value looks like none."""
    parts: list[str] = []
    position = 0
    for match in _LEFT_OUT.finditer(text):
        before = text[position : match.start()]
        parts += [before[: max(before.rfind("\n") + 1, len(before) - _NEAR)].removesuffix("\n"), match[0]]
        line = text.find("\n", match.end(), match.end() + _NEAR)
        position = min(len(text), match.end() + _NEAR) if line < 0 else line + 1
    return "".join([*parts, text[position:]])


def last_of(text: str, most: int) -> str:
    """Give the end of what a tool of ours said, from the beginning of a line: half a line may be half a value."""
    text = text.strip()
    return text if len(text) <= most else text[-most:].partition("\n")[2]


def first_of(text: str, most: int) -> str:
    """Give the beginning, up to the end of a word."""
    text = text.strip()
    return text if len(text) <= most else text[:most].rpartition(" ")[0]
