"""Comments and discussions of merge requests. Quick actions in them are run, as with GitLab."""

from bot.localforge import commands, talk
from bot.localforge.access import MAINTAINER, REPORTER
from bot.localforge.api import shapes_changes as shapes
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.change_entities import MergeRequest, Note
from bot.localforge.errors import Refusal, forbidden, not_found
from bot.localforge.quick_actions import extract


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    place = "/projects/:project/merge_requests/:iid"
    thread = f"{place}/discussions/:discussion"
    return [
        Route("GET", f"{place}/notes", list_notes, takes="activity_filter"),
        Route("POST", f"{place}/notes", create, "body", "merge_request_diff_head_sha"),
        Route("GET", f"{place}/notes/:note", show),
        Route("PUT", f"{place}/notes/:note", update, "body"),
        Route("DELETE", f"{place}/notes/:note", remove),
        Route("GET", f"{place}/discussions", list_discussions),
        Route("POST", f"{place}/discussions", open_discussion, "body"),
        Route("GET", thread, show_discussion),
        Route("PUT", thread, resolve, "resolved"),
        Route("POST", f"{thread}/notes", reply, "body"),
        Route("GET", f"{thread}/notes/:note", show),
        Route("PUT", f"{thread}/notes/:note", update_in_thread, takes="body resolved"),
        Route("DELETE", f"{thread}/notes/:note", remove),
    ]


def list_notes(call: Call) -> Listing[Note]:
    """List comments and the forge's own lines, newest first."""
    wanted = call.choice("activity_filter", "all_notes", "only_comments", "only_activity", default="all_notes")
    found = call.forge.store.all(Note, merge_request_id=call.change().id)
    found = [note for note in found if wanted == "all_notes" or note.system is (wanted == "only_activity")]
    order = call.choice("order_by", "created_at", "updated_at", default="created_at")
    falling = call.choice("sort", "asc", "desc", default="desc") == "desc"
    found.sort(key=lambda note: (getattr(note, order), note.id), reverse=falling)
    return Listing(found, lambda note: shapes.note(call, note))


def create(call: Call) -> Answer:
    """Comment. A text of quick actions alone leaves no comment."""
    return _say(call, call.change())


def show(call: Call) -> Answer:
    """Show a comment."""
    return Answer(shapes.note(call, _note(call)))


def update(call: Call) -> Answer:
    """Rewrite one's own comment, and run the quick actions in it. Maintainers may rewrite anybody's."""
    change, note = call.change(), _own_note(call)
    body, actions = extract(call.text("body"))
    commands.check(actions)
    commands.run(call.forge, call.user, change, actions)
    if not body:
        call.forge.store.remove(note)
        return Answer(status=204)
    return Answer(shapes.note(call, talk.rewrite(call.forge, call.user, change, note, body)))


def update_in_thread(call: Call) -> Answer:
    """Rewrite a comment of a thread, or mark the thread as settled."""
    if (call.flag("resolved") is None) == (not call.text("body")):
        raise Refusal(400, "body, resolved are mutually exclusive, exactly one parameter must be provided", key="error")
    if call.text("body"):
        return update(call)
    resolve(call)
    return show(call)


def remove(call: Call) -> Answer:
    """Take a comment away."""
    call.forge.store.remove(_own_note(call))
    return Answer(status=204)


def list_discussions(call: Call) -> Listing[tuple[str, list[Note]]]:
    """List threads, oldest first."""
    found = talk.threads(call.forge, call.change())
    return Listing(list(found.items()), lambda item: shapes.discussion(call, *item))


def open_discussion(call: Call) -> Answer:
    """Begin a thread."""
    return _say(call, call.change(), threaded=True)


def show_discussion(call: Call) -> Answer:
    """Show a thread."""
    number, notes = _thread(call)
    return Answer(shapes.discussion(call, number, notes))


def resolve(call: Call) -> Answer:
    """Mark a thread as settled, or as open again."""
    call.change(REPORTER)
    number, notes = _thread(call)
    if not notes[0].threaded:
        raise forbidden()
    return Answer(shapes.discussion(call, number, talk.resolve(call.forge, call.user, notes, resolved=bool(call.flag("resolved")))))


def reply(call: Call) -> Answer:
    """Add to a thread; a single comment becomes one by it."""
    number, notes = _thread(call)
    for note in notes:
        call.forge.store.change(note, threaded=True)
    return _say(call, call.change(), discussion=number)


def _say(call: Call, change: MergeRequest, *, discussion: str = "", threaded: bool = False) -> Answer:
    body, actions = extract(call.text("body"))
    commands.check(actions)
    if not body and not actions:
        raise Refusal(400, {"note": ["can't be blank"]})
    ran = commands.run(call.forge, call.user, change, actions, seen=call.text("merge_request_diff_head_sha"))
    if not body:
        told = {name.name: name.argument for name in actions}
        return Answer({"commands_changes": told, "summary": list(ran.said)}, status=202)
    note = talk.say(call.forge, call.user, ran.change, body, discussion=discussion, threaded=threaded)
    if not threaded:
        return Answer(shapes.note(call, note))
    return Answer(shapes.discussion(call, note.discussion_id, [note]))


def _note(call: Call) -> Note:
    number = call.segments["note"]
    found = call.forge.store.one(Note, id=int(number), merge_request_id=call.change().id) if number.isdigit() else None
    if found is None:
        raise Refusal(404, "404 Note Not Found")
    return found


def _own_note(call: Call) -> Note:
    note = _note(call)
    if note.system or (note.author_id != call.user.id and call.access.level(call.user, call.project()) < MAINTAINER):
        raise forbidden()
    return note


def _thread(call: Call) -> tuple[str, list[Note]]:
    number = call.segments["discussion"]
    notes = talk.threads(call.forge, call.change()).get(number)
    if not notes:
        raise not_found("Discussion")
    return number, notes
