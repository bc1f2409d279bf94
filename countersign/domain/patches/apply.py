"""Applies hunks to the bytes of one file: exactly where they say, or not at all. Knows nothing of trees and modes."""

from countersign.domain.patches.model import USUAL, Bounds, FilePatch, Hunk, PatchError


def apply_hunks(patch: FilePatch, data: bytes, *, bounds: Bounds = USUAL) -> bytes:
    """Give a file's bytes after the patch, from its bytes at the base (none for a new file).

    Raises:
        PatchError: a hunk does not fit to the letter, or the file is binary, above the bound, or deleted in part only.
    """
    if b"\0" in data and patch.hunks:
        raise PatchError("the file is binary at the base", file=patch.path, line=patch.line)
    lines = _lines(data)
    done: list[bytes] = []
    reached = 0
    for hunk in patch.hunks:
        _fit(patch, hunk, lines, reached)
        done += lines[reached : hunk.start]
        done += hunk.new
        reached = hunk.start + len(hunk.old)
    done += lines[reached:]
    if any(not line.endswith(b"\n") for line in done[:-1]):
        raise PatchError("a line without a newline would be followed by another one", file=patch.path, line=patch.line)
    result = b"".join(done)
    if len(result) > bounds.file_size:
        raise PatchError(f"the file would have {len(result)} bytes; {bounds.file_size} are allowed", file=patch.path)
    if patch.new is None and result:
        raise PatchError("the diff deletes the file but leaves lines of it", file=patch.path, line=patch.line)
    return result


def _fit(patch: FilePatch, hunk: Hunk, lines: list[bytes], reached: int) -> None:
    """See that the hunk stands after the one before it and that the base has its lines."""
    why: str | None = None
    if hunk.start < reached:
        why = "it does not come after the hunk before it"
    elif hunk.start + len(hunk.old) > len(lines):
        why = f"it reaches to line {hunk.start + len(hunk.old)}; the file has {len(lines)} lines at the base"
    else:
        there = lines[hunk.start : hunk.start + len(hunk.old)]
        wrong = next((at for at, (line, wanted) in enumerate(zip(there, hunk.old, strict=True)) if line != wanted), None)
        if wrong is not None:
            why = f"line {hunk.start + wrong + 1} of the file is another one at the base; make the diff against that commit"
    if why is not None:
        raise PatchError(why, file=patch.path, hunk=hunk.number, line=hunk.line)


def _lines(data: bytes) -> list[bytes]:
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + [part for part in parts[-1:] if part]
