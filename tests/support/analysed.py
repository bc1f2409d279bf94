"""Facts of files that are given as text, before and after."""

from collections.abc import Mapping

from countersign.domain.analysis import analyse
from countersign.domain.facts import Facts, FileChange, FileStatus, Kind
from tests.builders import blob

CLAIM = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"


def change(path: str, old: str | None, new: str | None, *kinds: Kind) -> FileChange:
    status = FileStatus.ADDED if old is None else FileStatus.DELETED if new is None else FileStatus.MODIFIED
    before, after = (None if text is None else blob(text) for text in (old, new))
    return FileChange(path, status, before, after, frozenset(kinds), added=1)


def analysed(files: Mapping[str, tuple[str | None, str | None]], *, attributes: str = "") -> Facts:
    texts = {text for sides in files.values() for text in sides if text is not None}
    return analyse(
        [change(path, *sides) for path, sides in files.items()],
        {blob(text): text.encode() for text in texts},
        attributes=attributes,
    )
