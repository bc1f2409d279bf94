"""What belongs to one merge request: versions, commits, diffs, approvals."""

from bot.localforge import approving, merging
from bot.localforge.access import DEVELOPER, MAINTAINER, REPORTER
from bot.localforge.api import shapes_changes as shapes
from bot.localforge.api import shapes_repository
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.api.shapes import user_basic
from bot.localforge.change_entities import Approval, MergeRequest, Note, Version
from bot.localforge.commits import Commit
from bot.localforge.diffs import FileDiff
from bot.localforge.entities import Project, User
from bot.localforge.errors import Refusal, not_found, unauthorized
from bot.localforge.gitstore import Repository
from bot.localforge.versions import newest


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    place = "/projects/:project/merge_requests/:iid"
    return [
        Route("GET", f"{place}/versions", list_versions),
        Route("GET", f"{place}/versions/:version", show_version),
        Route("GET", f"{place}/commits", list_commits),
        Route("GET", f"{place}/changes", show_changes, takes="access_raw_diffs"),
        Route("GET", f"{place}/diffs", list_diffs),
        Route("GET", f"{place}/participants", list_participants),
        Route("GET", f"{place}/merge_ref", show_merge_ref),
        Route("GET", f"{place}/approvals", show_approvals),
        Route("POST", f"{place}/approvals", require_approvals, "approvals_required"),
        Route("POST", f"{place}/approve", approve, takes="sha"),
        Route("POST", f"{place}/unapprove", unapprove),
        Route("PUT", f"{place}/reset_approvals", reset_approvals),
    ]


def list_versions(call: Call) -> Listing[Version]:
    """List versions, newest first."""
    found = call.forge.store.all(Version, merge_request_id=call.change(REPORTER).id)
    return Listing(list(reversed(found)), shapes.version)


def show_version(call: Call) -> Answer:
    """Show a version with its commits and diffs."""
    change = call.change(REPORTER)
    number = call.segments["version"]
    kept = call.forge.store.one(Version, id=int(number), merge_request_id=change.id) if number.isdigit() else None
    if kept is None:
        raise not_found("")
    project, repository = _repository(call, change)
    commits = [shapes_repository.commit(call, project, made) for made in repository.log(kept.head, f"^{kept.base}")]
    diffs = [shapes_repository.diff(one) for one in repository.diff(kept.base, kept.head)]
    return Answer(shapes.version(kept) | {"commits": commits, "diffs": diffs})


def list_commits(call: Call) -> Listing[Commit]:
    """List the commits of the newest version, newest first."""
    change = call.change(REPORTER)
    project, repository = _repository(call, change)
    version = newest(call.forge, change)
    return Listing(repository.log(version.head, f"^{version.base}"), lambda made: shapes_repository.commit(call, project, made))


def show_changes(call: Call) -> Answer:
    """Show a merge request with its diffs."""
    change = call.change(REPORTER)
    diffs = [shapes_repository.diff(one) for one in _diff(call, change)]
    return Answer(shapes.change(call, change) | {"changes": diffs, "overflow": False})


def list_diffs(call: Call) -> Listing[FileDiff]:
    """List the diffs of the newest version."""
    return Listing(_diff(call, call.change(REPORTER)), shapes_repository.diff)


def list_participants(call: Call) -> Listing[User]:
    """List who has written something."""
    change = call.change()
    numbers = {change.author_id} | {note.author_id for note in call.forge.store.all(Note, merge_request_id=change.id, system=False)}
    people = [call.forge.store.get(User, number) for number in sorted(numbers)]
    return Listing(people, lambda user: user_basic(call, user))


def show_merge_ref(call: Call) -> Answer:
    """Show the commit that merging would make, made anew at each question."""
    return Answer({"commit_id": merging.try_out(call.forge, call.user, call.change(REPORTER))})


def show_approvals(call: Call) -> Answer:
    """Show who approved."""
    return Answer(shapes.approvals(call, call.change()))


def require_approvals(call: Call) -> Answer:
    """Ask for a number of approvals."""
    change = call.change(MAINTAINER)
    changed = call.forge.store.change(change, approvals_required=call.number("approvals_required"))
    return Answer(shapes.approvals(call, changed))


def approve(call: Call) -> Answer:
    """Approve. `sha`, if given, has to be the head."""
    change = call.change()
    sha = call.text("sha")
    if call.access.level(call.user, call.project()) < DEVELOPER:
        raise unauthorized()
    if sha and sha != change.head:
        raise Refusal(409, f"SHA does not match HEAD of source branch: {change.head}")
    approving.approve(call.forge, call.user, change)
    return Answer(shapes.approvals(call, call.change()))


def unapprove(call: Call) -> Answer:
    """Take one's approval back."""
    change = call.change()
    approving.unapprove(call.forge, call.user, change)
    return Answer(shapes.approvals(call, call.change()))


def reset_approvals(call: Call) -> Answer:
    """Take all approvals back. For bots only, as with GitLab."""
    change = call.change()
    if not call.user.bot or change.state == "merged":
        raise unauthorized()
    for approval in call.forge.store.all(Approval, merge_request_id=change.id):
        call.forge.store.remove(approval)
    return Answer({"message": "202 Accepted"}, status=202)


def _repository(call: Call, change: MergeRequest) -> tuple[Project, Repository]:
    project = call.forge.store.get(Project, change.project_id)
    return project, call.forge.repository(project)


def _diff(call: Call, change: MergeRequest) -> list[FileDiff]:
    version = newest(call.forge, change)
    return _repository(call, change)[1].diff(version.base, version.head)
