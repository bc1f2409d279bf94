"""The demo as a newcomer plays it: its own stage in the background, its pages in a browser's place, and what `make clean` stops."""

import json
import re
import shlex
import subprocess  # noqa: TID251 - the demo and the commands that it prints, run as a newcomer runs them
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import jsonschema_rs
import pytest

from countersign.attestation.record import AUDIT_BRANCH
from countersign.attestation.schema import record_schema
from tests.acceptance.asks import migration
from tests.stage import background, shop
from tests.stage.people import wait_for_merge, wait_until
from tests.stage.stage import ROOT
from tests.stage.visitor import Visitor
from tests.support.browser import Browser


@dataclass(frozen=True, slots=True)
class Played:
    """A demo that has come to its end; its stage still runs."""

    folder: Path
    status: int
    text: str

    @property
    def visitor(self) -> Visitor:
        return Visitor.of(self.folder)

    def printed(self, what: str) -> str:
        """Give what stands behind a word in the report."""
        return next(line for line in self.text.splitlines() if line.strip().startswith(what)).strip().removeprefix(what).strip()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    try:
        argv = [sys.executable, "-m", "tests.stage.demo", "--auto", "--folder", str(folder)]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)  # noqa: S603 - ours
        yield Played(folder, done.returncode, done.stdout + done.stderr)
    finally:
        background.stop(folder)


def test_it_comes_to_its_end_and_says_that_all_is_verified(played: Played) -> None:
    assert played.status == 0, played.text
    assert "NOT SO" not in played.text
    last = re.fullmatch(r"verified: (\d+) records, 0 problems", played.text.strip().splitlines()[-1])
    assert last is not None
    assert int(last[1]) == len(fetched(played).records()) > 10
    assert re.search(r"^It took \d+ s\.$", played.text, re.MULTILINE)  # noqa: TID251 - a line among others
    acts = [line[0] for line in played.text.splitlines() if line[1:3] == ". "]
    assert acts == ["a", "b", "c", "d"]


def test_what_it_says_was_done_is_really_there(played: Played) -> None:
    visitor = fetched(played)
    for environment in shop.ENVIRONMENTS:
        assert "gift_note" in visitor.columns(environment, "orders")
        assert "name" in visitor.columns(environment, "executives")
    assert "Open every day" in visitor.page(shop.BUCKET, "index.html")
    assert visitor.roles_of_runs() == []


def test_the_addresses_that_it_prints_can_be_opened_by_a_visitor(played: Played) -> None:
    browser = Browser(visitor_url(played))
    assert "Let customers add a gift note" in browser.open(played.printed("merge request"))
    record = browser.open(played.printed("its record"))
    assert "executed" in record
    assert "drop" not in record
    refusal = browser.open(played.printed("the refusal"))
    assert "data that would be gone" in refusal
    assert "Lea, lead" in refusal


def test_the_commands_that_it_prints_can_be_run_as_they_stand(played: Played) -> None:
    commands = [line.strip() for line in played.text.splitlines() if line.startswith(("  git ", "  .venv/bin/countersign "))]
    said = {command: run(command) for command in commands}
    records = len(fetched(played).records())
    (log,) = [text for command, text in said.items() if "--show-signature" in command]
    assert log.count('Good "git" signature') == records
    (verified,) = [text for command, text in said.items() if " audit verify " in command]
    assert verified.strip().splitlines()[-1] == f"verified: {records} records, 0 problems"
    assert any(command.startswith("git clone ") for command in commands)


def test_records_are_found_by_the_skill_that_the_agent_named(played: Played) -> None:
    said = fetched(played).countersign("query", "--skill", "add-a-column")
    assert {"assessed", "intent", "executed"} <= set(said.text.split())


def test_every_record_of_it_fits_the_schema(played: Played) -> None:
    visitor = fetched(played)
    schema = jsonschema_rs.validator_for(json.loads(record_schema()))
    paths = [record["path"] for record in visitor.records()]
    assert len(paths) > 10
    for path in paths:
        schema.validate(json.loads(visitor.git("show", f"origin/{AUDIT_BRANCH}:{path}").text))


def test_approve_is_pressed_on_the_page(played: Played) -> None:
    cast = played.visitor.cast
    iid = cast.propose(migration("production", "ALTER TABLE orders ADD COLUMN pressed text;"))
    wait_until("the question", lambda: cast.asked(iid), shows=lambda: cast.status(iid))
    browser = Browser(visitor_url(played))
    path = f"/{shop.PROJECT}/-/merge_requests/{iid}"
    browser.open(path)
    browser.press("/-/sign_in", username="wanda")
    assert browser.path == path
    browser.press(f"{path}/approve")
    assert cast.approvers(iid) == {"wanda"}
    wait_for_merge(cast, iid)
    assert "pressed" in played.visitor.columns("production", "orders")
    assert "merged" in browser.open(path).lower()


def test_cleaning_stops_all_that_it_started_and_says_so(played: Played) -> None:
    session = int((played.folder / "stage.pid").read_text())
    assert len(living(session)) >= 10, "itself, forge, two databases, Redis, AWS, the bot's two processes, two runners"
    argv = [sys.executable, "-m", "tests.stage.clean", "--folder", str(played.folder), "--keep-containers"]
    assert run(shlex.join(argv)) == "stopped the demo\n"
    assert living(session) == set()
    with pytest.raises(httpx.HTTPError):
        httpx.get(played.printed("merge request"))
    assert run(shlex.join(argv)) == ""


def fetched(played: Played) -> Visitor:
    visitor = played.visitor
    visitor.fetch()
    return visitor


def visitor_url(played: Played) -> str:
    return str(played.visitor.card["forge"])


def run(command: str) -> str:
    done = subprocess.run(shlex.split(command), cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr
    return done.stdout


def living(session: int) -> set[int]:
    """Give the processes of a session: a stage begins one, and what it starts stays in it."""
    found: set[int] = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if fields[3] == str(session) and fields[0] != "Z":
                found.add(int(process.name))
    return found
