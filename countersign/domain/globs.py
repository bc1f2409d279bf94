"""Globs of a policy, compiled once: anchored, case-sensitive, `**` crosses folders, `*` does not. Never a regular expression.

`!` takes paths out again. Matching is linear in the number of patterns; a pattern has bounded wildcards, so none is slow.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wcmatch import glob

from countersign.domain.ids import MalformedError

_FLAGS = glob.GLOBSTAR | glob.DOTGLOB | glob.FORCEUNIX
_LONGEST = 256
_MOST_WILDCARDS = 8
_REFUSED = frozenset("{}[]()|\\")


@dataclass(frozen=True, slots=True)
class Globs:
    """A list of patterns as one question: is this path meant?"""

    patterns: tuple[str, ...]
    _include: re.Pattern[str]
    _exclude: re.Pattern[str] | None

    @classmethod
    def of(cls, patterns: Sequence[str]) -> "Globs":
        """Compile patterns.

        Raises:
            MalformedError: no positive pattern, or one that is not of the form that policies use.
        """
        for pattern in patterns:
            check_glob(pattern)
        positive = [pattern for pattern in patterns if not pattern.startswith("!")]
        negative = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
        if not positive:
            raise MalformedError("a list of paths needs one that does not begin with '!'")
        return cls(tuple(patterns), _compiled(positive), _compiled(negative) if negative else None)

    def match(self, path: str) -> bool:
        """Say whether the path is meant."""
        return self._include.fullmatch(path) is not None and (self._exclude is None or self._exclude.fullmatch(path) is None)


def check_glob(pattern: str) -> None:
    """Refuse what is no plain glob.

    Raises:
        MalformedError: empty, absolute, too long, too many wildcards, or braces, brackets and the like.
    """
    bare = pattern.removeprefix("!")
    if not bare or bare.startswith("/") or bare.endswith("/") or len(bare) > _LONGEST:
        raise MalformedError("a path pattern is relative, not empty, does not end in '/', and has at most 256 characters")
    if bare.count("*") > _MOST_WILDCARDS * 2 or bare.count("?") > _MOST_WILDCARDS or _REFUSED & set(bare):
        raise MalformedError("a path pattern has only '*', '**' and '?' as wildcards, at most eight of them")
    segments = bare.split("/")
    if any(segment in {"", ".", ".."} or ("**" in segment and segment != "**") for segment in segments):
        raise MalformedError("a path pattern has no empty, '.' or '..' segments, and '**' stands alone in its segment")


def _compiled(patterns: Sequence[str]) -> re.Pattern[str]:
    sources = [source for pattern in patterns for source in glob.translate(pattern, flags=_FLAGS)[0]]
    return re.compile("|".join(f"(?:{source})" for source in sources))
