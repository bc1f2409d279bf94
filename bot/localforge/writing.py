"""Commits and branches made through the API: permission, then git, then everything that follows a push."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.localforge.access import Access
from bot.localforge.actions import Action, ActionError, apply
from bot.localforge.commits import Signature
from bot.localforge.entities import Project, User
from bot.localforge.errors import Refusal, forbidden
from bot.localforge.forge import Forge
from bot.localforge.gitstore import NOTHING, Moved
from bot.localforge.merging import signature
from bot.localforge.versions import refs_moved


@dataclass(frozen=True, slots=True)
class NewCommit:
    """What to commit. `start` is the commit to begin from where the branch is new; `author` is the account if left out."""

    branch: str
    message: str
    actions: Sequence[Action]
    start: str | None = None
    author: Signature | None = None
    force: bool = False


def commit(forge: Forge, user: User, project: Project, wanted: NewCommit) -> str:
    """Make a commit on a branch and give it.

    Raises:
        Refusal: the account may not push there, or an action cannot be done.
    """
    _may_push(forge, user, project, wanted.branch)
    repository = forge.repository(project)
    if not repository.valid(wanted.branch):
        raise Refusal(400, "The branch name is not valid")
    tip = repository.branch(wanted.branch)
    if tip is not None and wanted.start is not None and not wanted.force:
        raise Refusal(400, f"A branch called '{wanted.branch}' already exists. Switch to that branch in order to make changes")
    base = wanted.start or tip
    if base is None and repository.branches():
        raise Refusal(400, "You can only create or edit files when you are on a branch")
    try:
        tree = apply(repository, base, wanted.actions)
    except ActionError as error:
        raise Refusal(400, str(error)) from None
    person = signature(forge, user)
    made = repository.write_commit(tree, [base] if base else [], wanted.author or person, person, wanted.message)
    if (
        tip is not None
        and wanted.force
        and not repository.contains(made, tip)
        and not Access(forge.store).may_force(project, wanted.branch)
    ):
        raise Refusal(400, "You are not allowed to force push code to a protected branch on this project.")
    moved = Moved(f"refs/heads/{wanted.branch}", tip or NOTHING, made)
    repository.move(moved.ref, moved.new, moved.old)
    refs_moved(forge, user, project, [moved])
    return made


def first_commit(forge: Forge, user: User, project: Project, path: str, text: str) -> str:
    """Begin an empty repository with one file."""
    action = Action("create", path, "", text.encode(), executable=False, last_commit="")
    return commit(forge, user, project, NewCommit(project.default_branch, "Initial commit\n", [action]))


def make_branch(forge: Forge, user: User, project: Project, name: str, start: str) -> str:
    """Make a branch at a commit and give the commit.

    Raises:
        Refusal: it is there already, or is no name for one, or may not be made.
    """
    repository = forge.repository(project)
    if not repository.valid(name):
        raise Refusal(400, "Branch name is invalid")
    if repository.branch(name) is not None:
        raise Refusal(400, "Branch already exists")
    tip = repository.commit(start)
    if tip is None:
        raise Refusal(400, f"Failed to create branch '{name}': invalid reference name '{start}'")
    _may_push(forge, user, project, name)
    repository.move(f"refs/heads/{name}", tip, NOTHING)
    refs_moved(forge, user, project, [Moved(f"refs/heads/{name}", NOTHING, tip)])
    return tip


def remove_branch(forge: Forge, user: User, project: Project, name: str, tip: str) -> None:
    """Take a branch away.

    Raises:
        Refusal: it is protected or the default branch, or may not be pushed to.
    """
    access = Access(forge.store)
    if name == project.default_branch:
        raise Refusal(400, "Cannot remove HEAD branch")
    if access.protections(project, name):
        raise forbidden()
    _may_push(forge, user, project, name)
    forge.repository(project).delete(f"refs/heads/{name}")
    refs_moved(forge, user, project, [Moved(f"refs/heads/{name}", tip, NOTHING)])


def _may_push(forge: Forge, user: User, project: Project, branch: str) -> None:
    if not Access(forge.store).may_push(user, project, branch):
        raise Refusal(403, "You are not allowed to push into this branch")
