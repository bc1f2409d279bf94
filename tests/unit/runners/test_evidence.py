"""What approvals were read from is on the record: the forge's answers, the versions that tell each head, and each membership."""

import json

import pytest

from countersign.attestation.inputs import TOO_LARGE
from countersign.domain.codeowners import Owner
from countersign.domain.ids import ChangeRef, Sha
from countersign.domain.versions import Version, head_at
from runners.pipeline import Ending
from tests.builders import SHOP_POLICY
from tests.fakes.runner import RunnerWorld
from tests.support.veiled import veil

ADD = "ALTER TABLE orders ADD COLUMN note text;\n"
PRODUCTION = {"db/production/shop/V2__note.sql": ADD}


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld()


def applied(world: RunnerWorld, files: dict[str, str] | None = None, *names: str) -> ChangeRef:
    ref = world.propose(files or PRODUCTION)
    assert world.handle(ref) is Ending.WAITING
    world.approve(ref, *(names or ("wanda",)))
    assert world.handle(ref) is Ending.APPLIED
    return ref


def intent(world: RunnerWorld) -> dict[str, object]:
    (body,) = [dict(entry.body) for entry in world.ledger.entries if entry.kind.value == "intent"]
    return body


def test_an_intent_names_the_answers_it_believed(world: RunnerWorld) -> None:
    ref = applied(world)
    evidence = intent(world)["evidence"]
    answers = {*world.forge.approvals(ref).answers, *world.forge.members("acme/web").answers}
    assert evidence["answers"] == [  # type: ignore[index]  # it is there
        {"digest": veil().key.seal("acme/shop", answer.digest), "path": answer.path}
        for answer in sorted(answers, key=lambda answer: ["approvals", "versions", "all"].index(answer.path.rpartition("/")[2]))
    ]


def test_no_plain_digest_of_an_answer_confirms_a_guess(world: RunnerWorld) -> None:
    """The forge's answers hold titles and descriptions, whose secrets the record hides."""
    ref = applied(world)
    records = " ".join(json.dumps(dict(entry.body)) for entry in world.ledger.entries)
    for answer in (*world.forge.approvals(ref).answers, *world.forge.members("acme/web").answers):
        assert answer.path in records
        assert answer.digest not in records


def test_the_head_of_an_approval_follows_from_the_versions_on_the_record(world: RunnerWorld) -> None:
    ref = world.propose(PRODUCTION)
    for number in range(40):
        files = {"db/production/shop/V2__note.sql": f"{ADD}-- {number}\n"}
        world.world.push(ref, world.commit(files, branch="proposals/0"))
    world.handle(ref)
    world.approve(ref, "wanda")
    assert world.handle(ref) is Ending.APPLIED
    body = intent(world)
    evidence, (approver,) = body["evidence"], body["actor"]["approvers"]  # type: ignore[index]  # they are there
    assert evidence["versions_total"] == 41  # type: ignore[index]
    told = [
        Version(number, Sha(item["head"]), world.clock.moment.fromisoformat(item["created"]))
        for number, item in enumerate(evidence["versions"])  # type: ignore[index]
    ]
    assert len(told) == 1
    assert head_at(told, world.clock.moment.fromisoformat(approver["at"])) == approver["head"]


def test_membership_of_those_who_counted_is_kept_where_inputs_are_too_large(world: RunnerWorld) -> None:
    files = {f"db/production/shop/V{number}__note.sql": f"{ADD}-- {'x' * 40}\n" for number in range(120)}
    applied(world, files)
    body = intent(world)
    assert body["inputs"]["why"] == TOO_LARGE  # type: ignore[index]  # it is there
    (approver,) = body["actor"]["approvers"]  # type: ignore[index]
    assert (approver["team"], approver["member_by"]) == ("web", "acme/web")
    assert any("acme%2Fweb" in answer["path"] for answer in body["evidence"]["answers"])  # type: ignore[index]
    assert body["policy"]["digest"]  # type: ignore[index]


def test_a_question_has_no_evidence_yet(world: RunnerWorld) -> None:
    world.handle(world.propose(PRODUCTION))
    assert "evidence" not in world.ledger.entries[0].body


@pytest.mark.parametrize(
    ("owner", "by"),
    [(Owner("account", "wanda"), "@wanda"), (Owner("email", "wanda@example.com"), "an address")],
)
def test_an_owner_by_name_is_told_and_an_address_is_not(owner: Owner, by: str) -> None:
    named = "@wanda" if owner.kind == "account" else owner.name
    policy = SHOP_POLICY.replace("approvals: [{from: web}]", "approvals: [{from: owner}]").replace(
        "owner: web", "owner: codeowners"
    )
    policy += "codeowners: CODEOWNERS\n"
    world = RunnerWorld()
    world.repository.commit({".countersign/policy.yaml": policy, "CODEOWNERS": f"* {named}\n"})
    applied(world)
    (approver,) = intent(world)["actor"]["approvers"]  # type: ignore[index]  # there is one
    assert approver["member_by"] == by
