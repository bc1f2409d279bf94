"""A stage on anything that speaks GitLab's API: the hands use python-gitlab and an administrator's token, nothing else."""

import itertools
import time
from collections.abc import Mapping

import gitlab

from countersign.adapters.forges.gitlab import GitLabForge
from countersign.domain.ids import ChangeRef, Sha
from countersign.domain.people import Person
from countersign.domain.ports import Forge, StatusState

_DEVELOPER, _MAINTAINER = 30, 40
_TWICE = 401
_PATIENCE = 10
"""Seconds that a push may take to be seen."""


class GitLabStage:
    """One group `acme` with one project `shop`, made anew."""

    project = "acme/shop"

    def __init__(self, *, url: str, admin_token: str, seen_through: str) -> None:
        """Set the scene at `url`; the adapter under test talks to `seen_through`, a way there that records."""
        self._url = url
        self._admin = gitlab.Gitlab(url, private_token=admin_token)
        self._tokens: dict[int, str] = {}
        self._numbers = itertools.count(1)
        self._acme = self._post("/groups", {"name": "acme", "path": "acme"})["id"]
        asked = {
            "name": "shop",
            "path": "shop",
            "namespace_id": self._acme,
            "initialize_with_readme": True,
            "visibility": "private",
        }
        self._shop = f"/projects/{self._post('/projects', asked)['id']}"
        self._put(self._shop, {"reset_approvals_on_push": False})
        me = self.person("countersign")
        self._post(f"/groups/{self._acme}/members", {"user_id": me.id, "access_level": _MAINTAINER})
        self.forge: Forge = GitLabForge(url=seen_through, token=self._tokens[me.id], timeout=10)

    def person(self, name: str) -> Person:
        """Make an account with a token."""
        email = f"{name}@example.com"
        known = {"username": name, "name": name.title(), "email": email, "public_email": email}
        user = self._post("/users", {**known, "force_random_password": True, "skip_confirmation": True})
        token = self._post(f"/users/{user['id']}/personal_access_tokens", {"name": "test", "scopes": ["api"]})
        self._tokens[int(str(user["id"]))] = str(token["token"])
        self._post(f"{self._shop}/members", {"user_id": user["id"], "access_level": _DEVELOPER})
        return Person(id=int(str(user["id"])), username=name, bot=bool(user["bot"]))

    def group(self, path: str, *people: Person) -> None:
        """Make a group below `acme`."""
        name = path.rpartition("/")[2]
        group = self._post("/groups", {"name": name, "path": name, "parent_id": self._acme})
        for person in people:
            self._post(f"/groups/{group['id']}/members", {"user_id": person.id, "access_level": _DEVELOPER})

    def leave(self, path: str, person: Person) -> None:
        """Take somebody out of a group."""
        self._admin.http_delete(f"/groups/{path.replace('/', '%2F')}/members/{person.id}")

    def branch(self, name: str) -> Sha:
        """Make a branch."""
        return self._commit(name, start="main")

    def open(self, author: Person, *, draft: bool = False) -> ChangeRef:
        """Have somebody open a change from a new branch."""
        name = f"topic-{next(self._numbers)}"
        self.branch(name)
        title = "Draft: Do it" if draft else "Do it"
        asked = {"source_branch": name, "target_branch": "main", "title": title}
        return ChangeRef(self.project, int(str(self._post(f"{self._shop}/merge_requests", asked, author)["iid"])))

    def push(self, ref: ChangeRef) -> Sha:
        """Push one more commit, and wait until the forge shows it."""
        time.sleep(0.01)  # an approval and a version in the same millisecond prove nothing
        head = self._commit(str(self._get(self._path(ref))["source_branch"]))
        waited = 0.0
        while self._get(self._path(ref))["sha"] != head:
            assert waited < _PATIENCE, "the forge does not take in the push"
            time.sleep(0.05)
            waited += 0.05
        return head

    def approve(self, ref: ChangeRef, person: Person) -> None:
        """Have somebody approve. GitLab says 401 to a second time, and nothing changes."""
        time.sleep(0.01)
        try:
            self._post(f"{self._path(ref)}/approve", {}, person)
        except gitlab.GitlabError as error:
            if error.response_code != _TWICE:
                raise

    def unapprove(self, ref: ChangeRef, person: Person) -> None:
        """Have somebody take an approval back."""
        self._post(f"{self._path(ref)}/unapprove", {}, person)

    def close(self, ref: ChangeRef, person: Person) -> None:
        """Have somebody close a change."""
        self._put(self._path(ref), {"state_event": "close"}, person)

    def retarget(self, ref: ChangeRef, person: Person, branch: str) -> None:
        """Have somebody point a change at another branch."""
        self._put(self._path(ref), {"target_branch": branch}, person)

    def label(self, ref: ChangeRef, person: Person, label: str) -> None:
        """Have somebody add a label."""
        self._put(self._path(ref), {"add_labels": label}, person)

    def comment(self, ref: ChangeRef, person: Person, body: str) -> None:
        """Have somebody comment."""
        self._post(f"{self._path(ref)}/notes", {"body": body}, person)

    def comments(self, ref: ChangeRef) -> list[tuple[str, str]]:
        """Give all comments but the forge's own remarks, oldest first."""
        notes = self._admin.http_list(f"{self._path(ref)}/notes", {"sort": "asc", "order_by": "created_at"}, get_all=True)
        return [(note["author"]["username"], note["body"]) for note in notes if not note["system"]]

    def status(self, commit: Sha) -> tuple[StatusState, str] | None:
        """Give our status of a commit as it stands."""
        statuses = self._admin.http_list(f"{self._shop}/repository/commits/{commit}/statuses", get_all=True)
        ours = [status for status in statuses if status["name"] == "countersign"]
        return (StatusState(ours[0]["status"]), ours[0]["description"]) if ours else None

    def _path(self, ref: ChangeRef) -> str:
        return f"{self._shop}/merge_requests/{ref.iid}"

    def _commit(self, branch: str, *, start: str | None = None) -> Sha:
        number = next(self._numbers)
        action = {"action": "create", "file_path": f"file-{number}.txt", "content": f"{number}\n"}
        asked = {"branch": branch, "commit_message": f"Add file {number}", "actions": [action]}
        made = self._post(f"{self._shop}/repository/commits", asked if start is None else {**asked, "start_branch": start})
        return Sha(str(made["id"]))

    def _as(self, person: Person | None) -> gitlab.Gitlab:
        return self._admin if person is None else gitlab.Gitlab(self._url, private_token=self._tokens[person.id])

    def _get(self, path: str) -> dict[str, object]:
        answer = self._admin.http_get(path)
        assert isinstance(answer, dict)
        return answer

    def _post(self, path: str, data: Mapping[str, object], person: Person | None = None) -> dict[str, object]:
        answer = self._as(person).http_post(path, post_data=dict(data))
        assert isinstance(answer, dict)
        return answer

    def _put(self, path: str, data: Mapping[str, object], person: Person | None = None) -> None:
        self._as(person).http_put(path, post_data=dict(data))
