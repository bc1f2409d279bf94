"""The copy of a project's objects: never partial, shared in peace, and its token told to nobody else."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from countersign.adapters.git import GitRepository
from countersign.adapters.gitcmd import run_git
from countersign.domain.outcomes import GitFault
from tests.support.git_origin import GitOrigin


@pytest.fixture
def origin(tmp_path: Path) -> GitOrigin:
    return GitOrigin(tmp_path / "origin.git")


@pytest.fixture
def repository(origin: GitOrigin, tmp_path: Path) -> GitRepository:
    return GitRepository(url=origin.url, directory=tmp_path / "copy")


@pytest.mark.parametrize("mark", ["shallow", "objects/pack/pack-1.promisor", "objects/info/alternates", "info/grafts"])
def test_a_partial_copy_is_refused(origin: GitOrigin, repository: GitRepository, tmp_path: Path, mark: str) -> None:
    origin.commit({"a": "1\n"})
    repository.fetch()
    (tmp_path / "copy" / mark).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "copy" / mark).write_text("")

    with pytest.raises(GitFault, match="shallow or partial"):
        repository.fetch()


def test_a_shallow_remote_is_refused(origin: GitOrigin, tmp_path: Path) -> None:
    origin.commit({"a": "1\n"})
    origin.commit({"a": "2\n"})
    run_git(["clone", "--quiet", "--bare", "--depth=1", origin.url, "cut.git"], cwd=tmp_path)

    with pytest.raises(GitFault):
        GitRepository(url=(tmp_path / "cut.git").as_uri(), directory=tmp_path / "copy").fetch()


def test_locks_of_a_killed_git_are_taken_away(origin: GitOrigin, repository: GitRepository, tmp_path: Path) -> None:
    origin.commit({"a": "1\n"})
    repository.fetch()
    second = origin.commit({"a": "2\n"})
    for lock in ("packed-refs.lock", "refs/forge/heads/main.lock"):
        (tmp_path / "copy" / lock).write_text("")

    repository.fetch()
    assert repository.tip("main") == second


def test_fetching_at_once_hurts_nobody(origin: GitOrigin, tmp_path: Path) -> None:
    tip = origin.commit({"a": "1\n"})
    copies = [GitRepository(url=origin.url, directory=tmp_path / "copy") for _ in range(4)]
    threads = [threading.Thread(target=copy.fetch) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [copy.tip("main") for copy in copies] == [tip] * 4


def redirecting(seen: list[str | None]) -> HTTPServer:
    """Give a server that sends every question elsewhere and keeps the credentials that it was shown."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            self.send_response(302)
            self.send_header("Location", "/elsewhere/info/refs")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return HTTPServer(("127.0.0.1", 0), Handler)


def test_a_token_is_sent_once_never_follows_and_shows_nowhere(tmp_path: Path) -> None:
    seen: list[str | None] = []
    server = redirecting(seen)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/first"
    repository = GitRepository(url=url, directory=tmp_path / "copy", token="glpat-secret-secret")
    try:
        with pytest.raises(GitFault) as fault:
            repository.fetch()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert len(seen) == 1
    assert str(seen[0]).startswith("Basic ")
    written = [path.read_text(errors="replace") for path in (tmp_path / "copy").rglob("*") if path.is_file()]
    for text in (str(fault.value), *written):
        assert "secret" not in text
        assert str(seen[0]).removeprefix("Basic ") not in text
