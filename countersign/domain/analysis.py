"""Turns changed files and their contents into facts. A content that was needed and is not there is unclear, which refuses."""

from collections.abc import Mapping, Sequence

from countersign.domain import sql
from countersign.domain.facts import Facts, FileChange, Kind, Measured, Unclear


def wants_content(file: FileChange) -> bool:
    """Say whether facts depend on the file's new content."""
    return file.new_blob is not None and file.path.lower().endswith(".sql")


def analyse(files: Sequence[FileChange], contents: Mapping[str, bytes | None]) -> Facts:
    """Give the facts. `contents` holds the new side of every file that `wants_content`; None where it could not be read."""
    effects: list[Measured] = []
    unclear: list[Unclear] = []
    for file in files:
        if not wants_content(file):
            continue
        text = _text(contents.get(file.path))
        if text is None or file.kinds & {Kind.SYMLINK, Kind.SUBMODULE, Kind.BINARY}:
            unclear.append(Unclear(file.path, 1, "the SQL cannot be read as UTF-8 text"))
            continue
        gone, unknown = sql.effects(file.path, text)
        effects.extend(gone)
        unclear.extend(unknown)
    return Facts(tuple(sorted(files, key=lambda file: file.path)), tuple(sorted(effects)), unclear=tuple(sorted(unclear)))


def _text(content: bytes | None) -> str | None:
    if content is None:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
