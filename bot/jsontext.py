"""Reads JSON that a stranger sent, bounded before it is parsed: depth, number of values, no key twice, no odd numbers.

A parser alone would spend memory and stack first and complain afterwards (attack 6).
"""

import json
import re
from typing import NoReturn

from countersign.domain.ids import MalformedError

DEEPEST = 32
MOST_VALUES = 50_000

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{},]', re.DOTALL)
"""Strings whole, so that brackets inside of them do not count. One that never ends is taken to the end: linear in any case."""


def read_object(data: bytes) -> dict[str, object]:
    """Parse one JSON object.

    Raises:
        MalformedError: not UTF-8, not JSON, not an object, too deep, too many values, or one key twice. The text shows
            nothing of the data.
    """
    _bound(data)
    try:
        value = json.loads(data.decode(), object_pairs_hook=_pairs, parse_constant=_constant)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair fails here, not in somebody's log
    except MalformedError:
        raise
    except UnicodeError:
        raise MalformedError("the document is not UTF-8") from None
    except (ValueError, RecursionError):
        raise MalformedError("the document is not JSON") from None
    if not isinstance(value, dict):
        raise MalformedError("the document is not a JSON object")
    return value


def _bound(data: bytes) -> None:
    depth = values = 0
    for token in _TOKEN.finditer(data):
        sign = data[token.start()]
        if sign in b"[{":
            depth += 1
            values += 1
        elif sign in b"]}":
            depth -= 1
        elif sign == ord(","):
            values += 1
        if depth > DEEPEST:
            raise MalformedError(f"the document is nested deeper than {DEEPEST}")
        if values > MOST_VALUES:
            raise MalformedError(f"the document holds more than {MOST_VALUES} values")


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("the document holds one key twice")
    return found


def _constant(_: str) -> NoReturn:
    raise MalformedError("the document holds NaN or Infinity, which are not JSON")
