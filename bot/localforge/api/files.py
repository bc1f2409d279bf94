"""Files and folders of a repository, comparisons. A token for `read_repository` reads files here too."""

import base64
import hashlib
from collections.abc import Mapping
from urllib.parse import quote

from bot.localforge import merging, writing
from bot.localforge.access import DEVELOPER, REPORTER
from bot.localforge.actions import Action, ActionError, read_action
from bot.localforge.api import shapes_repository as shapes
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.commits import Signature
from bot.localforge.entities import Project
from bot.localforge.errors import Refusal, not_found
from bot.localforge.gitstore import Entry


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    place = "/projects/:project/repository"
    writes = "encoding author_name author_email start_branch last_commit_id execute_filemode"
    return [
        Route("GET", f"{place}/tree", tree, takes="path ref recursive"),
        Route("GET", f"{place}/compare", compare, "from to", "straight"),
        Route("GET", f"{place}/merge_base", merge_base, "refs"),
        Route("GET", f"{place}/blobs/:sha", blob, scopes="read_repository"),
        Route("GET", f"{place}/blobs/:sha/raw", raw_blob, scopes="read_repository"),
        Route("GET", f"{place}/files/:path", show, "ref", scopes="read_repository"),
        Route("GET", f"{place}/files/:path/raw", raw, takes="ref", scopes="read_repository"),
        Route("GET", f"{place}/files/:path/blame", blame, "ref", scopes="read_repository"),
        Route("POST", f"{place}/files/:path", create, "branch content commit_message", writes),
        Route("PUT", f"{place}/files/:path", update, "branch content commit_message", writes),
        Route(
            "DELETE",
            f"{place}/files/:path",
            remove,
            "branch commit_message",
            "author_name author_email start_branch last_commit_id",
        ),
    ]


def tree(call: Call) -> Listing[Entry]:
    """List a folder."""
    project = call.project(REPORTER)
    repository = call.forge.repository(project)
    sha = repository.commit(call.text("ref", project.default_branch))
    if sha is None:
        raise not_found("Tree")
    found = repository.tree(sha, call.text("path"), recursive=bool(call.flag("recursive")))
    if not found and call.text("path"):
        raise not_found("invalid revision or path")
    return Listing(found, shapes.entry)


def compare(call: Call) -> Answer:
    """Compare two commits: from where they parted, or `straight`."""
    project = call.project(REPORTER)
    repository = call.forge.repository(project)
    old, new = (repository.commit(call.text(name)) for name in ("from", "to"))
    if old is None or new is None:
        raise not_found("Ref")
    base = old if call.flag("straight") else repository.merge_base(old, new) or old
    commits = list(reversed(repository.log(new, f"^{old}")))
    return Answer(
        {
            "commit": shapes.commit(call, project, commits[-1]) if commits else None,
            "commits": [shapes.commit(call, project, commit) for commit in commits],
            "diffs": [shapes.diff(one) for one in repository.diff(base, new)],
            "compare_timeout": False,
            "compare_same_ref": old == new,
            "web_url": f"{call.links.project(project)}/-/compare/{old}...{new}",
        }
    )


def merge_base(call: Call) -> Answer:
    """Show where commits parted."""
    project = call.project(REPORTER)
    repository = call.forge.repository(project)
    names = call.texts("refs") or []
    if len(names) < 2:  # noqa: PLR2004 - one has none
        raise Refusal(400, "Provide at least 2 refs")
    tips = [repository.commit(name) for name in names]
    if None in tips:
        raise Refusal(400, "Could not find ref")
    base = repository.git("merge-base", "--octopus", *map(str, tips), fine=(0, 1)).decode().strip() or None
    if base is None:
        raise not_found("Merge Base")
    return Answer(shapes.commit(call, project, repository.show(base)))


def blob(call: Call) -> Answer:
    """Show a blob."""
    content = _blob(call)
    return Answer(
        {
            "size": len(content),
            "encoding": "base64",
            "content": base64.b64encode(content).decode(),
            "sha": call.segments["sha"],
        }
    )


def raw_blob(call: Call) -> Answer:
    """Give a blob's bytes."""
    return Answer(raw=_blob(call), headers={"Content-Type": "application/octet-stream"})


