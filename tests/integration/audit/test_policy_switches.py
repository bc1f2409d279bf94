"""`countersign audit incident` and `exceptions` name the same records as the first under another policy."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from countersign.attestation.record import DECIDING, GIVEN_UP, Draft, RecordKind
from countersign.domain.ids import ChangeRef, Digest, Sha, digest_of, run_id
from tests.support.audit import signer, trust_line
from tests.support.auditor import Auditor
from tests.support.fastlog import FastLog
from tests.support.shelf import Shell

SHOP = ChangeRef("acme/shop", 7)
OLD, NEW = digest_of(b"the old policy"), digest_of(b"the new policy")


def told(kind: RecordKind, policy: Digest, day: int) -> Draft:
    run = run_id(SHOP, Sha("1" * 40)) if kind is RecordKind.INTENT else None
    name = run or (1 if kind in GIVEN_UP else day)  # what ends here is the first question
    body = {"decision": {"environment": "production"}, "policy": {"digest": policy}}
    return Draft(kind, f"{kind.value}/{name}", f"{kind.value} {SHOP}", SHOP, run, datetime(2026, 8, day, tzinfo=UTC), body)


def switches(home: Path, capsys: pytest.CaptureFixture[str], *records: tuple[RecordKind, Digest]) -> list[int]:
    log = FastLog.make(home / "shop.git")
    drafts = [told(kind, policy, day) for day, (kind, policy) in enumerate(records, start=1)]
    log.write_drafts(drafts)
    run = Shell(Auditor.of(log.repository, home, trust_line(signer())), capsys)
    around = ("incident", "--env", "production", "--around", "2026-08-02T12:00", "--window", "30d")
    (status, incident, _), (other, exceptions, _) = run(*around, "--format", "json"), run("exceptions", "--format", "json")
    assert (status, other) == (0, 0)
    lines = [json.loads(line) for line in exceptions.splitlines()]
    seen = [item["seq"] for item in json.loads(incident)["policy_switches"]]
    assert [line["seq"] for line in lines if line["kind"] == "policy-in-force"] == seen
    return seen


@pytest.mark.parametrize("kind", sorted(DECIDING))
def test_whatever_decides_shows_the_switch(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: RecordKind) -> None:
    assert switches(tmp_path, capsys, (RecordKind.ASSESSED, OLD), (kind, NEW)) == [1]


@pytest.mark.parametrize("kind", sorted(GIVEN_UP))
def test_the_end_of_an_older_question_is_no_switch_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: RecordKind
) -> None:
    asked = RecordKind.ASSESSED
    assert switches(tmp_path, capsys, (asked, OLD), (asked, NEW), (kind, OLD), (asked, NEW)) == [1]
