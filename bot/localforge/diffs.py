"""Diffs as git tells them, file by file. Runs no git itself."""

from collections.abc import Iterator
from dataclasses import dataclass

_NOTHING = "0" * 40


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What happened to one file. `text` begins at the first `@@`; it is empty where there is nothing to show."""

    old_path: str
    new_path: str
    old_mode: str
    new_mode: str
    old_blob: str
    new_blob: str
    status: str
    text: str

    @property
    def new(self) -> bool:
        """Say whether the file was not there before."""
        return self.status == "A"

    @property
    def deleted(self) -> bool:
        """Say whether it is gone."""
        return self.status == "D"

    @property
    def renamed(self) -> bool:
        """Say whether it has another name."""
        return self.status == "R"


def parse(raw: bytes, patch: bytes) -> list[FileDiff]:
    """Put together what `git diff-tree --raw -z` and `git diff-tree -p` wrote for the same two trees."""
    sections = _sections(patch)
    words = iter(raw.decode(errors="replace").split("\0"))
    found = []
    for word in words:
        if not word.startswith(":"):
            continue
        old_mode, new_mode, old_blob, new_blob, status = word[1:].split(" ")
        old_path = next(words)
        new_path = next(words) if status[0] in "RC" else old_path
        text = next(sections, "")
        if status == "T":  # git shows a change of type as a deletion and a creation
            text += next(sections, "")
        found.append(FileDiff(old_path, new_path, old_mode, new_mode, old_blob, new_blob, status[0], text))
    return found


def _sections(patch: bytes) -> Iterator[str]:
    """Give the hunks of each file. In a patch, only a header can stand at the beginning of a line without a mark."""
    section: list[str] | None = None
    shown = False
    for line in _lines(patch):
        if line.startswith("diff --git "):
            if section is not None:
                yield "".join(section)
            section, shown = [], False
        elif section is not None:
            shown = shown or line.startswith(("@@", "Binary files "))
            if shown:
                section.append(line)
    if section is not None:
        yield "".join(section)


def _lines(patch: bytes) -> Iterator[str]:
    """Give lines with their ends; only a line feed ends one."""
    *lines, last = patch.split(b"\n")
    for line in lines:
        yield line.decode(errors="replace") + "\n"
    if last:
        yield last.decode(errors="replace")
