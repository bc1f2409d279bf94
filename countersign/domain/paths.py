"""What a path inside a repository may look like, so that people, policies, git and every file system read the same.

Pure. Does not ask whether the path exists. `.git` is for whoever writes trees to refuse.
"""

import re
import unicodedata
from collections.abc import Sequence
from string import ascii_letters, digits

from countersign.domain.ids import MalformedError
from countersign.domain.neutral import hidden

_LONGEST = 1024
_LONGEST_SEGMENT = 255
"""Characters for the whole path, bytes for a segment: what common file systems take."""

_PLAIN = re.compile(r"(?:\.?[A-Za-z0-9_@+][A-Za-z0-9_@+.=,-]{0,200}/)*\.?[A-Za-z0-9_@+][A-Za-z0-9_@+.=,-]{0,200}")
"""Nearly every path there is, told in one step: nothing in it can be wrong but its length."""


_CHARACTERS = (ascii_letters + digits + "_@+.=,/-").encode()
_BEGINS_BADLY = re.compile(r"/[-=,/]|/\.[-=,./]")
"""The same for many between slashes: each segment begins with a name's character, or with a dot and one of those."""


def all_plain(paths: Sequence[str]) -> bool:
    """Say at once whether `check_path` has nothing against any of them; where this says no, ask it one by one."""
    if not paths or max(map(len, paths)) > _LONGEST_SEGMENT:
        return False
    together = "/" + "/".join(paths) + "/"
    return together.isascii() and not together.encode().translate(None, _CHARACTERS) and not _BEGINS_BADLY.search(together)


def check_path(path: str) -> None:
    """Refuse a path that could be read in two ways or lead out of the tree (attack 16).

    Raises:
        MalformedError: absolute, backslash, empty, `.` or `..` segment, hidden or control character, leading `-`, a
            segment that begins with `~`, not in NFC, or too long. The text says which.
    """
    if len(path) <= _LONGEST and _PLAIN.fullmatch(path):
        return
    if not path or len(path) > _LONGEST:
        raise MalformedError(f"a path has 1 to {_LONGEST} characters")
    if path.startswith("/"):
        raise MalformedError("a path must not be absolute")
    if path.startswith("-"):
        raise MalformedError("a path must not begin with a dash, which tools take for an option")
    if "\\" in path:
        raise MalformedError("a path must not hold a backslash")
    if any(hidden(character) or character in "\n\t" for character in path):
        raise MalformedError("a path must not hold control, invisible or direction-changing characters")
    if unicodedata.normalize("NFC", path) != path:
        raise MalformedError("a path must be in Unicode's normal form NFC")
    for segment in path.split("/"):
        _check_segment(segment)


def _check_segment(segment: str) -> None:
    if segment in {"", ".", ".."}:
        raise MalformedError("a path must not hold empty, '.' or '..' segments")
    if segment.startswith("~"):
        raise MalformedError("a segment of a path must not begin with ~")
    if len(segment.encode()) > _LONGEST_SEGMENT:
        raise MalformedError(f"a segment of a path has at most {_LONGEST_SEGMENT} bytes")
