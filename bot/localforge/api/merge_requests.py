"""`/projects/:id/merge_requests`: opening, finding, editing, merging."""

from bot.localforge import changes, commands, merging, spaces
from bot.localforge.access import DEVELOPER, OWNER, REPORTER
from bot.localforge.api import shapes_changes as shapes
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.change_entities import MergeRequest
from bot.localforge.changes import Edit, Wanted
from bot.localforge.entities import Project, User
from bot.localforge.errors import Refusal, forbidden, not_found
from bot.localforge.merging import How
from bot.localforge.quick_actions import extract
from bot.localforge.titles import is_draft

_ORDERS = {"created_at": "created_at", "updated_at": "updated_at", "title": "title", "merged_at": "merged_at"}
_STATES = ("opened", "closed", "merged", "locked", "all")


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    place = "/projects/:project/merge_requests"
    filters = "state labels author_id author_username source_branch target_branch search iids draft"
    creates = "description labels target_project_id remove_source_branch squash"
    edits = "title description labels add_labels remove_labels target_branch state_event remove_source_branch squash"
    merges = "sha squash should_remove_source_branch merge_commit_message squash_commit_message"
    return [
        Route("GET", place, list_changes, takes=filters),
        Route("POST", place, create, "source_branch target_branch title", creates),
        Route("GET", f"{place}/:iid", show),
        Route("PUT", f"{place}/:iid", update, takes=edits),
        Route("DELETE", f"{place}/:iid", remove),
        Route("PUT", f"{place}/:iid/merge", merge, takes=merges),
        Route("GET", "/merge_requests", list_mine, takes=f"{filters} scope"),
    ]


def list_changes(call: Call) -> Listing[MergeRequest]:
    """List a project's merge requests, newest first."""
    found = call.forge.store.all(MergeRequest, project_id=call.project().id)
    return Listing(_filtered(call, found), lambda change: shapes.change_basic(call, change))


def list_mine(call: Call) -> Listing[MergeRequest]:
    """List merge requests of all projects: one's own, or `all` that this account sees."""
    store = call.forge.store
    if call.choice("scope", "created_by_me", "all", default="created_by_me") == "all":
        seen = {project.id for project in store.all(Project) if call.access.sees(call.user, project)}
        found = [change for change in store.all(MergeRequest) if change.project_id in seen]
    else:
        found = store.all(MergeRequest, author_id=call.user.id)
    return Listing(_filtered(call, found), lambda change: shapes.change_basic(call, change))


def create(call: Call) -> Answer:
    """Open a merge request, and run the quick actions in its description."""
    source = call.project()
    if call.access.level(call.user, source) < DEVELOPER:
        raise forbidden()
    target = source
    if (number := call.number("target_project_id")) not in {None, source.id}:
        found = call.find_project(str(number))
        if found is None or not call.access.sees(call.user, found):
            raise not_found("Project")
        if found.id != source.forked_from:
            raise Refusal(422, ["Source project is not a fork of the target project"])
        target = found
    description, actions = extract(call.text("description"))
    commands.check(actions)
    removes = call.flag("remove_source_branch")
    wanted = Wanted(
        project=target,
        source_project=source,
        source_branch=call.text("source_branch"),
        target_branch=call.text("target_branch"),
        title=call.text("title"),
        description=description,
        labels=call.texts("labels") or [],
        remove_source_branch=target.remove_source_branch_after_merge if removes is None else removes,
        squash=bool(call.flag("squash")),
    )
    made = changes.open_change(call.forge, call.user, wanted)
    made = commands.run(call.forge, call.user, made, actions).change
    return Answer(shapes.change(call, made))


def show(call: Call) -> Answer:
    """Show a merge request."""
    return Answer(shapes.change(call, call.change()))


def update(call: Call) -> Answer:
    """Edit a merge request, and run the quick actions in a new description."""
    change = call.change()
    _check_editor(call, change)
    text = call.maybe_text("description")
    description, actions = (None, []) if text is None else extract(text)
    commands.check(actions)
    edit = Edit(
        title=call.maybe_text("title"),
        description=description,
        target_branch=call.text("target_branch") or None,
        labels=_labels(call, change),
        remove_source_branch=call.flag("remove_source_branch"),
        squash=call.flag("squash"),
    )
    change = changes.edit(call.forge, call.user, change, edit)
    if event := call.choice("state_event", "close", "reopen"):
        change = changes.set_state(call.forge, call.user, change, event)
    change = commands.run(call.forge, call.user, change, actions).change
    return Answer(shapes.change(call, change))


def remove(call: Call) -> Answer:
    """Remove a merge request for good."""
    spaces.remove_change(call.forge, call.change(OWNER))
    return Answer(status=204)


def merge(call: Call) -> Answer:
    """Merge."""
    change = call.change(REPORTER)
    how = How(
        sha=call.text("sha"),
        squash=change.squash if call.flag("squash") is None else bool(call.flag("squash")),
        remove_source_branch=call.flag("should_remove_source_branch"),
        message=call.text("merge_commit_message"),
        squash_message=call.text("squash_commit_message"),
    )
    return Answer(shapes.change(call, merging.merge(call.forge, call.user, change, how)))


def _check_editor(call: Call, change: MergeRequest) -> None:
    project = call.forge.store.get(Project, change.project_id)
    if call.access.level(call.user, project) < DEVELOPER and change.author_id != call.user.id:
        raise forbidden()


def _labels(call: Call, change: MergeRequest) -> list[str] | None:
    """Give the labels that the merge request is to have; None where they stay as they are."""
    labels = call.texts("labels")
    added, removed = call.texts("add_labels"), call.texts("remove_labels")
    if labels is None and added is None and removed is None:
        return None
    kept = list(change.labels) if labels is None else labels
    return [label for label in [*kept, *(added or [])] if label not in (removed or [])]


def _filtered(call: Call, found: list[MergeRequest]) -> list[MergeRequest]:
    """Keep what was asked for, in the order that was asked for."""
    state = call.choice("state", *_STATES, default="all")
    found = [change for change in found if state in {"all", change.state}]
    for name in ("source_branch", "target_branch"):
        if wanted := call.text(name):
            found = [change for change in found if getattr(change, name) == wanted]
    if (author := call.number("author_id")) is not None:
        found = [change for change in found if change.author_id == author]
    if username := call.text("author_username"):
        found = [change for change in found if call.forge.store.get(User, change.author_id).username == username]
    if (labels := call.texts("labels")) is not None:
        found = [change for change in found if set(labels) <= set(change.labels)]
    if words := call.text("search").lower():
        found = [change for change in found if words in change.title.lower() or words in change.description.lower()]
    if (numbers := call.texts("iids")) is not None:
        found = [change for change in found if str(change.iid) in numbers]
    draft = call.flag("draft")
    if draft is not None:
        found = [change for change in found if is_draft(change.title) is draft]
    order = call.choice("order_by", *_ORDERS, default="created_at")
    falling = call.choice("sort", "asc", "desc", default="desc") == "desc"
    return sorted(found, key=lambda change: (str(getattr(change, _ORDERS[order])), change.id), reverse=falling)
