"""What an auditor looks at first, out of what a runner really records."""

import json
from datetime import timedelta

import pytest

from countersign.attestation.accounts.exceptions import Exceptional, find_exceptions, refusals_by_rule
from countersign.domain.ids import ChangeRef
from countersign.domain.ports import ChangeState
from runners.pipeline import Ending
from tests.builders import SHOP_POLICY
from tests.fakes.runner import TRAILERS, RunnerWorld
from tests.fakes.sandbox import Script

ADD = "ALTER TABLE orders ADD COLUMN note text;\n"
PRODUCTION = {"db/production/shop/V2__note.sql": ADD}
FREEZE = "{start: 2026-12-18T00:00, end: 2027-01-04T08:00, "


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


def test_one_attempt_to_approve_ones_own_is_told_once_where_it_was_first_recorded() -> None:
    world = RunnerWorld()
    ref = policy_change(world)
    world.approve(ref, "lea", "lou", "wanda", "sam")
    world.handle(ref)
    merge(world, ref)
    assert world.kinds() == ["assessed", "allowed", "expired"]
    attempts = [(item.kind, item.told.seq) for item in found(world) if item.who == ("sam",)]
    assert attempts == [("voided-approval", 1), ("self-approval", 1)]


def test_an_emergency_and_the_run_that_follows_tell_of_one_attempt_once() -> None:
    emergency = "emergency: {from: leads, count: 1, lifts: freezes, lasts: 1h, review_within: 24h}\nfreezes:\n"
    frozen = SHOP_POLICY.replace(FREEZE, FREEZE.replace("2026-12-18", "2026-11-18"))
    world = RunnerWorld(policy=frozen.replace("freezes:\n", emergency))
    ref = world.propose(PRODUCTION, trailers=(*TRAILERS, ("Countersign-Emergency", "The shop is down")))
    world.handle(ref)
    world.approve(ref, "wanda", "lea", "sam")
    assert world.handle(ref) is Ending.APPLIED
    assert world.kinds() == ["assessed", "emergency", "intent", "executed"]
    assert [(item.kind, item.told.seq) for item in found(world)] == [
        ("voided-approval", 1),
        ("self-approval", 1),
        ("emergency", 1),
    ]


def test_whoever_asks_about_the_later_record_alone_is_told_there() -> None:
    world = RunnerWorld()
    ref = policy_change(world)
    world.approve(ref, "lea", "lou", "wanda", "sam")
    world.handle(ref)
    merge(world, ref)
    records = [json.loads(entry.raw)["predicate"] for entry in world.ledger.entries]
    attempts = [(item.kind, item.told.seq) for item in find_exceptions(records, of={2}) if item.who == ("sam",)]
    assert attempts == [("voided-approval", 2), ("self-approval", 2)]


def test_attempts_at_two_changes_and_of_two_people_are_each_told() -> None:
    world = RunnerWorld()
    for number, people in enumerate((("sam",), ("sam", "lou")), start=2):
        ref = world.propose({f"db/production/shop/V{number}__note.sql": ADD})
        world.handle(ref)
        world.approve(ref, *people)
        world.world.set_state(ref, ChangeState.CLOSED)
        world.handle(ref)
    voided = [(item.told.change, *item.who) for item in found(world) if item.kind == "voided-approval"]
    assert sorted(voided) == [("acme/shop!1", "sam"), ("acme/shop!2", "lou"), ("acme/shop!2", "sam")]


def policy_change(world: RunnerWorld) -> ChangeRef:
    """Have a change of the policy put on the record."""
    ref = world.propose({".countersign/policy.yaml": world.policy + "# more\n"})
    assert world.handle(ref) is Ending.WAITING
    return ref


def merge(world: RunnerWorld, ref: ChangeRef) -> None:
    """Have people merge a change on the forge, and the runner look again."""
    world.forge.merge(ref, world.world.held(ref).head, into="main")
    assert world.handle(ref) is Ending.GONE


