"""What stands in a text for a value: a bare word of fixed length for its class that checks itself.

`TK1_HOST_` and 16 characters of base 32, `_` and two more that are a check of the rest. It needs no quoting in YAML, JSON, HCL,
SQL or a shell. The check tells it from a look-alike, not from a forgery: whoever wants to can make one that is well formed.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator

from countersign.domain.tokens.kinds import ValueClass

_FORM = re.compile(r"TK1_(SECRET|PERSONAL|ACCOUNT|HOST)_([A-Z2-7]{16})_([A-Z2-7]{2})")


def placeholder(kind: ValueClass, digest: bytes) -> str:
    """Write the placeholder for the first 80 bits of a digest."""
    body = base64.b32encode(digest[:10]).decode()
    return f"TK1_{kind.value.upper()}_{body}_{_check(kind.value.upper(), body)}"


def placeholders(text: str) -> Iterator[tuple[int, int]]:
    """Give the place of every placeholder whose check is right."""
    if "TK1_" not in text:
        return
    for match in _FORM.finditer(text):
        if _check(match[1], match[2]) == match[3]:
            yield match.span()


def counted(text: str) -> dict[str, int]:
    """Count the placeholders in a text, class by class."""
    kinds = [text[start:end].split("_")[1].lower() for start, end in placeholders(text)]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def cut_behind(text: str, most: int) -> str:
    """Give the beginning of a text; a placeholder is there whole or not at all."""
    inside = [start for start, end in placeholders(text) if start < most < end]
    return text[: inside[0] if inside else most]


def cut_before(text: str, most: int) -> str:
    """Give the end of a text, from the beginning of a line where one is near; a placeholder is there whole or not at all."""
    first = len(text) - most
    if first <= 0:
        return text
    line = text.find("\n", first - 1, first + most // 5) + 1
    inside = [end for start, end in placeholders(text) if start < first < end]
    return text[max(line, inside[0] if inside else first) :]


def fitting(text: str, most: int, *, written: int) -> str:
    """Give the beginning of a text, so long that it has at most so many characters, and bytes where a record holds it.

    A character that nobody would see is written as an escape of up to twelve bytes.
    """
    text = cut_behind(text, most)
    while (size := len(json.dumps(text))) > written:
        text = cut_behind(text, min(len(text) - 1, len(text) * written // size))
    return text


def _check(kind: str, body: str) -> str:
    return base64.b32encode(hashlib.sha256(f"TK1 {kind} {body}".encode()).digest()).decode()[:2]
