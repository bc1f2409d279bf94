"""An emergency lifts a freeze and nothing else: by people of its own, for a while, once until it is reviewed."""

from datetime import datetime, timedelta

import pytest

from countersign.domain.approval import Evidence
from countersign.domain.decide import decide
from countersign.domain.decision import Decision, Effect
from countersign.domain.emergency import EmergencyUse
from countersign.domain.ids import ChangeRef, RunId, run_id
from countersign.domain.people import Person
from countersign.domain.policy import Policy
from countersign.domain.proposal import Claims, Proposal
from tests.builders import HEAD, LEA, LOU, SAM, WANDA, WIM, approval, evidence, proposal, shop_policy

NIGHT = datetime.fromisoformat("2026-12-20T03:00+00:00")
PRODUCTION = "db/production/shop/V2.sql"
DENIED = {PRODUCTION: "DROP TABLE a;"}
FREEZES = "freezes:\n  year-end"
EMERGENCY = "emergency: {from: leads, count: 2, lifts: freezes, lasts: 1h, review_within: 24h}\n"
POLICY = shop_policy((FREEZES, EMERGENCY + FREEZES))
OTHER = RunId("run-" + "a" * 20)


def asked(*paths: str, sql: dict[str, str] | None = None) -> Proposal:
    return proposal(*paths, sql=sql, claims=Claims(emergency="the shop is down"))


def said(*people: Person, ago: timedelta = timedelta(minutes=5), uses: tuple[EmergencyUse, ...] = ()) -> Evidence:
    given = evidence(*(approval(person, at=NIGHT - ago) for person in people), asked=NIGHT - timedelta(days=1))
    return Evidence(given.approvals, given.members, given.asked, given.machines, uses)


def decided(change: Proposal, given: Evidence, policy: Policy = POLICY) -> Decision:
    return decide(policy, change, given, now=NIGHT)


def test_without_one_the_freeze_holds() -> None:
    assert decided(proposal(PRODUCTION), said(WANDA, LEA, LOU)).effect is Effect.FROZEN


def test_its_own_people_lift_the_freeze_and_a_review_is_due() -> None:
    decision = decided(asked(PRODUCTION), said(WANDA, LEA, LOU))
    assert decision.effect is Effect.APPROVE
    assert decision.satisfied
    assert decision.emergency is not None
    assert decision.emergency.ends == NIGHT + timedelta(minutes=55)
    assert decision.emergency.review_by == NIGHT + timedelta(hours=24)
    assert decision.document()["emergency"] == {"ends": "2026-12-20T03:55:00+00:00", "review_by": "2026-12-21T03:00:00+00:00"}
    assert any("lifted by an emergency" in reason.text for reason in decision.reasons)


@pytest.mark.parametrize("people", [(), (WANDA,), (LEA, LOU), (WANDA, LEA), (WANDA, WIM), (WANDA, LEA, SAM)])
def test_too_few_of_either_kind_lift_nothing(people: tuple[Person, ...]) -> None:
    assert not decided(asked(PRODUCTION), said(*people)).satisfied


def test_nobody_counts_twice() -> None:
    policy = shop_policy((FREEZES, EMERGENCY.replace("leads", "web").replace("count: 2, ", "") + FREEZES))
    assert not decided(asked(PRODUCTION), said(WANDA), policy).satisfied
    assert decided(asked(PRODUCTION), said(WANDA, WIM), policy).satisfied


def test_it_ends_by_itself() -> None:
    late = decided(asked(PRODUCTION), said(WANDA, LEA, LOU, ago=timedelta(hours=1)))
    assert late.effect is Effect.FROZEN
    assert late.emergency is None


def test_it_never_beats_a_deny() -> None:
    decision = decided(asked(sql=DENIED), said(WANDA, LEA, LOU))
    assert decision.effect is Effect.REFUSED


def test_a_second_one_before_the_review_is_refused() -> None:
    uses = (EmergencyUse(NIGHT - timedelta(hours=23), OTHER),)
    decision = decided(asked(PRODUCTION), said(WANDA, LEA, LOU, uses=uses))
    assert decision.effect is Effect.REFUSED
    (reason,) = decision.deciding
    assert "2026-12-20 04:00 UTC" in reason.text
    assert reason.place is not None
    assert reason.to_pass


def test_an_old_one_and_its_own_run_do_not_stand_in_the_way() -> None:
    uses = (EmergencyUse(NIGHT - timedelta(hours=24), OTHER), EmergencyUse(NIGHT, run_id(ChangeRef("acme/shop", 7), HEAD)))
    assert decided(asked(PRODUCTION), said(WANDA, LEA, LOU, uses=uses)).satisfied


def test_where_nothing_is_frozen_it_does_nothing() -> None:
    decision = decided(asked("db/staging/shop/V2.sql"), said())
    assert decision.effect is Effect.AUTONOMOUS
    assert any("nothing is frozen" in reason.text for reason in decision.reasons)


def test_a_policy_without_one_has_none() -> None:
    decision = decided(asked(PRODUCTION), said(WANDA, LEA, LOU), shop_policy())
    assert decision.effect is Effect.FROZEN
    assert any("this policy has none" in reason.text for reason in decision.reasons)


def test_those_who_may_lift_it_are_asked_before_anybody_said_yes() -> None:
    assert {need.team for need in decided(asked(PRODUCTION), said()).needs} == {"web", "leads"}
