"""The bot looks, says, and asks a runner to look: its decision opens nothing, and the two never contradict one another."""

from datetime import timedelta

import pytest

from bot.ports import Mark
from bot.reconcile import reconcile
from countersign.domain.outcomes import Fault
from countersign.domain.ports import ChangeState, StatusState
from tests.builders import SHOP_POLICY
from tests.fakes.bot_world import PROJECT, BotWorld

ADD = "ALTER TABLE orders ADD COLUMN note text;\n"
STAGING = {"db/staging/shop/V2__note.sql": ADD}
PRODUCTION = {"db/production/shop/V2__note.sql": ADD}
DROP = {"db/production/shop/V3__drop.sql": "DROP TABLE orders;\n"}
WORDS = {"README.md": "The shop, open\n"}


@pytest.fixture
def world() -> BotWorld:
    return BotWorld()


def test_an_autonomous_change_is_handed_to_its_environment(world: BotWorld) -> None:
    ref = world.propose(STAGING)
    assert world.look(ref) == "autonomous"
    assert world.queue.runs() == [(ref, "staging")]
    assert world.headline(ref) == "### ▶ Runs without approval · low · staging / shop"
    assert world.labels(ref) == {"countersign::autonomous"}
    assert world.world.statuses == {}


def test_a_change_that_waits_is_handed_on_so_that_a_runner_puts_the_question(world: BotWorld) -> None:
    ref = world.propose(PRODUCTION)
    assert world.look(ref) == "approve"
    assert world.queue.sent == [("run", ref, "production"), ("look", ref, 3), ("look", ref, 15)]
    assert "approvals count once a runner has put the question on the record" in world.comment(ref)
    world.handle(ref)
    world.look(ref)
    assert world.headline(ref) == "### ⏸ Needs 1 approval · medium · production / shop"
    assert "record 0: approvals since then count" in world.comment(ref)


def test_an_approval_is_shown_and_handed_on(world: BotWorld) -> None:
    ref = world.propose(PRODUCTION)
    world.both(ref)
    before = len(world.queue.runs())
    world.approve(ref, "wanda")
    world.look(ref)
    assert world.headline(ref).startswith("### ▶ Approved")
    assert "web: 1 of 1 ✔ `wanda`" in world.comment(ref)
    assert world.queue.runs()[before:] == [(ref, "production")]


def test_an_approval_that_does_not_count_says_why(world: BotWorld) -> None:
    ref = world.propose(PRODUCTION)
    world.both(ref)
    world.approve(ref, "sam", "lea")
    world.look(ref)
    assert "`sam` is the sponsor: asked the agent for this change" in world.comment(ref)
    assert "`lea` is in none of the teams that are asked" in world.comment(ref)
    assert world.headline(ref).startswith("### ⏸ Needs 1 approval")


def test_a_refusal_is_told_at_once_and_handed_on_to_be_recorded(world: BotWorld) -> None:
    ref = world.propose(DROP)
    assert world.look(ref) == "refused"
    assert world.queue.runs() == [(ref, "production")]
    status = world.world.statuses[PROJECT, world.world.held(ref).head]
    assert status.state is StatusState.FAILED
    comment = world.comment(ref)
    assert "**data that would be gone** (`.countersign/policy.yaml:" in comment
    assert "To pass: leave db/production/shop/V3\\_\\_drop.sql out of the change" in comment
    assert "| **Would be gone** | **table `orders`**" in comment
    world.handle(ref)
    recorded = world.world.statuses[PROJECT, world.world.held(ref).head]
    world.look(ref)
    assert world.world.statuses[PROJECT, world.world.held(ref).head] == recorded
    assert "countersign audit show 0" in world.comment(ref)


@pytest.mark.parametrize("policy", [None, "version: 1\n", "no policy at all: ["])
def test_what_cannot_be_judged_is_refused_and_handed_to_any_runner(world: BotWorld, policy: str | None) -> None:
    world.repository.commit({".countersign/policy.yaml": policy})
    ref = world.propose(STAGING)
    assert world.look(ref) == "refused"
    assert world.queue.runs() == [(ref, None)]
    assert world.headline(ref) == "### ✘ Refused: cannot be judged at policy"
    world.handle(ref)
    world.look(ref)
    assert "Record 0 on branch" in world.comment(ref)


