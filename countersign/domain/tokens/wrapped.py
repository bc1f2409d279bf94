"""Looks into base64, one level deep: what holds a value of a class is hidden whole, as a Kubernetes Secret has it."""

import binascii
import re
from collections.abc import Iterator

_RUN = re.compile(
    r"[A-Za-z0-9+/](?<![A-Za-z0-9+/_-].)(?:[A-Za-z0-9+/]{59,}+(?>(?:\r?\n[ \t]{0,16}[A-Za-z0-9+/]{4,}+={0,2})+)"
    r"|[A-Za-z0-9+/_-]{19,}+={0,2})"
)
PATTERN = _RUN.pattern
_FIRST = 12
"""Characters whose bytes tell whether there is text in it: they are nine bytes."""
_URL_SAFE = str.maketrans("-_", "+/")
_CONTROL = frozenset(chr(code) for code in range(32)) - frozenset("\t\n\r")


def wrapped(text: str) -> Iterator[tuple[int, int, str]]:
    """Give each place of base64 that holds text, and that text."""
    for match in _RUN.finditer(text):
        start = match.start()
        if start and text[start - 1] == "\\" and text[start] in "nrt":  # an escaped newline's letter
            start += 1
        inner = _decoded(text[start : match.end()].translate(_URL_SAFE))
        if inner is not None:
            yield start, match.end(), inner


def _decoded(run: str) -> str | None:
    if not _is_text(_bytes(run[:_FIRST])):
        return None
    whole = "".join(run.split()).rstrip("=")
    data = _bytes(whole[: len(whole) - (len(whole) % 4 == 1)])
    try:
        text = data.decode()
    except UnicodeDecodeError as error:  # cut off within a character, or what follows is no text
        text = data[: error.start].decode()
    return text if len(text) >= _FIRST // 4 * 3 else None


def _bytes(run: str) -> bytes:
    try:
        return binascii.a2b_base64(run + "=" * (-len(run) % 4))
    except (binascii.Error, ValueError):
        return b""


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return False
    return bool(text) and not (_CONTROL & set(text))
