"""Who had approved when a change was merged or closed is on the record, as the runner itself finds it at the forge."""

from dataclasses import replace
from datetime import timedelta

import pytest

from countersign.adapters.observe import House, household
from countersign.adapters.policies import Policies
from countersign.attestation.inputs import TOO_LARGE, enclosed
from countersign.domain.decide import decide
from countersign.domain.ids import ChangeRef
from countersign.domain.inputs import Inputs
from countersign.domain.outcomes import Fault, GitFault
from countersign.domain.ports import ChangeState
from runners.pipeline import Ending, Room
from tests.builders import SHOP_POLICY, shop_policy
from tests.fakes.repository import FakeRepository
from tests.fakes.runner import RunnerWorld

POLICY = ".countersign/policy.yaml"
ADD = "ALTER TABLE orders ADD COLUMN note text;\n"


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld()


def asked(world: RunnerWorld, files: dict[str, str] | None = None) -> ChangeRef:
    ref = world.propose(files or {POLICY: world.policy + "# more\n"})
    assert world.handle(ref) is Ending.WAITING
    return ref


def merged(world: RunnerWorld, ref: ChangeRef) -> dict[str, object]:
    world.forge.merge(ref, world.world.held(ref).head, into="main")
    assert world.handle(ref) is Ending.GONE
    return dict(world.ledger.entries[-1].body)


def names(body: dict[str, object]) -> list[str]:
    return [item["username"] for item in body["actor"]["approvers"]]  # type: ignore[index]  # it has them


def test_what_people_may_merge_is_on_the_record_with_those_who_approved(world: RunnerWorld) -> None:
    ref = asked(world)
    world.approve(ref, "lea", "lou", "wanda", "sam")
    for _ in range(2):
        assert world.handle(ref) is Ending.NOTHING_TO_RUN
    assert world.kinds() == ["assessed", "allowed"]
    body = dict(world.ledger.entries[-1].body)
    assert names(body) == ["wanda", "lea", "lou"]
    assert [item["person"] for item in body["decision"]["discounted"]] == ["sam"]  # type: ignore[index]  # it is there
    inputs = enclosed(body)
    assert isinstance(inputs, Inputs)
    assert decide(shop_policy(), inputs.proposal, inputs.evidence, now=inputs.now).document() == body["decision"]


def test_an_approval_of_which_nobody_can_tell_the_head_is_on_the_record_without_one(world: RunnerWorld) -> None:
    ref = asked(world)
    world.approve(ref, "lea")
    held = world.world.held(ref)
    held.approvals[world.people["lea"].id] = held.versions[0].created  # in the same instant as the push
    world.world.set_state(ref, ChangeState.CLOSED)
    assert world.handle(ref) is Ending.GONE
    body = dict(world.ledger.entries[-1].body)
    assert [(one["username"], one["head"]) for one in body["approvals"]] == [("lea", None)]  # type: ignore[attr-defined]  # a list
    assert names(body) == []


def test_who_approves_anew_is_on_the_record_anew(world: RunnerWorld) -> None:
    ref = asked(world)
    world.approve(ref, "lea", "lou", "wanda")
    world.handle(ref)
    world.world.unapprove(ref, world.people["wanda"])
    world.approve(ref, "wim")
    assert world.handle(ref) is Ending.NOTHING_TO_RUN
    assert world.kinds() == ["assessed", "allowed", "allowed"]
    assert names(dict(world.ledger.entries[-1].body)) == ["wim", "lea", "lou"]


def test_what_asks_nobody_needs_no_second_record(world: RunnerWorld) -> None:
    assert world.handle(world.propose({"docs/words.md": "Words.\n"})) is Ending.NOTHING_TO_RUN
    assert world.kinds() == ["assessed"]


def test_a_merge_is_recorded_with_the_approvals_as_they_stood_then(world: RunnerWorld) -> None:
    ref = asked(world)
    world.approve(ref, "lea", "lou", "wanda", "sam")
    world.forge.merge(ref, world.world.held(ref).head, into="main")
    at = world.forge.change(ref).ended
    assert at is not None
    world.clock.moment += timedelta(days=3)  # by now they would have run out
    assert world.handle(ref) is Ending.GONE
    body = dict(world.ledger.entries[-1].body)
    assert names(body) == ["wanda", "lea", "lou"]
    assert body["ended"] == {"at": at.isoformat(), "head": world.world.held(ref).head, "state": "merged"}
    assert [item["username"] for item in body["approvals"]] == ["sam", "wanda", "lea", "lou"]  # type: ignore[attr-defined]
    assert body["decision"]["discounted"] == [  # type: ignore[index]  # it is there
        {"person": "sam", "why": "is the sponsor: asked the agent for this change"}
    ]
    assert [need["filled_by"] for need in body["decision"]["needs"]] == [["lea", "lou"], ["wanda"]]  # type: ignore[index]
    assert "unjudged" not in body