def test_a_fork_is_refused(world: BotWorld) -> None:
    ref = world.propose(STAGING)
    world.world.held(ref).from_fork = True
    assert world.look(ref) == "refused"
    assert "from a fork" in world.comment(ref)


def test_words_for_people_have_nothing_to_run(world: BotWorld) -> None:
    ref = world.propose(WORDS)
    world.both(ref)
    assert world.queue.runs()[0] == (ref, None)
    assert world.headline(ref) == "### ✔ Nothing to run: people may merge it · low"
    assert world.labels(ref) == {"countersign::nothing-to-run"}


def test_a_frozen_environment_is_looked_at_again_when_the_freeze_ends(world: BotWorld) -> None:
    world.repository.commit(
        {
            ".countersign/policy.yaml": SHOP_POLICY.replace(
                "2026-12-18T00:00, end: 2027-01-04T08:00", "2026-11-24T00:00, end: 2026-11-24T13:05"
            )
        }
    )
    ref = world.propose(PRODUCTION)
    world.both(ref)
    assert world.headline(ref).startswith("### ❄ Frozen until 2026-11-24 12:05 UTC")
    kept = world.marks.known[Mark.REFLECTED, ref]
    assert timedelta(minutes=4) < kept.good <= timedelta(minutes=5)


def test_a_draft_is_judged_and_handed_to_nobody(world: BotWorld) -> None:
    ref = world.propose(STAGING)
    world.world.held(ref).draft = True
    world.look(ref)
    assert world.headline(ref).startswith("### ✎ Draft, nothing runs yet")
    assert world.queue.sent == []
    world.world.held(ref).draft = False
    world.look(ref)
    assert world.queue.runs() == [(ref, "staging")]


@pytest.mark.parametrize("state", [ChangeState.MERGED, ChangeState.CLOSED])
def test_what_is_no_longer_open_is_left_alone(world: BotWorld, state: ChangeState) -> None:
    ref = world.propose(STAGING)
    world.world.set_state(ref, state)
    assert world.look(ref) == "gone"
    assert world.world.comments(ref) == ()
    assert world.queue.sent == []


@pytest.mark.parametrize("state", [ChangeState.MERGED, ChangeState.CLOSED])
def test_a_question_of_a_change_that_is_gone_is_handed_on_once_and_ended(world: BotWorld, state: ChangeState) -> None:
    ref = world.propose(PRODUCTION)
    world.both(ref)
    sent = len(world.queue.runs())
    world.world.set_state(ref, state)
    assert [world.look(ref), world.look(ref)] == ["gone", "gone"]
    assert world.queue.runs()[sent:] == [(ref, None)]
    world.handle(ref)
    assert world.kinds() == ["assessed", "expired"]
    world.clock.moment += timedelta(minutes=2)
    world.look(ref)
    assert len(world.queue.runs()) == sent + 1


def test_an_end_that_was_not_heard_of_is_found_by_reconciling(world: BotWorld) -> None:
    gone, here = world.propose(PRODUCTION), world.propose(PRODUCTION)
    for ref in (gone, here):
        world.both(ref)
        world.look(ref)
    reconcile(PROJECT, world.gate, world.queue)
    world.world.set_state(gone, ChangeState.CLOSED)
    world.queue.sent.clear()
    assert reconcile(PROJECT, world.gate, world.queue) == 1
    assert world.queue.sent == [("look", gone, 0)]
    world.look(gone)
    world.handle(gone)
    world.queue.sent.clear()
    assert reconcile(PROJECT, world.gate, world.queue) == 0


