import os
import subprocess  # noqa: TID251 - stock git, as its users run it
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from countersign.adapters.git import GitRepository
from countersign.domain.outcomes import GitFault, NoRepositoryFault
from tests.integration.localforge.conftest import Scene


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone with stock git, whatever its user's own settings are."""

    folder: Path

    def git(self, *args: str, fails: bool = False) -> str:
        environment = {"HOME": str(self.folder.parent), "PATH": os.defpath, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
        named = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"]
        done = subprocess.run(  # noqa: S603 - our own arguments
            ["git", *named, *args],  # noqa: S607 - as on any machine
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def commit(self, name: str, content: str = "text\n") -> str:
        (self.folder / name).write_text(content)
        self.git("add", name)
        self.git("commit", "--quiet", "--message", f"Write {name}")
        return self.git("rev-parse", "HEAD").strip()


@pytest.fixture
def clone(scene: Scene, tmp_path: Path) -> Clone:
    return cloned(scene, tmp_path, "author", "api")


def cloned(scene: Scene, folder: Path, role: str, *scopes: str) -> Clone:
    token = scene.forge.token(scene.people[role], *scopes)
    here = folder / f"{role}-{'-'.join(scopes)}"
    here.mkdir()
    clone = Clone(here)
    clone.git("clone", "--quiet", scene.forge.clone_url(scene.path, token), ".")
    return clone


def test_clone_push_fetch_and_fsck(scene: Scene, clone: Clone, tmp_path: Path) -> None:
    clone.git("checkout", "-b", "work")
    head = clone.commit("a.txt")
    clone.git("push", "origin", "work")
    assert scene.project("author").branches.get("work").commit["id"] == head
    other = cloned(scene, tmp_path, "reporter", "read_repository")
    assert other.git("rev-parse", "origin/work").strip() == head
    other.git("fsck", "--strict")
    assert "ada@example.com" in other.git("log", "-1", "--format=%ae", "origin/work")


def test_a_push_is_taken_in_before_it_is_answered(scene: Scene, clone: Clone) -> None:
    change = scene.open("author")
    clone.git("fetch", "origin")
    clone.git("checkout", "topic")
    head = clone.commit("more.txt")
    clone.git("push", "origin", "topic")
    assert scene.see("author", change).sha == head
    clone.git("fetch", "origin", "refs/merge-requests/1/head")
    assert clone.git("rev-parse", "FETCH_HEAD").strip() == head


def test_protected_branches_bind_git_too(scene: Scene, clone: Clone, tmp_path: Path) -> None:
    clone.commit("a.txt")
    said = clone.git("push", "origin", "main", fails=True)
    assert "You are not allowed to push code to protected branches on this project." in said
    assert "pre-receive hook declined" in said
    maintainer = cloned(scene, tmp_path, "maintainer", "api")
    head = maintainer.commit("b.txt")
    maintainer.git("push", "origin", "main")
    assert scene.project("author").branches.get("main").commit["id"] == head
    maintainer.git("reset", "--hard", "HEAD~1")
    maintainer.commit("c.txt")
    assert "force push" in maintainer.git("push", "--force", "origin", "main", fails=True)
    assert "protected" in maintainer.git("push", "origin", ":main", fails=True)
    assert scene.project("author").branches.get("main").commit["id"] == head


def test_one_refused_ref_stops_the_whole_push(scene: Scene, clone: Clone) -> None:
    clone.commit("a.txt")
    clone.git("push", "origin", "main:free", "main:main", fails=True)
    assert [branch.name for branch in scene.project("author").branches.list(get_all=True)] == ["main"]


def test_unprotected_history_can_be_rewritten(scene: Scene, clone: Clone) -> None:
    clone.commit("a.txt")
    clone.git("push", "origin", "HEAD:work")
    clone.git("reset", "--hard", "HEAD~1")
    head = clone.commit("b.txt")
    clone.git("push", "origin", "HEAD:work", fails=True)
    clone.git("push", "--force", "origin", "HEAD:work")
    assert scene.project("author").branches.get("work").commit["id"] == head


@pytest.mark.parametrize("ref", ["refs/merge-requests/1/head", "refs/keep-around/x", "refs/notes/x", "HEAD"])
def test_only_branches_and_tags_are_pushed(scene: Scene, clone: Clone, ref: str) -> None:
    scene.open("author")
    before = scene.project("author").mergerequests.get(1).sha
    clone.commit("a.txt")
    clone.git("push", "--force", "origin", f"HEAD:{ref}", fails=True)
    assert scene.project("author").mergerequests.get(1).sha == before


def test_tags(scene: Scene, clone: Clone) -> None:
    head = clone.git("rev-parse", "HEAD").strip()
    clone.git("tag", "-a", "-m", "One", "v1")
    clone.git("push", "origin", "v1")
    assert scene.project("author").commits.get("v1").id == head


def test_a_large_push_comes_in_pieces(scene: Scene, clone: Clone) -> None:
    (clone.folder / "large").write_bytes(os.urandom(3 * 1024 * 1024))
    clone.git("add", "large")
    clone.git("commit", "--quiet", "--message", "Large")
    clone.git("push", "origin", "HEAD:work")
    assert scene.project("author").files.get("large", ref="work").size == 3 * 1024 * 1024


def test_scopes_bind_git(scene: Scene, tmp_path: Path) -> None:
    reads = cloned(scene, tmp_path, "author", "read_repository")
    reads.commit("a.txt")
    assert "403" in reads.git("push", "origin", "HEAD:work", fails=True)
    writes = cloned(scene, tmp_path, "other", "write_repository")
    writes.commit("a.txt")
    writes.git("push", "origin", "HEAD:work")
    assert "403" in cloned(scene, tmp_path, "reporter", "api").git("push", "origin", "HEAD:x", fails=True)
    for token in (scene.forge.token(scene.people["author"], "read_api"), "wrong"):
        said = writes.git("ls-remote", scene.forge.clone_url(scene.path, token), fails=True)
        assert "403" in said or "Authentication failed" in said
    stranger = scene.forge.clone_url(scene.path, scene.forge.token(scene.people["stranger"], "api"))
    assert "not found" in writes.git("ls-remote", stranger, fails=True)


def test_a_revoked_token_pushes_nothing(scene: Scene, clone: Clone) -> None:
    clone.commit("a.txt")
    scene.people["author"].block()
    assert "Authentication failed" in clone.git("push", "origin", "HEAD:work", fails=True)


@pytest.mark.parametrize("path", ["/HEAD", "/objects/info/packs", "/info/refs", "/info/refs?service=git-shell", "/config"])
def test_only_smart_http_is_spoken(scene: Scene, path: str) -> None:
    answer = httpx.get(f"{scene.forge.url}/{scene.path}.git{path}", auth=("oauth2", scene.forge.admin_token))
    assert answer.status_code in {303, 403, 404}


@pytest.mark.parametrize("body", [b"", b"zzzz", b"00ff", b"0008half", b"0000", b"003eshallow " + b"a" * 40 + b"\n0000"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_push_that_cannot_be_read_moves_nothing(scene: Scene, body: bytes, encoding: str) -> None:
    before = {branch.name: branch.commit["id"] for branch in scene.admin.branches.list(get_all=True)}
    answer = httpx.post(
        f"{scene.forge.url}/{scene.path}.git/git-receive-pack",
        content=body,
        headers={"Content-Type": "application/x-git-receive-pack-request", "Content-Encoding": encoding},
        auth=("oauth2", scene.forge.admin_token),
    )
    assert answer.status_code in {200, 400, 500}
    assert {branch.name: branch.commit["id"] for branch in scene.admin.branches.list(get_all=True)} == before


def test_the_password_is_what_counts(scene: Scene) -> None:
    url = f"{scene.forge.url}/{scene.path}.git/info/refs?service=git-upload-pack"
    token = scene.forge.token(scene.people["author"], "read_repository")
    assert httpx.get(url, auth=("anybody", token)).status_code == 200
    missing = httpx.get(url)
    assert (missing.status_code, missing.headers["www-authenticate"]) == (401, 'Basic realm="GitLab"')
    assert httpx.get(url, auth=(token, "")).status_code == 401
    assert httpx.get(url, headers={"Authorization": "Basic !!!"}).status_code == 401


def test_a_public_project_is_read_without_an_account_and_not_written(scene: Scene, clone: Clone, tmp_path: Path) -> None:
    plain = f"{scene.forge.url}/{scene.path}.git"
    assert "could not read Username" in clone.git("ls-remote", plain, fails=True)
    scene.forge.admin.groups.update(scene.path.split("/", maxsplit=1)[0], {"visibility": "public"})
    scene.admin.visibility = "public"
    scene.admin.save()
    stranger = Clone(tmp_path / "stranger")
    stranger.folder.mkdir()
    stranger.git("clone", "--quiet", plain, ".")
    assert stranger.git("rev-parse", "HEAD") == clone.git("rev-parse", "origin/main")
    stranger.commit("a.txt")
    assert "could not read Username" in stranger.git("push", "origin", "HEAD:work", fails=True)
    assert httpx.get(f"{plain}/info/refs?service=git-upload-pack", auth=("oauth2", "wrong")).status_code == 401


def test_a_project_that_is_not_there_is_told_from_one_that_does_not_answer(scene: Scene, tmp_path: Path) -> None:
    """A floor of a project that was deleted, or that its token does not see, is gone; all else is tried again."""

    def fetched(path: str, token: str, url: str = scene.forge.url) -> None:
        place = tmp_path / f"{path}-{len(list(tmp_path.iterdir()))}".replace("/", "@")
        GitRepository(url=f"{url}/{path}.git", directory=place, token=token, timeout=20).fetch()

    token = scene.forge.token(scene.people["author"], "api")
    fetched(scene.path, token)
    stranger = scene.forge.user(f"{scene.name('author')}-stranger")
    for path, whose in ((f"{scene.path}-gone", token), (scene.path, scene.forge.token(stranger, "api"))):
        with pytest.raises(NoRepositoryFault, match="no such repository"):
            fetched(path, whose)
    for path, whose, url in (
        (scene.path, "glpat-no-token-of-anybody", scene.forge.url),
        (scene.path, token, "http://127.0.0.1:1"),
    ):
        with pytest.raises(GitFault) as caught:
            fetched(path, whose, url)
        assert not isinstance(caught.value, NoRepositoryFault)
