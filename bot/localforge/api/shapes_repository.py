"""How commits, branches, diffs and statuses look in answers. Decides nothing."""

from bot.localforge.access import DEVELOPER
from bot.localforge.api.call import Call
from bot.localforge.api.shapes import Shape, stamp, user_basic
from bot.localforge.change_entities import CommitStatus
from bot.localforge.commits import Commit
from bot.localforge.diffs import FileDiff
from bot.localforge.entities import Project, User
from bot.localforge.gitstore import EMPTY_TREE, Entry

_SHORT = 8


def commit(call: Call, project: Project, made: Commit) -> Shape:
    """Show a commit."""
    return {
        "id": made.sha,
        "short_id": made.sha[:_SHORT],
        "created_at": made.committer.at,
        "parent_ids": list(made.parents),
        "title": made.title,
        "message": made.message,
        "author_name": made.author.name,
        "author_email": made.author.email,
        "authored_date": made.author.at,
        "committer_name": made.committer.name,
        "committer_email": made.committer.email,
        "committed_date": made.committer.at,
        "trailers": {},
        "extended_trailers": {},
        "web_url": call.links.commit(project, made.sha),
    }


def commit_in_full(call: Call, project: Project, made: Commit) -> Shape:
    """Show a commit with what it counts."""
    old = made.parents[0] if made.parents else EMPTY_TREE
    added, gone = call.forge.repository(project).stats(old, made.sha)
    return commit(call, project, made) | {
        "stats": {"additions": added, "deletions": gone, "total": added + gone},
        "status": None,
        "project_id": project.id,
        "last_pipeline": None,
    }


def branch(call: Call, project: Project, name: str, tip: str) -> Shape:
    """Show a branch."""
    rules = call.access.protections(project, name)
    return {
        "name": name,
        "commit": commit(call, project, call.forge.repository(project).show(tip)),
        "merged": False,
        "protected": bool(rules),
        "developers_can_push": bool(rules) and _open_to_developers(call, project, name, "push"),
        "developers_can_merge": bool(rules) and _open_to_developers(call, project, name, "merge"),
        "can_push": call.access.may_push(call.user, project, name),
        "default": name == project.default_branch,
        "web_url": call.links.tree(project, name),
    }


def diff(one: FileDiff) -> Shape:
    """Show what happened to a file."""
    return {
        "diff": one.text,
        "collapsed": False,
        "too_large": False,
        "new_path": one.new_path,
        "old_path": one.old_path,
        "a_mode": one.old_mode,
        "b_mode": one.new_mode,
        "new_file": one.new,
        "renamed_file": one.renamed,
        "deleted_file": one.deleted,
        "generated_file": None,
    }


def entry(one: Entry) -> Shape:
    """Show a line of a tree."""
    return {"id": one.sha, "name": one.path.rpartition("/")[2], "type": one.kind, "path": one.path, "mode": one.mode}


def status(call: Call, kept: CommitStatus) -> Shape:
    """Show a commit status."""
    return {
        "id": kept.id,
        "sha": kept.sha,
        "ref": kept.ref,
        "status": kept.status,
        "name": kept.name,
        "target_url": kept.target_url,
        "description": kept.description,
        "created_at": stamp(kept.created_at),
        "started_at": stamp(kept.started_at),
        "finished_at": stamp(kept.finished_at),
        "allow_failure": False,
        "coverage": None,
        "pipeline_id": None,
        "author": user_basic(call, call.forge.store.get(User, kept.author_id)),
    }


def _open_to_developers(call: Call, project: Project, name: str, kind: str) -> bool:
    return call.access.open_to(project, name, kind, DEVELOPER)
