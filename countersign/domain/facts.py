"""What a change does, read from commits by deterministic means; never from what anybody says about it.

Types only. `countersign.domain.sql` fills `effects`; `countersign.adapters.git` fills `files`.
"""

from dataclasses import dataclass
from enum import StrEnum

from countersign.domain.ids import Sha


class Kind(StrEnum):
    """What a path is, beside a plain file."""

    SYMLINK = "symlink"
    SUBMODULE = "submodule"
    BINARY = "binary"
    EXECUTABLE = "executable"
    MODE_CHANGE = "mode-change"


class FileStatus(StrEnum):
    """What happened to a path. A rename is a deletion and an addition, so that both sides count."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One path of the change. Blobs are git object names; None where the side does not exist."""

    path: str
    status: FileStatus
    old_blob: Sha | None
    new_blob: Sha | None
    kinds: frozenset[Kind] = frozenset()
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Deletion:
    """Something that the change would delete: `kind` is what a policy names (`table`, `column`, `rows`, …)."""

    kind: str
    name: str
    path: str
    line: int


@dataclass(frozen=True, slots=True, order=True)
class Unclear:
    """A fact that was needed and could not be had. It refuses; `why` is safe to show."""

    path: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything measured about a change. Lines are added plus removed, over all files."""

    files: tuple[FileChange, ...]
    deletions: tuple[Deletion, ...] = ()
    unclear: tuple[Unclear, ...] = ()

    @property
    def lines(self) -> int:
        """Count the lines added and removed."""
        return sum(file.added + file.removed for file in self.files)