def test_a_failed_run_is_shown_as_the_record_has_it(world: BotWorld) -> None:
    ref = world.propose(STAGING)
    world.sandbox.fail_next()
    world.look(ref)
    world.handle(ref)
    said = world.labels(ref)
    assert world.look(ref) == "failed"
    assert world.labels(ref) == said == {"countersign::failed"}
    assert world.headline(ref).startswith("### ✘ Failed, record 2")


@pytest.mark.parametrize("files", [STAGING, PRODUCTION, DROP, WORDS])
def test_looking_again_changes_nothing(world: BotWorld, files: dict[str, str]) -> None:
    """Otherwise label, comment and webhook would chase one another for ever."""
    ref = world.propose(files)
    world.both(ref)
    before = (world.comment(ref), world.labels(ref), dict(world.world.statuses))
    world.handle(ref)
    world.look(ref)
    assert (world.comment(ref), world.labels(ref), dict(world.world.statuses)) == before


def test_a_flood_of_looks_hands_on_once(world: BotWorld) -> None:
    ref = world.propose(PRODUCTION)
    for _ in range(10):
        world.look(ref)
    assert world.queue.runs() == [(ref, "production")]
    assert world.queue.sent.count(("look", ref, 3)) == 1


def test_what_a_runner_owes_is_asked_for_again(world: BotWorld) -> None:
    """The message was lost, or the runner died: a minute later there is another."""
    ref = world.propose(STAGING)
    world.look(ref)
    world.clock.moment += timedelta(seconds=61)
    assert reconcile(PROJECT, world.gate, world.queue) == 1
    world.look(ref)
    assert world.queue.runs() == [(ref, "staging")] * 2


def test_a_queue_that_is_away_leaves_no_mark(world: BotWorld) -> None:
    ref = world.propose(STAGING)
    world.queue.away = True
    with pytest.raises(Fault):
        world.look(ref)
    world.queue.away = False
    world.look(ref)
    assert world.queue.runs() == [(ref, "staging")]


@pytest.mark.parametrize("method", ["change", "approvals", "members", "say", "set_label", "person_by_email"])
def test_a_forge_that_is_away_hands_nothing_on(world: BotWorld, method: str) -> None:
    ref = world.propose(PRODUCTION)
    world.bot_forge.fail_next(method)
    with pytest.raises(Fault):
        world.look(ref)
    assert world.queue.sent == []
    world.look(ref)
    assert world.queue.runs() == [(ref, "production")]


def test_a_branch_that_lies_stops_the_bot(world: BotWorld) -> None:
    ref = world.propose(STAGING)
    world.ledger.fail_next(why="the audit branch is wrong")
    with pytest.raises(Fault, match="audit branch"):
        world.look(ref)
    assert world.queue.sent == []


def test_reconciling_finds_what_has_news_and_nothing_else(world: BotWorld) -> None:
    first, second = world.propose(PRODUCTION), world.propose(WORDS)
    assert reconcile(PROJECT, world.gate, world.queue) == 2
    for ref in (first, second):
        world.both(ref)
    assert reconcile(PROJECT, world.gate, world.queue) == 0
    world.approve(first, "wanda")
    assert reconcile(PROJECT, world.gate, world.queue) == 1
    world.look(first)
    head = world.commit({"README.md": "Again\n"}, branch=world.world.held(second).source_branch)
    world.world.push(second, head)
    assert reconcile(PROJECT, world.gate, world.queue) == 1
    world.look(second)
    world.repository.commit({"other": "main moves on\n"})
    assert reconcile(PROJECT, world.gate, world.queue) == 2


def test_reconciling_goes_on_past_a_change_that_cannot_be_read(world: BotWorld) -> None:
    first, second = world.propose(PRODUCTION), world.propose(WORDS)
    world.bot_forge.fail_next("approvals")
    assert reconcile(PROJECT, world.gate, world.queue) == 2
    assert {item[1] for item in world.queue.sent} == {first, second}


def test_an_emptied_redis_costs_a_look(world: BotWorld) -> None:
    ref = world.propose(PRODUCTION)
    world.both(ref)
    world.marks.known.clear()
    assert reconcile(PROJECT, world.gate, world.queue) == 1
