"""What the forge keeps of people, projects and webhooks, one dataclass a table (see `store.py`). Holds no rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

Unique = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class User:
    """An account. `bot` is true for those that a project access token makes."""

    UNIQUE: ClassVar[Unique] = (("username",),)
    id: int
    username: str
    name: str
    email: str
    public_email: str
    commit_email: str
    admin: bool
    bot: bool
    state: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """An access token: its digest only. `project_id` is set for project access tokens. `expires` is a date, or empty for never."""

    UNIQUE: ClassVar[Unique] = (("digest",),)
    id: int
    user_id: int
    project_id: int | None
    name: str
    digest: str
    scopes: tuple[str, ...]
    expires: str
    revoked: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Namespace:
    """A group (`kind` is `group`), or the place of a user's own projects (`user`). A group's id is its namespace's."""

    UNIQUE: ClassVar[Unique] = (("full_path",),)
    id: int
    kind: str
    name: str
    path: str
    full_path: str
    parent_id: int | None
    owner_id: int | None
    description: str
    visibility: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A direct membership. `source` is `group` or `project`; inherited ones are computed."""

    UNIQUE: ClassVar[Unique] = (("source", "source_id", "user_id"),)
    id: int
    source: str
    source_id: int
    user_id: int
    access_level: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Project:
    """A project with its settings. The repository is `<id>.git` in the state folder."""

    UNIQUE: ClassVar[Unique] = (("path_with_namespace",),)
    id: int
    namespace_id: int
    creator_id: int
    forked_from: int | None
    name: str
    path: str
    path_with_namespace: str
    description: str
    visibility: str
    default_branch: str
    created_at: datetime
    approvals_before_merge: int
    reset_approvals_on_push: bool
    merge_requests_author_approval: bool
    merge_requests_disable_committers_approval: bool
    only_allow_merge_if_pipeline_succeeds: bool
    remove_source_branch_after_merge: bool


@dataclass(frozen=True, slots=True)
class ProtectedBranch:
    """A rule for branches of a name, which may hold `*`."""

    UNIQUE: ClassVar[Unique] = (("project_id", "name"),)
    id: int
    project_id: int
    name: str
    allow_force_push: bool


@dataclass(frozen=True, slots=True)
class BranchAccess:
    """Who may `push`, `merge` or `unprotect`: everybody from a level on, or one user, or one group. Level 0 is nobody."""

    id: int
    protected_branch_id: int
    kind: str
    access_level: int | None
    user_id: int | None
    group_id: int | None


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a project."""

    UNIQUE: ClassVar[Unique] = (("project_id", "name"),)
    id: int
    project_id: int
    name: str
    color: str
    description: str


@dataclass(frozen=True, slots=True)
class Hook:
    """A project's webhook. Tokens are never shown again."""

    id: int
    project_id: int
    url: str
    name: str
    description: str
    token: str
    signing_token: str
    push_events: bool
    tag_push_events: bool
    merge_requests_events: bool
    note_events: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook on its way. `key` stays the same through all attempts; `status` is the last answer's, or empty."""

    id: int
    hook_id: int
    event: str
    trigger: str
    key: str
    body: str
    attempts: int
    done: bool
    status: str
    said: str
    due_at: datetime
    created_at: datetime
