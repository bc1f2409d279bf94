"""One way to write a value as bytes, so that equal values have equal digests.

UTF-8 JSON, sorted keys, no white space, no floats (RFC 8785 for the values we allow). Does not sign anything.
"""

import json
from collections.abc import Mapping, Sequence

type_error = "only objects, lists, strings, integers, booleans and null can be written canonically"


def canonical_json(value: object) -> bytes:
    """Write the value canonically.

    Raises:
        TypeError: the value holds a float, bytes or any other type without one canonical form.
    """
    _check(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _check(value: object) -> None:
    if value is None or isinstance(value, str | bool | int):
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(type_error)
            _check(item)
        return
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        for item in value:
            _check(item)
        return
    raise TypeError(type_error)
