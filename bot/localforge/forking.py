"""Forks: another project with the same branches. Knows no HTTP."""

from bot.localforge.entities import Namespace, Project, User
from bot.localforge.forge import Forge
from bot.localforge.spaces import make_project


def fork(  # noqa: PLR0913 - from where, to where, by whom
    forge: Forge, user: User, origin: Project, namespace: Namespace, *, name: str, path: str
) -> Project:
    """Make a fork that somebody owns.

    Raises:
        Refusal: the path is taken or no path.
    """
    made = make_project(
        forge,
        user,
        namespace,
        name=name,
        path=path,
        description=origin.description,
        visibility=origin.visibility,
        default_branch=origin.default_branch,
        forked_from=origin,
    )
    source, target = forge.repository(origin), forge.repository(made)
    target.git("fetch", "--quiet", str(source.path), "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    return made
