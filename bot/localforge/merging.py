"""Merging: whether a merge request can be, and doing it with git's own plumbing. Knows no HTTP."""

from dataclasses import dataclass

from bot.localforge import approving, payloads, statuses, talk
from bot.localforge.access import Access
from bot.localforge.change_entities import MergeRequest
from bot.localforge.commits import Signature
from bot.localforge.entities import Project, User
from bot.localforge.errors import Refusal, unauthorized
from bot.localforge.forge import Forge
from bot.localforge.gitstore import NOTHING, Moved, Repository
from bot.localforge.links import Links
from bot.localforge.titles import is_draft
from bot.localforge.versions import newest, refs_moved

MERGEABLE = "mergeable"
_CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class How:
    """What the one who merges asks for. `sha` is the head that was looked at, or empty; None leaves it as the change says."""

    sha: str = ""
    squash: bool = False
    remove_source_branch: bool | None = None
    message: str = ""
    squash_message: str = ""


def standing(forge: Forge, change: MergeRequest) -> str:
    """Say what keeps it from being merged, in GitLab's words (`detailed_merge_status`)."""
    project = forge.store.get(Project, change.project_id)
    if change.state != "opened":
        return "not_open"
    if is_draft(change.title):
        return "draft_status"
    if project.only_allow_merge_if_pipeline_succeeds and statuses.overall(forge, project, change.head) != "success":
        return "ci_must_pass"
    if approving.left(forge, change):
        return "not_approved"
    return MERGEABLE if merged_tree(forge, change) else _CONFLICT


def merged_tree(forge: Forge, change: MergeRequest) -> str | None:
    """Give the tree that merging would make now; None where the branches conflict or the target is gone."""
    repository = forge.repository(forge.store.get(Project, change.project_id))
    target = repository.branch(change.target_branch)
    return None if target is None else repository.merged(target, change.head)


def merge(forge: Forge, user: User, change: MergeRequest, how: How) -> MergeRequest:
    """Merge with a merge commit, and tell the webhooks.

    Raises:
        Refusal: 401 not allowed to; 405 not to be merged as it stands; 422 conflicts; 409 the head is another one.
    """
    project = forge.store.get(Project, change.project_id)
    if not Access(forge.store).may_merge(user, project, change.target_branch):
        raise unauthorized()
    state = standing(forge, change)
    if state not in {MERGEABLE, _CONFLICT}:
        raise Refusal(405, "405 Method Not Allowed")
    tree = merged_tree(forge, change)
    if tree is None:
        raise Refusal(422, "Branch cannot be merged")
    if how.sha and how.sha != change.head:
        raise Refusal(409, f"SHA does not match HEAD of source branch: {change.head}")
    repository = forge.repository(project)
    target = repository.branch(change.target_branch) or NOTHING
    person = signature(forge, user)
    squashed = _squash(forge, change, person, how) if how.squash else ""
    message = how.message or _message(forge, project, change)
    made = repository.write_commit(tree, [target, squashed or change.head], person, person, message)
    repository.move(f"refs/heads/{change.target_branch}", made, target)
    now = forge.clock()
    change = forge.store.change(
        change, state="merged", merged_by=user.id, merged_at=now, updated_at=now, merge_commit_sha=made, squash_commit_sha=squashed
    )
    talk.remark(forge, user, change, "merged")
    forge.hooks.announce(project, "merge_request", payloads.merge_request(forge, user, change, "merge"))
    moves = [Moved(f"refs/heads/{change.target_branch}", target, made)]
    if change.remove_source_branch if how.remove_source_branch is None else how.remove_source_branch:
        moves += _remove_source(forge, user, change)
    refs_moved(forge, user, project, moves)
    return change


def try_out(forge: Forge, user: User, change: MergeRequest) -> str:
    """Make the commit that merging would make now, under the merge request's own ref; give it.

    Raises:
        Refusal: the branches conflict, or the target is gone.
    """
    project = forge.store.get(Project, change.project_id)
    repository = forge.repository(project)
    tree, target = merged_tree(forge, change), repository.branch(change.target_branch)
    if tree is None or target is None:
        raise Refusal(400, "Merge request is not mergeable")
    person = signature(forge, user)
    made = repository.write_commit(tree, [target, change.head], person, person, _message(forge, project, change))
    ref = f"refs/merge-requests/{change.iid}/merge"
    repository.move(ref, made, repository.ref(ref) or NOTHING)
    return made


def signature(forge: Forge, user: User) -> Signature:
    """Give somebody as the forge writes them into commits, now."""
    return Signature(user.name, user.commit_email or user.email, forge.clock().isoformat(timespec="seconds"))


def _squash(forge: Forge, change: MergeRequest, person: Signature, how: How) -> str:
    repository = forge.repository(forge.store.get(Project, change.project_id))
    first = _first_of(repository, newest(forge, change).base, change.head)
    tree = repository.show(change.head).tree
    return repository.write_commit(tree, [newest(forge, change).base], first, person, how.squash_message or f"{change.title}\n")


def _first_of(repository: Repository, base: str, head: str) -> Signature:
    commits = repository.log(head, f"^{base}")
    return commits[-1].author if commits else repository.show(head).author


def _message(forge: Forge, project: Project, change: MergeRequest) -> str:
    return (
        f"Merge branch '{change.source_branch}' into '{change.target_branch}'\n\n{change.title}\n\n"
        f"See merge request {Links(forge.url).change(project, change)}\n"
    )


def _remove_source(forge: Forge, user: User, change: MergeRequest) -> list[Moved]:
    """Take the source branch away, where it is this project's, is still at the merged head, and is not protected."""
    project = forge.store.get(Project, change.project_id)
    access, branch = Access(forge.store), change.source_branch
    free = not access.protections(project, branch) and access.may_push(user, project, branch)
    repository = forge.repository(project)
    if change.source_project_id != project.id or not free or repository.branch(branch) != change.head:
        return []
    repository.delete(f"refs/heads/{branch}")
    return [Moved(f"refs/heads/{branch}", change.head, NOTHING)]
