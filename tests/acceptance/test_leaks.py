"""A minted secret is in the sandbox and nowhere else: no log, no state, no record, no comment, no key of Redis."""

import base64
import json
import subprocess  # noqa: TID251 - stock git reads objects as anybody would
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import pytest
import redis

from tests.acceptance.asks import migration
from tests.acceptance.ledger import AuditBranch
from tests.stage import shop
from tests.stage.people import wait_until
from tests.stage.stage import ROOT, Stage
from tests.support import podman
from tests.support.process import Child, binary

_names = count(1)


@dataclass(frozen=True, slots=True)
class Run:
    """One change that was carried out, and what was minted for it."""

    iid: int
    secrets: tuple[str, ...]
    ending: str


def page() -> shop.Ask:
    """Ask for a page of our own."""
    path = f"site/production/shop/leaks-{next(_names)}.html"
    diff = (
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+<p>nothing secret</p>\n"
    )
    return shop.Ask("A page", diff, "A test.", {"environment": "production", "action": "publish"})


def carried_out(playing: Stage, folder: Path, ask: shop.Ask, manner: str) -> Run:
    """Carry out a change by a runner that notes what it mints; the noted is not in the stage's folder, all it logs is."""
    cast, environment = playing.cast, str(ask.claims["environment"])
    playing.runners[environment].stop()
    if environment == "production":
        playing.start_runner(environment)
    try:
        iid = cast.propose(ask)
        if environment == "production":
            wait_until("the question", lambda: cast.asked(iid), shows=lambda: cast.status(iid))
            playing.runners[environment].stop()
            cast.approve("wim", iid)
        file, log = folder / f"{iid}.secrets", playing.folder / f"recording-{iid}.log"
        file.touch(0o600)
        argv = [sys.executable, "-m", "tests.acceptance.recording", str(iid), str(file), manner]
        with Child(argv, log=log, environment=playing.runner_environment[environment], folder=ROOT) as child:
            assert child.wait(seconds=90) == 0, child.written()
    finally:
        playing.start_runner(environment)
    return Run(iid, tuple(json.loads(line) for line in file.read_text().splitlines()), log.read_text().strip().splitlines()[-1])


