"""The record's schema is fresh, and an independent reader finds that what runners record fits it."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from countersign.attestation.ocsf import ocsf
from countersign.attestation.place import Place
from countersign.attestation.record import RecordKind
from countersign.attestation.schema import RECORD_SCHEMA, record_schema
from countersign.attestation.statement import write
from countersign.cli.main import main
from runners.upkeep import heartbeat
from tests.fakes.runner import RunnerWorld
from tests.support.audit import ORIGIN, START, intent, outcome, refused

SCHEMAS = Path(__file__).parents[3] / "policy-schema"
ADD = "ALTER TABLE orders ADD COLUMN note text;\n"
Document = dict[str, Any]


@cache
def reader() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads(record_schema()))


def fits(raw: bytes) -> bool:
    return reader().is_valid(json.loads(raw))


@cache
def recorded() -> tuple[bytes, ...]:
    """Have a runner record two changes, once for all tests."""
    world = RunnerWorld()
    world.handle(world.propose({"db/staging/shop/V2__note.sql": ADD}))
    world.handle(world.propose({"db/production/shop/V3__gone.sql": "DROP TABLE orders;\n"}))
    return tuple(entry.raw for entry in world.ledger.entries)


def test_the_schema_is_fresh() -> None:
    assert (SCHEMAS / RECORD_SCHEMA).read_text() == record_schema(), "run `make schema`"


def test_an_independent_reader_takes_the_schema() -> None:
    jsonschema_rs.meta.validate(json.loads(record_schema()))


def test_what_runners_record_fits() -> None:
    drafts = [refused("a"), intent(), outcome(), heartbeat(open_runs=0, now=START)]
    for raw in [*recorded(), *(write(draft, Place(ORIGIN, 7, None, START)) for draft in drafts)]:
        assert fits(raw)


SPOILED: list[Callable[[Document], object]] = [
    lambda document: document["predicate"].pop("seq"),
    lambda document: document["predicate"].update(kind="other"),
    lambda document: document["predicate"].update(prev="sha256:short"),
    lambda document: document["predicate"].update(run_id="run-1"),
    lambda document: document["predicate"].update(id="not a ULID"),
    lambda document: document["predicate"].update(log="two words"),
    lambda document: document["predicate"].update(seq=-1),
    lambda document: document.update(subject=[]),
    lambda document: document.update(_type="https://in-toto.io/Statement/v0.1"),
    lambda document: document.pop("predicateType"),
]


@pytest.mark.parametrize("spoil", SPOILED)
def test_what_is_no_record_does_not_fit(spoil: Callable[[Document], object]) -> None:
    document = json.loads(recorded()[0])
    assert fits(json.dumps(document).encode())
    spoil(document)
    assert not fits(json.dumps(document).encode())


def test_the_schema_goes_where_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "schema", "--write", str(tmp_path)]) == 0
    assert (tmp_path / RECORD_SCHEMA).read_text() == record_schema()
    assert main(["audit", "schema"]) == 0
    assert capsys.readouterr().out == record_schema()
    assert main(["audit", "schema", "--write", str(tmp_path / "none")]) == 2


class TestWhatIsRecorded:
    """The six questions, answered by the records of one run."""

    def body(self, kind: str) -> Document:
        bodies = [json.loads(raw)["predicate"] for raw in recorded()]
        found: Document = next(body["body"] for body in bodies if body["kind"] == kind)
        return found

    def test_who_and_what_they_can_reach(self) -> None:
        announced = self.body("intent")
        assert {"agent", "sponsor", "author", "approvers"} <= announced["actor"].keys()
        [lease] = announced["leases"]
        assert {"handle", "scope"} <= lease.keys()
        ended = self.body("executed")
        [grant] = ended["grants"]
        assert {"handle", "provider", "public_id", "scope_digest", "minted", "expires", "revoked", "proof"} <= grant.keys()

    def test_how_and_what_they_did(self) -> None:
        result = self.body("executed")["result"]
        assert {
            "network",
            "connections",
            "argv",
            "argv_digest",
            "image",
            "backend",
            "runtime",
            "profile_digest",
            "ms",
        } <= result.keys()
        assert {"exit_code", "ending", "stdout", "stderr", "started", "finished"} <= result.keys()
        assert result["ms"] >= 0

    def test_who_said_yes_and_why(self) -> None:
        announced = self.body("intent")
        decision, policy = announced["decision"], announced["policy"]
        assert {"effect", "reasons", "needs", "plan", "policy_digest"} <= decision.keys()
        assert policy.keys() == {"commit", "digest"}

    def test_every_kind_is_sorted_for_tools(self) -> None:
        for kind in ("assessed", "intent", "executed", "refused"):
            assert self.body(kind)["ocsf"] == ocsf(RecordKind(kind))
        assert all(ocsf(kind)["class_uid"] == 6003 for kind in RecordKind)