def show(call: Call) -> Answer:
    """Show a file with its content."""
    project, sha, entry = _file(call, call.text("ref"))
    repository = call.forge.repository(project)
    content = repository.blob(entry.sha)
    facts: dict[str, object] = {
        "file_name": entry.path.rpartition("/")[2],
        "file_path": entry.path,
        "size": len(content),
        "encoding": "base64",
        "content_sha256": hashlib.sha256(content).hexdigest(),
        "ref": call.text("ref"),
        "blob_id": entry.sha,
        "commit_id": sha,
        "last_commit_id": repository.log(sha, most=1, path=entry.path)[0].sha,
        "execute_filemode": entry.mode == "100755",
    }
    return Answer(facts | {"content": base64.b64encode(content).decode()}, headers=_headers(facts))


def blame(call: Call) -> Listing[list[str]]:
    """List a file's lines in runs, each with the commit that wrote it."""
    project, sha, entry = _file(call, call.text("ref"))
    repository = call.forge.repository(project)
    written = repository.git("blame", "--porcelain", sha, "--", entry.path).decode(errors="replace")
    runs: list[list[str]] = []
    commit = ""
    for line in written.splitlines():
        if line.startswith("\t"):
            if not runs or runs[-1][0] != commit:
                runs.append([commit])
            runs[-1].append(line[1:])
        elif len(line.split(" ", 1)[0]) == len(sha):
            commit = line.split(" ", 1)[0]
    return Listing(runs, lambda run: {"commit": shapes.commit(call, project, repository.show(run[0])), "lines": run[1:]})


def raw(call: Call) -> Answer:
    """Give a file's bytes."""
    project = call.project(REPORTER)
    project, _, entry = _file(call, call.text("ref", project.default_branch))
    content = call.forge.repository(project).blob(entry.sha)
    return Answer(raw=content, headers={"Content-Type": "text/plain; charset=utf-8", "X-Gitlab-Blob-Id": entry.sha})


def _headers(facts: Mapping[str, object]) -> dict[str, str]:
    """Give what is known of a file as headers: for HEAD they are all there is. A header holds no more than ASCII."""
    words = {name: str(fact).lower() if isinstance(fact, bool) else str(fact) for name, fact in facts.items()}
    return {f"X-Gitlab-{name.title().replace('_', '-')}": quote(word, safe="/=+ ") for name, word in words.items()}


def create(call: Call) -> Answer:
    """Make a file."""
    return _write(call, "create")


def update(call: Call) -> Answer:
    """Give a file other content."""
    return _write(call, "update")


def remove(call: Call) -> Answer:
    """Take a file away."""
    _write(call, "delete")
    return Answer(status=204)


def _write(call: Call, do: str) -> Answer:
    project = call.project(DEVELOPER)
    own = merging.signature(call.forge, call.user)
    author = Signature(call.text("author_name", own.name), call.text("author_email", own.email), own.at)
    start = call.forge.repository(project).branch(call.text("start_branch")) if call.text("start_branch") else None
    wanted = writing.NewCommit(call.text("branch"), call.text("commit_message"), [_action(call, do)], start, author)
    writing.commit(call.forge, call.user, project, wanted)
    return Answer({"file_path": call.segments["path"], "branch": call.text("branch")})


def _action(call: Call, do: str) -> Action:
    given = {name: call.given[name] for name in ("content", "encoding", "last_commit_id", "execute_filemode") if name in call.given}
    try:
        return read_action({"action": do, "file_path": call.segments["path"], **given})
    except ActionError as error:
        raise Refusal(400, str(error)) from None


def _file(call: Call, ref: str) -> tuple[Project, str, Entry]:
    project = call.project(REPORTER)
    repository = call.forge.repository(project)
    sha = repository.commit(project.default_branch if ref == "HEAD" else ref)
    if sha is None:
        raise not_found("Commit")
    entry = repository.entry(sha, call.segments["path"])
    if entry is None or entry.kind != "blob":
        raise not_found("File")
    return project, sha, entry


def _blob(call: Call) -> bytes:
    project = call.project(REPORTER)
    repository = call.forge.repository(project)
    sha = call.segments["sha"]
    if not sha.isalnum() or repository.git("cat-file", "-t", sha, fine=(0, 1, 128)).strip() != b"blob":
        raise not_found("Blob")
    return repository.blob(sha)
