"""Furnishes the embedded forge with the shop: people, tokens, project, protected branches, the bot's webhook.

All of it through the API, as an administrator would with a real forge.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import gitlab
from gitlab.v4.objects import Group, Project

from countersign.attestation.record import AUDIT_BRANCH
from tests.stage.shop import AGENT, BOT, GROUP, MACHINES, PEOPLE, PROJECT, RUNNERS

_DEVELOPER, _MAINTAINER = 30, 40
_NOBODY = 0


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the forge signs its webhooks with."""

    hook_token: str
    signing_token: str


def people(url: str, admin_token: str) -> dict[str, str]:
    """Make an account for everybody and every machine; give their tokens by name."""
    admin = gitlab.Gitlab(url, private_token=admin_token)
    tokens: dict[str, str] = {}
    names = {member.username: member.name for member in PEOPLE} | {machine: machine for machine in MACHINES}
    for username, name in names.items():
        user = admin.users.create(
            {
                "username": username,
                "name": name,
                "email": f"{username}@shop.example",
                "force_random_password": True,
                "skip_confirmation": True,
            }
        )
        tokens[username] = user.personal_access_tokens.create({"name": "stage", "scopes": ["api"]}).token
    return tokens


def furnish(url: str, admin_token: str, files: Mapping[str, str], *, public: bool = False) -> None:
    """Make teams and the project. A public one can be cloned by anybody who reaches the forge, as in the demo."""
    visibility = "public" if public else "internal"
    admin = gitlab.Gitlab(url, private_token=admin_token)
    ids = {str(user.username): int(user.id) for user in admin.users.list(get_all=True)}
    group = admin.groups.create({"name": "Acme", "path": GROUP, "visibility": visibility})
    for team in sorted({team for member in PEOPLE for team in member.teams}):
        subgroup = admin.groups.create({"name": team, "path": team, "parent_id": group.id, "visibility": visibility})
        for member in PEOPLE:
            if team in member.teams:
                subgroup.members.create({"user_id": ids[member.username], "access_level": _DEVELOPER})
    project = _project(admin, group, ids, files, public=public)
    _protect(project, ids)


def hook(url: str, admin_token: str, bot: str, secrets: Secrets) -> None:
    """Let the forge tell the bot what happens."""
    project = gitlab.Gitlab(url, private_token=admin_token).projects.get(PROJECT)
    project.hooks.create(
        {
            "url": f"{bot}/webhooks/gitlab",
            "token": secrets.hook_token,
            "signing_token": secrets.signing_token,
            "merge_requests_events": True,
            "note_events": True,
            "push_events": True,
        }
    )


def replace_on_main(url: str, admin_token: str, path: str, content: str, message: str) -> str:
    """Commit one file to main as the owners of the repository do, lifting its protection for this one push; give the commit."""
    admin = gitlab.Gitlab(url, private_token=admin_token)
    admin.auth()
    project = admin.projects.get(PROJECT)
    lifted = project.protectedbranches.update("main", {"allowed_to_push": [{"user_id": admin.user.id if admin.user else 0}]})
    commit = project.commits.create(
        {"branch": "main", "commit_message": message, "actions": [{"action": "update", "file_path": path, "content": content}]}
    )
    allowed = [{"id": entry["id"], "_destroy": True} for entry in lifted["push_access_levels"] if entry["user_id"] is not None]
    project.protectedbranches.update("main", {"allowed_to_push": allowed})
    return str(commit.id)


def _project(admin: gitlab.Gitlab, group: Group, ids: Mapping[str, int], files: Mapping[str, str], *, public: bool) -> Project:
    visibility = "public" if public else "private"
    project = admin.projects.create({"name": "shop", "path": "shop", "namespace_id": group.id, "visibility": visibility})
    levels = {member.username: _DEVELOPER for member in PEOPLE}
    levels |= {BOT: _DEVELOPER, AGENT: _DEVELOPER} | dict.fromkeys(RUNNERS.values(), _MAINTAINER)
    for username, level in levels.items():
        project.members.create({"user_id": ids[username], "access_level": level})
    actions = [
        {"action": "create", "file_path": path, "content": base64.b64encode(text.encode()).decode(), "encoding": "base64"}
        for path, text in files.items()
    ]
    project.commits.create({"branch": "main", "commit_message": "Open the shop", "actions": actions})
    return project


def _protect(project: Project, ids: Mapping[str, int]) -> None:
    """Let nobody push to main and only the runners merge; only the runners write the audit branch, only the bot proposals."""
    runners = [{"user_id": ids[runner]} for runner in RUNNERS.values()]
    for branch in project.protectedbranches.list(get_all=True):
        branch.delete()
    project.protectedbranches.create({"name": "main", "push_access_level": _NOBODY, "allowed_to_merge": runners})
    project.protectedbranches.create({"name": AUDIT_BRANCH, "allowed_to_push": runners, "merge_access_level": _NOBODY})
    project.protectedbranches.create(
        {"name": "proposals/*", "allowed_to_push": [{"user_id": ids[BOT]}], "merge_access_level": _NOBODY}
    )
