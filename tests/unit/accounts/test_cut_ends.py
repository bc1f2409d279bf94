"""The end of a question that had no room for what would show an exception is one for which it cannot be told: never none."""

import json
from collections.abc import Mapping

import pytest

from countersign.attestation.accounts.exceptions import Exceptional, find_exceptions
from countersign.attestation.accounts.left_out import left_out, lost
from countersign.attestation.accounts.plain import Plain, part, parts
from runners.fitting import OF_A_QUESTION, fitted
from runners.pipeline import Ending
from tests.fakes.runner import RunnerWorld

MERGED = "merged, by shop-agent, sam, countersign-bot"


def merged(world: RunnerWorld, files: Mapping[str, str], *approvers: str) -> list[Plain]:
    """Have people merge a change around the policy; give the records."""
    ref = world.propose(dict(files))
    assert world.handle(ref) is Ending.WAITING
    world.approve(ref, *approvers)
    world.forge.merge(ref, world.world.held(ref).head, into="main")
    assert world.handle(ref) is Ending.GONE
    return [json.loads(entry.raw)["predicate"] for entry in world.ledger.entries]


def of_the_end(records: list[Plain], body: Plain | None = None) -> dict[str, Exceptional]:
    """Give the exceptions of the last record, perhaps with another body, by kind."""
    last = records[-1] if body is None else {**records[-1], "body": body}
    return {item.kind: item for item in find_exceptions([*records[:-1], last], of={records[-1]["seq"]})}  # type: ignore[arg-type]


@pytest.fixture
def policy() -> list[Plain]:
    """A change of the policy that people merged with one approval that counts and one that does not."""
    world = RunnerWorld()
    return merged(world, {".countersign/policy.yaml": world.policy + "# more\n"}, "lea", "sam")


def test_an_end_that_lists_everything_says_nothing_of_what_it_lacks(policy: list[Plain]) -> None:
    found = of_the_end(policy)
    assert found["policy-change"].what == f"{MERGED}; approved by lea"
    assert found["unapproved-merge"].what == "approved by 1 of 2 of leads, 0 of 1 of web"
    assert not any("cannot be told" in item.what for item in found.values())


def test_a_policy_that_so_many_approved_that_its_path_had_no_room_is_listed() -> None:
    world = RunnerWorld()
    many = [world.world.add_person(f"member-{number:04}-{'n' * 200}") for number in range(300)]
    world.people |= {person.username: person for person in many}
    world.world.add_group("acme/web", *many)
    records = merged(world, {".countersign/policy.yaml": world.policy + "# more\n"}, *(person.username for person in many))
    assert "change.paths" in left_out(part(records[-1], "body"))
    found = of_the_end(records)
    assert found["policy-change"].what.endswith(
        "; whether it changes the policy cannot be told: no room for change.paths (33 bytes); the question, record 0, has them"
    )
    assert found["unapproved-merge"].what == "approved by 0 of 2 of leads"


def cut(records: list[Plain], where: str, more: Plain) -> Plain:
    """Give the end's body with more in one of its parts than there is room for, cut as a runner cuts it."""
    body = part(records[-1], "body")
    done = fitted({**body, where: {**part(body, where), **more}}, OF_A_QUESTION)
    assert left_out(done)
    return done


def test_a_decision_that_had_no_room_is_one_of_which_nobody_can_tell(policy: list[Plain]) -> None:
    needs = [{"count": 1, "emergency": False, "filled_by": [f"{n:04}{'x' * 300}" for n in range(300)], "missing": 0, "team": "web"}]
    body = cut(policy, "decision", {"needs": needs})
    assert parts(body, "decision", "needs") == ()
    found = of_the_end(policy, body)
    lacks = lost(body, "decision.needs")
    assert lacks.startswith("no room for decision (")
    assert found["unapproved-merge"].what == f"whether the approvals were there cannot be told: {lacks}"
    assert found["voided-approval"].what == f"which others did not count cannot be told: {lost(body, 'decision.discounted')}"
    assert "no room for change.paths (" in found["policy-change"].what


def test_approvals_that_did_not_count_and_had_no_room_are_named_as_missing(policy: list[Plain]) -> None:
    discounted = [{"person": f"{n:03}{'x' * 200}", "why": "is in none of the teams that are asked"} for n in range(400)]
    body = cut(policy, "decision", {"discounted": discounted})
    found = [item for item in find_exceptions([{**policy[-1], "body": body}]) if item.kind == "voided-approval"]
    assert len(found) == 21
    (missing,) = [item for item in found if not item.who]
    assert missing.what.startswith("which others did not count cannot be told: no room for decision.discounted beyond 20 (")


def test_an_actor_that_had_no_room_is_not_nobody(policy: list[Plain]) -> None:
    body = cut(policy, "actor", {"approvers": [{"username": f"{n:04}{'x' * 300}"} for n in range(300)]})
    what = of_the_end(policy, body)["policy-change"].what
    assert what.startswith("merged, by unknown; whose approval counts cannot be told: no room for actor (")
    assert "nobody" not in what


@pytest.mark.parametrize(
    ("name", "wanted", "touched"),
    [
        ("change.paths", "change.paths", True),
        ("change", "change.paths", True),
        ("change.counts_as", "change.paths", False),
        ("decision.discounted beyond 20", "decision.discounted", True),
        ("decision.discounted beyond 20", "decision.needs", False),
        ("decision", "decision.needs", True),
        ("grants[] proved dead", "grants", True),
        ("changed", "change.paths", False),
    ],
)
def test_a_part_touches_what_it_is_holds_or_is_some_of(name: str, wanted: str, *, touched: bool) -> None:
    assert lost({"left_out": [{"part": name, "bytes": 1234}]}, wanted) == (f"no room for {name} (1,234 bytes)" if touched else "")
