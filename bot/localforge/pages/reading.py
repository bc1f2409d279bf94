"""Pages that only show: home, project, files, commits, merge requests."""

from dataclasses import dataclass, field

from bot.localforge.change_entities import MergeRequest
from bot.localforge.entities import Project, User
from bot.localforge.errors import not_found
from bot.localforge.gitstore import EMPTY_TREE, Entry
from bot.localforge.pages.change_view import gather
from bot.localforge.pages.diff_view import view
from bot.localforge.pages.visit import Visit

_COMMITS = 50
_FEW = 10
_MOST_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    """A template and what it shows."""

    template: str
    shows: dict[str, object] = field(default_factory=dict)
    status: int = 200


def home(visit: Visit) -> Page:
    """Show the projects that this visitor may look at."""
    projects = [project for project in visit.forge.store.all(Project) if visit.sees(project)]
    return Page("home.html", {"projects": projects, "open_changes": {one.id: _open(visit, one) for one in projects}})


def sign_in(visit: Visit) -> Page:
    """Ask for a token, or in the demo for a name."""
    return Page("sign_in.html", {"people": people(visit), "problem": ""})


def people(visit: Visit) -> list[User]:
    """Give the accounts that one can sign in as in the demo: active ones, people first."""
    if not visit.open_to_visitors:
        return []
    return sorted(visit.forge.store.all(User, state="active"), key=lambda user: (user.bot, user.admin, user.id))


def project(visit: Visit) -> Page:
    """Show a project: its merge requests, branches, newest commits, files."""
    shown, repository = visit.project, visit.repository
    tip = repository.branch(shown.default_branch)
    readme = repository.entry(tip, "README.md") if tip else None
    changes = visit.forge.store.all(MergeRequest, project_id=shown.id)
    return Page(
        "project.html",
        {
            "project": shown,
            "tip": tip,
            "branches": repository.branches(),
            "protected": {name for name in repository.branches() if visit.access.protections(shown, name)},
            "commits": repository.log(tip, most=_FEW) if tip else [],
            "files": _sorted(repository.tree(tip)) if tip else [],
            "readme": repository.blob(readme.sha).decode(errors="replace") if readme else "",
            "changes": list(reversed(changes)),
            "authors": {change.id: visit.person(change.author_id) for change in changes},
        },
    )


def changes(visit: Visit) -> Page:
    """List a project's merge requests."""
    found = visit.forge.store.all(MergeRequest, project_id=visit.project.id)
    authors = {change.id: visit.person(change.author_id) for change in found}
    return Page("changes.html", {"project": visit.project, "changes": list(reversed(found)), "authors": authors})


def change(visit: Visit) -> Page:
    """Show a merge request."""
    seen = gather(visit)
    return Page("change.html", {"project": seen.project, "seen": seen})


def tree(visit: Visit) -> Page:
    """List a folder of a branch."""
    name, commit, path = visit.ref()
    entries = visit.repository.tree(commit, path)
    if not entries and path:
        raise not_found("Folder")
    shown = {"project": visit.project, "ref": name, "path": path, "commit": visit.repository.show(commit)}
    return Page("tree.html", shown | {"found": _sorted(entries)})


def blob(visit: Visit) -> Page:
    """Show a file of a branch."""
    name, commit, path = visit.ref()
    entry = visit.repository.entry(commit, path) if path else None
    if entry is None or entry.kind != "blob":
        raise not_found("File")
    content = visit.repository.blob(entry.sha)
    text = None if b"\0" in content or len(content) > _MOST_BYTES else content.decode(errors="replace")
    return Page(
        "blob.html",
        {
            "project": visit.project,
            "ref": name,
            "path": path,
            "size": len(content),
            "text": text,
            "lines": (text or "").splitlines(),
            "last": visit.repository.log(commit, most=1, path=path)[0],
        },
    )


def commits(visit: Visit) -> Page:
    """List the newest commits of a branch."""
    name, commit, path = visit.ref()
    found = visit.repository.log(commit, most=_COMMITS, path=path)
    return Page("commits.html", {"project": visit.project, "ref": name, "commits": found, "total": visit.repository.count(commit)})


def commit(visit: Visit) -> Page:
    """Show a commit with what it did."""
    sha = visit.repository.commit(visit.segments["rest"])
    if sha is None:
        raise not_found("Commit")
    made = visit.repository.show(sha)
    old = made.parents[0] if made.parents else EMPTY_TREE
    return Page("commit.html", {"project": visit.project, "commit": made, "files": view(visit.repository.diff(old, sha))})


def _sorted(entries: list[Entry]) -> list[Entry]:
    """Put folders first."""
    return sorted(entries, key=lambda entry: (entry.kind == "blob", entry.path))


def _open(visit: Visit, one: Project) -> int:
    return len(visit.forge.store.all(MergeRequest, project_id=one.id, state="opened"))
