"""`/projects/:id/repository/commits` and the statuses of commits."""

from bot.localforge import merging, statuses, writing
from bot.localforge.access import DEVELOPER, REPORTER
from bot.localforge.actions import ActionError, read_action
from bot.localforge.api import shapes_changes
from bot.localforge.api import shapes_repository as shapes
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.change_entities import CommitStatus, MergeRequest
from bot.localforge.commits import Commit, Signature
from bot.localforge.diffs import FileDiff
from bot.localforge.entities import Project
from bot.localforge.errors import Refusal, not_found
from bot.localforge.gitstore import EMPTY_TREE, Repository
from bot.localforge.statuses import STATES, Told
from bot.localforge.versions import newest


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    place = "/projects/:project/repository/commits"
    statuses_take = "ref name context description target_url"
    starts = "start_branch start_sha force"
    return [
        Route("GET", place, list_commits, takes="ref_name since until path author all first_parent"),
        Route("POST", place, create, "branch commit_message actions", f"{starts} author_name author_email"),
        Route("GET", f"{place}/:sha", show),
        Route("GET", f"{place}/:sha/diff", diff),
        Route("GET", f"{place}/:sha/refs", refs, takes="type"),
        Route("GET", f"{place}/:sha/merge_requests", list_changes, takes="state"),
        Route("GET", f"{place}/:sha/signature", show_signature),
        Route("GET", f"{place}/:sha/statuses", list_statuses, takes="ref name all"),
        Route("POST", "/projects/:project/statuses/:sha", set_status, "state", statuses_take),
    ]


def list_commits(call: Call) -> Listing[Commit]:
    """List commits, newest first."""
    project = call.project(REPORTER)
    repository = call.forge.repository(project)
    options = [f"--{name}={call.text(name)}" for name in ("since", "until", "author") if call.text(name)]
    options += ["--first-parent"] if call.flag("first_parent") else []
    if call.flag("all"):
        return Listing(
            repository.log("--branches", *options, path=call.text("path")), lambda made: shapes.commit(call, project, made)
        )
    named = call.text("ref_name", project.default_branch)
    first, dots, last = named.partition("..")
    tips = [repository.commit(name) for name in ([first, last] if dots else [first])]
    if None in tips:
        if not repository.branches():
            return Listing([], lambda made: made)
        raise not_found("Commit")
    what = [f"^{tips[0]}", str(tips[1])] if dots else [str(tips[0])]
    return Listing(repository.log(*what, *options, path=call.text("path")), lambda made: shapes.commit(call, project, made))


def create(call: Call) -> Answer:
    """Make a commit of actions on files."""
    project = call.project(DEVELOPER)
    repository = call.forge.repository(project)
    start: str | None = None
    if call.text("start_sha") and call.text("start_branch"):
        raise Refusal(400, "start_branch, start_sha, start_project are mutually exclusive", key="error")
    if named := call.text("start_sha"):
        start = repository.commit(named)
        if start is None:
            raise Refusal(400, "Cannot find start_sha")
    elif named := call.text("start_branch"):
        start = repository.branch(named)
        if start is None and repository.branches():
            raise Refusal(400, "Invalid reference name: start_branch")
    try:
        actions = [read_action(item) for item in call.mappings("actions")]
    except ActionError as error:
        raise Refusal(400, str(error), key="error") from None
    own = merging.signature(call.forge, call.user)
    author = Signature(call.text("author_name", own.name), call.text("author_email", own.email), own.at)
    wanted = writing.NewCommit(
        branch=call.text("branch"),
        message=call.text("commit_message"),
        actions=actions,
        start=start,
        author=author,
        force=bool(call.flag("force")),
    )
    made = writing.commit(call.forge, call.user, project, wanted)
    return Answer(shapes.commit_in_full(call, project, repository.show(made)))


def show(call: Call) -> Answer:
    """Show a commit."""
    project, made = _commit(call)
    return Answer(shapes.commit_in_full(call, project, made))


def diff(call: Call) -> Listing[FileDiff]:
    """List what a commit did, against its first parent."""
    project, made = _commit(call)
    old = made.parents[0] if made.parents else EMPTY_TREE
    return Listing(call.forge.repository(project).diff(old, made.sha), shapes.diff)


