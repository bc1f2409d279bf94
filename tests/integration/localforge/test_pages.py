"""The embedded forge's pages, pressed as in a browser: who may, whose form it is, and who gets in."""

from collections.abc import Iterator

import pytest

from tests.fakes.localforge import LocalForge, local_forge
from tests.integration.localforge.conftest import Scene
from tests.support.browser import Browser


def signed_in(scene: Scene, role: str, path: str = "/") -> Browser:
    """Sign in with a token, as everywhere but in the demo."""
    browser = Browser(scene.forge.url)
    browser.open(f"/-/sign_in?to={path}")
    browser.press("/-/sign_in", typed={"token": scene.forge.token(scene.people[role], "api")})
    return browser


@pytest.fixture
def path(scene: Scene) -> str:
    scene.open("author")
    return f"/{scene.path}/-/merge_requests/1"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalForge]:
    """A forge as the demo starts it, with one account."""
    with local_forge(tmp_path_factory.mktemp("demo") / "state", "--demo") as running:
        ada = running.user("ada")
        running.group("house")
        running.project("house/site", ada)
        yield running


def test_approve_revoke_merge(scene: Scene, path: str) -> None:
    other = signed_in(scene, "other", path)
    assert other.path == path
    other.press(f"{path}/approve")
    approvals = scene.admin.mergerequests.get(1).approvals.get()
    assert [entry["user"]["username"] for entry in approvals.approved_by] == [scene.name("other")]
    assert [form.action for form in other.forms if form.action.startswith(path)] == [f"{path}/revoke", f"{path}/comment"]
    other.press(f"{path}/revoke")
    assert scene.admin.mergerequests.get(1).approvals.get().approved_by == []
    maintainer = signed_in(scene, "maintainer", path)
    maintainer.press(f"{path}/merge")
    merged = scene.admin.mergerequests.get(1)
    assert (merged.state, merged.merged_by["username"]) == ("merged", scene.name("maintainer"))
    assert f"{path}/merge" not in [form.action for form in maintainer.forms]


def test_what_one_may_not_do_has_no_button_and_is_refused_all_the_same(scene: Scene, path: str) -> None:
    for role, act, status in (("author", "approve", 403), ("reporter", "approve", 403), ("other", "merge", 403)):
        browser = signed_in(scene, role, path)
        fields = next(form.fields for form in browser.forms)
        assert f"{path}/{act}" not in [form.action for form in browser.forms]
        sha = str(scene.admin.mergerequests.get(1).sha)
        browser.send(f"{path}/{act}", {"form_token": fields["form_token"], "sha": sha}, status=status if act == "approve" else 401)
    change = scene.admin.mergerequests.get(1)
    assert (change.state, change.approvals.get().approved_by) == ("opened", [])


def test_what_was_on_the_screen_is_approved_and_nothing_pushed_since(scene: Scene, path: str) -> None:
    browser = signed_in(scene, "other", path)
    scene.commit("author", "topic", "later.txt")
    assert "has changed while you were reading" in browser.press(f"{path}/approve", status=409)
    assert scene.admin.mergerequests.get(1).approvals.get().approved_by == []


def test_a_form_without_this_browsers_token_is_refused(scene: Scene, path: str) -> None:
    browser, other = signed_in(scene, "maintainer", path), signed_in(scene, "other", path)
    fields = {"sha": str(scene.admin.mergerequests.get(1).sha), "body": "words"}
    notes = len(scene.admin.mergerequests.get(1).notes.list(get_all=True))
    foreign = other.forms[0].fields["form_token"]
    for token in ({}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": foreign}):
        for act in ("approve", "revoke", "merge", "comment"):
            assert "not from this page" in browser.send(f"{path}/{act}", {**fields, **token}, status=403)
    change = scene.admin.mergerequests.get(1)
    assert (change.state, change.approvals.get().approved_by) == ("opened", [])
    assert len(change.notes.list(get_all=True)) == notes


def test_a_form_token_without_its_cookie_is_worth_nothing(scene: Scene, path: str) -> None:
    browser = signed_in(scene, "other", path)
    fields = next(form for form in browser.forms if form.action == f"{path}/approve").fields
    browser.cookies.clear()
    browser.send(f"{path}/approve", fields, status=403)
    assert scene.admin.mergerequests.get(1).approvals.get().approved_by == []


def test_signing_in_and_out_changes_the_cookie_and_ends_the_old_one(scene: Scene, path: str) -> None:
    browser = Browser(scene.forge.url)
    browser.open("/-/sign_in")
    before = browser.cookies["localforge"]
    browser.press("/-/sign_in", typed={"token": scene.forge.token(scene.people["other"], "api")})
    signed = browser.cookies["localforge"]
    assert signed != before
    browser.press("/-/sign_out")
    assert browser.path == "/-/sign_in"
    old = Browser(scene.forge.url)
    old.cookies.set("localforge", signed)
    old.open(path)
    assert old.path == "/-/sign_in"


@pytest.mark.parametrize("scope", ["read_api", "read_repository", "write_repository", "read_user"])
def test_a_token_that_may_not_write_signs_nobody_in(scene: Scene, scope: str) -> None:
    browser = Browser(scene.forge.url)
    browser.open("/-/sign_in")
    browser.press("/-/sign_in", typed={"token": scene.forge.token(scene.people["other"], scope)}, status=401)


def test_whoever_was_blocked_is_signed_out(scene: Scene, path: str) -> None:
    browser = signed_in(scene, "other", path)
    scene.people["other"].block()
    browser.open(path)
    assert browser.path == "/-/sign_in"


def test_without_demo_nobody_signs_in_by_a_click_and_strangers_see_nothing(scene: Scene, path: str) -> None:
    browser = Browser(scene.forge.url)
    assert "Do topic" not in browser.open(path)
    assert browser.path == "/-/sign_in"
    assert all("username" not in form.fields for form in browser.forms)
    token = browser.forms[0].fields["form_token"]
    browser.send("/-/sign_in", {"form_token": token, "username": scene.name("maintainer")}, status=401)
    browser.open(path)
    assert browser.path == "/-/sign_in"
    stranger = signed_in(scene, "stranger")
    stranger.open(path, status=404)


def test_in_the_demo_one_click_signs_in_and_visitors_look(demo: LocalForge) -> None:
    browser = Browser(demo.url)
    assert "house/site" in browser.open("/house/site")
    browser.press("/-/sign_in", username="ada")
    assert browser.path == "/house/site"
    assert "You are <b>Ada</b>" in browser.page


def test_in_the_demo_a_click_needs_the_pages_own_token_too(demo: LocalForge) -> None:
    browser = Browser(demo.url)
    browser.open("/")
    browser.send("/-/sign_in", {"username": "ada"}, status=403)
    assert "You are" not in browser.open("/")


@pytest.mark.parametrize("to", ["https://example.com/", "//example.com/", "/\\example.com/", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(demo: LocalForge, to: str) -> None:
    browser = Browser(demo.url)
    browser.open("/")
    browser.press("/-/sign_in", typed={"to": to}, username="ada")
    assert browser.path == "/"


def test_another_name_for_this_machine_is_not_answered(demo: LocalForge) -> None:
    browser = Browser(demo.url)
    browser.open("/")
    headers = {"Host": "rebound.example"}
    assert browser.ask("/", headers).status_code == 421


def test_the_browser_is_told_to_run_and_frame_nothing(demo: LocalForge) -> None:
    answer = Browser(demo.url).ask("/house/site", {})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "<script" not in answer.text
