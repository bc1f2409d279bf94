"""Groups and projects: making and removing them, and protecting branches. Knows no HTTP; asks nobody's permission."""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.localforge.access import MAINTAINER, OWNER
from bot.localforge.change_entities import Approval, CommitStatus, MergeRequest, Note, Version
from bot.localforge.entities import BranchAccess, Delivery, Hook, Label, Member, Namespace, Project, ProtectedBranch, User
from bot.localforge.errors import invalid
from bot.localforge.forge import Forge
from bot.localforge.store import Entity

VISIBILITIES = ("private", "internal", "public")
"""From the narrowest to the widest."""

SETTINGS: Mapping[str, object] = {
    "approvals_before_merge": 0,
    "reset_approvals_on_push": True,
    "merge_requests_author_approval": False,
    "merge_requests_disable_committers_approval": False,
    "only_allow_merge_if_pipeline_succeeds": False,
    "remove_source_branch_after_merge": True,
}
"""What a new project is set to."""

_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")


@dataclass(frozen=True, slots=True)
class Who:
    """Who may do something with a protected branch: from a level on, one user, or one group."""

    access_level: int | None = None
    user_id: int | None = None
    group_id: int | None = None


def make_group(  # noqa: PLR0913 - keyword-only, one for each choice
    forge: Forge, creator: User, *, name: str, path: str, parent: Namespace | None, visibility: str = "private"
) -> Namespace:
    """Make a group. Its creator owns it.

    Raises:
        Refusal: the path is taken or no path, or the group would be seen by more than its parent is.
    """
    if parent is not None and VISIBILITIES.index(visibility) > VISIBILITIES.index(parent.visibility):
        raise invalid(
            "visibility_level", f"{visibility} is not allowed since the parent group has a {parent.visibility} visibility."
        )
    full_path = f"{parent.full_path}/{path}" if parent else path
    _check_path(forge, path, full_path)
    group = forge.store.add(
        Namespace,
        kind="group",
        name=name,
        path=path,
        full_path=full_path,
        parent_id=None if parent is None else parent.id,
        owner_id=None,
        description="",
        visibility=visibility,
        created_at=forge.clock(),
    )
    set_member(forge, "group", group.id, creator, OWNER)
    return group


def make_project(  # noqa: PLR0913 - keyword-only, one for each choice
    forge: Forge,
    creator: User,
    namespace: Namespace,
    *,
    name: str,
    path: str,
    description: str = "",
    visibility: str = "private",
    default_branch: str = "main",
    forked_from: Project | None = None,
    settings: Mapping[str, object] | None = None,
) -> Project:
    """Make a project with an empty repository. One in a user's namespace has its owner for a member; a group's has the group's.

    Raises:
        Refusal: the path is taken or no path.
    """
    full_path = f"{namespace.full_path}/{path}"
    _check_path(forge, path, full_path)
    project = forge.store.add(
        Project,
        namespace_id=namespace.id,
        creator_id=creator.id,
        forked_from=None if forked_from is None else forked_from.id,
        name=name,
        path=path,
        path_with_namespace=full_path,
        description=description,
        visibility=visibility,
        default_branch=default_branch,
        created_at=forge.clock(),
        **{**SETTINGS, **(settings or {})},
    )
    if namespace.owner_id is not None:
        set_member(forge, "project", project.id, forge.store.get(User, namespace.owner_id), OWNER)
    forge.repository(project).create(default_branch)
    return project


def remove_project(forge: Forge, project: Project) -> None:
    """Remove a project and all that is in it."""
    store = forge.store
    for change in store.all(MergeRequest, project_id=project.id):
        remove_change(forge, change)
    for rule in store.all(ProtectedBranch, project_id=project.id):
        unprotect(forge, rule)
    for hook in store.all(Hook, project_id=project.id):
        for delivery in store.all(Delivery, hook_id=hook.id):
            store.remove(delivery)
        store.remove(hook)
    rows: list[Entity] = [
        *store.all(Label, project_id=project.id),
        *store.all(CommitStatus, project_id=project.id),
        *store.all(Member, source="project", source_id=project.id),
        project,
    ]
    for row in rows:
        store.remove(row)
    shutil.rmtree(forge.repository(project).path)


def remove_change(forge: Forge, change: MergeRequest) -> None:
    """Remove a merge request with its versions, approvals and comments."""
    store = forge.store
    parts: list[Entity] = [
        *store.all(Version, merge_request_id=change.id),
        *store.all(Approval, merge_request_id=change.id),
        *store.all(Note, merge_request_id=change.id),
        change,
    ]
    for part in parts:
        store.remove(part)


def remove_group(forge: Forge, group: Namespace) -> None:
    """Remove a group with its subgroups and projects."""
    store = forge.store
    for project in store.all(Project, namespace_id=group.id):
        remove_project(forge, project)
    for subgroup in store.all(Namespace, parent_id=group.id):
        remove_group(forge, subgroup)
    for member in store.all(Member, source="group", source_id=group.id):
        store.remove(member)
    store.remove(group)


def set_member(forge: Forge, source: str, source_id: int, user: User, level: int) -> Member:
    """Give somebody a level in a group or project."""
    known = forge.store.one(Member, source=source, source_id=source_id, user_id=user.id)
    if known is not None:
        return forge.store.change(known, access_level=level)
    return forge.store.add(
        Member, source=source, source_id=source_id, user_id=user.id, access_level=level, created_at=forge.clock()
    )


def protect(forge: Forge, project: Project, name: str, who: Mapping[str, Sequence[Who]], *, force: bool = False) -> ProtectedBranch:
    """Protect branches of a name. `who` lists for `push`, `merge` and `unprotect`; a list left out means maintainers."""
    rule = forge.store.add(ProtectedBranch, project_id=project.id, name=name, allow_force_push=force)
    for kind in ("push", "merge", "unprotect"):
        allow(forge, rule, kind, who.get(kind, [Who(access_level=MAINTAINER)]))
    return rule


def allow(forge: Forge, rule: ProtectedBranch, kind: str, who: Sequence[Who]) -> None:
    """Let more do something with a protected branch."""
    for one in who:
        forge.store.add(
            BranchAccess,
            protected_branch_id=rule.id,
            kind=kind,
            access_level=one.access_level,
            user_id=one.user_id,
            group_id=one.group_id,
        )


def unprotect(forge: Forge, rule: ProtectedBranch) -> None:
    """Take a rule away."""
    for access in forge.store.all(BranchAccess, protected_branch_id=rule.id):
        forge.store.remove(access)
    forge.store.remove(rule)


def _check_path(forge: Forge, path: str, full_path: str) -> None:
    if not _PATH.fullmatch(path) or path.endswith((".git", ".atom", ".")):
        raise invalid("path", "can contain only letters, digits, '_', '-' and '.', and no ending of a repository")
    groups = forge.store.where(Namespace, "lower(full_path) = lower(?)", full_path)
    projects = forge.store.where(Project, "lower(path_with_namespace) = lower(?)", full_path)
    if groups or projects:
        raise invalid("path", "has already been taken")
