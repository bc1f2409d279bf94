"""One way to write plain data that people read too: the bytes of a record.

UTF-8 JSON, keys sorted, two blanks of indentation, one newline at the end. Characters that a reader would not see are written
as escapes, so that nothing in a forge or a terminal looks other than it is. No floats: not every reader gives them back as they
were. `countersign.domain.canonical` is the dense form, for digests alone.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import NoReturn

from countersign.domain.ids import MalformedError
from countersign.domain.neutral import hidden

_DEPTH = 32
_OBJECTS = (dict, Mapping)
"""Most are the former, and asking for that is quicker."""

_LARGEST = 2**53 - 1
"""The largest integer that every reader of JSON gives back as it was (RFC 8259, section 6)."""

_TEXT = rb'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+"(?=,?\n)'
"""A text at the end of its line, as every value is. It has no line breaks in it, so it ends where its line does."""

_VALUE = re.compile(rb": (?:" + _TEXT + rb"|(?:0|-?[1-9][0-9]{0,14})(?=,?\n))")
"""A text, or an integer well below the largest, of a key."""

_ITEM = re.compile(b" " + _TEXT)
"""A text of a list, with the last blank before it: without, `1"x"` would become the good number 10."""

_KEY = re.compile(rb'"[A-Za-z0-9_.@/-]*": ')
_UNPLAIN = re.compile(rb'\\[^"\\bfnrt]')
"""Escapes for which there may be another way to write them."""


def dump(value: object) -> bytes:
    """Write plain data: objects, lists, text, integers, booleans, null.

    Raises:
        MalformedError: the value holds something else, is nested too deep, or holds an integer or text that others misread.
    """
    try:
        text = _written(value, "\n", _DEPTH)
        raw = text.encode()
    except TypeError:
        raise MalformedError("a key that is no text") from None
    except UnicodeEncodeError:
        raise MalformedError("text with half a character (a lone surrogate)") from None
    if not text.isascii() or "\x7f" in text:
        raw = "".join(_escaped(character) if hidden(character) else character for character in text).encode()
    return raw + b"\n"


def load(raw: bytes) -> object:
    """Read what `dump` wrote, and nothing else: the same value written otherwise is refused, so are duplicate keys.

    Raises:
        MalformedError: not JSON, or not in this form.
    """
    try:
        if is_plain(raw):
            return json.loads(raw.decode())
        value: object = json.loads(raw.decode(), parse_float=_no_float, parse_constant=_no_float)
        canonical = dump(value)
    except MalformedError:
        raise
    except (ValueError, RecursionError):  # what json and the codec raise is a ValueError
        raise MalformedError("not UTF-8 JSON") from None
    if canonical != raw:
        raise MalformedError("the bytes are not in canonical form")
    return value


def is_plain(raw: bytes) -> bool:
    """Say, quickly, whether these bytes are in canonical form. True is sure; False means only that `load` has to look closer.

    What is left when every text and integer is taken out is the same for all records of a kind. That frame is looked at
    closely, once; and texts and integers are matched in such a way that there is no second way to write them.
    """
    return (
        raw.isascii()
        and b"\x7f" not in raw
        and _UNPLAIN.search(raw) is None
        and _is_frame(_ITEM.sub(b" 0", _VALUE.sub(b": 0", raw)))
    )


@lru_cache(maxsize=4096)
def _is_frame(frame: bytes) -> bool:
    """Say whether this is canonical, and every quote in it belongs to a plain key: no text was left in it."""
    try:
        return b'"' not in _KEY.sub(b"", frame) and b"\\" not in frame and dump(json.loads(frame)) == frame
    except (ValueError, RecursionError):
        return False


def _written(value: object, newline: str, depth: int) -> str:
    """Write a value. `newline` begins a line at its depth. A key that is no text is a TypeError."""
    if depth == 0:
        raise MalformedError(f"nested deeper than {_DEPTH}")
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or value is True or value is False:
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise MalformedError("an integer above 2^53-1; write it as text")
        return int.__repr__(value)
    inner = newline + "  "
    if isinstance(value, _OBJECTS):
        lines = [f"{encode_basestring(key)}: {_written(value[key], inner, depth - 1)}" for key in sorted(value)]
        return f"{{{inner}{f',{inner}'.join(lines)}{newline}}}" if lines else "{}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        lines = [_written(item, inner, depth - 1) for item in value]
        return f"[{inner}{f',{inner}'.join(lines)}{newline}]" if lines else "[]"
    raise MalformedError(f"a value of type {type(value).__name__}; only text, integers, booleans, null, lists and objects")


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def _no_float(_: str) -> NoReturn:
    raise MalformedError("a number that is no integer")
