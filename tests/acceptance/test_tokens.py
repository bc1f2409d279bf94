"""What a real command printed and an agent wrote is nowhere on the audit branch nor in the merge request: tokens and counts are."""

import json
import subprocess  # noqa: TID251 - stock git reads objects as anybody would
import sys
from pathlib import Path

import httpx
import pytest

from tests.acceptance.asks import migration
from tests.acceptance.ledger import AuditBranch
from tests.acceptance.test_leaks import forms
from tests.stage import shop
from tests.stage.keys import TOKENS_KEY
from tests.stage.people import wait_for_merge
from tests.stage.stage import ROOT, Stage
from tests.support.process import binary

MAIL, HOST, PASSWORD = "rosa.kim@mail.example.com", "10.20.30.40", "tea-Kettle-9"
SECRETLY = "SELECT 'user rosa.kim' || '@mail.example' || '.com from 10.20.' || '30.40 password=tea-' || 'Kettle-9' AS seen;"


@pytest.fixture(scope="module")
def iid(playing: Stage) -> int:
    """Have an agent propose a migration that prints what it should not, and say what it should not; have it carried out."""
    said = f"{MAIL} asks for it.\n\nShe saw {HOST} answer to password={PASSWORD}."
    ask = migration("staging", SECRETLY, title=f"Look at {HOST}")
    done = playing.cast.propose(shop.Ask(ask.title, ask.diff, said, {**ask.claims, "rollback": f"none, says {MAIL}"}))
    wait_for_merge(playing.cast, done)
    return done


def test_the_outcome_holds_tokens_and_counts(branch: AuditBranch, iid: int) -> None:
    assert branch.kinds(iid) == ["assessed", "intent", "executed"]
    outcome = branch.of(iid)[-1]
    tail = outcome["result"]["stdout"]["tail"]
    assert "user TK1_PERSONAL_" in tail
    assert "from TK1_HOST_" in tail
    assert "password=TK1_SECRET_" in tail
    assert outcome["tokens"] == {
        "classes": ["host", "personal", "secret"],
        "counts": {"host": 1, "personal": 1, "secret": 1},
        "epoch": 1,
        "ruleset": outcome["tokens"]["ruleset"],
    }
    assert branch.verify().status == 0


def test_the_agents_words_have_the_same_tokens_from_bot_and_runner(playing: Stage, branch: AuditBranch, iid: int) -> None:
    told = branch.of(iid)[0]["rationale"]["text"]
    tail = branch.of(iid)[-1]["result"]["stdout"]["tail"]
    tokens = {word.strip(".|") for word in tail.replace("=", " ").split() if word.startswith("TK1_")}
    assert len(tokens) == 3
    assert all(token in told for token in tokens)
    assert branch.of(iid)[0]["tokens"]["counts"] == {"host": 1, "personal": 3, "secret": 1}
    description = playing.cast.change("lea", iid).description
    assert all(token in description for token in tokens)


def test_no_value_is_anywhere_on_the_audit_branch(branch: AuditBranch, iid: int) -> None:
    """Every object of the branch, unpacked: blobs, trees, commits."""
    assert branch.of(iid)
    listed = _git(branch, "rev-list", "--objects", "origin/countersign/audit")
    objects = _git(branch, "cat-file", "--batch", typed=b"".join(line.split()[0] + b"\n" for line in listed.splitlines()))
    assert b"TK1_SECRET_" in objects
    assert not [needle for value in (MAIL, HOST, PASSWORD) for needle in forms(value) if needle in objects]


def test_no_value_is_in_the_merge_request(playing: Stage, iid: int) -> None:
    change = playing.cast.change("lea", iid)
    notes = [note.attributes for note in change.notes.list(get_all=True)]
    commits = [commit.attributes for commit in change.commits()]
    shown = json.dumps([change.attributes, notes, commits])
    assert not any(value in shown for value in (MAIL, HOST, PASSWORD))


def test_whoever_knows_a_value_finds_its_records(playing: Stage, branch: AuditBranch, iid: int) -> None:
    branch.visitor()
    key = ["--key-file", str(playing.folder / TOKENS_KEY), "--project", shop.PROJECT, "--format", "json"]
    named = _countersign(branch.folder / "clone", "tokens", "name", *key, typed=f"{HOST}\n")
    token = next(row["token"] for row in map(json.loads, named.splitlines()) if row["class"] == "host")
    root = ["--trust-root", str(playing.allowed_signers)]
    found = [
        json.loads(line)
        for line in _countersign(branch.folder / "clone", "audit", "query", token, "--format", "json", *root).splitlines()
    ]
    kinds = {record["record"]["predicate"]["kind"] for record in found if record["record"]["predicate"]["change"]["iid"] == iid}
    assert kinds == {"assessed", "intent", "executed"}
    assert "1 host, 1 personal, 1 secret" in _countersign(branch.folder / "clone", "audit", "query", token, *root)


def test_the_agent_is_told_how_much_was_replaced(playing: Stage) -> None:
    ask = migration("staging", "ALTER TABLE orders ADD COLUMN told text;")
    body = {
        "project": shop.PROJECT,
        "base": playing.cast.main(),
        "diff": ask.diff,
        "title": ask.title,
        "rationale": f"For {MAIL}.",
        "sponsor": shop.SPONSOR,
    }
    header = {"Authorization": f"Bearer {playing.cast.agent_token}"}
    answer = httpx.post(f"{playing.cast.bot}/v1/proposals", json={**body, **ask.claims}, headers=header, timeout=60)
    assert answer.json()["replaced"] == {"personal": 1}
    wait_for_merge(playing.cast, answer.json()["iid"])  # others hold the table that it changes


def _git(branch: AuditBranch, *argv: str, typed: bytes = b"") -> bytes:
    command = [binary("git"), "-C", str(branch.folder / "clone"), *argv]
    return subprocess.run(command, input=typed, capture_output=True, check=True, timeout=60).stdout  # noqa: S603 - argv is ours


def _countersign(folder: Path, *argv: str, typed: str = "") -> str:
    done = subprocess.run(  # noqa: S603 - argv is ours
        [sys.executable, "-m", "countersign.cli.main", *argv],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder.parent)},
        input=typed,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout
