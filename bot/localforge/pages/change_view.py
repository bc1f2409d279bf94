"""Everything that the page of a merge request shows, gathered. Decides nothing: it asks the parts that do."""

from dataclasses import dataclass

from bot.localforge import approving, merging, statuses
from bot.localforge.change_entities import Approval, CommitStatus, MergeRequest, Note, Version
from bot.localforge.commits import Commit
from bot.localforge.entities import Label, Project, User
from bot.localforge.pages.diff_view import FileView, view
from bot.localforge.pages.visit import Visit
from bot.localforge.versions import newest

_WORDS = {
    "mergeable": "Ready to merge.",
    "not_open": "",
    "draft_status": "This is a draft: it cannot be merged yet.",
    "ci_must_pass": "The project wants all statuses to succeed first.",
    "not_approved": "Approvals are missing.",
    "conflict": "The branches conflict: the change has to be rebased.",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A comment with who wrote it."""

    note: Note
    author: User


@dataclass(frozen=True, slots=True)
class ApprovedBy:
    """An approval with who gave it."""

    user: User
    approval: Approval


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A merge request as its page shows it."""

    project: Project
    change: MergeRequest
    author: User
    labels: list[Label]
    version: Version
    versions: int
    commits: list[Commit]
    files: list[FileView]
    statuses: list[CommitStatus]
    approvals: list[ApprovedBy]
    approvals_left: int
    notes: list[Said]
    standing: str
    may_approve: bool
    may_revoke: bool
    may_merge: bool
    may_comment: bool
    why_no_approval: str

    @property
    def standing_words(self) -> str:
        """Say in a sentence whether it can be merged."""
        return _WORDS[self.standing]


def gather(visit: Visit) -> ChangeView:
    """Look at the merge request in the path."""
    forge, project, change = visit.forge, visit.project, visit.change
    store = forge.store
    version = newest(forge, change)
    given = store.all(Approval, merge_request_id=change.id)
    standing = merging.standing(forge, change)
    user = visit.user
    approved = user is not None and any(approval.user_id == user.id for approval in given)
    return ChangeView(
        project=project,
        change=change,
        author=visit.person(change.author_id),
        labels=[label for label in store.all(Label, project_id=project.id) if label.name in change.labels],
        version=version,
        versions=len(store.all(Version, merge_request_id=change.id)),
        commits=visit.repository.log(version.head, f"^{version.base}"),
        files=view(visit.repository.diff(version.base, version.head)),
        statuses=statuses.latest(forge, project, change.head),
        approvals=[ApprovedBy(visit.person(approval.user_id), approval) for approval in given],
        approvals_left=approving.left(forge, change),
        notes=[Said(note, visit.person(note.author_id)) for note in store.all(Note, merge_request_id=change.id)],
        standing=standing,
        may_approve=user is not None and approving.may_approve(forge, user, change),
        may_revoke=approved and change.state == "opened",
        may_merge=user is not None
        and standing == merging.MERGEABLE
        and visit.access.may_merge(user, project, change.target_branch),
        may_comment=user is not None,
        why_no_approval=_why_not(visit, change, approved=approved),
    )


def _why_not(visit: Visit, change: MergeRequest, *, approved: bool) -> str:
    """Say why there is no button to approve; empty where there is one, or nothing to say."""
    if change.state != "opened" or approved:
        return ""
    if visit.user is None:
        return "Sign in to approve."
    if not visit.may_work(visit.project):
        return "Approving takes a developer of this project."
    if approving.may_approve(visit.forge, visit.user, change):
        return ""
    return "Authors and committers do not approve their own change here."
