"""Versions of a merge request's diff, and what a push does to merge requests. Moves `refs/merge-requests/…`; pushes nothing."""

import threading

from bot.localforge import payloads, talk
from bot.localforge.access import Access
from bot.localforge.change_entities import Approval, MergeRequest, Version
from bot.localforge.entities import Project, User
from bot.localforge.forge import Forge
from bot.localforge.gitstore import NOTHING, Moved
from bot.localforge.spaces import protect


def take_in(forge: Forge, change: MergeRequest, head: str) -> Version:
    """Keep a new version: the head's commits under the merge request's own ref, and where it starts from."""
    project = forge.store.get(Project, change.project_id)
    repository = forge.repository(project)
    ref = f"refs/merge-requests/{change.iid}/head"
    if change.source_project_id != change.project_id:
        repository.take(forge.repository(forge.store.get(Project, change.source_project_id)), head, ref)
    else:
        repository.move(ref, head, repository.refs(ref).get(ref, NOTHING))
    start = repository.branch(change.target_branch) or head
    base = repository.merge_base(start, head) or start
    return forge.store.add(
        Version,
        merge_request_id=change.id,
        head=head,
        base=base,
        start=start,
        files=len(repository.diff(base, head)),
        created_at=forge.clock(),
    )


def newest(forge: Forge, change: MergeRequest) -> Version:
    """Give the newest version."""
    return forge.store.all(Version, merge_request_id=change.id)[-1]


def pushed(forge: Forge, user: User, change: MergeRequest, head: str) -> MergeRequest:
    """Take in a push to the source branch, drop approvals where the project says so, and tell the webhooks."""
    old = change.head
    take_in(forge, change, head)
    change = forge.store.change(change, head=head, updated_at=forge.clock())
    drop_approvals(forge, user, change, "approvals_reset_on_push")
    project = forge.store.get(Project, change.project_id)
    count = forge.repository(project).count(head, f"^{old}")
    talk.remark(forge, user, change, f"added {count} commit{'s' * (count != 1)}" if count else f"reset the branch to {head[:8]}")
    forge.hooks.announce(project, "merge_request", payloads.merge_request(forge, user, change, "update", oldrev=old))
    return change


def drop_approvals(forge: Forge, user: User, change: MergeRequest, why: str) -> None:
    """Forget all approvals, if the project is set so."""
    project = forge.store.get(Project, change.project_id)
    if not project.reset_approvals_on_push:
        return
    given = forge.store.all(Approval, merge_request_id=change.id)
    for approval in given:
        forge.store.remove(approval)
    if given:
        payload = payloads.merge_request(forge, user, change, "unapproved", system_action=why)
        forge.hooks.announce(project, "merge_request", payload)


def refs_moved(forge: Forge, user: User, project: Project, moves: list[Moved]) -> None:
    """Do all that follows a push: default branch, webhooks, merge requests."""
    for moved in moves:
        _protect_first_branch(forge, project, moved)
        kind = "tag_push" if moved.ref.startswith("refs/tags/") else "push"
        forge.hooks.announce(project, kind, payloads.push(forge, user, project, moved))
    late = forge.faults.take(["push-late"], path=project.path_with_namespace)
    if late is None:
        _tell_changes(forge, user, project, moves)
        return

    def later() -> None:
        with forge.store.alone():
            _tell_changes(forge, user, project, moves)

    timer = threading.Timer(late.seconds, later)
    timer.daemon = True
    timer.start()


def _protect_first_branch(forge: Forge, project: Project, moved: Moved) -> None:
    """Protect the default branch as it is made; the first branch of an empty repository becomes it."""
    name = moved.ref.removeprefix("refs/heads/")
    if name == moved.ref or moved.old != NOTHING:
        return
    repository = forge.repository(project)
    if name != project.default_branch and set(repository.branches()) == {name}:
        project = forge.store.change(project, default_branch=name)
        repository.git("symbolic-ref", "HEAD", moved.ref)
    if name == project.default_branch and not Access(forge.store).protections(project, name):
        protect(forge, project, name, {})


def _tell_changes(forge: Forge, user: User, project: Project, moves: list[Moved]) -> None:
    for moved in moves:
        branch = moved.ref.removeprefix("refs/heads/")
        if branch == moved.ref or moved.new == NOTHING:
            continue
        for change in forge.store.all(MergeRequest, source_project_id=project.id, source_branch=branch, state="opened"):
            if change.head != moved.new:
                pushed(forge, user, change, moved.new)
        for change in forge.store.all(MergeRequest, project_id=project.id, target_branch=branch, state="opened"):
            _merged_by_push(forge, user, project, change, moved)


def _merged_by_push(forge: Forge, user: User, project: Project, change: MergeRequest, moved: Moved) -> None:
    """Call a merge request merged when somebody has pushed its head to the target, as GitLab does."""
    repository = forge.repository(project)
    before = moved.old != NOTHING and repository.contains(moved.old, change.head)
    if before or not repository.contains(moved.new, change.head):
        return
    now = forge.clock()
    change = forge.store.change(
        change, state="merged", merged_by=user.id, merged_at=now, updated_at=now, merge_commit_sha=moved.new
    )
    talk.remark(forge, user, change, "merged manually")
    forge.hooks.announce(project, "merge_request", payloads.merge_request(forge, user, change, "merge"))