def test_a_self_approval_of_what_never_ran_is_on_the_record(world: RunnerWorld) -> None:
    ref = asked(world, {"db/production/shop/V2__note.sql": ADD})
    world.approve(ref, "sam")
    world.world.set_state(ref, ChangeState.CLOSED)
    world.handle(ref)
    body = dict(world.ledger.entries[-1].body)
    assert names(body) == []
    assert [item["person"] for item in body["decision"]["discounted"]] == ["sam"]  # type: ignore[index]  # it is there


def test_a_head_that_nobody_was_asked_about_is_named_where_it_was_merged(world: RunnerWorld) -> None:
    ref = asked(world)
    world.approve(ref, "lea", "lou", "wanda")
    head = world.world.held(ref).head
    world.world.push(ref, world.commit({POLICY: world.policy + "# other\n"}, branch="proposals/0"))
    body = merged(world, ref)
    assert body["ended"]["head"] == world.world.held(ref).head != head  # type: ignore[index]  # it is there
    assert body["change"]["head"] == head  # type: ignore[index]  # what was asked
    assert names(body) == []


@pytest.mark.parametrize("method", ["approvals", "members"])
def test_a_forge_that_is_away_is_asked_again_and_nothing_is_made_up(world: RunnerWorld, method: str) -> None:
    ref = asked(world)
    world.approve(ref, "lea", "lou", "wanda")
    world.forge.merge(ref, world.world.held(ref).head, into="main")
    world.forge.fail_next(method)
    with pytest.raises(Fault):
        world.handle(ref)
    assert world.kinds() == ["assessed"]
    assert world.handle(ref) is Ending.GONE
    assert names(dict(world.ledger.entries[-1].body)) == ["wanda", "lea", "lou"]


def test_where_nobody_can_judge_the_record_says_why_and_names_the_approvals(world: RunnerWorld) -> None:
    ref = asked(world, {f"lib/{number:04}/{'x' * 40}": "x\n" for number in range(400)})
    world.approve(ref, "lea")
    body = merged(world, ref)
    assert body["unjudged"] == TOO_LARGE
    assert [item["username"] for item in body["approvals"]] == ["lea"]  # type: ignore[attr-defined]
    assert (names(body), "needs" in body["decision"]) == ([], False)  # type: ignore[operator]


@pytest.mark.parametrize("gone", ["group", "commit"])
def test_what_is_gone_for_good_keeps_no_question_open(world: RunnerWorld, gone: str) -> None:
    """No policy of the past can be corrected; and a question that cannot be judged keeps no other one from its end."""
    ref = asked(world)
    world.approve(ref, "lea")
    first = world.world.held(ref).head
    world.world.push(ref, world.commit({POLICY: world.policy + "# other\n"}, branch="proposals/0"))
    world.handle(ref)
    world.world.push(ref, first)
    if gone == "group":
        del world.world.groups["acme/web"]
    else:
        world.room = Room(FakeRepository(), world.ledger)  # cloned anew, after the branch was rewritten
    body = merged(world, ref)
    assert (
        body["unjudged"]
        == {
            "group": "a group that the policy names is no longer there, or the runner may not see it",
            "commit": "the policy that it was asked under cannot be read any more",
        }[gone]
    )
    assert [item["username"] for item in body["approvals"]] == ["lea"]  # type: ignore[attr-defined]
    assert world.ledger.open_questions() == ()


FLOOR = """\
version: 1
teams: {security: [acme/leads]}
tiers: {open: {mode: autonomous}}
unmatched: open
rules: [{name: words, paths: ["docs/**"], tier: open}]
"""


@pytest.mark.parametrize("gone", [True, False])
def test_a_floor_whose_project_is_gone_keeps_no_question_open(gone: bool) -> None:
    """One that cannot be reached is another thing: it may be there again."""
    floor = FakeRepository()
    pin = floor.commit({"floor.yaml": FLOOR})
    world = RunnerWorld(policy=f"extends: {{project: acme/policies, commit: {pin}, file: floor.yaml}}\n{SHOP_POLICY}")

    def house(elsewhere: FakeRepository) -> House:
        return household(world.forge, branch="main", bot="countersign-bot", policies=Policies(lambda _: elsewhere))

    world.pipeline = replace(world.pipeline, house=house(floor))
    ref = asked(world)
    anew = FakeRepository()  # the runner begins anew, with nothing of it on its disk
    anew.gone = gone
    world.pipeline = replace(world.pipeline, house=house(anew))
    world.world.set_state(ref, ChangeState.CLOSED)
    if not gone:
        anew.fail_next("fetch")
        with pytest.raises(GitFault):
            world.handle(ref)
        assert world.ledger.open_questions()
        return
    assert world.handle(ref) is Ending.GONE
    assert world.ledger.entries[-1].body["unjudged"] == "the policy that it was asked under cannot be read any more"
    assert world.ledger.open_questions() == ()
