import time

import gitlab
import httpx
import pytest

from tests.integration.localforge.conftest import Scene
from tests.integration.localforge.refused import refused


def ask(scene: Scene, method: str, path: str, *, kind: str | None = None, **more: object) -> httpx.Response:
    headers = {"PRIVATE-TOKEN": scene.forge.admin_token} | ({} if kind is None else {"Content-Type": kind})
    return httpx.request(method, f"{scene.forge.url}/api/v4{path}", headers=headers, timeout=10, **more)  # type: ignore[arg-type]  # a test's own words


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/runners"), ("POST", "/projects/1/issues"), ("GET", "/"), ("PATCH", "/user")]
)
def test_what_is_not_spoken_is_said_so(scene: Scene, method: str, path: str) -> None:
    answer = ask(scene, method, path)
    assert answer.status_code == 404
    assert answer.json() == {"error": "404 Not Found", "message": f"the embedded forge does not speak {method} {path}"}


@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
def test_a_parameter_that_nobody_knows_is_refused_by_name(scene: Scene, method: str) -> None:
    scene.open("author")
    path = f"/projects/{scene.admin.id}/merge_requests" + ("/1" if method == "PUT" else "")
    known = {"source_branch": "topic", "target_branch": "main", "title": "x"} if method == "POST" else {}
    how = {"params": {"assignee_id": "1"}} if method == "GET" else {"json": {**known, "assignee_id": 1}}
    answer = ask(scene, method, path, **how)
    assert answer.status_code == 400
    assert "assignee_id" in answer.json()["error"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"x", "text/plain", 415),
        (b"title=x", "application/x-www-form-urlencoded", 400),
    ],
)
def test_a_body_that_cannot_be_read(scene: Scene, content: bytes, kind: str, status: int) -> None:
    path = f"/projects/{scene.admin.id}/merge_requests"
    answer = ask(scene, "POST", path, content=content, kind=kind)
    assert answer.status_code == status
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=-1", "pagination=keyset"])
def test_pages_that_are_none(scene: Scene, query: str) -> None:
    assert ask(scene, "GET", f"/projects/{scene.admin.id}/labels?{query}").status_code in {400, 405}


def test_forms_are_read_like_json(scene: Scene) -> None:
    path = f"/projects/{scene.admin.id}/labels"
    assert ask(scene, "POST", path, data={"name": "from a form", "color": "#fff"}).status_code == 201


def test_busy(scene: Scene) -> None:
    scene.forge.fault("status", status=429, retry_after=1, path=r"/api/v4/user")
    answer = ask(scene, "GET", "/user")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert ask(scene, "GET", "/user").status_code == 200


def test_away_for_a_while(scene: Scene) -> None:
    scene.forge.fault("status", status=502, times=2, method="GET", path=r"/api/v4/user")
    assert [ask(scene, "GET", "/user").status_code for _ in range(3)] == [502, 502, 200]


def test_slow(scene: Scene) -> None:
    scene.forge.fault("slow", seconds=0.3, path=r"/api/v4/user")
    began = time.monotonic()
    assert ask(scene, "GET", "/user").status_code == 200
    assert time.monotonic() - began >= 0.3


def test_an_answer_that_is_lost_after_the_act(scene: Scene) -> None:
    change = scene.open("author")
    scene.forge.fault("lost", method="PUT", path=r".*/merge")
    with pytest.raises(httpx.RemoteProtocolError):
        ask(scene, "PUT", f"/projects/{scene.admin.id}/merge_requests/1/merge", json={"sha": change.sha})
    assert scene.see("author", change).state == "merged"


def test_a_list_that_is_empty_for_once(scene: Scene) -> None:
    scene.open("author")
    scene.forge.fault("empty", path=r".*/versions")
    changes = scene.project("author").mergerequests.get(1, lazy=True)
    assert changes.diffs.list(get_all=True) == []
    assert len(changes.diffs.list(get_all=True)) == 1


def test_a_push_that_is_seen_late(scene: Scene) -> None:
    change = scene.open("author")
    scene.forge.fault("push-late", seconds=0.4, path=scene.path)
    head = scene.commit("author", "topic", "late.txt")
    assert scene.project("author").branches.get("topic").commit["id"] == head
    assert scene.see("author", change).sha == change.sha
    deadline = time.monotonic() + 5
    while scene.see("author", change).sha != head:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_switches_are_shown_and_taken_back(scene: Scene) -> None:
    scene.forge.fault("status", path="/api/v4/user", times=3)
    shown = scene.forge.admin.http_get("/_faults")
    assert isinstance(shown, list)
    assert shown[0]["times"] == 3
    scene.forge.clear_faults()
    scene.forge.admin.auth()
    for wrong in ({"kind": "earthquake"}, {"kind": "slow", "path": "("}, {"kind": "slow", "seconds": "long"}, {}):
        with refused(400):
            scene.forge.admin.http_post("/_faults", post_data=wrong)


def test_python_gitlab_waits_when_it_is_told_to(scene: Scene) -> None:
    scene.forge.fault("status", status=429, retry_after=1, path="/api/v4/user")
    client = gitlab.Gitlab(scene.forge.url, private_token=scene.forge.admin_token)
    began = time.monotonic()
    client.auth()
    assert time.monotonic() - began >= 0.9
