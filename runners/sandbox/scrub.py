"""Takes credentials out of a stream of bytes, wherever its chunks break.

Finds each secret as it is, base64 at all three alignments (also the URL-safe alphabet), hexadecimal, percent-encoded and
JSON-escaped, and each of these broken into lines (`base64` and `fold` do that). It is a net for accidents: a program that
wants to hide a secret in its output can always find an encoding that is not here. What holds such a program is the lack
of anywhere to send it and the short life of the credential.
"""

import base64
import json
import urllib.parse
from collections.abc import Iterable

_LINE_ENDS = b"\r\n"
_SHORTEST = 8
"""Shorter needles would blank out innocent text."""
_SHORTEST_LINE = 16
"""A line of a secret of several lines (a PEM key) counts by itself from this length on."""
_HELD = 1 << 20
"""At most this much is held back, however many line ends stand between two bytes of a secret."""


class Scrubber:
    """Replaces secrets by `[credential N]`, N being the secret's place in the list given."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Prepare the forms of each secret; those below eight bytes are not looked for."""
        needles: dict[bytes, int] = {}
        for number, secret in enumerate(secrets, start=1):
            for form in _forms(secret):
                needles.setdefault(form, number)
        self._needles = tuple(needles.items())
        self._reach = max((len(needle) for needle in needles), default=1) - 1
        self._buffer = b""
        self._covered = 0
        self._found = False

    @property
    def found(self) -> bool:
        """Say whether a secret was seen so far."""
        return self._found

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; give those that can no longer be part of a secret."""
        if not self._needles:
            return chunk
        self._buffer += chunk
        return self._release(self._safe())

    def finish(self) -> bytes:
        """Give what was held back: the stream is over."""
        return self._release(len(self._buffer))

    def _safe(self) -> int:
        """Give how many bytes of the buffer hold no beginning of a secret whose end has not arrived."""
        position = len(self._buffer)
        needed = self._reach
        while needed > 0 and position > 0:
            start = max(0, position - needed)
            needed -= len(self._buffer[start:position].translate(None, _LINE_ENDS))
            position = start
        return max(position, len(self._buffer) - _HELD)

    def _release(self, cut: int) -> bytes:
        """Give the first `cut` bytes, scrubbed. What a secret covers beyond them is remembered, so that one mark stands for it."""
        parts: list[bytes] = []
        position = self._covered
        for start, end, number in self._matches():
            if start >= cut:
                break
            if start >= position:
                parts += [self._buffer[position:start], b"[credential %d]" % number]
            position = max(position, end)
            self._found = True
        parts.append(self._buffer[position:cut])
        self._buffer = self._buffer[cut:]
        self._covered = max(0, position - cut)
        return b"".join(parts)

    def _matches(self) -> list[tuple[int, int, int]]:
        """Find every secret in the buffer: start, end and number, in the order of their starts, the longest first."""
        squeezed = self._buffer.translate(None, _LINE_ENDS)
        found: list[tuple[int, int, int]] = []
        for needle, number in self._needles:
            at = squeezed.find(needle)
            while at >= 0:
                found.append((at, at + len(needle), number))
                at = squeezed.find(needle, at + 1)
        if not found:
            return found
        places = [place for place, byte in enumerate(self._buffer) if byte not in _LINE_ENDS]
        real = [(places[start], places[end - 1] + 1, number) for start, end, number in found]
        return sorted(real, key=lambda match: (match[0], -match[1], match[2]))


def scrub_text(text: str, secrets: Iterable[str]) -> tuple[str, bool]:
    """Scrub a short text at once; say also whether a secret was in it."""
    scrubber = Scrubber(secrets)
    clean = scrubber.feed(text.encode("utf-8", "surrogateescape")) + scrubber.finish()
    return clean.decode("utf-8", "replace"), scrubber.found


def _forms(secret: str) -> set[bytes]:
    forms: set[bytes] = set()
    for text in [secret, *(line for line in secret.splitlines() if len(line) >= _SHORTEST_LINE)]:
        raw = text.encode("utf-8", "surrogateescape")
        percent = urllib.parse.quote(raw, safe="")
        forms |= {
            raw,
            raw.hex().encode(),
            raw.hex().upper().encode(),
            percent.encode(),
            urllib.parse.quote(raw).encode(),
            urllib.parse.quote_plus(raw).encode(),
            _lower_escapes(percent).encode(),
            json.dumps(text)[1:-1].encode(),
            json.dumps(text).replace("/", "\\/")[1:-1].encode(),
        }
        forms |= _base64_forms(raw)
    squeezed = {form.translate(None, _LINE_ENDS) for form in forms}
    return {form for form in squeezed if len(form) >= _SHORTEST}


def _base64_forms(raw: bytes) -> set[bytes]:
    """Give the characters of base64 that depend on these bytes alone, for each place they can have within three bytes."""
    forms: set[bytes] = set()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw)
        first = (before * 8 + 5) // 6  # characters before this one hold bits of what stands before the secret
        last = (before + len(raw)) * 8 // 6  # characters from this one on hold bits of what follows it
        core = encoded[first:last]
        forms |= {core, core.translate(bytes.maketrans(b"+/", b"-_"))}
    return forms


def _lower_escapes(percent: str) -> str:
    """Write %AB as %ab, as some tools do."""
    parts = percent.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])
