"""`/groups`."""

from bot.localforge import spaces
from bot.localforge.access import DEVELOPER, OWNER
from bot.localforge.api import shapes
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.entities import Namespace, Project
from bot.localforge.errors import forbidden


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    return [
        Route("GET", "/groups", list_groups, takes="search top_level_only"),
        Route("POST", "/groups", create, "name path", "parent_id visibility description"),
        Route("GET", "/groups/:group", show),
        Route("PUT", "/groups/:group", update, takes="name description visibility"),
        Route("DELETE", "/groups/:group", remove),
        Route("GET", "/groups/:group/projects", list_projects),
        Route("GET", "/groups/:group/subgroups", list_subgroups),
    ]


def list_groups(call: Call) -> Listing[Namespace]:
    """List the groups that this account sees."""
    words = call.text("search").lower()
    found = [
        group
        for group in call.forge.store.all(Namespace, kind="group")
        if call.sees_group(group) and words in group.full_path.lower() and not (call.flag("top_level_only") and group.parent_id)
    ]
    return Listing(found, lambda group: shapes.group(call, group))


def create(call: Call) -> Answer:
    """Make a group, below another one or at the top."""
    parent = None
    if (number := call.number("parent_id")) is not None:
        parent = call.forge.store.one(Namespace, kind="group", id=number)
        if parent is None or call.access.group_level(call.user, parent) < DEVELOPER:
            raise forbidden()
    made = spaces.make_group(
        call.forge,
        call.user,
        name=call.text("name"),
        path=call.text("path"),
        parent=parent,
        visibility=call.choice("visibility", *spaces.VISIBILITIES, default="private"),
    )
    if description := call.text("description"):
        made = call.forge.store.change(made, description=description)
    return Answer(shapes.group(call, made))


def show(call: Call) -> Answer:
    """Show a group."""
    return Answer(shapes.group(call, call.group()))


def update(call: Call) -> Answer:
    """Change a group."""
    group = call.group(OWNER)
    texts = {name: call.text(name) for name in ("name", "description") if name in call.given}
    if visibility := call.choice("visibility", *spaces.VISIBILITIES):
        texts["visibility"] = visibility
    return Answer(shapes.group(call, call.forge.store.change(group, **texts) if texts else group))


def remove(call: Call) -> Answer:
    """Remove a group with all that is in it, at once."""
    spaces.remove_group(call.forge, call.group(OWNER))
    return Answer({"message": "202 Accepted"}, status=202)


def list_projects(call: Call) -> Listing[Project]:
    """List a group's own projects."""
    found = [
        project for project in call.forge.store.all(Project, namespace_id=call.group().id) if call.access.sees(call.user, project)
    ]
    return Listing(found, lambda project: shapes.project(call, project))


def list_subgroups(call: Call) -> Listing[Namespace]:
    """List the groups right below."""
    found = [group for group in call.forge.store.all(Namespace, parent_id=call.group().id) if call.sees_group(group)]
    return Listing(found, lambda group: shapes.group(call, group))
