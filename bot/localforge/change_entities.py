"""What the forge keeps of merge requests and commits, one dataclass a table (see `store.py`). Holds no rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.localforge.entities import Unique


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """A merge request. `head` is the newest commit that the forge has taken in."""

    UNIQUE: ClassVar[Unique] = (("project_id", "iid"),)
    id: int
    project_id: int
    iid: int
    author_id: int
    source_project_id: int
    source_branch: str
    target_branch: str
    title: str
    description: str
    state: str
    head: str
    labels: tuple[str, ...]
    approvals_required: int | None
    remove_source_branch: bool
    squash: bool
    merge_commit_sha: str
    squash_commit_sha: str
    merged_by: int | None
    closed_by: int | None
    created_at: datetime
    updated_at: datetime
    merged_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a merge request's diff: made at opening, at each push and at a change of target."""

    id: int
    merge_request_id: int
    head: str
    base: str
    start: str
    files: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody approved. Carries no commit, as in GitLab."""

    UNIQUE: ClassVar[Unique] = (("merge_request_id", "user_id"),)
    id: int
    merge_request_id: int
    user_id: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A comment, or a line of the forge's own (`system`)."""

    id: int
    merge_request_id: int
    author_id: int
    discussion_id: str
    threaded: bool
    system: bool
    resolved_by: int | None
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """A status that somebody set on a commit."""

    id: int
    project_id: int
    sha: str
    ref: str
    name: str
    status: str
    description: str | None
    target_url: str | None
    author_id: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
