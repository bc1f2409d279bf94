"""One way to write plain data that people read too: the bytes of a record.

UTF-8 JSON, keys sorted, two blanks of indentation, one newline at the end. Characters that a reader would not see are written
as escapes, so that nothing in a forge or a terminal looks other than it is. No floats: not every reader gives them back as they
were. `countersign.domain.canonical` is the dense form, for digests alone.
"""

import json
from collections.abc import Mapping, Sequence
from typing import NoReturn

from countersign.domain.ids import MalformedError
from countersign.domain.neutral import hidden

_DEPTH = 32
_LARGEST = 2**53 - 1
"""The largest integer that every reader of JSON gives back as it was (RFC 8259, section 6)."""


def dump(value: object) -> bytes:
    """Write plain data: objects, lists, text, integers, booleans, null.

    Raises:
        MalformedError: the value holds something else, is nested too deep, or holds an integer or text that others misread.
    """
    text = json.dumps(_plain(value, _DEPTH), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    if not text.isascii() or "\x7f" in text:
        text = "".join(_escaped(character) if hidden(character) else character for character in text)
    return text.encode() + b"\n"


def load(raw: bytes) -> object:
    """Read what `dump` wrote, and nothing else: the same value written otherwise is refused, so are duplicate keys.

    Raises:
        MalformedError: not JSON, or not in this form.
    """
    try:
        value: object = json.loads(raw.decode(), parse_float=_no_float, parse_constant=_no_float)
        canonical = dump(value)
    except MalformedError:
        raise
    except (ValueError, RecursionError):  # what json and the codec raise is a ValueError
        raise MalformedError("not UTF-8 JSON") from None
    if canonical != raw:
        raise MalformedError("the bytes are not in canonical form")
    return value


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def _plain(value: object, depth: int) -> object:
    """Copy plain data; refuse everything else."""
    if depth == 0:
        raise MalformedError(f"nested deeper than {_DEPTH}")
    match value:
        case None | bool():
            return value
        case str():
            return _text(value)
        case int():
            if abs(value) > _LARGEST:
                raise MalformedError("an integer above 2^53-1; write it as text")
            return int(value)
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise MalformedError("a key that is no text")
            return {_text(key): _plain(item, depth - 1) for key, item in value.items()}
        case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
            return [_plain(item, depth - 1) for item in value]
        case _:
            raise MalformedError(f"a value of type {type(value).__name__}; only text, integers, booleans, null, lists and objects")


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise MalformedError("text with half a character (a lone surrogate)") from None
    return str(value)


def _no_float(_: str) -> NoReturn:
    raise MalformedError("a number that is no integer")
