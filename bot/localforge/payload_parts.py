"""Parts that the payloads of several webhooks share. Reads the store; sends nothing."""

from datetime import datetime

from bot.localforge.change_entities import MergeRequest
from bot.localforge.commits import Commit
from bot.localforge.entities import Label, Namespace, Project, User
from bot.localforge.forge import Forge
from bot.localforge.links import Links

Payload = dict[str, object]
VISIBILITY = {"private": 0, "internal": 10, "public": 20}


def hook_time(moment: datetime) -> str:
    """Write a time as webhooks do."""
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def person(user: User) -> Payload:
    """Tell who somebody is. A private address is not told."""
    return {
        "id": user.id,
        "name": user.name,
        "username": user.username,
        "avatar_url": None,
        "email": user.public_email or "[REDACTED]",
    }


def about_project(forge: Forge, project: Project) -> Payload:
    """Tell which project."""
    links = Links(forge.url)
    return {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "web_url": links.project(project),
        "avatar_url": None,
        "git_ssh_url": links.ssh(project),
        "git_http_url": links.git(project),
        "namespace": forge.store.get(Namespace, project.namespace_id).name,
        "visibility_level": VISIBILITY[project.visibility],
        "path_with_namespace": project.path_with_namespace,
        "default_branch": project.default_branch,
        "ci_config_path": None,
        "homepage": links.project(project),
        "url": links.ssh(project),
        "ssh_url": links.ssh(project),
        "http_url": links.git(project),
    }


def about_commit(forge: Forge, project: Project, commit: Commit, *, files: bool) -> Payload:
    """Tell of a commit, and with `files` of what it did to which."""
    told: Payload = {
        "id": commit.sha,
        "message": commit.message,
        "title": commit.title,
        "timestamp": commit.author.at,
        "url": Links(forge.url).commit(project, commit.sha),
        "author": {"name": commit.author.name, "email": commit.author.email},
    }
    if files:
        found = forge.repository(project).names(commit)
        told |= {
            "added": [path for status, path in found if status == "A"],
            "modified": [path for status, path in found if status not in {"A", "D"}],
            "removed": [path for status, path in found if status == "D"],
        }
    return told


def about_labels(forge: Forge, project: Project, change: MergeRequest) -> list[Payload]:
    """Tell of a merge request's labels."""
    known = {label.name: label for label in forge.store.all(Label, project_id=project.id)}
    return [
        {
            "id": known[name].id,
            "title": name,
            "color": known[name].color,
            "project_id": project.id,
            "template": False,
            "description": known[name].description,
            "type": "ProjectLabel",
            "group_id": None,
        }
        for name in change.labels
        if name in known
    ]


def about_repository(forge: Forge, project: Project) -> Payload:
    """Tell of a repository, in the old form that GitLab still sends."""
    links = Links(forge.url)
    return {
        "name": project.name,
        "url": links.ssh(project),
        "description": project.description,
        "homepage": links.project(project),
    }
