"""A promotion is on the record before anything relies on it, and is taken back together with the outcome that lost it."""

from collections.abc import Mapping

import pytest

from countersign.attestation.inputs import enclosed
from countersign.domain.outcomes import Fault
from runners import promotions
from runners.pipeline import Ending
from tests.builders import SHOP_POLICY
from tests.fakes.runner import TRAILERS, RunnerWorld

SKILL = (*TRAILERS, ("Countersign-Skill", "add-a-column"))
EARNED = """\
autonomy:
  - promote: medium -> low
    each: [skill, service]
    after: {runs: 3, days: 5, approvers: 2}
    by: leads
    demote_on: [rollback]
    earned: [{skill: add-a-column, service: shop, since: 2026-11-01T00:00Z}]
"""
POLICY = SHOP_POLICY.replace('paths: ["db/staging/**"], tier: low', 'paths: ["db/staging/**"], tier: medium') + EARNED


def add(column: str) -> dict[str, str]:
    return {f"db/staging/shop/V2__{column}.sql": f"ALTER TABLE orders ADD COLUMN {column} text;\n"}


def die(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld(policy=POLICY)


def promotion(world: RunnerWorld, number: int = 0) -> Mapping[str, object]:
    told = world.ledger.entries[number].body["promotion"]
    assert isinstance(told, Mapping)
    return told


def test_it_is_confirmed_once_and_then_runs_without_approval(world: RunnerWorld) -> None:
    first = world.propose(add("note"), trailers=SKILL)
    assert world.handle(first) is Ending.APPLIED
    assert world.kinds() == ["promoted", "assessed", "intent", "executed"]
    confirmed, asked = world.ledger.entries[:2]
    assert confirmed.body["promotion"] == {
        "combination": {"service": "shop", "skill": "add-a-column"},
        "in_force": True,
        "name": confirmed.key.removeprefix("promoted/"),
        "since": "2026-11-01T00:00:00+00:00",
        "step": "medium -> low",
    }
    assert confirmed.body["policy"] == asked.body["policy"]
    assert world.handle(world.propose(add("more"), trailers=SKILL)) is Ending.APPLIED
    assert world.kinds()[4:] == ["assessed", "intent", "executed"]


def test_another_kind_of_change_still_waits(world: RunnerWorld) -> None:
    assert world.handle(world.propose(add("note"))) is Ending.WAITING
    assert world.kinds() == ["assessed"]


def test_a_run_that_fails_loses_it_for_good_and_at_once(world: RunnerWorld) -> None:
    ref = world.propose(add("note"), trailers=SKILL)
    world.sandbox.fail_next()
    assert world.handle(ref) is Ending.FAILED
    assert world.kinds() == ["promoted", "assessed", "intent", "failed", "demoted"]
    confirmed, *_, intent, _, lost = world.ledger.entries
    assert lost.key == confirmed.key.replace("promoted", "demoted")
    assert (lost.change, lost.body["by"]) == (ref, intent.run)
    assert lost.body["why"] == "its run failed"
    assert promotion(world, -1) == {**promotion(world), "in_force": False}
    assert world.handle(world.propose(add("more"), trailers=SKILL)) is Ending.WAITING
    assert world.kinds()[5:] == ["assessed"]


def test_what_was_lost_is_earned_anew_with_a_later_word_of_the_policy(world: RunnerWorld) -> None:
    world.sandbox.fail_next()
    world.handle(world.propose(add("note"), trailers=SKILL))
    world.repository.commit({".countersign/policy.yaml": POLICY.replace("11-01T", "11-24T")}, parent=world.repository.tip("main"))
    assert world.handle(world.propose(add("more"), trailers=SKILL)) is Ending.APPLIED
    assert world.kinds()[5:] == ["promoted", "assessed", "intent", "executed"]


def test_a_run_whose_runner_died_loses_it_too(world: RunnerWorld) -> None:
    ref = world.propose(add("note"), trailers=SKILL)
    world.sandbox.act = die
    with pytest.raises(KeyboardInterrupt):
        world.handle(ref)
    assert world.handle(ref) is Ending.LOST
    assert world.kinds()[-2:] == ["lost", "demoted"]


def test_while_the_record_cannot_be_written_nothing_is_milder(world: RunnerWorld) -> None:
    ref = world.propose(add("note"), trailers=SKILL)
    world.ledger.fail_next("append")
    with pytest.raises(Fault):
        world.handle(ref)
    assert world.kinds() == []
    assert world.handle(ref) is Ending.APPLIED


def test_the_record_holds_what_it_was_decided_from(world: RunnerWorld) -> None:
    world.handle(world.propose(add("note"), trailers=SKILL))
    _, asked, intent, _ = world.ledger.entries
    name = str(promotion(world)["name"])
    for entry in (asked, intent):
        found = enclosed(entry.body)
        assert getattr(found, "evidence").earned == {name}  # noqa: B009 - either inputs, or a word why there are none


def test_people_take_it_back(world: RunnerWorld) -> None:
    world.handle(world.propose(add("note"), trailers=SKILL))
    told = promotion(world)
    draft = promotions.demoted(told, why="orders were slow since then", change=None, by=None, now=world.clock())
    world.ledger.append(draft)
    assert world.ledger.entries[-1].kind.value == "demoted"
    assert world.handle(world.propose(add("more"), trailers=SKILL)) is Ending.WAITING
