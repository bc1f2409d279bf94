"""Attacks on approvals (20 to 35): only people who had no hand in the change, for exactly this head, after the question."""

from datetime import timedelta

import pytest

from countersign.domain.ports import ChangeState
from runners.pipeline import Ending
from tests.builders import SHOP_POLICY
from tests.fakes.runner import TRAILERS, RunnerWorld

ADD = "ALTER TABLE orders ADD COLUMN note text;\n"
EVIL = "ALTER TABLE orders ADD COLUMN evil text;\n"
PATH = "db/production/shop/V2__note.sql"


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld()


def test_20_a_push_after_or_during_approval(world: RunnerWorld) -> None:
    ref = world.propose({PATH: ADD})
    world.handle(ref)
    evil = world.commit({PATH: EVIL}, branch="proposals/0")
    world.world.push(ref, evil)
    world.approve(ref, "wanda")  # she had the old head before her
    assert world.handle(ref) is Ending.WAITING
    assert world.sandbox.specs == []


def test_21_a_rebase_with_the_same_patch_is_another_head(world: RunnerWorld) -> None:
    ref = world.propose({PATH: ADD})
    world.handle(ref)
    world.approve(ref, "wanda")
    world.repository.commit({"README.md": "Other words\n"})
    world.world.push(ref, world.commit({PATH: ADD}, branch="rebased"))
    assert world.handle(ref) is Ending.WAITING


def test_22_a_branch_made_anew_and_reopened(world: RunnerWorld) -> None:
    ref = world.propose({PATH: ADD})
    world.handle(ref)
    world.approve(ref, "wanda")
    world.world.set_state(ref, ChangeState.CLOSED)
    assert world.handle(ref) is Ending.GONE
    world.world.push(ref, world.commit({PATH: EVIL}, branch="proposals/evil"))
    world.world.set_state(ref, ChangeState.OPEN)
    assert world.handle(ref) is Ending.WAITING


def test_23_what_merging_would_really_change_is_what_is_judged(world: RunnerWorld) -> None:
    ref = world.propose({PATH: ADD})
    world.handle(ref)
    world.approve(ref, "wanda")
    world.repository.commit({PATH: "SELECT 1;\n"})  # main now has the path too: the two conflict
    assert world.handle(ref) is Ending.REFUSED


def test_24_an_approval_that_was_taken_back(world: RunnerWorld) -> None:
    ref = world.propose({PATH: ADD})
    world.handle(ref)
    world.approve(ref, "wanda")
    world.world.unapprove(ref, world.people["wanda"])
    assert world.handle(ref) is Ending.WAITING


@pytest.mark.parametrize("trailer", ["wanda@example.com", "WANDA@EXAMPLE.COM"])
def test_26_whoever_has_a_commit_in_it_does_not_count(world: RunnerWorld, trailer: str) -> None:
    ref = world.propose({PATH: ADD}, trailers=(*TRAILERS, ("Co-authored-by", f"Wanda <{trailer}>")))
    world.handle(ref)
    world.approve(ref, "wanda")
    assert world.handle(ref) is Ending.WAITING


def test_26_a_commit_by_an_unknown_address_refuses(world: RunnerWorld) -> None:
    ref = world.propose({PATH: ADD}, trailers=(*TRAILERS, ("Co-authored-by", "Nobody <nobody@elsewhere.example>")))
    assert world.handle(ref) is Ending.REFUSED


@pytest.mark.parametrize("name", ["sam", "countersign-bot", "countersign-runner"])
def test_27_neither_the_sponsor_nor_a_machine_counts(world: RunnerWorld, name: str) -> None:
    ref = world.propose({PATH: ADD})
    world.handle(ref)
    somebody = next(person for person in world.world.people.values() if person.username == name)
    world.world.add_group("acme/web", somebody)
    world.world.approve(ref, somebody)
    assert world.handle(ref) is Ending.WAITING


def test_27_an_agent_does_not_count_for_another_agents_change(world: RunnerWorld) -> None:
    agent = world.world.add_person("shop-agent")
    world.world.add_group("acme/web", agent)
    ref = world.propose({PATH: ADD})
    world.handle(ref)
    world.world.approve(ref, agent)
    assert world.handle(ref) is Ending.WAITING


def test_28_a_name_that_was_taken_over_is_another_person(world: RunnerWorld) -> None:
    ref = world.propose({PATH: ADD})
    world.handle(ref)
    world.world.rename(world.people["wanda"], "wanda-old")
    impostor = world.world.add_person("wanda", emails=("impostor@example.com",))
    world.world.approve(ref, impostor)
    assert world.handle(ref) is Ending.WAITING


def test_29_membership_lost_between_approval_and_execution(world: RunnerWorld) -> None:
    ref = world.propose({PATH: ADD})
    world.handle(ref)
    world.approve(ref, "wanda")
    world.world.leave("acme/web", world.people["wanda"])
    assert world.handle(ref) is Ending.WAITING


@pytest.mark.parametrize(
    "body", ["/approve", "approved", "LGTM, countersign approve", "> /approve", "`/approve`", "\u200b/approve"]
)
def test_30_to_32_no_comment_is_an_approval(world: RunnerWorld, body: str) -> None:
    ref = world.propose({PATH: ADD})
    world.handle(ref)
    world.world.comment(ref, world.people["wanda"], body)
    assert world.handle(ref) is Ending.WAITING


def test_33_zero_approvers_are_no_approval(world: RunnerWorld) -> None:
    ref = world.propose({PATH: ADD})
    for _ in range(3):
        assert world.handle(ref) is Ending.WAITING


def test_35_an_approval_expires_and_is_used_once(world: RunnerWorld) -> None:
    ref = world.propose({PATH: ADD})
    world.handle(ref)
    world.approve(ref, "wanda")
    world.clock.moment += timedelta(hours=25)
    assert world.handle(ref) is Ending.WAITING


def test_35_an_approval_for_staging_is_none_for_production() -> None:
    policy = SHOP_POLICY.replace('paths: ["db/staging/**"], tier: low', 'paths: ["db/staging/**"], tier: medium')
    world = RunnerWorld(policy=policy)
    ref = world.propose({PATH.replace("production", "staging"): ADD})
    world.handle(ref)
    world.approve(ref, "wanda")
    moved = world.commit({PATH.replace("production", "staging"): ADD, PATH: ADD}, branch="proposals/0")
    world.world.push(ref, moved)
    assert world.handle(ref) in {Ending.WAITING, Ending.REFUSED}
    assert world.sandbox.specs == []
