"""What a small, honest GitLab answers; tests change one answer at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from countersign.domain.ids import ChangeRef, Sha
from tests.support.scripted_http import Script, scripted

REF = ChangeRef("acme/shop", 7)
PROJECT = "/projects/acme%2Fshop"
MR = f"{PROJECT}/merge_requests/7"
HEAD = Sha("a" * 40)
ME = {"id": 2, "username": "countersign", "bot": True}
DANA = {"id": 4, "username": "dana", "bot": False}
MERGE_REQUEST: dict[str, object] = {
    "id": 700, "iid": 7, "title": "Add a column", "description": "d", "author": ME, "source_branch": "topic",
    "target_branch": "main", "source_project_id": 1, "target_project_id": 1, "sha": HEAD, "state": "opened", "draft": False,
    "labels": ["team::x", "countersign::wait", "countersign::old"], "web_url": "http://forge/7",
    "references": {"full": "acme/shop!7"},
}  # fmt: skip
VERSION: dict[str, object] = {"id": 11, "head_commit_sha": HEAD, "created_at": "2027-01-15T08:00:00.000Z"}


@contextmanager
def gitlab() -> Iterator[Script]:
    """Run it for as long as the context lasts."""
    with scripted() as script:
        script.on("GET", "/user", ME)
        script.on("GET", "/users/4", {**DANA, "public_email": "Dana@Example.com"})
        script.on("GET", MR, MERGE_REQUEST)
        script.on("GET", f"{MR}/versions", [VERSION])
        script.on("GET", f"{MR}/notes", [])
        script.on("GET", "/groups/acme%2Fops", {"id": 30, "full_path": "acme/ops"})
        yield script


def listed(*numbers: int) -> list[dict[str, object]]:
    """Give open merge requests of these numbers, as in a list."""
    return [{**MERGE_REQUEST, "id": 700 + number, "iid": number} for number in numbers]
