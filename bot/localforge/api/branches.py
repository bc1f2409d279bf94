"""`/projects/:id/repository/branches`."""

from bot.localforge import writing
from bot.localforge.access import DEVELOPER, REPORTER
from bot.localforge.api import shapes_repository as shapes
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.entities import Project
from bot.localforge.errors import not_found


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    place = "/projects/:project/repository/branches"
    return [
        Route("GET", place, list_branches, takes="search"),
        Route("POST", place, create, "branch ref"),
        Route("GET", f"{place}/:branch", show),
        Route("DELETE", f"{place}/:branch", remove),
        Route("DELETE", "/projects/:project/repository/merged_branches", remove_merged),
    ]


def list_branches(call: Call) -> Listing[tuple[str, str]]:
    """List branches by name. `search` takes `^` and `$` at its ends."""
    project = call.project(REPORTER)
    words = call.text("search")
    found = [(name, tip) for name, tip in call.forge.repository(project).branches().items() if _matches(name, words)]
    return Listing(found, lambda item: shapes.branch(call, project, *item))


def create(call: Call) -> Answer:
    """Make a branch. In an empty repository the default branch is made first, as with GitLab."""
    project = call.project(DEVELOPER)
    name = call.text("branch")
    if not call.forge.repository(project).branches():
        writing.first_commit(call.forge, call.user, project, "README.md", "")
    tip = writing.make_branch(call.forge, call.user, project, name, call.text("ref"))
    return Answer(shapes.branch(call, project, name, tip), status=201)


def show(call: Call) -> Answer:
    """Show a branch."""
    project = call.project(REPORTER)
    name, tip = _branch(call, project)
    return Answer(shapes.branch(call, project, name, tip))


def remove(call: Call) -> Answer:
    """Take a branch away."""
    project = call.project(DEVELOPER)
    name, tip = _branch(call, project)
    writing.remove_branch(call.forge, call.user, project, name, tip)
    return Answer(status=204)


def remove_merged(call: Call) -> Answer:
    """Take away all branches that the default branch contains and that nothing protects."""
    project = call.project(DEVELOPER)
    repository = call.forge.repository(project)
    main = repository.branch(project.default_branch)
    for name, tip in repository.branches().items():
        free = name != project.default_branch and not call.access.protections(project, name)
        if main and free and repository.contains(main, tip):
            writing.remove_branch(call.forge, call.user, project, name, tip)
    return Answer({"message": "202 Accepted"}, status=202)


def _branch(call: Call, project: Project) -> tuple[str, str]:
    name = call.segments["branch"]
    tip = call.forge.repository(project).branch(name)
    if tip is None:
        raise not_found("Branch")
    return name, tip


def _matches(name: str, words: str) -> bool:
    bare = words.removeprefix("^").removesuffix("$")
    if words.startswith("^") and words.endswith("$"):
        return name == bare
    if words.startswith("^"):
        return name.startswith(bare)
    return name.endswith(bare) if words.endswith("$") else bare.lower() in name.lower()