def refs(call: Call) -> Listing[tuple[str, str]]:
    """List the branches and tags that hold a commit."""
    project, made = _commit(call)
    wanted = call.choice("type", "branch", "tag", "all", default="all")
    repository = call.forge.repository(project)
    found = []
    for kind, prefix in (("branch", "refs/heads/"), ("tag", "refs/tags/")):
        if wanted in {kind, "all"}:
            written = repository.git("for-each-ref", "--format=%(refname)", f"--contains={made.sha}", prefix).decode()
            found += [(kind, name.removeprefix(prefix)) for name in written.splitlines()]
    return Listing(found, lambda item: {"type": item[0], "name": item[1]})


def list_changes(call: Call) -> Listing[MergeRequest]:
    """List the merge requests that brought a commit, or would."""
    project, made = _commit(call)
    repository = call.forge.repository(project)
    state = call.choice("state", "opened", "closed", "locked", "merged")
    found = [
        change
        for change in call.forge.store.all(MergeRequest, project_id=project.id)
        if state in {"", change.state} and _brings(call, repository, change, made.sha)
    ]
    return Listing(found, lambda change: shapes_changes.change_basic(call, change))


def show_signature(call: Call) -> Answer:
    """Say that a commit is not signed. Of one that is, nothing is said: nobody here checks signatures."""
    project, made = _commit(call)
    head = call.forge.repository(project).git("cat-file", "commit", made.sha).partition(b"\n\n")[0]
    if b"\ngpgsig " in head:
        raise Refusal(404, "the embedded forge does not check signatures", key="error")
    raise not_found("Signature")


def list_statuses(call: Call) -> Listing[CommitStatus]:
    """List a commit's statuses, of each name the newest, or `all`."""
    project, made = _commit(call)
    found = statuses.latest(call.forge, project, made.sha)
    if call.flag("all"):
        found = call.forge.store.all(CommitStatus, project_id=project.id, sha=made.sha)
    for name in ("ref", "name"):
        if wanted := call.text(name):
            found = [status for status in found if getattr(status, name) == wanted]
    return Listing(found, lambda status: shapes.status(call, status))


def set_status(call: Call) -> Answer:
    """Set a status of a commit that a branch or a merge request holds."""
    project = call.project(DEVELOPER)
    named = call.segments["sha"]
    sha = call.forge.repository(project).commit(named)
    if sha is None or sha != named:  # statuses are for whole hashes
        raise not_found("Commit")
    if not call.access.may_push(call.user, project, call.text("ref")) and call.text("ref"):
        raise Refusal(403, "403 Forbidden")
    told = Told(
        sha=sha,
        ref=call.text("ref") or _ref_of(call, project, sha),
        name=call.text("name") or call.text("context") or "default",
        state=_state(call),
        description=call.maybe_text("description"),
        target_url=_url(call),
    )
    return Answer(shapes.status(call, statuses.tell(call.forge, call.user, project, told)))


def _commit(call: Call) -> tuple[Project, Commit]:
    project = call.project(REPORTER)
    repository = call.forge.repository(project)
    sha = repository.commit(call.segments["sha"])
    if sha is None:
        raise not_found("Commit")
    return project, repository.show(sha)


def _brings(call: Call, repository: Repository, change: MergeRequest, sha: str) -> bool:
    if sha == change.merge_commit_sha:
        return True
    version = newest(call.forge, change)
    return repository.contains(version.head, sha) and not repository.contains(version.base, sha)


def _ref_of(call: Call, project: Project, sha: str) -> str:
    """Give the branch that a status without `ref` belongs to."""
    written = call.forge.repository(project).git("for-each-ref", "--format=%(refname)", f"--contains={sha}", "refs/heads/")
    names = [name.removeprefix("refs/heads/") for name in written.decode().splitlines()]
    if not names:
        changes = call.forge.store.all(MergeRequest, project_id=project.id, head=sha)
        names = [change.source_branch for change in changes]
    if not names:
        raise not_found("References for commit")
    return names[0]


def _state(call: Call) -> str:
    state = call.text("state")
    if state not in STATES:
        raise Refusal(400, "state does not have a valid value", key="error")
    return state


def _url(call: Call) -> str | None:
    url = call.maybe_text("target_url")
    if url and not url.startswith(("http://", "https://")):
        raise Refusal(400, {"target_url": ["is blocked: Only allowed schemes are http, https"]})
    return url or None
