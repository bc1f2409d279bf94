"""git as it is started: nothing of the machine's decides what it does, and nothing secret gets out."""

import base64
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from countersign.adapters.gitcmd import GitFailed, run_git, scrub, token_config
from countersign.domain.outcomes import GitFault

TOKEN = "glpat-very-secret-token"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "repo.git"
    run_git(["init", "--quiet", "--bare", str(path)], cwd=tmp_path)
    return path


def test_output_comes_back_as_bytes(repo: Path) -> None:
    name = run_git(["hash-object", "-w", "--stdin"], cwd=repo, input=b"\0\xff").decode().strip()
    assert run_git(["cat-file", "blob", name], cwd=repo) == b"\0\xff"


def test_a_failure_tells_its_status_and_keeps_its_output(repo: Path) -> None:
    with pytest.raises(GitFailed, match="git cat-file ended with status 128") as caught:
        run_git(["cat-file", "blob", "0" * 40], cwd=repo)
    assert caught.value.status == 128
    assert caught.value.stderr


def test_a_directory_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(GitFault, match="did not start"):
        run_git(["version"], cwd=tmp_path / "nowhere")


def test_a_command_that_does_not_end_is_killed_with_its_children(repo: Path) -> None:
    with pytest.raises(GitFault, match=r"did not end within 0.2 s"):
        run_git(["-c", "alias.wait=!sleep 60 & wait", "wait"], cwd=repo, timeout=0.2)


def test_hooks_do_not_run(repo: Path) -> None:
    hook = repo / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    name = run_git(["commit-tree", _empty_tree(repo), "-m", "x"], cwd=repo, env_extra=_somebody()).decode().strip()
    run_git(["update-ref", "refs/heads/x", name], cwd=repo)
    assert not (repo / "ran").exists()


@pytest.mark.parametrize("url", ["ext::sh -c touch% ran", "ssh://127.0.0.1/x", "git://127.0.0.1/x"])
def test_other_protocols_are_refused(repo: Path, url: str) -> None:
    with pytest.raises(GitFailed, match="not allowed"):
        run_git(["ls-remote", url], cwd=repo)
    assert not (repo / "ran").exists()


def test_the_token_reaches_its_host_and_no_other_and_no_error_text(repo: Path) -> None:
    seen: list[tuple[str, str | None]] = []

    class Forge(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers["Authorization"]))
            self.send_response(302 if self.path.startswith("/moved") else 401)
            self.send_header("Location", f"http://localhost:{port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Forge)
    port = server.server_port
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        home, other = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        config = token_config(f"{home}/a/b.git", TOKEN)
        for url in (f"{home}/a/b.git", f"{home}/moved.git", f"{other}/a/b.git"):
            with pytest.raises(GitFailed) as caught:
                run_git(["ls-remote", url], cwd=repo, config=config)
            assert TOKEN not in str(caught.value)
            assert _basic() not in str(caught.value)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    sent = {header for path, header in seen if path.startswith(("/a/b.git", "/moved"))}
    assert f"Basic {_basic()}" in sent
    assert not any(path.startswith("/elsewhere") for path, _ in seen), "a redirect would carry the token elsewhere"
    assert seen[-1][1] is None, "another host must not see the token"


def test_a_token_is_never_written_for_a_local_path() -> None:
    assert token_config("/srv/x.git", TOKEN) == {}


def test_scrub_hides_what_git_repeats() -> None:
    said = scrub(f"fatal: http://oauth2:{TOKEN}@host/x: Authorization: Basic abc\x1b[31m", [f"Authorization: Basic {_basic()}"])
    assert said == "fatal: http://[hidden]@host/x: Authorization: [hidden]"


def _basic() -> str:
    return base64.b64encode(f"oauth2:{TOKEN}".encode()).decode()


def _empty_tree(repo: Path) -> str:
    return run_git(["mktree"], cwd=repo, input=b"").decode().strip()


def _somebody() -> dict[str, str]:
    return {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