def test_a_policy_change_is_named_with_those_who_approved_it() -> None:
    world = RunnerWorld()
    ref = policy_change(world)
    world.approve(ref, "lea", "lou", "wanda")
    assert world.handle(ref) is Ending.NOTHING_TO_RUN
    merge(world, ref)
    assert world.kinds() == ["assessed", "allowed", "expired"]
    told = [item for item in found(world) if item.kind == "policy-change"]
    assert [(item.told.kind, item.who) for item in told] == [
        ("assessed", ()),
        ("allowed", ("wanda", "lea", "lou")),
        ("expired", ("wanda", "lea", "lou")),
    ]
    assert told[0].what == "asked, by shop-agent, sam, countersign-bot"
    assert told[2].what == "merged, by shop-agent, sam, countersign-bot; approved by wanda, lea, lou"
    assert kinds(world) == ["policy-change", "policy-change", "policy-change", "expired"]


def test_a_policy_that_people_merge_without_the_approvals_is_an_exception() -> None:
    world = RunnerWorld()
    ref = policy_change(world)
    world.approve(ref, "lea", "sam")
    merge(world, ref)
    (short,) = [item for item in found(world) if item.kind == "unapproved-merge"]
    assert short.what == "approved by 1 of 2 of leads, 0 of 1 of web"
    assert {item.who for item in found(world) if item.kind == "self-approval"} == {("sam",)}
    assert "approved by lea" in next(
        item.what for item in found(world) if item.told.kind == "expired" and item.kind == "policy-change"
    )


def test_a_merge_of_a_commit_that_nobody_was_asked_about_is_an_exception() -> None:
    world = RunnerWorld()
    ref = world.propose({"docs/words.md": "Words.\n"})
    assert world.handle(ref) is Ending.NOTHING_TO_RUN
    asked = world.world.held(ref).head
    world.world.push(ref, world.commit({".countersign/policy.yaml": world.policy + "# other\n"}, branch="proposals/0"))
    merge(world, ref)
    (around,) = [item for item in found(world) if item.kind == "unapproved-merge"]
    head = world.world.held(ref).head
    assert around.what == f"nobody was asked about the commit that was merged, {head}, only about {asked}"


def test_what_was_merged_as_it_was_asked_is_none() -> None:
    world = RunnerWorld()
    ref = world.propose({"docs/words.md": "Words.\n"})
    world.handle(ref)
    merge(world, ref)
    assert kinds(world) == ["expired"]


@pytest.mark.parametrize(("start", "asked"), [("2026-11-18T00:00", "frozen"), ("2026-11-24T15:00", "approve")])
def test_a_merge_during_a_freeze_is_an_exception_whenever_the_freeze_began(start: str, asked: str) -> None:
    world = RunnerWorld(policy=SHOP_POLICY.replace(FREEZE, f"{{start: {start}, end: 2027-01-04T08:00, "))
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    world.clock.moment += timedelta(hours=4)
    world.approve(ref, "wanda")
    merge(world, ref)
    decision = dict(world.ledger.entries[-1].body)["decision"]
    assert (decision["effect"], decision["judged"]) == (asked, "frozen")  # type: ignore[index]  # they are there
    assert [item.what for item in found(world) if item.kind == "unapproved-merge"] == ["frozen by the policy"]


def test_a_freeze_that_was_over_when_people_merged_is_none() -> None:
    world = RunnerWorld(policy=SHOP_POLICY.replace(FREEZE, "{start: 2026-11-18T00:00, end: 2026-11-25T00:00, "))
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    world.clock.moment += timedelta(days=2)
    world.approve(ref, "wanda")
    merge(world, ref)
    decision = dict(world.ledger.entries[-1].body)["decision"]
    assert (decision["effect"], decision["judged"]) == ("frozen", "approve")  # type: ignore[index]  # they are there
    assert kinds(world) == ["expired"]


def test_a_policy_change_that_was_closed_was_not_merged() -> None:
    world = RunnerWorld()
    ref = policy_change(world)
    world.approve(ref, "lea")
    world.world.set_state(ref, ChangeState.CLOSED)
    world.handle(ref)
    assert kinds(world) == ["policy-change", "expired"]


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
