"""What webhooks carry, in the shapes that GitLab sends. Reads the store; sends nothing."""

from collections.abc import Mapping

from bot.localforge.change_entities import MergeRequest, Note
from bot.localforge.commits import Commit
from bot.localforge.entities import Project, User
from bot.localforge.forge import Forge
from bot.localforge.gitstore import NOTHING, Moved
from bot.localforge.links import Links
from bot.localforge.payload_parts import (
    VISIBILITY,
    Payload,
    about_commit,
    about_labels,
    about_project,
    about_repository,
    hook_time,
    person,
)
from bot.localforge.titles import is_draft

_STATE_IDS = {"opened": 1, "closed": 2, "merged": 3, "locked": 4}
_MOST_COMMITS = 20
"""More are not listed, only counted."""


def merge_request(  # noqa: PLR0913 - one for each part of the event
    forge: Forge,
    user: User,
    change: MergeRequest,
    action: str,
    *,
    oldrev: str = "",
    changes: Mapping[str, tuple[object, object]] | None = None,
    system_action: str = "",
) -> Payload:
    """Tell what happened to a merge request."""
    project = forge.store.get(Project, change.project_id)
    attributes = _attributes(forge, project, change) | {"action": action}
    if oldrev:
        attributes["oldrev"] = oldrev
    if system_action:
        attributes |= {"system": True, "system_action": system_action}
    return {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": person(user),
        "project": about_project(forge, project),
        "object_attributes": attributes,
        "labels": about_labels(forge, project, change),
        "changes": {name: {"previous": old, "current": new} for name, (old, new) in (changes or {}).items()},
        "repository": about_repository(forge, project),
    }


def note(forge: Forge, user: User, change: MergeRequest, comment: Note, action: str) -> Payload:
    """Tell of a comment on a merge request."""
    project = forge.store.get(Project, change.project_id)
    return {
        "object_kind": "note",
        "event_type": "note",
        "user": person(user),
        "project_id": project.id,
        "project": about_project(forge, project),
        "object_attributes": {
            "action": action,
            "attachment": None,
            "author_id": comment.author_id,
            "change_position": None,
            "commit_id": None,
            "created_at": hook_time(comment.created_at),
            "description": comment.body,
            "discussion_id": comment.discussion_id,
            "id": comment.id,
            "line_code": None,
            "note": comment.body,
            "noteable_id": change.id,
            "noteable_type": "MergeRequest",
            "original_position": None,
            "position": None,
            "project_id": project.id,
            "resolved_at": None,
            "resolved_by_id": comment.resolved_by,
            "resolved_by_push": None,
            "st_diff": None,
            "system": comment.system,
            "type": "DiscussionNote" if comment.threaded else None,
            "updated_at": hook_time(comment.updated_at),
            "updated_by_id": None,
            "url": f"{Links(forge.url).change(project, change)}#note_{comment.id}",
        },
        "repository": about_repository(forge, project),
        "merge_request": _attributes(forge, project, change),
    }


def push(forge: Forge, user: User, project: Project, moved: Moved) -> Payload:
    """Tell of a push to one branch or tag."""
    ref, old, new = moved.ref, moved.old, moved.new
    kind = "tag_push" if ref.startswith("refs/tags/") else "push"
    made: list[Commit] = []
    repository = forge.repository(project)
    if kind == "push" and new != NOTHING:
        since = [f"^{old}"] if old != NOTHING else ["--not", *_other_tips(forge, project, ref)]
        made = list(reversed(repository.log(new, *since)))
    return {
        "object_kind": kind,
        "event_name": kind,
        "before": old,
        "after": new,
        "ref": ref,
        "checkout_sha": None if new == NOTHING else new,
        "message": None,
        "user_id": user.id,
        "user_name": user.name,
        "user_username": user.username,
        "user_email": user.public_email,
        "user_avatar": None,
        "project_id": project.id,
        "project": about_project(forge, project),
        "commits": [about_commit(forge, project, commit, files=True) for commit in made[-_MOST_COMMITS:]],
        "total_commits_count": len(made),
        "push_options": {},
        "repository": about_repository(forge, project)
        | {
            "git_http_url": Links(forge.url).git(project),
            "git_ssh_url": Links(forge.url).ssh(project),
            "visibility_level": VISIBILITY[project.visibility],
        },
    }


def _attributes(forge: Forge, project: Project, change: MergeRequest) -> Payload:
    commit = forge.repository(project).show(change.head)
    return {
        "assignee_id": None,
        "assignee_ids": [],
        "author_id": change.author_id,
        "blocking_discussions_resolved": True,
        "created_at": hook_time(change.created_at),
        "description": change.description,
        "draft": is_draft(change.title),
        "head_pipeline_id": None,
        "id": change.id,
        "iid": change.iid,
        "labels": about_labels(forge, project, change),
        "last_commit": about_commit(forge, project, commit, files=False),
        "last_edited_at": None,
        "last_edited_by_id": None,
        "merge_commit_sha": change.merge_commit_sha or None,
        "merge_error": None,
        "merge_params": {"force_remove_source_branch": "1" if change.remove_source_branch else "0"},
        "merge_status": "can_be_merged" if change.state == "opened" else "unchecked",
        "merge_user_id": change.merged_by,
        "merge_when_pipeline_succeeds": False,
        "milestone_id": None,
        "reviewer_ids": [],
        "source": about_project(forge, forge.store.get(Project, change.source_project_id)),
        "source_branch": change.source_branch,
        "source_project_id": change.source_project_id,
        "state": change.state,
        "state_id": _STATE_IDS[change.state],
        "target": about_project(forge, project),
        "target_branch": change.target_branch,
        "target_project_id": project.id,
        "time_change": 0,
        "time_estimate": 0,
        "title": change.title,
        "total_time_spent": 0,
        "updated_at": hook_time(change.updated_at),
        "updated_by_id": None,
        "url": Links(forge.url).change(project, change),
        "work_in_progress": is_draft(change.title),
    }


def _other_tips(forge: Forge, project: Project, ref: str) -> list[str]:
    return [sha for name, sha in forge.repository(project).refs("refs/heads/").items() if name != ref]
