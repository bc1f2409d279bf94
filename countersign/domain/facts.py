"""What a change does, read from commits by deterministic means; never from what anybody says about it.

Types only. `countersign.adapters.git` fills `files`; `countersign.domain.analysis` and the analysers that it asks, the rest.
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


class Act(StrEnum):
    """What a change does to something that exists: the words of a rule's `plan`."""

    DELETES = "deletes"
    REPLACES = "replaces"
    TURNS_OFF = "turns_off"


@dataclass(frozen=True, slots=True, order=True)
class Measured:
    """One effect that the change would have. `kind` is what a policy names: `table`, `aws_db_instance`, `versioning`.

    `path` is a file of the change, or the directory of the Terraform plan that shows the effect.
    """

    act: Act
    kind: str
    name: str
    path: str
    line: int = 1

    def __str__(self) -> str:
        """Write it for a reason."""
        return f"{self.act.value.replace('_', ' ')} {self.kind} {self.name}, {self.path}:{self.line}"


@dataclass(frozen=True, slots=True, order=True)
class Removed:
    """A line that stood in a file and stands there no more, without its comment, blanks made one. `line` counts in the old file."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A value in a structured file that is another now: `spec.replicas` from `3` to `0`. None where a side has no such key."""

    path: str
    line: int
    key: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True, order=True)
class Signal:
    """Something about a change that makes it harder to judge, or more than it looks. It raises the tier; it never lowers it."""

    kind: str
    path: str
    line: int
    detail: str


@dataclass(frozen=True, slots=True, order=True)
class Unclear:
    """A fact that could not be had. Where it is needed it refuses; `why` is safe to show."""

    path: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything measured about a change. Lines are added plus removed, over all files."""

    files: tuple[FileChange, ...]
    effects: tuple[Measured, ...] = ()
    removed: tuple[Removed, ...] = ()
    keys: tuple[KeyChange, ...] = ()
    signals: tuple[Signal, ...] = ()
    unclear: tuple[Unclear, ...] = ()
    """Needed whatever the policy says: refuses."""
    unread: tuple[Unclear, ...] = ()
    """Files that were not looked into. Needed only where a rule asks for what they might hold."""
    unparsed: tuple[Unclear, ...] = ()
    """Structured files that were read and are not of their form; a Helm template is not expected to be."""
    planned: tuple[str, ...] = ()
    """Directories for which a Terraform plan was read."""

    @property
    def lines(self) -> int:
        """Count the lines added and removed."""
        return sum(file.added + file.removed for file in self.files)
