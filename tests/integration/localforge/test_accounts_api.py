from datetime import UTC, datetime, timedelta

import gitlab
import httpx
import pytest
from gitlab.v4.objects import ProjectAccessToken

from tests.integration.localforge.conftest import Scene
from tests.integration.localforge.refused import refused


@pytest.mark.parametrize("headers", [{}, {"PRIVATE-TOKEN": "glpat-unknown"}, {"Authorization": "Bearer x"}, {"PRIVATE-TOKEN": ""}])
@pytest.mark.parametrize("path", ["/user", "/projects", "/personal_access_tokens/self", "/version"])
def test_nobody_comes_in_without_a_good_token(scene: Scene, headers: dict[str, str], path: str) -> None:
    answer = httpx.get(f"{scene.forge.url}/api/v4{path}", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"message": "401 Unauthorized"}


def test_a_revoked_token_is_dead_at_once(scene: Scene) -> None:
    client = scene.forge.client(scene.forge.token(scene.people["author"], "api"))
    client.auth()
    assert client.personal_access_tokens.get("self").active
    client.http_delete("/personal_access_tokens/self")
    with refused(401):
        client.auth()


def test_a_token_ends_on_its_date(scene: Scene) -> None:
    today = datetime.now(UTC).date()  # noqa: TID251 - dates are the server's own
    with refused(400):
        scene.forge.token(scene.people["author"], "api", expires=today.isoformat())
    kept = scene.forge.token(scene.people["author"], "api", expires=(today + timedelta(days=1)).isoformat())
    assert scene.forge.client(kept).http_get("/personal_access_tokens/self")


def test_scopes_bind(scene: Scene) -> None:
    author = scene.people["author"]
    reads = scene.forge.client(scene.forge.token(author, "read_api")).projects.get(scene.path)
    assert reads.branches.list(get_all=True)
    with refused(403) as said:
        reads.branches.create({"branch": "no", "ref": "main"})
    assert "insufficient_scope" in said.message
    files = scene.forge.client(scene.forge.token(author, "read_repository"))
    assert files.projects.get(scene.path, lazy=True).files.get("README.md", ref="main").decode().startswith(b"# site")
    with refused(403):
        files.projects.get(scene.path)


def test_accounts_are_found_by_name_and_by_the_addresses_that_may_be_seen(scene: Scene) -> None:
    seen = scene.forge.user(f"seen-{scene.name('author')}", public_email=f"seen-{scene.name('author')}@public.example")
    client = scene.client("author")
    assert [user.id for user in client.users.list(username=scene.name("other"), get_all=True)] == [scene.people["other"].id]
    assert [user.id for user in client.users.list(search=seen.public_email, get_all=True)] == [seen.id]
    private = f"{scene.name('other')}@example.com"
    assert client.users.list(search=private, get_all=True) == []
    assert [user.id for user in scene.forge.admin.users.list(search=private, get_all=True)] == [scene.people["other"].id]
    assert not hasattr(client.users.get(scene.people["other"].id), "email")


def test_ordinary_accounts_administrate_nothing(scene: Scene) -> None:
    client = scene.client("maintainer")
    with refused(403):
        client.users.create({"username": "x", "name": "x", "email": "x@example.com", "force_random_password": True})
    with refused(403):
        client.http_post(f"/users/{scene.people['author'].id}/personal_access_tokens", post_data={"name": "x", "scopes": ["api"]})
    with refused(403):
        client.http_post("/_faults", post_data={"kind": "slow"})


def test_a_blocked_account_is_out(scene: Scene) -> None:
    client = scene.client("author")
    client.auth()
    scene.people["author"].block()
    with refused(401):
        client.auth()


def test_a_removed_name_can_be_taken_by_somebody_with_another_number(scene: Scene) -> None:
    old = scene.people["other"]
    old.delete()
    new = scene.forge.user(old.username)
    assert new.id != old.id
    with refused(404):
        scene.forge.admin.users.get(old.id)


def test_a_project_token_is_a_bot_of_this_project_alone(scene: Scene) -> None:
    expires = (datetime.now(UTC).date() + timedelta(days=2)).isoformat()  # noqa: TID251 - as above
    asked = {"name": "deploy", "scopes": ["api"], "access_level": 30, "expires_at": expires}
    made = scene.project("maintainer").access_tokens.create(asked)
    assert isinstance(made, ProjectAccessToken)
    client = scene.forge.client(made.token)
    client.auth()
    assert client.user is not None
    assert client.user.bot is True
    assert client.projects.get(scene.path).branches.list(get_all=True)
    with refused(403):
        client.projects.get(scene.path).access_tokens.create(asked)
    scene.project("maintainer").access_tokens.delete(made.id)
    with refused(401):
        client.auth()
    with refused(404):
        scene.project("maintainer").access_tokens.delete(made.id)


def test_developers_make_no_project_tokens(scene: Scene) -> None:
    with refused(403):
        scene.project("author").access_tokens.create({"name": "x", "scopes": ["api"], "expires_at": "2099-01-01"})


def test_users_come_in_pages_with_gitlabs_headers(scene: Scene) -> None:
    headers = {"PRIVATE-TOKEN": scene.forge.admin_token}
    first = httpx.get(f"{scene.forge.url}/api/v4/users?per_page=2", headers=headers)
    assert first.headers["x-per-page"] == "2"
    assert first.headers["x-next-page"] == "2"
    assert int(first.headers["x-total"]) >= 6
    assert 'rel="next"' in first.headers["link"]
    assert len(httpx.get(f"{scene.forge.url}/api/v4/users", headers=headers).json()) <= 20
    whole = scene.forge.admin.users.list(get_all=True, per_page=3)
    assert len({user.id for user in whole}) == len(whole)
    by_key = scene.forge.admin.users.list(iterator=True, pagination="keyset", order_by="id", sort="asc", per_page=3)
    assert sorted(user.id for user in by_key) == sorted(user.id for user in whole)


def test_gitlab_says_which_it_is_like(scene: Scene) -> None:
    assert isinstance(scene.forge.admin, gitlab.Gitlab)
    assert scene.forge.admin.version()[0].startswith("18.")
