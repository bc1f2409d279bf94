"""Merge requests: opening, editing, closing. Knows no HTTP; asks for no permission; runs no quick actions."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from bot.localforge import payloads, talk, versions
from bot.localforge.change_entities import MergeRequest
from bot.localforge.entities import Label, Project, User
from bot.localforge.errors import Refusal, invalid
from bot.localforge.forge import Forge
from bot.localforge.payload_parts import hook_time

_LABEL_COLOR = "#6699cc"
_TITLE_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Wanted:
    """A merge request to open."""

    project: Project
    source_project: Project
    source_branch: str
    target_branch: str
    title: str
    description: str = ""
    labels: Sequence[str] = ()
    remove_source_branch: bool = False
    squash: bool = False


def open_change(forge: Forge, author: User, wanted: Wanted) -> MergeRequest:
    """Open a merge request and tell the webhooks.

    Raises:
        Refusal: a branch is missing, both are the same, or one is open for them already.
    """
    head = forge.repository(wanted.source_project).branch(wanted.source_branch)
    if head is None:
        raise invalid("source_branch", "does not exist")
    if forge.repository(wanted.project).branch(wanted.target_branch) is None:
        raise invalid("target_branch", "does not exist")
    _check_title(wanted.title)
    same_project = wanted.source_project.id == wanted.project.id
    if same_project and wanted.source_branch == wanted.target_branch:
        raise Refusal(422, ["You can't use same project/branch for source and target"])
    _check_alone(forge, wanted.project, wanted.source_project.id, wanted.source_branch, wanted.target_branch)
    now = forge.clock()
    change = forge.store.add(
        MergeRequest,
        project_id=wanted.project.id,
        iid=max((other.iid for other in forge.store.all(MergeRequest, project_id=wanted.project.id)), default=0) + 1,
        author_id=author.id,
        source_project_id=wanted.source_project.id,
        source_branch=wanted.source_branch,
        target_branch=wanted.target_branch,
        title=wanted.title,
        description=wanted.description,
        state="opened",
        head=head,
        labels=_known_labels(forge, wanted.project, wanted.labels),
        approvals_required=None,
        remove_source_branch=wanted.remove_source_branch,
        squash=wanted.squash,
        merge_commit_sha="",
        squash_commit_sha="",
        merged_by=None,
        closed_by=None,
        created_at=now,
        updated_at=now,
        merged_at=None,
        closed_at=None,
    )
    versions.take_in(forge, change, head)
    announce(forge, author, change, "open")
    return change


@dataclass(frozen=True, slots=True)
class Edit:
    """What to change of a merge request; None leaves a thing as it is."""

    title: str | None = None
    description: str | None = None
    target_branch: str | None = None
    labels: Sequence[str] | None = None
    remove_source_branch: bool | None = None
    squash: bool | None = None


def edit(forge: Forge, user: User, change: MergeRequest, wanted: Edit) -> MergeRequest:
    """Change what is said about a merge request, and tell the webhooks what was before.

    Raises:
        Refusal: the target is no branch, or is taken, or the title is empty.
    """
    project = forge.store.get(Project, change.project_id)
    wished = {field.name: getattr(wanted, field.name) for field in fields(wanted)}
    if wanted.labels is not None:
        wished["labels"] = _known_labels(forge, project, wanted.labels)
    changed = {name: (getattr(change, name), new) for name, new in wished.items() if new not in {None, getattr(change, name)}}
    if not changed:
        return change
    _check_title(change.title if wanted.title is None else wanted.title)
    if "target_branch" in changed:
        _check_target(forge, project, change, str(wanted.target_branch))
    old_time = change.updated_at
    change = forge.store.change(change, **{name: new for name, (_, new) in changed.items()}, updated_at=forge.clock())
    if "target_branch" in changed:
        versions.take_in(forge, change, change.head)
        versions.drop_approvals(forge, user, change, "approvals_reset_on_target_branch_change")
    for name, (old, new) in changed.items():
        if said := _words(name, old, new):
            talk.remark(forge, user, change, said)
    told: dict[str, tuple[object, object]] = {**_touched(change, old_time), **changed}
    if "labels" in changed:
        told["labels"] = (_titles(changed["labels"][0]), _titles(changed["labels"][1]))
    payload = payloads.merge_request(forge, user, change, "update", changes=told)
    forge.hooks.announce(project, "merge_request", payload)
    return change


def set_state(forge: Forge, user: User, change: MergeRequest, event: str) -> MergeRequest:
    """Close or reopen; `event` is GitLab's word. Does nothing where it is so already.

    Raises:
        Refusal: another one is open for the same branches by now, or the source branch is gone.
    """
    now, before = forge.clock(), change.updated_at
    if event == "close" and change.state == "opened":
        change = forge.store.change(change, state="closed", closed_by=user.id, closed_at=now, updated_at=now)
        talk.remark(forge, user, change, "closed")
        announce(forge, user, change, "close", since=before)
    elif event == "reopen" and change.state == "closed":
        project = forge.store.get(Project, change.project_id)
        _check_alone(forge, project, change.source_project_id, change.source_branch, change.target_branch)
        head = forge.repository(forge.store.get(Project, change.source_project_id)).branch(change.source_branch)
        if head is None:
            raise Refusal(422, ["The source branch does not exist any more"])
        change = forge.store.change(change, state="opened", closed_by=None, closed_at=None, updated_at=now)
        talk.remark(forge, user, change, "reopened")
        announce(forge, user, change, "reopen", since=before)
        if head != change.head:
            change = versions.pushed(forge, user, change, head)
    return change


def announce(forge: Forge, user: User, change: MergeRequest, action: str, *, since: datetime | None = None) -> None:
    """Tell the webhooks what somebody did with a merge request; `since` is when it was last updated before."""
    project = forge.store.get(Project, change.project_id)
    told = None if since is None else _touched(change, since)
    forge.hooks.announce(project, "merge_request", payloads.merge_request(forge, user, change, action, changes=told))


def _touched(change: MergeRequest, since: datetime) -> dict[str, tuple[object, object]]:
    return {"updated_at": (hook_time(since), hook_time(change.updated_at))}


def _check_title(title: str) -> None:
    if not title.strip():
        raise invalid("title", "can't be blank")
    if len(title) > _TITLE_LIMIT:
        raise invalid("title", f"is too long (maximum is {_TITLE_LIMIT} characters)")


def _check_target(forge: Forge, project: Project, change: MergeRequest, branch: str) -> None:
    if forge.repository(project).branch(branch) is None:
        raise invalid("target_branch", "does not exist")
    _check_alone(forge, project, change.source_project_id, change.source_branch, branch)


def _check_alone(forge: Forge, project: Project, source_project: int, source_branch: str, target_branch: str) -> None:
    other = forge.store.one(
        MergeRequest,
        project_id=project.id,
        source_project_id=source_project,
        source_branch=source_branch,
        target_branch=target_branch,
        state="opened",
    )
    if other is not None:
        raise Refusal(409, [f"Another open merge request already exists for this source branch: !{other.iid}"])


def _known_labels(forge: Forge, project: Project, names: Sequence[str]) -> tuple[str, ...]:
    """Give the names in order and make the labels that are new. Of one scope (`a::b`) the last stays, as in GitLab."""
    kept: dict[str, str] = {}
    for name in names:
        scope, mark, _ = name.rpartition("::")
        kept.pop(f"{scope}{mark}" if mark else name, None)
        kept[f"{scope}{mark}" if mark else name] = name
    for name in kept.values():
        if forge.store.one(Label, project_id=project.id, name=name) is None:
            forge.store.add(Label, project_id=project.id, name=name, color=_LABEL_COLOR, description="")
    return tuple(sorted(kept.values()))


def _words(name: str, old: object, new: object) -> str:
    """Say what was changed; nothing where people need not know."""
    if name == "labels":
        was, now = set(_titles(old)), set(_titles(new))
        words = [f"added ~{label}" for label in sorted(now - was)] + [f"removed ~{label}" for label in sorted(was - now)]
        return f"{' and '.join(words)} label{'s' * (len(words) > 1)}"
    said = {
        "target_branch": f"changed target branch from `{old}` to `{new}`",
        "title": f"changed title from **{old}** to **{new}**",
        "description": "changed the description",
    }
    return said.get(name, "")


def _titles(labels: object) -> list[str]:
    return list(labels) if isinstance(labels, tuple) else []
