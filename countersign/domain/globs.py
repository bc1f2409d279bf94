"""Globs of a policy: `*` and `?` stay within a segment of a path, `**` is any number of segments, `!` takes paths out again.

Anchored at both ends and case-sensitive; files whose names begin with a dot are files. Never a regular expression, so no
pattern can be slow: a segment is searched from left to right once. `glob_index` asks many patterns at once.
"""

import re
import unicodedata
from collections.abc import Callable

from countersign.domain.ids import MalformedError

DEEP = "**"
_LONGEST = 256
_MOST_WILDCARDS = 16
_RESERVED = frozenset("{}[]()|\\")


def check_glob(pattern: str) -> None:
    """Refuse what is no plain glob.

    Raises:
        MalformedError: empty, absolute, ending in a slash, too long, too many wildcards, `.` or `..` segments, `**` beside
            other characters, braces, brackets and the like, which other tools would expand, or letters that are not in NFC.
    """
    bare = pattern.removeprefix("!")
    if not bare or bare.startswith(("/", "!")) or bare.endswith("/") or len(bare) > _LONGEST:
        raise MalformedError(f"a path pattern is relative, does not end in '/', and has 1 to {_LONGEST} characters")
    if _RESERVED & set(bare) or any(not character.isprintable() for character in bare):
        raise MalformedError("a path pattern has '*', '**' and '?', no other wildcards, braces or backslashes")
    if unicodedata.normalize("NFC", bare) != bare:
        raise MalformedError("a path pattern is in Unicode's normal form NFC, as paths are; it would mean none")
    if bare.count("*") + bare.count("?") > _MOST_WILDCARDS:
        raise MalformedError(f"a path pattern has at most {_MOST_WILDCARDS} wildcards")
    for segment in bare.split("/"):
        if segment in {"", ".", ".."}:
            raise MalformedError("a path pattern has no empty, '.' or '..' segments")
        if DEEP in segment and segment != DEEP:
            raise MalformedError("'**' stands alone between slashes: write **/*.sh, not **.sh")


def segments(pattern: str) -> tuple[str, ...]:
    """Split a checked pattern; `**` after `**` says nothing new and is left out."""
    parts = pattern.split("/")
    return tuple(part for number, part in enumerate(parts) if part != DEEP or number == 0 or parts[number - 1] != DEEP)


def is_literal(segment: str) -> bool:
    """Say whether a segment has no wildcard."""
    return "*" not in segment and "?" not in segment


def segment_matcher(segment: str) -> Callable[[str], bool]:
    """Give the question whether a name is meant by a segment with wildcards. Time is linear in the name for each star."""
    if segment == "*":
        return bool
    head, *rest = segment.split("*")
    if not rest:
        return re.compile(_source(head), re.DOTALL).fullmatch  # type: ignore[return-value]  # a match is as good as a bool
    if not head and len(rest) == 1 and "?" not in rest[0]:
        return _Ending(rest[0])
    return _Parts(head, rest)


class _Ending:
    """`*.sh`: the most common kind, and the fastest to ask."""

    __slots__ = ("_end",)

    def __init__(self, end: str) -> None:
        self._end = end

    def __call__(self, name: str) -> bool:
        return name.endswith(self._end)


class _Parts:
    """Fixed pieces with anything between them. The leftmost place for each piece is as good as any other."""

    __slots__ = ("_first", "_last", "_least", "_middle", "_tail")

    def __init__(self, head: str, rest: list[str]) -> None:
        *middle, last = rest
        self._first = re.compile(_source(head), re.DOTALL)
        self._middle = tuple(re.compile(_source(piece), re.DOTALL) for piece in middle if piece)
        self._last = re.compile(_source(last), re.DOTALL)
        self._tail = len(last)
        self._least = len(head) + len(last) + sum(map(len, middle))

    def __call__(self, name: str) -> bool:
        if len(name) < self._least:
            return False
        end = len(name) - self._tail
        found = self._first.match(name)
        for piece in self._middle:
            if found is None:
                return False
            found = piece.search(name, found.end(), end)
        return found is not None and found.end() <= end and self._last.fullmatch(name, end) is not None


def _source(piece: str) -> str:
    return "".join("." if character == "?" else re.escape(character) for character in piece)
