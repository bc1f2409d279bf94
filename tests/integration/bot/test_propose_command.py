"""`countersign propose` against the bot's real routes on a loopback port: what people and programs read, what is returned."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from countersign.cli.main import main
from tests.fakes.bot_face import AGENT_TOKEN, FakeFace
from tests.support.process import free_port
from tests.support.scripted_http import Answer, Script, scripted

DIFF = "--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-The shop\n+The shop, open\n"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, FakeFace]]:
    face = FakeFace()
    face.repository.commit({"README.md": "The shop\n"})
    face.repository.fetch()
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        config = uvicorn.Config(face.app, log_config=None, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", face
        server.should_exit = True
        thread.join(10)


@dataclass
class Agent:
    """An agent's working folder and what it calls."""

    server: str
    base: str
    place: Path
    capsys: pytest.CaptureFixture[str]

    def propose(self, *more: str, diff: str = DIFF, server: str | None = None, token: bool = True) -> tuple[int, str, str]:
        (self.place / "diff").write_text(diff)
        (self.place / "why").write_text("Say that we are open\n\nCustomers asked.\n")
        (self.place / "token").write_text(AGENT_TOKEN + "\n")
        argv = ["propose", "--server", server or self.server, "--project", "acme/shop", "--base", self.base]
        argv += ["--diff", str(self.place / "diff"), "--rationale", str(self.place / "why"), "--sponsor", "sam"]
        argv += ["--token-file", str(self.place / "token")] if token else []
        status = main([*argv, *more])
        said = self.capsys.readouterr()
        return status, said.out, said.err


@pytest.fixture
def agent(served: tuple[str, FakeFace], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Agent:
    server, face = served
    return Agent(server, str(face.repository.tip("main")), tmp_path, capsys)


def test_the_address_of_the_merge_request_is_printed(agent: Agent, served: tuple[str, FakeFace]) -> None:
    status, out, err = agent.propose("--environment", "production", "--test", "read it twice", "--not-sure", "the tone")
    assert (status, err) == (0, "")
    assert out.startswith("https://forge.example/acme/shop/-/merge_requests/")
    (held,) = served[1].world.changes.values()
    assert held.title == "Say that we are open"
    assert "test, by its own account: read it twice" in held.description
    assert agent.propose("--environment", "production", "--test", "read it twice", "--not-sure", "the tone")[:2] == (0, out)


def test_programs_read_one_json_object(agent: Agent) -> None:
    status, out, _ = agent.propose("--format", "json", "--title", "Another")
    document = json.loads(out)
    assert status == 0
    assert document["project"] == "acme/shop"
    assert document["branch"].startswith("proposals/shop-agent/")


def test_a_diff_that_is_no_good_is_told_where(agent: Agent) -> None:
    status, out, err = agent.propose(diff=DIFF.replace("-The shop\n", "-The bakery\n"))
    assert (status, out) == (20, "")
    assert "where: file README.md, hunk 1, line 3" in err
    assert "to pass: make the diff against" in err
    status, out, _ = agent.propose("--format", "json", diff="nonsense\n")
    assert status == 20
    assert json.loads(out)["status"] == 422


def test_fields_that_are_wrong_are_listed(agent: Agent) -> None:
    status, _, err = agent.propose("--title", "Co-authored-by: Wanda <w@shop.example>", "--environment", "no such name")
    assert status == 20
    assert "  environment: " in err
    assert "  title: must not name authors" in err


def test_a_wrong_token_is_a_no(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_TOKEN", "not-the-token-0123456789")
    status, _, err = agent.propose(token=False)
    assert status == 20
    assert "not-the-token" not in err
    monkeypatch.setenv("COUNTERSIGN_TOKEN", AGENT_TOKEN)
    assert agent.propose(token=False)[0] == 0


@pytest.mark.parametrize(
    "more",
    [
        ("--base", "main"),
        ("--server", "ftp://countersign.example"),
        ("--server", "https://me:secret@countersign.example"),
        ("--diff", "missing/diff"),
        ("--token-file", "missing/token"),
        ("--format", "xml"),
    ],
)
def test_a_command_line_that_is_wrong_is_told_so(agent: Agent, more: tuple[str, str]) -> None:
    status, out, err = agent.propose(*more)
    assert (status, out) == (2, "")
    assert "secret" not in err.replace("secret@", "")
    assert err


def test_without_a_token_nothing_is_sent(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUNTERSIGN_TOKEN", raising=False)
    status, _, err = agent.propose(token=False)
    assert status == 2
    assert "COUNTERSIGN_TOKEN" in err


def test_nobody_there_is_a_could_not(agent: Agent) -> None:
    status, _, err = agent.propose(server=f"http://127.0.0.1:{free_port()}")
    assert status == 30
    assert "send the same again" in err


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer({"detail": "busy"}, 503), 30),
        (Answer({"detail": "slow down"}, 429), 30),
        (Answer(b"<html>a proxy</html>", 502), 30),
        (Answer(b"<html>a page</html>", 200), 30),
        (Answer([], 200), 30),
        (Answer({}, 302, {"Location": "http://127.0.0.1:9/"}), 20),
        (Answer({"detail": "\x1b[31mred\u202e"}, 422), 20),
    ],
)
def test_answers_that_the_bot_does_not_give_are_never_a_yes(agent: Agent, answer: Answer, status: int) -> None:
    with scripted() as script:
        assert isinstance(script, Script)
        script.default = answer
        found, out, err = agent.propose(server=script.url)
    assert (found, out) == (status, "")
    assert "\x1b" not in err
    assert "\u202e" not in err
