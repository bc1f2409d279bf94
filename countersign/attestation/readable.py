"""One way to write plain data that people read too: the bytes of a record.

UTF-8 JSON, keys sorted, two blanks of indentation, one newline at the end. Characters that a reader would not see are written
as escapes, so that nothing in a forge or a terminal looks other than it is. No floats: not every reader gives them back as they
were. `countersign.domain.canonical` is the dense form, for digests alone.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import NoReturn

from countersign.domain.ids import MalformedError
from countersign.domain.neutral import hidden

_DEPTH = 32
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
    parts: list[str] = []
    _write(value, "\n", _DEPTH, parts.append)
    text = "".join(parts)
    try:
        raw = text.encode()
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
            return json.loads(raw)
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


def _write(value: object, newline: str, depth: int, put: Callable[[str], object]) -> None:
    """Write a value. `newline` begins a line at its depth."""
    if depth == 0:
        raise MalformedError(f"nested deeper than {_DEPTH}")
    match value:
        case str():
            put(encode_basestring(value))
        case None | True | False:
            put("null" if value is None else "true" if value else "false")
        case int():
            if abs(value) > _LARGEST:
                raise MalformedError("an integer above 2^53-1; write it as text")
            put(int.__repr__(value))
        case Mapping():
            _write_object(value, newline, depth - 1, put)
        case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
            mark = "["
            for item in value:
                put(f"{mark}{newline}  ")
                _write(item, newline + "  ", depth - 1, put)
                mark = ","
            put(newline + "]" if value else "[]")
        case _:
            raise MalformedError(f"a value of type {type(value).__name__}; only text, integers, booleans, null, lists and objects")


def _write_object(value: Mapping[object, object], newline: str, depth: int, put: Callable[[str], object]) -> None:
    mark = "{"
    for key in sorted(_text(key) for key in value):
        put(f"{mark}{newline}  {encode_basestring(key)}: ")
        _write(value[key], newline + "  ", depth, put)
        mark = ","
    put(newline + "}" if value else "{}")


def _text(key: object) -> str:
    if not isinstance(key, str):
        raise MalformedError("a key that is no text")
    return key


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def _no_float(_: str) -> NoReturn:
    raise MalformedError("a number that is no integer")
