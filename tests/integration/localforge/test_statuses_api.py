import pytest

from tests.integration.localforge.conftest import Scene
from tests.integration.localforge.refused import refused


def test_a_status_is_set_and_listed(scene: Scene) -> None:
    change = scene.open("author")
    statuses = scene.project("author").commits.get(change.sha).statuses
    asked = {"state": "running", "name": "countersign", "description": "works", "target_url": "https://example.com/1"}
    made = statuses.create(asked)
    assert (made.status, made.description, made.ref, made.author["id"]) == (
        "running",
        "works",
        "topic",
        scene.people["author"].id,
    )
    (listed,) = statuses.list(get_all=True)
    assert listed.id == made.id
    assert statuses.list(name="other", get_all=True) == []


@pytest.mark.parametrize(
    ("first", "then"), [("pending", "pending"), ("running", "pending"), ("running", "running"), ("running", "skipped")]
)
def test_what_gitlab_does_not_let_through_changes_nothing(scene: Scene, first: str, then: str) -> None:
    change = scene.open("author")
    statuses = scene.project("author").commits.get(change.sha).statuses
    statuses.create({"state": first, "name": "x", "description": "old"})
    with refused(400) as said:
        statuses.create({"state": then, "name": "x", "description": "new"})
    assert "Cannot transition status" in said.message
    assert [(one.status, one.description) for one in statuses.list(get_all=True)] == [(first, "old")]


def test_after_its_end_a_new_one_begins(scene: Scene) -> None:
    change = scene.open("author")
    statuses = scene.project("author").commits.get(change.sha).statuses
    ids = [statuses.create({"state": state, "name": "x"}).id for state in ("pending", "running", "success", "pending", "failed")]
    assert ids[0] == ids[1] == ids[2] < ids[3] == ids[4]
    assert [one.status for one in statuses.list(get_all=True)] == ["failed"]
    assert len(statuses.list(all=True, get_all=True)) == 2


def test_two_accounts_have_a_status_each_and_the_newer_one_shows(scene: Scene) -> None:
    change = scene.open("author")
    for role in ("author", "other"):
        scene.project(role).commits.get(change.sha).statuses.create({"state": "pending", "name": "x", "description": role})
    statuses = scene.project("author").commits.get(change.sha).statuses
    assert [one.description for one in statuses.list(get_all=True)] == ["other"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [({"state": "great"}, 400), ({}, 400), ({"state": "pending", "target_url": "javascript:alert(1)"}, 400)],
)
def test_what_is_no_status(scene: Scene, asked: dict[str, str], status: int) -> None:
    change = scene.open("author")
    with refused(status):
        scene.forge.admin.http_post(f"/projects/{scene.admin.id}/statuses/{change.sha}", post_data=asked)


def test_reporters_and_unknown_commits(scene: Scene) -> None:
    change = scene.open("author")
    path = f"/projects/{scene.admin.id}/statuses"
    with refused(403):
        scene.client("reporter").http_post(f"{path}/{change.sha}", post_data={"state": "success"})
    for sha in ("0" * 40, "main", change.sha[:8]):
        with refused(404):
            scene.client("author").http_post(f"{path}/{sha}", post_data={"state": "success"})
