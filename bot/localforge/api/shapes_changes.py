"""How merge requests, approvals and comments look in answers. Decides nothing."""

from bot.localforge import approving, merging
from bot.localforge.api.call import Call
from bot.localforge.api.shapes import Shape, stamp, user_basic
from bot.localforge.change_entities import Approval, MergeRequest, Note, Version
from bot.localforge.entities import Project, User
from bot.localforge.titles import is_draft
from bot.localforge.versions import newest


def change_basic(call: Call, kept: MergeRequest) -> Shape:
    """Show a merge request as lists do."""
    store = call.forge.store
    project = store.get(Project, kept.project_id)
    state = merging.standing(call.forge, kept)
    full = f"{project.path_with_namespace}!{kept.iid}"
    return {
        "id": kept.id,
        "iid": kept.iid,
        "project_id": kept.project_id,
        "title": kept.title,
        "description": kept.description,
        "state": kept.state,
        "created_at": stamp(kept.created_at),
        "updated_at": stamp(kept.updated_at),
        "merged_by": _maybe_user(call, kept.merged_by),
        "merge_user": _maybe_user(call, kept.merged_by),
        "merged_at": stamp(kept.merged_at),
        "closed_by": _maybe_user(call, kept.closed_by),
        "closed_at": stamp(kept.closed_at),
        "target_branch": kept.target_branch,
        "source_branch": kept.source_branch,
        "user_notes_count": len(store.all(Note, merge_request_id=kept.id, system=False)),
        "upvotes": 0,
        "downvotes": 0,
        "author": user_basic(call, store.get(User, kept.author_id)),
        "assignee": None,
        "assignees": [],
        "reviewers": [],
        "source_project_id": kept.source_project_id,
        "target_project_id": kept.project_id,
        "labels": sorted(kept.labels),
        "draft": is_draft(kept.title),
        "work_in_progress": is_draft(kept.title),
        "imported": False,
        "milestone": None,
        "merge_when_pipeline_succeeds": False,
        "merge_status": "cannot_be_merged" if state == "conflict" else "can_be_merged",
        "detailed_merge_status": state,
        "merge_after": None,
        "sha": kept.head,
        "merge_commit_sha": kept.merge_commit_sha or None,
        "squash_commit_sha": kept.squash_commit_sha or None,
        "discussion_locked": None,
        "should_remove_source_branch": None,
        "force_remove_source_branch": kept.remove_source_branch,
        "prepared_at": stamp(kept.created_at),
        "reference": f"!{kept.iid}",
        "references": {"short": f"!{kept.iid}", "relative": f"!{kept.iid}", "full": full},
        "web_url": call.links.change(project, kept),
        "time_stats": {"time_estimate": 0, "total_time_spent": 0, "human_time_estimate": None, "human_total_time_spent": None},
        "squash": kept.squash,
        "squash_on_merge": kept.squash,
        "task_completion_status": {"count": 0, "completed_count": 0},
        "has_conflicts": state == "conflict",
        "blocking_discussions_resolved": True,
    }


def change(call: Call, kept: MergeRequest) -> Shape:
    """Show one merge request in full."""
    version = newest(call.forge, kept)
    project = call.forge.store.get(Project, kept.project_id)
    return change_basic(call, kept) | {
        "subscribed": False,
        "changes_count": str(version.files),
        "latest_build_started_at": None,
        "latest_build_finished_at": None,
        "first_deployed_to_production_at": None,
        "pipeline": None,
        "head_pipeline": None,
        "diff_refs": {"base_sha": version.base, "head_sha": version.head, "start_sha": version.start},
        "merge_error": None,
        "first_contribution": False,
        "user": {"can_merge": call.access.may_merge(call.user, project, kept.target_branch)},
    }


def version(kept: Version) -> Shape:
    """Show a version of a diff."""
    return {
        "id": kept.id,
        "head_commit_sha": kept.head,
        "base_commit_sha": kept.base,
        "start_commit_sha": kept.start,
        "created_at": stamp(kept.created_at),
        "merge_request_id": kept.merge_request_id,
        "state": "collected",
        "real_size": str(kept.files),
        "patch_id_sha": None,
    }


def approvals(call: Call, kept: MergeRequest) -> Shape:
    """Show who approved. `approved` says only that nothing is missing: with nothing asked for it is true from the start."""
    store = call.forge.store
    given = store.all(Approval, merge_request_id=kept.id)
    missing, needed = approving.left(call.forge, kept), approving.required(call.forge, kept)
    state = merging.standing(call.forge, kept)
    return {
        "id": kept.id,
        "iid": kept.iid,
        "project_id": kept.project_id,
        "title": kept.title,
        "description": kept.description,
        "state": kept.state,
        "created_at": stamp(kept.created_at),
        "updated_at": stamp(kept.updated_at),
        "merge_status": "cannot_be_merged" if state == "conflict" else "can_be_merged",
        "approved": not missing,
        "approvals_required": needed,
        "approvals_left": missing,
        "require_password_to_approve": False,
        "approved_by": [
            {"user": user_basic(call, store.get(User, approval.user_id)), "approved_at": stamp(approval.created_at)}
            for approval in given
        ],
        "suggested_approvers": [],
        "approvers": [],
        "approver_groups": [],
        "user_has_approved": any(approval.user_id == call.user.id for approval in given),
        "user_can_approve": approving.may_approve(call.forge, call.user, kept),
        "approval_rules_left": [],
        "has_approval_rules": bool(needed),
        "merge_request_approvers_available": True,
        "multiple_approval_rules_available": True,
        "invalid_approvers_rules": [],
    }


def note(call: Call, kept: Note) -> Shape:
    """Show a comment."""
    change = call.forge.store.get(MergeRequest, kept.merge_request_id)
    shape: Shape = {
        "id": kept.id,
        "type": "DiscussionNote" if kept.threaded else None,
        "body": kept.body,
        "attachment": None,
        "author": user_basic(call, call.forge.store.get(User, kept.author_id)),
        "created_at": stamp(kept.created_at),
        "updated_at": stamp(kept.updated_at),
        "system": kept.system,
        "noteable_id": change.id,
        "noteable_type": "MergeRequest",
        "project_id": change.project_id,
        "resolvable": kept.threaded,
        "confidential": False,
        "internal": False,
        "imported": False,
        "noteable_iid": change.iid,
        "commands_changes": {},
    }
    if kept.threaded:
        shape |= {"resolved": kept.resolved_by is not None, "resolved_by": _maybe_user(call, kept.resolved_by)}
    return shape


def discussion(call: Call, number: str, notes: list[Note]) -> Shape:
    """Show a thread."""
    return {"id": number, "individual_note": not notes[0].threaded, "notes": [note(call, one) for one in notes]}


def _maybe_user(call: Call, number: int | None) -> Shape | None:
    return None if number is None else user_basic(call, call.forge.store.get(User, number))
