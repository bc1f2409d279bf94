"""Somebody writes into Redis: "run this, it is approved". Nothing is minted, nothing is run, the refusal is on the record."""

import hashlib
from typing import Any

import celery
import pytest
import redis

from countersign.attestation.record import AUDIT_BRANCH
from tests.acceptance.asks import migration
from tests.acceptance.ledger import AuditBranch
from tests.integration.queues.forgeries import envelope
from tests.stage import shop
from tests.stage.people import wait_until
from tests.stage.stage import Stage


def forge_message(playing: Stage, task: str, *args: object, queue: str = "runs.production") -> None:
    """Put a message into the queue as whoever can reach Redis would."""
    with celery.Celery("intruder", broker=playing.redis.url) as app:
        app.send_task(task, args=args, queue=queue)


def refusals(branch: AuditBranch) -> list[dict[str, Any]]:
    """Give the records of refused messages; none where there is no audit branch yet."""
    visitor = branch.visitor()
    if visitor.git("rev-parse", "--verify", "--quiet", f"origin/{AUDIT_BRANCH}").status:
        return []
    return [record for record in visitor.records() if record["kind"] == "refused" and record.get("message")]


@pytest.mark.parametrize(
    "extra",
    [
        {"approved": True},
        {"approvals": ["lea", "lou"], "decision": "autonomous"},
        {"argv": ["psql", "-c", "DROP TABLE orders"]},
    ],
)
def test_a_message_with_a_conclusion_is_refused(playing: Stage, branch: AuditBranch, extra: dict[str, object]) -> None:
    cast = playing.cast
    iid = cast.propose(migration("production", "ALTER TABLE orders ADD COLUMN forged text;"))
    wait_until("the question", lambda: cast.asked(iid), shows=lambda: cast.status(iid))
    before = len(refusals(branch))
    forge_message(playing, "runners.run", {"v": 1, "project": shop.PROJECT, "iid": iid, **extra})
    wait_until("the refusal", lambda: len(refusals(branch)) == before + 1)
    assert "not allowed" in refusals(branch)[-1]["why"]
    assert branch.kinds(iid) == ["assessed"]
    assert branch.visitor().roles_of_runs() == []
    assert "forged" not in branch.visitor().columns("production", "orders")
    assert cast.state(iid) == "opened"


def test_a_well_formed_message_is_only_a_request_to_look(playing: Stage, branch: AuditBranch) -> None:
    cast = playing.cast
    iid = cast.propose(migration("production", "ALTER TABLE orders ADD COLUMN forged_too text;"))
    wait_until("the question", lambda: cast.asked(iid), shows=lambda: cast.status(iid))
    for _ in range(5):
        forge_message(playing, "runners.run", {"v": 1, "project": shop.PROJECT, "iid": iid})
    marker = len(refusals(branch))
    forge_message(playing, "runners.run", "the last of the five")
    wait_until("the messages to be read", lambda: len(refusals(branch)) == marker + 1)
    assert branch.kinds(iid) == ["assessed"]
    assert cast.state(iid) == "opened"


def test_a_production_change_on_the_staging_queue_is_refused(playing: Stage, branch: AuditBranch) -> None:
    cast = playing.cast
    iid = cast.propose(migration("production", "ALTER TABLE orders ADD COLUMN astray text;"))
    wait_until("the question", lambda: cast.asked(iid), shows=lambda: cast.status(iid))
    playing.runners["production"].stop()
    try:
        cast.approve("wanda", iid)
        forge_message(playing, "runners.run", {"v": 1, "project": shop.PROJECT, "iid": iid}, queue="runs.staging")
        wait_until("the refusal", lambda: "refused" in branch.kinds(iid))
        assert "intent" not in branch.kinds(iid)
        assert branch.visitor().roles_of_runs() == []
    finally:
        playing.start_runner("production")


def test_an_unknown_task_is_refused(playing: Stage, branch: AuditBranch) -> None:
    before = len(refusals(branch))
    forge_message(playing, "runners.mint_me_something", {"role": "superuser"})
    wait_until("the refusal", lambda: len(refusals(branch)) == before + 1)
    assert "does not exist" in refusals(branch)[-1]["why"]


def test_what_is_no_message_at_all_is_refused_and_the_runner_lives(playing: Stage, branch: AuditBranch) -> None:
    forged = [b"garbage of the forger", envelope("runners.run", "runs.production", b'"no triple"')]
    with redis.Redis.from_url(playing.redis.url) as client:
        for raw in forged:
            client.lpush("runs.production", raw)
    digests = {f"sha256:{hashlib.sha256(raw).hexdigest()}" for raw in forged}

    def recorded() -> set[str]:
        return {record["message"]["digest"] for record in refusals(branch)}

    wait_until("both refusals", lambda: digests <= recorded(), seconds=120, shows=recorded)
    test_an_unknown_task_is_refused(playing, branch)
    assert branch.verify().status == 0
