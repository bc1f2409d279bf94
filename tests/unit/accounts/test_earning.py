"""What is counted towards a milder tier: out of what a runner really records, over days."""

import json
from datetime import timedelta

import pytest

from countersign.attestation.accounts.earning import Earning, Standing, earnings
from tests.builders import NOON
from tests.fakes.runner import TRAILERS, RunnerWorld, Ticking
from tests.fakes.sandbox import Script
from tests.support.policies import policy
from tests.unit.runners.test_promotions import POLICY, SKILL, add

EARNED = "    earned: [{skill: add-a-column, service: shop, since: 2026-11-01T00:00Z}]\n"
COUNTING = POLICY.replace(EARNED, "").replace("approvers: 2", "approvers: 2, rollbacks: 1")


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld(policy=COUNTING, clock=Ticking(NOON - timedelta(days=100)))


def run(world: RunnerWorld, name: str, *, by: str = "wanda", days: int = 1, trailers: tuple[tuple[str, str], ...] = SKILL) -> None:
    world.clock.moment += timedelta(days=days)
    ref = world.propose(add(name), trailers=trailers)
    world.handle(ref)
    world.approve(ref, by)
    world.handle(ref)


def found(world: RunnerWorld, text: str = COUNTING) -> list[Earning]:
    return list(earnings(policy(text), [json.loads(entry.raw)["predicate"] for entry in world.ledger.entries]))


def counted(world: RunnerWorld, text: str = COUNTING) -> tuple[int, int, int, int, Standing]:
    (one,) = found(world, text)
    return one.tally.runs, one.tally.days, len(one.tally.approvers), one.tally.went_wrong, one.standing


def test_runs_days_and_people_are_counted_until_they_are_enough(world: RunnerWorld) -> None:
    run(world, "a")
    run(world, "b", by="wim", days=0)
    assert counted(world) == (2, 1, 2, 0, Standing.COUNTING)
    for name in "cdef":
        run(world, name)
    assert counted(world) == (6, 5, 2, 0, Standing.EARNED)
    assert found(world)[0].combination == (("service", "shop"), ("skill", "add-a-column"))
    assert found(world)[0].document()["needs"] == {"approvers": 2, "days": 5, "rollbacks": 1, "runs": 3}


def test_one_approver_is_not_enough(world: RunnerWorld) -> None:
    for name in "abcdef":
        run(world, name)
    assert counted(world) == (6, 6, 1, 0, Standing.COUNTING)


def test_what_goes_wrong_once_too_often_begins_anew(world: RunnerWorld) -> None:
    for name in "abc":
        run(world, name)
    world.sandbox.script(Script(exit_code=1))
    run(world, "d")
    assert counted(world)[:4] == (3, 3, 1, 1)
    world.sandbox.script(Script(exit_code=1))
    run(world, "e")
    assert counted(world)[:4] == (0, 0, 0, 1)


@pytest.mark.parametrize(
    "trailers",
    [
        TRAILERS,
        (("Countersign-Agent", "shop-agent"), ("Countersign-Sponsor", "sam"), ("Countersign-Skill", "another")),
    ],
)
def test_another_skill_counts_for_itself_and_none_for_nobody(world: RunnerWorld, trailers: tuple[tuple[str, str], ...]) -> None:
    run(world, "a", trailers=trailers)
    assert [dict(one.combination)["skill"] for one in found(world)] == [value for word, value in trailers if word.endswith("Skill")]


def test_a_run_that_a_person_mends_within_two_days_does_not_count(world: RunnerWorld) -> None:
    run(world, "a")
    run(world, "b")
    world.clock.moment += timedelta(hours=47)
    branch = f"fix/{len(world.world.changes)}"
    world.repository.fetch()
    mended = {next(iter(add("b"))): "ALTER TABLE orders ADD COLUMN b bigint;\n"}
    head = world.repository.commit(mended, branch=branch, parent=world.repository.tip("main"), author="lea@example.com")
    world.handle(world.world.open("acme/shop", author=world.people["lea"], head=head, source_branch=branch))
    assert counted(world)[:2] == (1, 1)


def test_it_stands_as_the_record_says() -> None:
    world = RunnerWorld(policy=POLICY)
    assert counted(world, POLICY) == (0, 0, 0, 0, Standing.UNCONFIRMED)
    run(world, "a")
    assert counted(world, POLICY) == (0, 0, 0, 0, Standing.IN_FORCE), "what ran without approval earns nothing more"
    world.sandbox.fail_next()
    run(world, "b")
    assert counted(world, POLICY) == (0, 0, 0, 0, Standing.LOST)
    for name, by in zip("cdefg", ("wanda", "wim") * 3, strict=False):
        run(world, name, by=by)
    assert counted(world, POLICY) == (5, 5, 2, 0, Standing.EARNED), "since it was lost"
