"""Whatever question stands on the record, its end fits: no number of paths, approvals or answers of the forge keeps one open."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.adapters.judge import Judgement
from countersign.attestation import statement
from countersign.attestation.place import Place
from countersign.attestation.record import MAX_RECORD, Draft, Entry, RecordKind
from countersign.domain.canonical import canonical_json
from countersign.domain.decide import decide
from countersign.domain.decision import Discounted
from countersign.domain.heard import Answer, Heard
from countersign.domain.ids import ChangeRef, Digest, Sha, digest_of
from countersign.domain.outcomes import TooLargeFault
from countersign.domain.people import Approval, Person
from countersign.domain.ports import ChangeState
from countersign.domain.versions import Version
from runners.approved import MOST_ANSWERS, evidence
from runners.pipeline import Ending
from runners.questions import Stood, expired, superseded
from tests.builders import HEAD, NOON, proposal, shop_policy
from tests.builders import evidence as with_teams
from tests.fakes.runner import RunnerWorld
from tests.support import bodies
from tests.support.veiled import veil

PLACE = Place("https://" + "o" * 247, 10**10 - 1, digest_of(b""), NOON)
"""As long as places get."""

NOBODY_YET = with_teams()
DECIDED = decide(shop_policy(), proposal(sql={"db/staging/shop/V1__x.sql": "SELECT 1;\n"}), NOBODY_YET, now=NOON)
letters = st.sampled_from('x\u00e9\u202e\U000e0041"\\')
long = st.builds(lambda letter, times: letter * times, letters, st.integers(0, 3000))
names = st.builds(
    lambda times, length: [f"{number:04}{'n' * length}" for number in range(times)], st.integers(0, 250), st.integers(0, 600)
)


def asked(body: bodies.Body) -> Entry:
    """Give the record of a question."""
    key = f"assessed/{digest_of(b'q')}"
    return Entry(
        9,
        RecordKind.ASSESSED,
        key,
        ChangeRef("acme/shop", 1),
        None,
        NOON,
        body,
        b"",
        digest_of(b"i"),
        Sha("a" * 40),
        "p",
        digest_of(b""),
    )


@st.composite
def questions(draw: st.DrawFn) -> Entry:
    """A question as large as any, and larger."""
    body = bodies.body(RecordKind.ASSESSED)
    change, actor, decision = (dict(body[name]) for name in ("change", "actor", "decision"))  # type: ignore[call-overload]  # objects
    body |= {
        "change": change | {"counts_as": dict.fromkeys(draw(names)[:99], "y"), "paths": draw(names), "source_branch": draw(long)},
        "actor": actor | {"agent": {"id": draw(long), "model": draw(long), "strength": 1}},
        "decision": decision | {"environment": draw(long), "tier": draw(long)},
    }
    return asked(body)


@st.composite
def standing(draw: st.DrawFn) -> Stood:
    """What the forge holds at its end: any number of approvals, versions and answers, judged or not."""
    letter = draw(letters)
    people = [Person(number, f"{number}{letter * 250}") for number in range(draw(st.integers(0, 300)))]
    approvals = tuple(Approval(person, NOON + timedelta(minutes=person.id), HEAD) for person in people)
    versions = tuple(Version(number, HEAD, NOON + timedelta(minutes=number)) for number in range(draw(st.integers(0, 300))))
    answers = tuple(Answer(f"/groups/{name}", digest_of(name.encode())) for name in draw(names))
    ended = draw(st.sampled_from([None, {"at": NOON.isoformat(), "head": HEAD, "state": "merged"}]))
    heard = Heard(versions, answers)
    if draw(st.booleans()):
        return Stood(approvals, heard, unjudged=draw(long), ended=ended)
    needs = tuple(replace(need, filled_by=tuple(people)) for need in DECIDED.needs)
    decision = replace(DECIDED, discounted=tuple(Discounted(person, "approved before") for person in people), needs=needs)
    judged = Judgement(decision, replace(NOBODY_YET, approvals=approvals), NOON, heard)
    return Stood(approvals, heard, judged, ended=ended)


def written(draft: Draft) -> Mapping[str, object]:
    assert len(statement.write(draft, PLACE)) <= MAX_RECORD
    return draft.body


@given(questions(), standing())
@settings(max_examples=25, deadline=None)
def test_every_end_of_a_question_fits_and_tells_why(question: Entry, stood: Stood) -> None:
    body = written(expired(question, why="the change was closed", now=NOON, stood=stood, veil=veil()))
    assert body["why"] == "the change was closed"
    assert body["question"] == {"asked": NOON.isoformat(), "digest": question.digest, "seq": 9}
    told = body["approvals"]
    assert isinstance(told, list)
    assert [item["id"] for item in told] == [approval.person.id for approval in stood.approvals][: len(told)]
    assert len(told) >= min(20, len(stood.approvals))
    instead = written(superseded(question, by=f"assessed/{digest_of(b'b')}", now=NOON))
    assert instead["by"] == f"assessed/{digest_of(b'b')}"


def test_what_there_was_no_room_for_is_named_with_its_number_size_and_digest() -> None:
    approvals = tuple(Approval(Person(number, f"{number}{'n' * 250}"), NOON, HEAD) for number in range(300))
    paths = [f"db/{number}" for number in range(9)]
    body = bodies.body(RecordKind.ASSESSED)
    body["change"] = dict(body["change"]) | {"paths": paths}  # type: ignore[call-overload]  # it is an object
    question = asked(body)
    told = written(expired(question, why="w", now=NOON, stood=Stood(approvals, Heard(), unjudged="x"), veil=veil()))
    left = {item["part"]: item for item in told["left_out"]}  # type: ignore[attr-defined]  # a list of them
    assert list(left) == ["change.paths", "approvals beyond 20"]
    assert (left["change.paths"]["count"], left["change.paths"]["digest"]) == (9, digest_of(canonical_json(paths)))
    assert left["approvals beyond 20"]["count"] == 300


def test_of_many_answers_the_first_are_named_and_the_others_counted() -> None:
    """A group of 30,000 has 300 pages: no run is refused for the size of a team."""

    def told(count: int) -> dict[str, object]:
        answers = tuple(Answer(f"/groups/acme%2Fweb/members/all?page={number}", digest_of(b"")) for number in range(count))
        return evidence(Heard(answers=answers), (), Digest)

    assert "answers_left_out" not in told(MOST_ANSWERS)
    some, all_of_them = told(MOST_ANSWERS + 2), told(500)
    assert some["answers"] == all_of_them["answers"] == told(MOST_ANSWERS)["answers"]
    rest = [{"digest": digest_of(b""), "path": f"/groups/acme%2Fweb/members/all?page={MOST_ANSWERS + number}"} for number in (0, 1)]
    assert some["answers_left_out"] == {"count": 2, "digest": digest_of(canonical_json(rest))}


class TestOnTheWholePath:
    @pytest.fixture
    def world(self) -> RunnerWorld:
        """A change whose paths fill the record of its question, approved by everybody."""
        world = RunnerWorld()
        self.ref = world.propose({f"lib/{number:04}": "x\n" for number in range(3000)})
        assert world.handle(self.ref) is Ending.WAITING
        for number in range(80):
            world.world.approve(self.ref, world.world.add_person(f"dev-{number}"))
        world.approve(self.ref, "lea", "lou", "wanda", "wim")
        return world

    def test_a_closed_change_is_ended(self, world: RunnerWorld) -> None:
        world.world.set_state(self.ref, ChangeState.CLOSED)
        assert world.handle(self.ref) is Ending.GONE
        assert world.kinds() == ["assessed", "expired"]
        assert len(world.ledger.entries[-1].body["approvals"]) == 84  # type: ignore[arg-type]  # a list

    def test_approvals_that_ran_out_are_no_refusal(self, world: RunnerWorld) -> None:
        assert world.handle(self.ref) is Ending.NOTHING_TO_RUN
        world.clock.moment += timedelta(days=5)
        assert world.handle(self.ref) is Ending.WAITING
        assert world.kinds() == ["assessed", "allowed", "expired"]

    def test_what_cannot_be_ended_is_tried_again_and_not_refused(self, world: RunnerWorld) -> None:
        world.handle(self.ref)
        world.clock.moment += timedelta(days=5)
        world.ledger.fail_next("append", after=1, fault=TooLargeFault)
        with pytest.raises(TooLargeFault):
            world.handle(self.ref)
        assert world.kinds() == ["assessed", "allowed"]
