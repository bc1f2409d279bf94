"""`/projects/:id/protected_branches`."""

from collections.abc import Mapping

from bot.localforge import spaces
from bot.localforge.access import ADMIN, DEVELOPER, MAINTAINER, NOBODY, Access
from bot.localforge.api import shapes_settings
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.entities import BranchAccess, Project, ProtectedBranch
from bot.localforge.errors import Refusal, not_found
from bot.localforge.spaces import Who

_KINDS = {"push": "allowed_to_push", "merge": "allowed_to_merge", "unprotect": "allowed_to_unprotect"}


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    place = "/projects/:project/protected_branches"
    levels = "push_access_level merge_access_level unprotect_access_level"
    lists = f"allow_force_push {' '.join(_KINDS.values())}"
    return [
        Route("GET", place, list_rules, takes="search"),
        Route("POST", place, protect, "name", f"{levels} {lists}"),
        Route("GET", f"{place}/:name", show),
        Route("PATCH", f"{place}/:name", update, takes=lists),
        Route("DELETE", f"{place}/:name", unprotect),
    ]


def list_rules(call: Call) -> Listing[ProtectedBranch]:
    """List the rules."""
    words = call.text("search")
    found = [rule for rule in call.forge.store.all(ProtectedBranch, project_id=call.project(DEVELOPER).id) if words in rule.name]
    return Listing(found, lambda rule: shapes_settings.protected_branch(call, rule))


def protect(call: Call) -> Answer:
    """Protect branches of a name. Where nothing is said of somebody who may, maintainers may, as with GitLab."""
    project = call.project(MAINTAINER)
    name = call.text("name")
    if call.forge.store.one(ProtectedBranch, project_id=project.id, name=name) is not None:
        raise Refusal(409, f"Protected branch '{name}' already exists")
    who: dict[str, list[Who]] = {}
    for kind, names in _KINDS.items():
        given = [_who(call, project, item) for item in call.mappings(names)]
        if (level := call.number(f"{kind}_access_level")) is not None:
            given.append(Who(access_level=_level(level)))
        if given:
            who[kind] = given
    rule = spaces.protect(call.forge, project, name, who, force=bool(call.flag("allow_force_push")))
    return Answer(shapes_settings.protected_branch(call, rule))


def show(call: Call) -> Answer:
    """Show a rule."""
    return Answer(shapes_settings.protected_branch(call, _rule(call, call.project(DEVELOPER))))


def update(call: Call) -> Answer:
    """Change a rule: force pushes, and who may. Somebody with `id` and `_destroy` is taken out."""
    project = call.project(MAINTAINER)
    rule = _rule(call, project)
    if (force := call.flag("allow_force_push")) is not None:
        rule = call.forge.store.change(rule, allow_force_push=force)
    for kind, names in _KINDS.items():
        for item in call.mappings(names):
            _change_access(call, project, rule, kind, item)
    return Answer(shapes_settings.protected_branch(call, rule))


def unprotect(call: Call) -> Answer:
    """Take a rule away."""
    spaces.unprotect(call.forge, _rule(call, call.project(MAINTAINER)))
    return Answer(status=204)


def _rule(call: Call, project: Project) -> ProtectedBranch:
    found = call.forge.store.one(ProtectedBranch, project_id=project.id, name=call.segments["name"])
    if found is None:
        raise not_found("Protected branch")
    return found


def _change_access(call: Call, project: Project, rule: ProtectedBranch, kind: str, item: Mapping[str, object]) -> None:
    if "id" not in item:
        spaces.allow(call.forge, rule, kind, [_who(call, project, item)])
        return
    known = call.forge.store.one(BranchAccess, id=int(str(item["id"])), protected_branch_id=rule.id, kind=kind)
    if known is None:
        raise not_found("Access level")
    if item.get("_destroy"):
        call.forge.store.remove(known)
    else:
        call.forge.store.change(known, access_level=_level(item.get("access_level")))


def _who(call: Call, project: Project, item: Mapping[str, object]) -> Who:
    """Read who may. A user has to be able to push to the project at all, as with GitLab."""
    if "access_level" in item:
        return Who(access_level=_level(item["access_level"]))
    number = item.get("user_id")
    if isinstance(number, int):
        user = call.account(number)
        if Access(call.forge.store).level(user, project) < DEVELOPER:
            raise Refusal(422, ["Push access levels user is not a member of the project"])
        return Who(user_id=user.id)
    number = item.get("group_id")
    if isinstance(number, int):
        return Who(group_id=number)
    raise Refusal(400, "an entry needs access_level, user_id or group_id", key="error")


def _level(level: object) -> int:
    if level not in {NOBODY, DEVELOPER, MAINTAINER, ADMIN} or not isinstance(level, int):
        raise Refusal(400, "access_level does not have a valid value", key="error")
    return level
