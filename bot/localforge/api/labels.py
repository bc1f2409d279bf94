"""`/projects/:id/labels`."""

from bot.localforge.access import REPORTER
from bot.localforge.api import shapes_settings
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.change_entities import MergeRequest
from bot.localforge.entities import Label, Project
from bot.localforge.errors import Refusal, not_found


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    place = "/projects/:project/labels"
    return [
        Route("GET", place, list_labels, takes="search"),
        Route("POST", place, create, "name color", "description"),
        Route("GET", f"{place}/:label", show),
        Route("PUT", f"{place}/:label", update, takes="new_name color description"),
        Route("PUT", place, update, "name", "new_name color description"),
        Route("DELETE", f"{place}/:label", remove),
    ]


def list_labels(call: Call) -> Listing[Label]:
    """List labels by name."""
    words = call.text("search").lower()
    found = [label for label in call.forge.store.all(Label, project_id=call.project().id) if words in label.name.lower()]
    return Listing(sorted(found, key=lambda label: label.name), lambda label: shapes_settings.label(call, label))


def create(call: Call) -> Answer:
    """Make a label."""
    project = call.project(REPORTER)
    if call.forge.store.one(Label, project_id=project.id, name=call.text("name")) is not None:
        raise Refusal(409, "Label already exists")
    values = {name: call.text(name) for name in ("name", "color", "description")}
    return Answer(shapes_settings.label(call, call.forge.store.add(Label, project_id=project.id, **values)))


def show(call: Call) -> Answer:
    """Show a label."""
    return Answer(shapes_settings.label(call, _label(call, call.project())))


def update(call: Call) -> Answer:
    """Change a label, also on the merge requests that have it."""
    project = call.project(REPORTER)
    label = _label(call, project)
    old = label.name
    values = {name: call.text(name) for name in ("color", "description") if name in call.given}
    if new := call.text("new_name"):
        values["name"] = new
    if not values:
        raise Refusal(400, "new_name, color, description are missing, at least one parameter must be provided", key="error")
    label = call.forge.store.change(label, **values)
    for change in call.forge.store.all(MergeRequest, project_id=project.id):
        if old in change.labels:
            renamed = tuple(sorted(label.name if name == old else name for name in change.labels))
            call.forge.store.change(change, labels=renamed)
    return Answer(shapes_settings.label(call, label))


def remove(call: Call) -> Answer:
    """Take a label away, also from merge requests."""
    project = call.project(REPORTER)
    label = _label(call, project)
    for change in call.forge.store.all(MergeRequest, project_id=project.id):
        if label.name in change.labels:
            call.forge.store.change(change, labels=tuple(name for name in change.labels if name != label.name))
    call.forge.store.remove(label)
    return Answer(status=204)


def _label(call: Call, project: Project) -> Label:
    name = call.segments.get("label") or call.text("name")
    found = call.forge.store.one(Label, project_id=project.id, name=name)
    if found is None and name.isdigit():
        found = call.forge.store.one(Label, project_id=project.id, id=int(name))
    if found is None:
        raise not_found("Label")
    return found
