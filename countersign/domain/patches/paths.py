"""Paths as diffs write them: with `a/` and `b/` before them, in C quotes where a character is unusual. Pure."""

import re

from countersign.domain.ids import MalformedError
from countersign.domain.paths import check_path

NOWHERE = b"/dev/null"
_QUOTED = re.compile(rb'"((?:[^"\\\n]|\\(?:[abtnvfr"\\]|[0-3][0-7]{2}))*)"')
_ESCAPE = re.compile(rb'\\([abtnvfr"\\]|[0-3][0-7]{2})')
_LETTERS = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


def of_header(text: bytes) -> tuple[str, str] | None:
    """Read what follows `diff --git`. None where the two names differ and no quotes tell where one ends: a rename.

    Raises:
        MalformedError: a name is not a path below the tree.
    """
    quoted = re.compile(_QUOTED.pattern + b" " + _QUOTED.pattern).fullmatch(text)
    if quoted is not None:
        old, new = (_unescaped(quoted[place]) for place in (1, 2))
        return named(old, b"a/"), named(new, b"b/")
    half = len(text) // 2
    if len(text) % 2 and text[half : half + 1] == b" " and text[2:half] == text[half + 3 :]:
        return named(text[:half], b"a/"), named(text[half + 1 :], b"b/")
    return None


def of_side(text: bytes, prefix: bytes) -> str | None:
    """Read what follows `---` or `+++`; None is "no such file". A time after a tab is left out.

    Raises:
        MalformedError: not a path below the tree.
    """
    quoted = _QUOTED.match(text)
    if quoted is not None and text[quoted.end() :][:1] in {b"", b"\t"}:
        return named(_unescaped(quoted[1]), prefix)
    name = text.partition(b"\t")[0]
    return None if name == NOWHERE else named(name, prefix)


def of_rename(text: bytes) -> str:
    """Read what follows `rename from` or `rename to`: a path without prefix.

    Raises:
        MalformedError: not a path below the tree.
    """
    quoted = _QUOTED.fullmatch(text)
    return named(text if quoted is None else _unescaped(quoted[1]), b"")


def named(name: bytes, prefix: bytes) -> str:
    """Take the prefix off and check what is left.

    Raises:
        MalformedError: no such prefix, not UTF-8, or not a path below the tree.
    """
    if not name.startswith(prefix):
        raise MalformedError(f"the path must begin with {prefix.decode()}, as git diff writes it")
    try:
        path = name.removeprefix(prefix).decode()
    except UnicodeDecodeError:
        raise MalformedError("the path is not UTF-8") from None
    check_path(path)
    if any(part.casefold().rstrip(". ") == ".git" for part in path.split("/")):
        raise MalformedError("the path goes into .git")
    return path


def _unescaped(text: bytes) -> bytes:
    def letter(found: re.Match[bytes]) -> bytes:
        code = found[1]
        return bytes([int(code, 8)]) if len(code) > 1 else _LETTERS.get(code, code)

    return _ESCAPE.sub(letter, text)
