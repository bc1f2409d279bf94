"""Approvals: who may give one, how many are still missing. Knows no HTTP."""

from bot.localforge import payloads, talk
from bot.localforge.access import DEVELOPER, Access
from bot.localforge.change_entities import Approval, MergeRequest
from bot.localforge.entities import Project, User
from bot.localforge.errors import not_found, unauthorized
from bot.localforge.forge import Forge
from bot.localforge.versions import newest


def required(forge: Forge, change: MergeRequest) -> int:
    """Give how many approvals are asked for, by the merge request or else by its project."""
    project = forge.store.get(Project, change.project_id)
    return project.approvals_before_merge if change.approvals_required is None else change.approvals_required


def left(forge: Forge, change: MergeRequest) -> int:
    """Give how many are still missing. Where none are asked for none are missing, even if nobody approved."""
    return max(0, required(forge, change) - len(forge.store.all(Approval, merge_request_id=change.id)))


def may_approve(forge: Forge, user: User, change: MergeRequest) -> bool:
    """Say whether somebody may approve now: a developer, not twice, and author or committer only where the project lets them."""
    project = forge.store.get(Project, change.project_id)
    if change.state != "opened" or Access(forge.store).level(user, project) < DEVELOPER:
        return False
    if forge.store.one(Approval, merge_request_id=change.id, user_id=user.id) is not None:
        return False
    if change.author_id == user.id and not project.merge_requests_author_approval:
        return False
    return not (project.merge_requests_disable_committers_approval and _committed(forge, user, project, change))


def approve(forge: Forge, user: User, change: MergeRequest) -> Approval:
    """Approve, and tell the webhooks: `approved` where nothing is missing any more, else `approval`.

    Raises:
        Refusal: this account may not, or did already.
    """
    if not may_approve(forge, user, change):
        raise unauthorized()
    approval = forge.store.add(Approval, merge_request_id=change.id, user_id=user.id, created_at=forge.clock())
    talk.remark(forge, user, change, "approved this merge request")
    _announce(forge, user, change, "approval" if left(forge, change) else "approved")
    return approval


def unapprove(forge: Forge, user: User, change: MergeRequest) -> None:
    """Take one's approval back, and tell the webhooks.

    Raises:
        Refusal: there is none, or the merge request is merged.
    """
    approval = forge.store.one(Approval, merge_request_id=change.id, user_id=user.id)
    if approval is None or change.state == "merged":
        raise not_found("Approval")
    was_whole = not left(forge, change)
    forge.store.remove(approval)
    talk.remark(forge, user, change, "unapproved this merge request")
    _announce(forge, user, change, "unapproved" if was_whole and left(forge, change) else "unapproval")


def _committed(forge: Forge, user: User, project: Project, change: MergeRequest) -> bool:
    version = newest(forge, change)
    commits = forge.repository(project).log(version.head, f"^{version.base}")
    own = {address.lower() for address in (user.email, user.public_email, user.commit_email) if address}
    return any(commit.committer.email.lower() in own for commit in commits)


def _announce(forge: Forge, user: User, change: MergeRequest, action: str) -> None:
    project = forge.store.get(Project, change.project_id)
    forge.hooks.announce(project, "merge_request", payloads.merge_request(forge, user, change, action))
