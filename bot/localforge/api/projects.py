"""`/projects`: a project and its settings."""

from bot.localforge import forking, spaces
from bot.localforge.access import MAINTAINER, OWNER, REPORTER
from bot.localforge.api import shapes
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.entities import Member, Namespace, Project
from bot.localforge.errors import forbidden, invalid, not_found
from bot.localforge.writing import first_commit

_FLAGS = ("only_allow_merge_if_pipeline_succeeds", "remove_source_branch_after_merge")
_APPROVAL_FLAGS = (
    "reset_approvals_on_push",
    "merge_requests_author_approval",
    "merge_requests_disable_committers_approval",
)


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    settings = "description visibility default_branch approvals_before_merge reset_approvals_on_push " + " ".join(_FLAGS)
    return [
        Route("GET", "/projects", list_projects, takes="search membership owned visibility"),
        Route("POST", "/projects", create, takes=f"name path namespace_id initialize_with_readme {settings}"),
        Route("GET", "/projects/:project", show),
        Route("PUT", "/projects/:project", update, takes=f"name {settings}"),
        Route("DELETE", "/projects/:project", remove),
        Route("POST", "/projects/:project/fork", fork, takes="namespace namespace_id namespace_path name path"),
        Route("GET", "/projects/:project/forks", list_forks),
        Route("GET", "/projects/:project/approvals", show_approvals),
        Route(
            "POST", "/projects/:project/approvals", update_approvals, takes=f"approvals_before_merge {' '.join(_APPROVAL_FLAGS)}"
        ),
    ]


def list_projects(call: Call) -> Listing[Project]:
    """List the projects that this account sees."""
    found = [project for project in call.forge.store.all(Project) if call.access.sees(call.user, project)]
    if words := call.text("search").lower():
        found = [project for project in found if words in project.path_with_namespace.lower()]
    if visibility := call.choice("visibility", *spaces.VISIBILITIES):
        found = [project for project in found if project.visibility == visibility]
    if call.flag("membership"):
        found = [project for project in found if call.user.id in call.access.project_members(project)]
    if call.flag("owned"):
        found = [project for project in found if _owns(call, project)]
    return Listing(list(reversed(found)), lambda project: shapes.project(call, project), keyset=True)


def create(call: Call) -> Answer:
    """Make a project, in a group or in one's own namespace."""
    name = call.text("name", call.text("path"))
    if not name:
        raise invalid("name", "can't be blank")
    made = spaces.make_project(
        call.forge,
        call.user,
        _namespace(call, call.number("namespace_id")),
        name=name,
        path=call.text("path") or name.lower().replace(" ", "-"),
        description=call.text("description"),
        visibility=call.choice("visibility", *spaces.VISIBILITIES, default="private"),
        default_branch=call.text("default_branch", "main"),
        settings=_settings(call),
    )
    if call.flag("initialize_with_readme"):
        first_commit(call.forge, call.user, made, "README.md", f"# {name}\n")
    return Answer(shapes.project(call, call.forge.store.get(Project, made.id)))


def show(call: Call) -> Answer:
    """Show a project."""
    return Answer(shapes.project(call, call.project()))


def update(call: Call) -> Answer:
    """Change a project's settings."""
    project = call.project(MAINTAINER)
    values: dict[str, object] = dict(_settings(call))
    values |= {name: call.text(name) for name in ("name", "description") if name in call.given}
    if visibility := call.choice("visibility", *spaces.VISIBILITIES):
        values["visibility"] = visibility
    if branch := call.text("default_branch"):
        repository = call.forge.repository(project)
        if repository.branch(branch) is None:
            raise invalid("base", "Could not set the default branch")
        repository.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        values["default_branch"] = branch
    return Answer(shapes.project(call, call.forge.store.change(project, **values) if values else project))


def remove(call: Call) -> Answer:
    """Remove a project, at once."""
    spaces.remove_project(call.forge, call.project(OWNER))
    return Answer({"message": "202 Accepted"}, status=202)


def fork(call: Call) -> Answer:
    """Fork a project. Done when this answers; GitLab takes a while."""
    project = call.project(REPORTER)
    wanted = call.text("namespace", call.text("namespace_path"))
    number = call.number("namespace_id")
    if wanted:
        space = (
            call.forge.store.one(Namespace, id=int(wanted))
            if wanted.isdigit()
            else call.forge.store.one(Namespace, full_path=wanted)
        )
        number = space.id if space else 0
    made = forking.fork(
        call.forge,
        call.user,
        project,
        _namespace(call, number),
        name=call.text("name", project.name),
        path=call.text("path", project.path),
    )
    return Answer(shapes.project(call, made))


def list_forks(call: Call) -> Listing[Project]:
    """List a project's forks."""
    found = call.forge.store.all(Project, forked_from=call.project().id)
    return Listing([one for one in found if call.access.sees(call.user, one)], lambda one: shapes.project(call, one))


def show_approvals(call: Call) -> Answer:
    """Show the settings for approvals."""
    project = call.project()
    return Answer(
        {
            "approvers": [],
            "approver_groups": [],
            "approvals_before_merge": project.approvals_before_merge,
            **{name: getattr(project, name) for name in _APPROVAL_FLAGS},
            "disable_overriding_approvers_per_merge_request": False,
            "require_password_to_approve": False,
            "require_reauthentication_to_approve": False,
            "selective_code_owner_removals": False,
        }
    )


def update_approvals(call: Call) -> Answer:
    """Change the settings for approvals."""
    project = call.project(MAINTAINER)
    values = _settings(call) | {name: flag for name in _APPROVAL_FLAGS if (flag := call.flag(name)) is not None}
    if values:
        call.forge.store.change(project, **values)
    return show_approvals(call)


def _settings(call: Call) -> dict[str, object]:
    names = (*_FLAGS, "reset_approvals_on_push")
    values: dict[str, object] = {name: flag for name in names if (flag := call.flag(name)) is not None}
    if (needed := call.number("approvals_before_merge")) is not None:
        values["approvals_before_merge"] = needed
    return values


def _namespace(call: Call, number: int | None) -> Namespace:
    """Give the namespace in which this account may make a project."""
    own = call.forge.store.one(Namespace, kind="user", owner_id=call.user.id)
    space = own if number is None else call.forge.store.one(Namespace, id=number)
    if space is None or (space.kind == "group" and not call.sees_group(space)):
        raise not_found("Namespace")
    allowed = call.user.admin or space.owner_id == call.user.id
    if not allowed and (space.kind != "group" or call.access.group_level(call.user, space) < MAINTAINER):
        raise forbidden()
    return space


def _owns(call: Call, project: Project) -> bool:
    if call.forge.store.get(Namespace, project.namespace_id).owner_id == call.user.id:
        return True
    member = call.access.project_members(project).get(call.user.id)
    return isinstance(member, Member) and member.access_level == OWNER
