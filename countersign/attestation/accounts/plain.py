"""Takes parts out of a read JSON document of which nothing is promised: what is not there, or not of its kind, is empty.

For showing and finding records. A later version may say things elsewhere; a reader must not stumble over that. What records
must hold is `statement.py`'s.
"""

from collections.abc import Mapping

Plain = Mapping[str, object]
_NOTHING: Plain = {}


def part(value: object, *path: str) -> Plain:
    """Give the object at this path; an empty one where there is none."""
    for name in path:
        if not isinstance(value, dict):
            return _NOTHING
        value = value.get(name)
    return value if isinstance(value, dict) else _NOTHING


def at(value: object, *path: str) -> object:
    """Give whatever stands at this path; None where nothing does."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text(value: object, *path: str) -> str | None:
    """Give the text at this path; a number is given as text too."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    if isinstance(value, str) or value is None:
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: object, *path: str) -> int | None:
    """Give the integer at this path."""
    found = at(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def texts(value: object, *path: str) -> tuple[str, ...]:
    """Give the texts of the list at this path."""
    found = at(value, *path)
    return tuple([item for item in found if isinstance(item, str)]) if isinstance(found, list) else ()


def parts(value: object, *path: str) -> tuple[Plain, ...]:
    """Give the objects of the list at this path."""
    found = at(value, *path)
    return tuple([item for item in found if isinstance(item, dict)]) if isinstance(found, list) else ()
