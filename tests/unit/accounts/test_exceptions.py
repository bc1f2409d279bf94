"""What an auditor looks at first, out of what a runner really records."""

import json

from countersign.attestation.accounts.exceptions import Exceptional, find_exceptions, refusals_by_rule
from tests.fakes.runner import RunnerWorld
from tests.fakes.sandbox import Script

ADD = "ALTER TABLE orders ADD COLUMN note text;\n"
PRODUCTION = {"db/production/shop/V2__note.sql": ADD}


def found(world: RunnerWorld) -> list[Exceptional]:
    return find_exceptions([json.loads(entry.raw)["predicate"] for entry in world.ledger.entries])


def kinds(world: RunnerWorld) -> list[str]:
    return [item.kind for item in found(world)]


def test_a_run_without_trouble_is_none() -> None:
    world = RunnerWorld()
    world.handle(world.propose({"db/staging/shop/V2__note.sql": ADD}))
    assert found(world) == []


def test_a_refusal_is_named_with_rule_and_asker() -> None:
    world = RunnerWorld()
    world.handle(world.propose({"db/production/shop/V3__drop.sql": "DROP TABLE orders;\n"}))
    (item,) = found(world)
    assert (item.kind, item.what) == ("refused", "data that would be gone")
    assert "sam" in item.who
    assert refusals_by_rule([item]) == {"data that would be gone": 1}


def test_a_sponsors_approval_did_not_count_and_is_an_attempt_to_approve_ones_own() -> None:
    world = RunnerWorld()
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    world.approve(ref, "sam", "wanda")
    world.handle(ref)
    assert kinds(world) == ["voided-approval", "self-approval"]
    assert {item.who for item in found(world)} == {("sam",)}


def test_a_strangers_approval_is_voided_but_no_attempt_at_ones_own() -> None:
    world = RunnerWorld()
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    world.approve(ref, "lou", "wanda")
    world.handle(ref)
    assert kinds(world) == ["voided-approval"]


def test_a_policy_change_is_named_with_those_who_approved_it() -> None:
    world = RunnerWorld()
    world.handle(world.propose({".countersign/policy.yaml": world.policy + "# more\n"}))
    assert kinds(world) == ["policy-change"]
    assert found(world)[0].what.endswith("approved by nobody yet")


def test_a_new_policy_is_seen_where_it_first_decides() -> None:
    world = RunnerWorld()
    world.handle(world.propose({"db/staging/shop/V2__note.sql": ADD}))
    world.repository.commit({".countersign/policy.yaml": world.policy + "# more\n"}, parent=world.repository.tip("main"))
    world.handle(world.propose({"db/staging/shop/V3__note.sql": ADD}))
    (item,) = [item for item in found(world) if item.kind == "policy-in-force"]
    assert item.told.seq == 3


def test_a_failed_run_and_a_tainted_one() -> None:
    world = RunnerWorld()
    world.sandbox.script(Script(exit_code=3))
    world.handle(world.propose({"db/staging/shop/V2__note.sql": ADD}))
    assert [(item.kind, item.what) for item in found(world)] == [("failed", "exit status 3")]
    records = [json.loads(entry.raw)["predicate"] for entry in world.ledger.entries]
    records[-1]["body"]["result"]["tainted"] = True
    assert [item.kind for item in find_exceptions(records)] == ["failed", "tainted"]


def test_a_run_without_an_outcome_is_open() -> None:
    world = RunnerWorld()
    world.handle(world.propose({"db/staging/shop/V2__note.sql": ADD}))
    opened = find_exceptions([json.loads(entry.raw)["predicate"] for entry in world.ledger.entries[:2]])
    assert [item.kind for item in opened] == ["open"]
