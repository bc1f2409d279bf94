"""Reads the text of a unified diff, as `git diff` and `diff -u` write it. Applies nothing.

Every line is understood or refused; nothing between the files is skipped but blank lines. Renames are read; copies, binary
patches, symlinks and submodules are refused.
"""

import re
from dataclasses import dataclass, field

from countersign.domain.ids import MalformedError
from countersign.domain.patches import paths
from countersign.domain.patches.cursor import Cursor
from countersign.domain.patches.hunks import read_hunks
from countersign.domain.patches.model import USUAL, Bounds, FilePatch, Mode, PatchError

_INDEX = re.compile(rb"index [0-9a-f]{4,64}\.\.[0-9a-f]{4,64}(?: ([0-7]{6}))?")
_MODE = re.compile(rb"(old mode|new mode|new file mode|deleted file mode) ([0-7]{6})")
_SIMILARITY = re.compile(rb"(?:dis)?similarity index \d{1,3}%")
_REFUSED = {
    b"copy from ": "copies are refused; write the file out as a new one",
    b"copy to ": "copies are refused; write the file out as a new one",
    b"GIT binary patch": "binary patches are refused",
    b"Binary files ": "binary patches are refused",
    b"literal ": "binary patches are refused",
}
_KINDS = {b"120000": "symlinks are refused", b"160000": "submodules are refused"}


@dataclass(slots=True)
class _Header:
    """What the lines above the hunks say of one file."""

    line: int
    names: tuple[str, str] | None = None
    renames: dict[str, str] = field(default_factory=dict)
    modes: dict[str, Mode] = field(default_factory=dict)
    index_mode: Mode | None = None


def read_diff(data: bytes, *, bounds: Bounds = USUAL) -> tuple[FilePatch, ...]:
    """Read a diff.

    Raises:
        PatchError: it is empty, above a bound, not understood, or names a path twice; the error says where.
    """
    if len(data) > bounds.size:
        raise PatchError(f"the diff is {len(data)} bytes; {bounds.size} are allowed")
    if b"\0" in data:
        raise PatchError("the diff holds a NUL byte: binary content is refused", line=data[: data.index(b"\0")].count(b"\n") + 1)
    cursor = Cursor(data)
    files: list[FilePatch] = []
    seen: set[str] = set()
    while cursor.skip_blank():
        patch = _file(cursor)
        files.append(patch)
        for path in {patch.old, patch.new} - {None}:
            if path in seen:
                raise PatchError("the diff names the path twice", file=path, line=patch.line)
            seen.add(path or "")
        if len(files) > bounds.files:
            raise PatchError(f"the diff touches more than {bounds.files} files; split the change")
        if sum(len(file.hunks) for file in files) > bounds.hunks:
            raise PatchError(f"the diff has more than {bounds.hunks} hunks; split the change")
    if not files:
        raise PatchError("the diff is empty")
    return tuple(files)


def _file(cursor: Cursor) -> FilePatch:
    try:
        header = _header(cursor)
        sides = _sides(cursor)
    except PatchError:
        raise
    except MalformedError as error:
        raise cursor.error(str(error)) from None
    old, new = _names(cursor, header, sides)
    hunks = () if sides is None else read_hunks(cursor, new or old or "")
    patch = FilePatch(
        line=header.line,
        old=old,
        new=new,
        hunks=hunks,
        old_mode=header.modes.get("old mode") or header.modes.get("deleted file mode") or header.index_mode,
        new_mode=header.modes.get("new mode") or header.modes.get("new file mode"),
    )
    _check(patch, sides)
    return patch


def _header(cursor: Cursor) -> _Header:
    """Read `diff --git` and the lines below it; a plain diff has none of them."""
    header = _Header(line=cursor.number)
    text = cursor.peek(b"diff --git ")
    if text is None:
        if cursor.peek(b"--- ") is None:
            raise cursor.error("expected the beginning of a file: 'diff --git a/… b/…' or '--- a/…'")
        return header
    header.names = paths.of_header(text)
    cursor.step()
    while cursor.line is not None and _extended(cursor, header):
        cursor.step()
    return header


def _extended(cursor: Cursor, header: _Header) -> bool:
    """Take in one extended header line; False where the next line is none."""
    line = cursor.line or b""
    for start, why in _REFUSED.items():
        if line.startswith(start):
            raise cursor.error(why)
    index = _INDEX.fullmatch(line)
    if index is not None:
        header.index_mode = _mode(cursor, index[1]) if index[1] else None
        return True
    mode = _MODE.fullmatch(line)
    if mode is not None:
        header.modes[mode[1].decode()] = _mode(cursor, mode[2])
        return True
    for word in ("from", "to"):
        path = cursor.peek(f"rename {word} ".encode())
        if path is not None:
            header.renames[word] = paths.of_rename(path)
            return True
    return _SIMILARITY.fullmatch(line) is not None


def _mode(cursor: Cursor, text: bytes) -> Mode:
    try:
        return Mode(text.decode())
    except ValueError:
        raise cursor.error(_KINDS.get(text, "the file mode is neither 100644 nor 100755")) from None


def _sides(cursor: Cursor) -> tuple[str | None, str | None] | None:
    """Read `---` and `+++`; None where the file has no hunks."""
    old = cursor.peek(b"--- ")
    if old is None:
        return None
    old_path = paths.of_side(old, b"a/")
    cursor.step()
    new = cursor.peek(b"+++ ")
    if new is None:
        raise cursor.error("expected '+++ b/…' after '---'")
    new_path = paths.of_side(new, b"b/")
    cursor.step()
    return old_path, new_path


def _names(cursor: Cursor, header: _Header, sides: tuple[str | None, str | None] | None) -> tuple[str | None, str | None]:
    """Settle the names before and after; whatever names them must agree."""
    if header.renames:
        named: tuple[str | None, str | None] | None = (header.renames.get("from"), header.renames.get("to"))
        if len(header.renames) != 2:  # noqa: PLR2004 - from and to
            raise cursor.error("a rename needs both 'rename from' and 'rename to'")
        if header.names not in {None, named}:
            raise cursor.error("'diff --git' and the rename disagree about the names of the file")
    else:
        named = header.names
    if named is not None:
        named = (None if "new file mode" in header.modes else named[0], None if "deleted file mode" in header.modes else named[1])
    found = sides if named is None else named
    if found is None:
        raise cursor.error("the names of the file cannot be told apart; write them with --- and +++")
    if sides is not None and sides != found:
        raise cursor.error("the lines above the hunks disagree about the names of the file")
    if found == (None, None) or (header.names is None and not header.renames and None not in found and found[0] != found[1]):
        raise cursor.error("a change of name is written with 'rename from' and 'rename to'")
    return found


def _check(patch: FilePatch, sides: tuple[str | None, str | None] | None) -> None:
    """Refuse what says nothing."""
    if sides is not None and not patch.hunks:
        raise PatchError("expected a hunk: @@ -l,n +l,n @@", file=patch.path, line=patch.line)
    if patch.old == patch.new and not patch.hunks and patch.new_mode in {None, patch.old_mode}:
        raise PatchError("the diff does nothing to the file", file=patch.path, line=patch.line)
