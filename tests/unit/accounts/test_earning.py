"""What is counted towards a milder tier: out of what a runner really records, over days."""

import json
from datetime import timedelta

import pytest

from countersign.attestation.accounts.earning import Earning, Standing, earnings
from countersign.attestation.record import OUTCOMES, RecordKind
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


def found(world: RunnerWorld, text: str = COUNTING, later: timedelta = timedelta(days=3)) -> list[Earning]:
    predicates = [json.loads(entry.raw)["predicate"] for entry in world.ledger.entries]
    return list(earnings(policy(text), predicates, now=world.clock.moment + later))


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


AS_A_PERSON: tuple[tuple[str, str], ...] = ()
AS_IF_BY_THE_AGENT = TRAILERS
REFUSED = "DROP TABLE orders;\n"
BIGGER = "ALTER TABLE orders ADD COLUMN b bigint;\n"


@pytest.mark.parametrize(
    ("hours", "trailers", "sql", "counted_runs"),
    [
        (47, AS_A_PERSON, BIGGER, 1),
        (47, AS_IF_BY_THE_AGENT, BIGGER, 1),
        (47, AS_A_PERSON, REFUSED, 1),
        (49, AS_A_PERSON, BIGGER, 2),
    ],
)
def test_a_run_that_a_person_mends_within_two_days_does_not_count(
    world: RunnerWorld, hours: int, trailers: tuple[tuple[str, str], ...], sql: str, counted_runs: int
) -> None:
    run(world, "a")
    run(world, "b")
    world.clock.moment += timedelta(hours=hours)
    world.repository.fetch()
    branch, mended = f"fix/{len(world.world.changes)}", {next(iter(add("b"))): sql}
    parent = world.repository.tip("main")
    head = world.repository.commit(mended, branch=branch, parent=parent, author="lea@example.com", trailers=trailers)
    world.handle(world.world.open("acme/shop", author=world.people["lea"], head=head, source_branch=branch))
    assert counted(world)[0] == counted_runs


def test_what_was_refused_before_it_was_looked_at_mends_nothing(world: RunnerWorld) -> None:
    run(world, "a")
    ref = world.propose(add("b"), trailers=(*TRAILERS, ("Countersign-Skill", "two words")))
    world.handle(ref)
    assert world.kinds()[-1] == "refused"
    assert counted(world)[0] == 1


def test_a_record_without_a_time_is_passed_over(world: RunnerWorld) -> None:
    run(world, "a")
    predicates = [json.loads(entry.raw)["predicate"] for entry in world.ledger.entries]
    for value in ("", "soon", None):
        odd = [{**predicates[0], "recorded_time": value}, *predicates]
        (one,) = earnings(policy(COUNTING), odd, now=world.clock.moment + timedelta(days=3))
        assert one.tally.runs == 1


def test_a_run_counts_when_its_two_days_are_over(world: RunnerWorld) -> None:
    run(world, "a")
    assert [one.tally.runs for one in found(world, later=timedelta(hours=47))] == [0]
    assert [one.tally.runs for one in found(world, later=timedelta(hours=49))] == [1]


def test_a_change_of_more_than_one_kind_counts_for_none(world: RunnerWorld) -> None:
    world.clock.moment += timedelta(days=1)
    ref = world.propose(add("a") | {"docs/a.md": "A column\n"}, trailers=SKILL)
    world.handle(ref)
    world.approve(ref, "wanda")
    world.handle(ref)
    assert world.kinds()[-1] in {"executed", "assessed"}
    assert found(world) == []


def test_one_person_under_two_names_is_one(world: RunnerWorld) -> None:
    run(world, "a")
    predicates = [json.loads(entry.raw)["predicate"] for entry in world.ledger.entries]
    renamed = json.loads(json.dumps(predicates).replace("wanda", "wanda-2").replace("run-", "run-z"))
    (one,) = earnings(policy(COUNTING), [*predicates, *renamed], now=world.clock.moment + timedelta(days=3))
    assert (one.tally.runs, one.tally.approvers) == (2, ("wanda-2",))


@pytest.mark.parametrize("spoil", [{"result": {"tainted": True}}, {"grants": [{"proof": "unproved"}]}])
def test_a_run_that_leaves_a_credential_did_not_end_well(world: RunnerWorld, spoil: dict[str, object]) -> None:
    run(world, "a")
    predicates = [json.loads(entry.raw)["predicate"] for entry in world.ledger.entries]
    predicates[-1]["body"] |= spoil
    (one,) = earnings(policy(COUNTING), predicates, now=world.clock.moment + timedelta(days=3))
    assert (one.tally.runs, one.tally.went_wrong) == (0, 1)


@pytest.mark.parametrize("path", [["paths_total"], ["counts_as"]])
def test_what_an_older_record_does_not_say_is_not_taken_for_granted(world: RunnerWorld, path: list[str]) -> None:
    run(world, "a")
    predicates = [json.loads(entry.raw)["predicate"] for entry in world.ledger.entries]
    people = json.loads(json.dumps(predicates[0]))
    people["body"]["actor"]["agent"] = None
    people["recorded_time"] = (world.clock.moment + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    people["body"]["change"]["paths"] = []
    for predicate in (predicates[-2], people):
        predicate["body"]["change"].pop(path[0])
    told = earnings(policy(COUNTING), [*predicates, people], now=world.clock.moment + timedelta(days=3))
    assert [one.tally.runs for one in told] in ([], [0])


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


def test_a_run_that_never_began_counts_neither_for_nor_against(world: RunnerWorld) -> None:
    """The same that the runner takes back by: it tells nothing of the kind of change."""
    run(world, "a")
    world.ledger.after_append = lambda kind: world.outbox.fail_next("swap") if kind is RecordKind.INTENT else None
    run(world, "b")
    run(world, "c")
    world.ledger.after_append = None
    assert [entry.kind for entry in world.ledger.entries if entry.kind in OUTCOMES] == ["executed", "failed", "failed"]
    assert counted(world) == (1, 1, 1, 0, Standing.COUNTING)
    world.sandbox.fail_next()
    run(world, "d")
    assert counted(world) == (1, 1, 1, 1, Standing.COUNTING)
