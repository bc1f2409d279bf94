"""How a project's settings look in answers: protected branches, webhooks, labels. Decides nothing."""

from collections.abc import Sequence

from bot.localforge.access import ADMIN, DEVELOPER, MAINTAINER, NOBODY, OWNER
from bot.localforge.api.call import Call
from bot.localforge.api.shapes import Shape, stamp
from bot.localforge.entities import BranchAccess, Hook, Label, Namespace, ProtectedBranch, User

_LEVELS = {
    NOBODY: "No one",
    DEVELOPER: "Developers + Maintainers",
    MAINTAINER: "Maintainers",
    OWNER: "Owners",
    ADMIN: "Instance admins",
}
_HOOK_FLAGS = ("push_events", "tag_push_events", "merge_requests_events", "note_events")
_HOOK_OTHERS = (
    "issues_events",
    "confidential_issues_events",
    "confidential_note_events",
    "job_events",
    "pipeline_events",
    "wiki_page_events",
    "deployment_events",
    "releases_events",
    "milestone_events",
    "emoji_events",
    "feature_flag_events",
    "resource_access_token_events",
)


def protected_branch(call: Call, rule: ProtectedBranch) -> Shape:
    """Show a protected branch with who may what."""
    return {
        "id": rule.id,
        "name": rule.name,
        "push_access_levels": _access_levels(call, rule, "push"),
        "merge_access_levels": _access_levels(call, rule, "merge"),
        "unprotect_access_levels": _access_levels(call, rule, "unprotect"),
        "allow_force_push": rule.allow_force_push,
        "code_owner_approval_required": False,
        "inherited": False,
    }


def hook(_: Call, kept: Hook) -> Shape:
    """Show a webhook. Its tokens are never shown."""
    return {
        "id": kept.id,
        "url": kept.url,
        "name": kept.name or None,
        "description": kept.description or None,
        "project_id": kept.project_id,
        "created_at": stamp(kept.created_at),
        "enable_ssl_verification": True,
        "alert_status": "executable",
        "disabled_until": None,
        "url_variables": [],
        "custom_headers": [],
        "custom_webhook_template": None,
        "push_events_branch_filter": None,
        "branch_filter_strategy": "all_branches",
        "token_present": bool(kept.token),
        "signing_token_present": bool(kept.signing_token),
        **{name: getattr(kept, name) for name in _HOOK_FLAGS},
        **dict.fromkeys(_HOOK_OTHERS, False),
    }


def label(_: Call, kept: Label) -> Shape:
    """Show a label."""
    return {
        "id": kept.id,
        "name": kept.name,
        "description": kept.description or None,
        "description_html": "",
        "text_color": "#FFFFFF",
        "color": kept.color,
        "subscribed": False,
        "priority": None,
        "is_project_label": True,
    }


def _access_levels(call: Call, rule: ProtectedBranch, kind: str) -> Sequence[Shape]:
    kept = call.forge.store.all(BranchAccess, protected_branch_id=rule.id, kind=kind)
    return [
        {
            "id": access.id,
            "access_level": access.access_level,
            "access_level_description": _described(call, access),
            "deploy_key_id": None,
            "user_id": access.user_id,
            "group_id": access.group_id,
        }
        for access in kept
    ]


def _described(call: Call, access: BranchAccess) -> str:
    if access.user_id is not None:
        return call.forge.store.get(User, access.user_id).name
    if access.group_id is not None:
        return call.forge.store.get(Namespace, access.group_id).name
    return _LEVELS.get(access.access_level or NOBODY, "")
