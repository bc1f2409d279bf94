"""How accounts, groups, projects look in answers. Decides nothing."""

from datetime import datetime

from bot.localforge import accounts
from bot.localforge.access import NOBODY
from bot.localforge.api.call import Call
from bot.localforge.entities import Member, Namespace, Project, Token, User

Shape = dict[str, object]


def stamp(moment: datetime | None) -> str | None:
    """Write a time as the API does, in milliseconds."""
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def user_basic(call: Call, user: User) -> Shape:
    """Show an account in short. Who is a bot is not told here."""
    return {
        "id": user.id,
        "username": user.username,
        "public_email": user.public_email or None,
        "name": user.name,
        "state": user.state,
        "locked": False,
        "avatar_url": None,
        "web_url": call.links.user(user),
    }


def user(call: Call, account: User) -> Shape:
    """Show an account. Private addresses are for admins and for itself."""
    shape = user_basic(call, account) | {
        "bot": account.bot,
        "created_at": stamp(account.created_at),
        "bio": "",
        "location": "",
        "organization": "",
        "job_title": "",
        "website_url": "",
        "followers": 0,
        "following": 0,
    }
    if call.user.admin or call.user.id == account.id:
        shape |= {
            "email": account.email,
            "commit_email": account.commit_email,
            "confirmed_at": stamp(account.created_at),
            "is_admin": account.admin,
            "two_factor_enabled": False,
            "external": False,
            "identities": [],
            "can_create_group": True,
            "can_create_project": True,
            "projects_limit": 100000,
        }
    return shape


def token(call: Call, kept: Token, secret: str = "") -> Shape:
    """Show a token; the secret only to who has just made it."""
    shape: Shape = {
        "id": kept.id,
        "name": kept.name,
        "description": None,
        "revoked": kept.revoked,
        "created_at": stamp(kept.created_at),
        "scopes": list(kept.scopes),
        "user_id": kept.user_id,
        "last_used_at": None,
        "active": accounts.active(call.forge, kept),
        "expires_at": kept.expires or None,
    }
    if kept.project_id is not None:
        member = call.forge.store.one(Member, source="project", source_id=kept.project_id, user_id=kept.user_id)
        shape |= {
            "access_level": member.access_level if member else NOBODY,
            "resource_type": "project",
            "resource_id": kept.project_id,
        }
    return shape | ({"token": secret} if secret else {})


def member(call: Call, kept: Member) -> Shape:
    """Show a membership."""
    return user_basic(call, call.forge.store.get(User, kept.user_id)) | {
        "access_level": kept.access_level,
        "created_at": stamp(kept.created_at),
        "expires_at": None,
        "membership_state": "active",
    }


def group(call: Call, space: Namespace) -> Shape:
    """Show a group."""
    parents = list(reversed(call.access.lineage(space.id)))
    return {
        "id": space.id,
        "web_url": call.links.group(space),
        "name": space.name,
        "path": space.path,
        "description": space.description,
        "visibility": space.visibility,
        "avatar_url": None,
        "full_name": " / ".join(parent.name for parent in parents),
        "full_path": space.full_path,
        "parent_id": space.parent_id,
        "created_at": stamp(space.created_at),
        "request_access_enabled": True,
    }


def namespace(call: Call, space: Namespace) -> Shape:
    """Show where a project lives."""
    return {
        "id": space.id,
        "name": space.name,
        "path": space.path,
        "kind": space.kind,
        "full_path": space.full_path,
        "parent_id": space.parent_id,
        "avatar_url": None,
        "web_url": f"{call.base}/{'groups/' if space.kind == 'group' else ''}{space.full_path}",
    }


def project_basic(call: Call, kept: Project) -> Shape:
    """Show a project in short."""
    return {
        "id": kept.id,
        "description": kept.description,
        "name": kept.name,
        "name_with_namespace": kept.path_with_namespace.replace("/", " / "),
        "path": kept.path,
        "path_with_namespace": kept.path_with_namespace,
        "created_at": stamp(kept.created_at),
        "default_branch": kept.default_branch,
        "http_url_to_repo": call.links.git(kept),
        "ssh_url_to_repo": call.links.ssh(kept),
        "web_url": call.links.project(kept),
        "visibility": kept.visibility,
    }


def project(call: Call, kept: Project) -> Shape:
    """Show a project with its settings."""
    space = call.forge.store.get(Namespace, kept.namespace_id)
    shape = project_basic(call, kept) | {
        "namespace": namespace(call, space),
        "creator_id": kept.creator_id,
        "archived": False,
        "empty_repo": not call.forge.repository(kept).branches(),
        "merge_method": "merge",
        "merge_requests_enabled": True,
        "merge_requests_access_level": "enabled",
        "repository_access_level": "enabled",
        "squash_option": "default_off",
        "only_allow_merge_if_pipeline_succeeds": kept.only_allow_merge_if_pipeline_succeeds,
        "only_allow_merge_if_all_discussions_are_resolved": False,
        "remove_source_branch_after_merge": kept.remove_source_branch_after_merge,
        "approvals_before_merge": kept.approvals_before_merge,
        "permissions": {"project_access": {"access_level": call.access.level(call.user, kept)}, "group_access": None},
    }
    if kept.forked_from is not None:
        origin = call.forge.store.one(Project, id=kept.forked_from)
        shape["forked_from_project"] = project_basic(call, origin) if origin else None
    return shape
