"""Members of groups and projects, direct and inherited."""

from collections.abc import Mapping

from bot.localforge import spaces
from bot.localforge.access import GUEST, LEVELS, MAINTAINER, OWNER
from bot.localforge.api import shapes
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.entities import Member, User
from bot.localforge.errors import Refusal, forbidden, not_found


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    found = []
    for place in ("/groups/:group", "/projects/:project"):
        found += [
            Route("GET", f"{place}/members", direct, takes="query user_ids"),
            Route("GET", f"{place}/members/all", everybody, takes="query user_ids state"),
            Route("GET", f"{place}/members/:user", show),
            Route("GET", f"{place}/members/all/:user", show_inherited),
            Route("POST", f"{place}/members", add, "access_level", "user_id username"),
            Route("PUT", f"{place}/members/:user", update, "access_level"),
            Route("DELETE", f"{place}/members/:user", remove, takes="skip_subresources unassign_issuables"),
        ]
    return found


def direct(call: Call) -> Listing[Member]:
    """List direct members."""
    source, number = _place(call, GUEST)
    return _listing(call, call.forge.store.all(Member, source=source, source_id=number))


def everybody(call: Call) -> Listing[Member]:
    """List all members, inherited ones too."""
    call.choice("state", "active", "awaiting")
    return _listing(call, [] if call.text("state") == "awaiting" else list(_everybody(call).values()))


def show(call: Call) -> Answer:
    """Show one direct member."""
    return Answer(shapes.member(call, _member(call, GUEST)))


def show_inherited(call: Call) -> Answer:
    """Show one member, maybe inherited."""
    number = call.segments["user"]
    found = _everybody(call).get(int(number)) if number.isdigit() else None
    if found is None:
        raise Refusal(404, "404 Not found")
    return Answer(shapes.member(call, found))


def add(call: Call) -> Answer:
    """Let somebody in."""
    source, number = _place(call, MAINTAINER)
    name = call.text("username")
    named = call.forge.store.one(User, username=name) if name else None
    user = call.account(named.id if named else call.number("user_id"))
    if call.forge.store.one(Member, source=source, source_id=number, user_id=user.id) is not None:
        raise Refusal(409, "Member already exists")
    return Answer(shapes.member(call, spaces.set_member(call.forge, source, number, user, _level(call))))


def update(call: Call) -> Answer:
    """Give a member another level."""
    member = _member(call, MAINTAINER)
    return Answer(shapes.member(call, call.forge.store.change(member, access_level=_level(call))))


def remove(call: Call) -> Answer:
    """Let a member go. Everybody may go by themselves."""
    itself = call.segments["user"] == str(call.user.id)
    call.forge.store.remove(_member(call, GUEST if itself else MAINTAINER))
    return Answer(status=204)


def _place(call: Call, level: int) -> tuple[str, int]:
    """Give the kind and number of the place; in a group only owners rule."""
    if "group" in call.segments:
        return "group", call.group(OWNER if level == MAINTAINER else level).id
    return "project", call.project(level).id


def _everybody(call: Call) -> Mapping[int, Member]:
    if "group" in call.segments:
        return call.access.group_members(call.group())
    return call.access.project_members(call.project())


def _listing(call: Call, members: list[Member]) -> Listing[Member]:
    if words := call.text("query").lower():
        store = call.forge.store
        members = [member for member in members if words in store.get(User, member.user_id).username.lower()]
    if (numbers := call.texts("user_ids")) is not None:
        members = [member for member in members if str(member.user_id) in numbers]
    return Listing(sorted(members, key=lambda member: member.user_id), lambda member: shapes.member(call, member))


def _member(call: Call, level: int) -> Member:
    source, number = _place(call, level)
    user = call.segments["user"]
    found = call.forge.store.one(Member, source=source, source_id=number, user_id=int(user)) if user.isdigit() else None
    if found is None:
        raise not_found("Member")
    return found


def _level(call: Call) -> int:
    level = call.number("access_level")
    if level is None or level not in LEVELS or level < GUEST:
        raise Refusal(400, "access_level does not have a valid value", key="error")
    in_group = "group" in call.segments
    own = call.access.group_level(call.user, call.group()) if in_group else call.access.level(call.user, call.project())
    if level > own:
        raise forbidden()
    return level
