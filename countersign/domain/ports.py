"""What the two faces ask of the world. Narrow: each method is one that every forge, git or target really has."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from countersign.domain.facts import FileChange
from countersign.domain.heard import Approvals, Members
from countersign.domain.ids import ChangeRef, Sha
from countersign.domain.people import Person

Clock = Callable[[], datetime]
"""Gives the present moment, UTC, aware. Wiring passes it in; nothing else reads the time."""


class ChangeState(StrEnum):
    """Where a change stands on the forge."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class StatusState(StrEnum):
    """A commit status in the words that GitLab and GitHub share."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Change:
    """A merge or pull request as the forge shows it now.

    `head_seen` is when the forge took in its newest state, UTC: the head, or the same head against another target. `ended` is
    when it was merged or closed, by the forge's clock, UTC; None while it is open, and where the forge does not say.
    """

    ref: ChangeRef
    title: str
    description: str
    author: Person
    source_branch: str
    target_branch: str
    head: Sha
    head_seen: datetime
    state: ChangeState
    draft: bool
    from_fork: bool
    labels: frozenset[str]
    url: str
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewChange:
    """What is needed to open a change."""

    project: str
    source_branch: str
    target_branch: str
    title: str
    description: str
    labels: frozenset[str] = frozenset()


class Forge(Protocol):
    """GitLab, GitHub or another. Every method raises ForgeFault when the forge does not answer as its API says.

    Lists are whole: an adapter reads every page, and a page that is missing is a fault, not an end.
    """

    def whoami(self) -> Person:
        """Give the account whose token this is."""
        ...

    def change(self, ref: ChangeRef) -> Change:
        """Look at a change."""
        ...

    def approvals(self, ref: ChangeRef) -> Approvals:
        """Give the approvals that stand now, each bound to the head that was newest when it was given, or to None.

        With the versions of the change that tell those heads, and every answer that this was read from.
        """
        ...

    def members(self, group: str) -> Members:
        """Give everybody who is in the group now, inherited members too. The group is named by its full path, exactly.

        Raises:
            NoGroupFault: the forge answers that it has no such group, or has it under another path now.
        """
        ...

    def person(self, username: str) -> Person | None:
        """Give the account of that exact name."""
        ...

    def person_by_email(self, email: str) -> Person | None:
        """Give the one account that owns the address; None where none does or several do."""
        ...

    def open_changes(self, project: str) -> tuple[ChangeRef, ...]:
        """List the open changes of a project."""
        ...

    def open_change(self, new: NewChange) -> Change:
        """Open a change."""
        ...

    def say(self, ref: ChangeRef, marker: str, body: str) -> None:
        """Write our one comment: edit in place the one of ours that starts with the hidden marker, or add it."""
        ...

    def comments(self, ref: ChangeRef) -> tuple[str, ...]:
        """Give the texts of our own comments on a change, oldest first."""
        ...

    def set_status(self, project: str, commit: Sha, state: StatusState, description: str, url: str | None) -> None:
        """Set the commit status `countersign`."""
        ...

    def set_label(self, ref: ChangeRef, label: str, *, family: str) -> None:
        """Put one label of a family (`countersign::…`) on a change and take the family's others off."""
        ...

    def merge(self, ref: ChangeRef, head: Sha, *, into: str) -> Sha:
        """Merge, naming the head that was approved and the branch it was judged for; give the merge commit.

        Raises:
            ForgeFault: the head moved on, or the change goes into another branch by now.
        """
        ...

    def clone_url(self, project: str) -> str:
        """Give the URL for git over HTTP, without any secret."""
        ...


@dataclass(frozen=True, slots=True)
class CommitPeople:
    """Who is named in one commit: addresses of author, committer and `Co-authored-by` trailers, and all trailers."""

    commit: Sha
    emails: tuple[str, ...]
    trailers: tuple[tuple[str, str], ...]


class Repository(Protocol):
    """One project's git objects, fetched with one's own token. Every method raises GitFault when git fails."""

    def fetch(self) -> None:
        """Bring the local copy up to date: branches, merge request heads, the audit branch.

        Raises:
            NoRepositoryFault: the remote answers that it has no such repository, or has it under another name now.
        """
        ...

    def tip(self, branch: str) -> Sha | None:
        """Give the commit at the tip of a branch; None where there is no such branch."""
        ...

    def read(self, commit: Sha, path: str, *, limit: int) -> bytes | None:
        """Give a file's bytes at a commit; None where there is none. A file above the limit (bytes) is a GitFault.

        Raises:
            AbsentFault: the commit is not here. Fetch, and ask again.
        """
        ...

    def blob(self, blob: Sha, *, limit: int) -> bytes:
        """Give a blob's bytes. One above the limit (bytes) is a GitFault."""
        ...

    def sizes(self, blobs: Collection[Sha]) -> Mapping[Sha, int]:
        """Give the size of each blob, in bytes. One that was not fetched is a GitFault."""
        ...

    def blobs(self, blobs: Collection[Sha]) -> Mapping[Sha, bytes]:
        """Give the contents of many blobs at once; whoever asks has looked at their sizes. One that is missing is a GitFault."""
        ...

    def merged_tree(self, base: Sha, head: Sha) -> Sha | None:
        """Give the tree that merging head into base would make; None where they conflict."""
        ...

    def changes(self, base: Sha, tree: Sha) -> tuple[FileChange, ...]:
        """Compare a commit's tree with a tree: raw, no renames, line counts and kinds included."""
        ...

    def people(self, base: Sha, head: Sha) -> tuple[CommitPeople, ...]:
        """Tell who is named in each commit that head has and base has not."""
        ...


Files = Mapping[str, bytes]
"""Paths below the work directory and their bytes."""
