"""Takes parts out of plain data of which nothing is promised: what is not there, or not of its kind, is empty.

For showing and finding records. A later version may say things elsewhere; a reader must not stumble over that. What records
must hold is `statement.py`'s.
"""

from collections.abc import Mapping, Sequence

Plain = Mapping[str, object]
_NOTHING: Plain = {}


def part(value: object, *path: str) -> Plain:
    """Give the object at this path; an empty one where there is none."""
    found = at(value, *path)
    return found if isinstance(found, Mapping) else _NOTHING


def at(value: object, *path: str) -> object:
    """Give whatever stands at this path; None where nothing does."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def text(value: object, *path: str) -> str | None:
    """Give the text at this path; a number is given as text too."""
    found = at(value, *path)
    if isinstance(found, str):
        return found
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else None


def number(value: object, *path: str) -> int | None:
    """Give the integer at this path."""
    found = at(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def texts(value: object, *path: str) -> tuple[str, ...]:
    """Give the texts of the list at this path."""
    return tuple(item for item in _items(at(value, *path)) if isinstance(item, str))


def parts(value: object, *path: str) -> tuple[Plain, ...]:
    """Give the objects of the list at this path."""
    return tuple(item for item in _items(at(value, *path)) if isinstance(item, Mapping))


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()