@pytest.fixture(scope="module")
def runs(playing: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """Three runs, with every command that reaches Redis in a log of the stage."""
    folder = tmp_path_factory.mktemp("minted")
    watching = [binary("redis-cli"), "-p", str(playing.redis.port), "monitor"]
    with Child(watching, log=playing.folder / "redis-monitor.log"):
        yield {
            "quiet": carried_out(playing, folder, migration("staging", "ALTER TABLE orders ADD COLUMN quiet text;"), "quiet"),
            "prints": carried_out(playing, folder, migration("staging", "ALTER TABLE orders ADD COLUMN prints text;"), "prints"),
            "cloud": carried_out(playing, folder, page(), "prints"),
        }


def forms(secret: str) -> set[bytes]:
    """Give what to look for: the secret, URL-encoded, and its base64 wherever it stands among other bytes."""
    raw = secret.encode()
    found = {raw, urllib.parse.quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode(), raw.hex().encode()}
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + raw)[4 if before else 0 : -4]
        found |= {encoded, encoded.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def places(playing: Stage, runs: dict[str, Run]) -> Iterator[tuple[str, bytes]]:
    """Give everything that the installation has written, by the place where it is."""
    for path in sorted(playing.folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield str(path), path.read_bytes()
        elif path.is_dir() and (path / "objects").is_dir() and (path / "HEAD").is_file():
            yield f"git {path}", _git(path)
    yield from _engine(playing)
    yield from _forge(playing, runs)
    with redis.Redis.from_url(playing.redis.url) as client:
        for key in client.scan_iter():
            yield f"redis {key!r}", key + repr(_value(client, key)).encode()


def _engine(playing: Stage) -> Iterator[tuple[str, bytes]]:
    """Give what the container engine has written since the stage began; its images are older."""
    began = playing.allowed_signers.stat().st_mtime
    socket = Path(playing.runner_environment["staging"]["COUNTERSIGN_RUNNER_CONTAINER_SOCKET"])
    for path in (path for room in (podman.FOLDER, socket.parent) for path in room.rglob("*")):
        with suppress(FileNotFoundError):  # another run beside ours has ended
            if path.is_file() and not path.is_symlink() and path.stat().st_mtime >= began:
                yield f"engine {path}", path.read_bytes()


def _git(path: Path) -> bytes:
    """Give every object of a repository, reachable or not, unpacked."""
    argv = [binary("git"), "--git-dir", str(path), "cat-file", "--batch-all-objects", "--batch", "--buffer"]
    return subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout  # noqa: S603 - argv is ours


def _forge(playing: Stage, runs: dict[str, Run]) -> Iterator[tuple[str, bytes]]:
    """Give all that the forge shows, and the bot."""
    project = playing.cast.client("lea").projects.get(shop.PROJECT)
    for change in project.mergerequests.list(get_all=True, state="all"):
        iid = change.iid
        yield f"merge request {iid}", json.dumps(project.mergerequests.get(iid).attributes).encode()
        yield f"notes of {iid}", json.dumps([note.attributes for note in change.notes.list(get_all=True)]).encode()
        statuses = project.commits.get(change.sha, lazy=True).statuses.list(get_all=True)
        yield f"statuses of {iid}", json.dumps([status.attributes for status in statuses]).encode()
    header = {"Authorization": f"Bearer {playing.cast.agent_token}"}
    for run in runs.values():
        yield f"bot on {run.iid}", httpx.get(f"{playing.cast.bot}/v1/proposals/{shop.PROJECT}/{run.iid}", headers=header).content
    yield "metrics", httpx.get(f"{playing.cast.bot}/metrics").content


def _value(client: redis.Redis, key: bytes) -> object:
    """Read a key of any kind; one that is gone meanwhile holds nothing."""
    readers: dict[object, Callable[[], object]] = {
        b"string": lambda: client.get(key),
        b"list": lambda: client.lrange(key, 0, -1),
        b"set": lambda: client.smembers(key),
        b"zset": lambda: client.zrange(key, 0, -1),
        b"hash": lambda: client.hgetall(key),
        b"none": lambda: None,
    }
    return readers[client.type(key)]()


def found(playing: Stage, runs: dict[str, Run], needles: set[bytes]) -> set[str]:
    """Give the places that hold one of the needles."""
    return {place for place, content in places(playing, runs) if any(needle in content for needle in needles)}


def test_no_minted_secret_is_anywhere(playing: Stage, runs: dict[str, Run]) -> None:
    assert {name: run.ending for name, run in runs.items()} == {"quiet": "applied", "prints": "applied", "cloud": "applied"}
    assert {name: len(run.secrets) >= 1 for name, run in runs.items()} == dict.fromkeys(runs, True)
    needles = {form for run in runs.values() for secret in run.secrets for form in forms(secret)}
    assert min(map(len, needles)) >= 8
    assert found(playing, runs, needles) == set()


def test_the_search_finds_what_is_there(playing: Stage, branch: AuditBranch, runs: dict[str, Run]) -> None:
    """The same search, for what may be shown and for a secret that was put there."""
    handle = branch.of(runs["quiet"].iid)[-1]["grants"][0]["handle"].encode()
    kinds = {place.split()[0] for place in found(playing, runs, {handle})}
    assert "git" in kinds
    run = branch.of(runs["quiet"].iid)[-1]["run_id"].encode()
    assert any("redis-monitor.log" in place for place in found(playing, runs, {run})), "the lease"
    assert any(place.startswith("notes") for place in found(playing, runs, {b"countersign"}))
    assert any(place.startswith("redis") for place in found(playing, runs, {b"_kombu"}))
    assert any(place.startswith("engine") for place in found(playing, runs, {b""}))
    planted = playing.folder / "planted"
    secret = runs["quiet"].secrets[0]
    for before in (b"", b"a", b"ab"):
        planted.write_bytes(base64.b64encode(before + secret.encode() + b"!"))
        try:
            assert found(playing, runs, forms(secret)) == {str(planted)}
        finally:
            planted.unlink()


@pytest.mark.parametrize("name", ["prints", "cloud"])
def test_a_command_that_shows_its_credential_is_recorded_as_tainted(branch: AuditBranch, runs: dict[str, Run], name: str) -> None:
    result = branch.of(runs[name].iid)[-1]["result"]
    assert result["tainted"] is True
    assert "[credential 1]" in result["stdout"]["tail"] + result["stderr"]["tail"]
    assert branch.verify().status == 0


def test_a_command_that_keeps_it_to_itself_is_not(branch: AuditBranch, runs: dict[str, Run]) -> None:
    assert branch.of(runs["quiet"].iid)[-1]["result"]["tainted"] is False
