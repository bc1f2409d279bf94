"""What a policy makes of a change: each rule of the semantics, once, with the reason that it gives."""

from datetime import UTC, datetime, timedelta

import pytest

from countersign.domain.decide import decide, teams_asked
from countersign.domain.decision import Decision, Effect
from countersign.domain.facts import Facts, FileStatus, Kind, Unclear
from countersign.domain.people import Agent, Contributor, Person
from countersign.domain.proposal import Claims
from tests.builders import (
    AGENT_ACCOUNT,
    ASKED,
    BOT,
    HEAD,
    LEA,
    LOU,
    NOON,
    SAM,
    WANDA,
    WIM,
    approval,
    evidence,
    file_change,
    proposal,
    shop_policy,
)

POLICY = shop_policy()
STAGING = "db/staging/shop/V2.sql"
PRODUCTION = "db/production/shop/V2.sql"
PAGE = "site/production/shop/index.html"
IN_THE_FREEZE = datetime(2026, 12, 20, 12, tzinfo=UTC)


def rules(decision: Decision) -> set[str]:
    return {reason.rule for reason in decision.deciding}


class TestTiers:
    @pytest.mark.parametrize(
        ("paths", "effect", "tier"),
        [
            ([STAGING], Effect.AUTONOMOUS, "low"),
            ([PRODUCTION], Effect.APPROVE, "medium"),
            ([PAGE], Effect.APPROVE, "medium"),
            (["README.md"], Effect.AUTONOMOUS, "low"),
            (["somewhere/else.txt"], Effect.APPROVE, "critical"),
            (["db/staging/checkout/V1.sql"], Effect.APPROVE, "critical"),
            ([STAGING, "README.md"], Effect.AUTONOMOUS, "low"),
            ([STAGING, "somewhere/else.txt"], Effect.APPROVE, "critical"),
        ],
    )
    def test_the_strictest_wins(self, paths: list[str], effect: Effect, tier: str) -> None:
        decision = decide(POLICY, proposal(*paths), now=NOON)
        assert (decision.effect, decision.tier) == (effect, tier)

    def test_every_reason_has_its_place_and_path(self) -> None:
        decision = decide(POLICY, proposal(PRODUCTION), now=NOON)
        assert {reason.rule for reason in decision.reasons} == {"environment production", "migrations in production"}
        assert all(reason.place is not None and reason.place.line > 1 and reason.path == PRODUCTION for reason in decision.reasons)

    @pytest.mark.parametrize("kind", [Kind.SYMLINK, Kind.SUBMODULE, Kind.BINARY, Kind.EXECUTABLE])
    def test_what_cannot_be_read_is_critical(self, kind: Kind) -> None:
        assert decide(POLICY, proposal(file_change("docs/x.md", kinds=[kind])), now=NOON).tier == "critical"

    def test_no_way_back_lifts_the_tier(self) -> None:
        decision = decide(POLICY, proposal(STAGING, claims=Claims(rollback="none")), now=NOON)
        assert decision.tier == "medium"

    def test_unmatched_can_refuse(self) -> None:
        decision = decide(shop_policy(("unmatched: critical", "unmatched: refuse")), proposal("x/y"), now=NOON)
        assert decision.effect is Effect.REFUSED
        assert rules(decision) == {"unmatched"}


class TestRefusals:
    @pytest.mark.parametrize(
        ("sql", "rule"),
        [
            ("DROP TABLE a;", "data that would be gone"),
            ("ALTER TABLE a DROP COLUMN b;", "data that would be gone"),
            ("DELETE FROM a;", "data that would be gone"),
            ("TRUNCATE a;", "data that would be gone"),
            ("VACUUM FULL a;", "always: a missing fact refuses"),
            ("not sql at all (", "always: a missing fact refuses"),
        ],
    )
    def test_sql_by_its_meaning(self, sql: str, rule: str) -> None:
        decision = decide(POLICY, proposal(sql={PRODUCTION: sql}), evidence(WANDA, LEA, LOU), now=NOON)
        assert decision.effect is Effect.REFUSED
        assert rules(decision) == {rule}
        assert not decision.satisfied
        assert all(reason.to_pass for reason in decision.deciding)

    def test_a_refusal_names_what_would_be_gone_and_where(self) -> None:
        decision = decide(POLICY, proposal(sql={PRODUCTION: "SELECT 1;\nDROP TABLE executives;"}), now=NOON)
        (reason,) = decision.deciding
        assert "executives" in reason.text
        assert f"{PRODUCTION}:2" in reason.text

    @pytest.mark.parametrize(
        ("paths", "rule"),
        [
            ([STAGING, PRODUCTION], "always: one environment a change"),
            ([STAGING, "site/staging/shop/x.html"], "always: one change, one meaning"),
            ([".countersign/policy.yaml", STAGING], "always: a policy change stands alone"),
            (["AGENTS.md", "README.md"], "instructions"),
            (["db/staging/../production/V1.sql"], "always: paths mean what they show"),
            (["db/production/shop/\u202egnp.sql"], "always: paths mean what they show"),
            ([], "always: emptiness is no yes"),
        ],
    )
    def test_what_has_no_one_meaning(self, paths: list[str], rule: str) -> None:
        decision = decide(POLICY, proposal(*paths), now=NOON)
        assert decision.effect is Effect.REFUSED
        assert rule in rules(decision)

    def test_paths_of_an_environment_that_no_action_takes(self) -> None:
        decision = decide(POLICY, proposal(STAGING, "deploy/staging/shop/values.yaml"), now=NOON)
        assert "always: one change, one meaning" in rules(decision)

    def test_a_missing_fact(self) -> None:
        found = Facts((file_change(PRODUCTION),), unclear=(Unclear(PRODUCTION, 3, "why not"),))
        assert decide(POLICY, proposal(found=found), now=NOON).effect is Effect.REFUSED

    def test_an_agent_that_the_policy_does_not_know(self) -> None:
        assert rules(decide(POLICY, proposal(STAGING, agent=Agent("other")), now=NOON)) == {"always: agents are named"}

    def test_an_agent_without_a_sponsor(self) -> None:
        assert rules(decide(POLICY, proposal(STAGING, sponsor=None), now=NOON)) == {"always: an agent has a sponsor"}

    def test_an_action_that_the_policy_does_not_have(self) -> None:
        decision = decide(POLICY, proposal(STAGING, claims=Claims(action="db-push")), now=NOON)
        assert rules(decision) == {"always: only the policy's actions"}

    def test_an_error_of_ours_refuses_and_leaks_nothing(self) -> None:
        broken = proposal(STAGING, found=Facts((file_change(STAGING),), effects=(None,)))  # type: ignore[arg-type]
        decision = decide(POLICY, broken, now=NOON)
        assert decision.effect is Effect.REFUSED
        assert rules(decision) == {"always: errors refuse"}


class TestPlan:
    def test_the_plan_is_filled_from_the_policy_and_the_paths(self) -> None:
        plan = decide(POLICY, proposal(PAGE), now=NOON).plan
        assert plan is not None
        assert plan.argv == ("publish", "site-production", "site/production/shop", PAGE)
        assert [scope.parameters["role"] for scope in plan.scopes] == ["arn:aws:iam::123456789012:role/site-production"]
        assert [str(endpoint) for endpoint in plan.allow] == ["db.shop.example:5432", "s3.shop.example:443"]
        assert plan.inputs == ((PAGE, file_change(PAGE).new_blob),)

    def test_another_content_is_another_plan(self) -> None:
        one = decide(POLICY, proposal(file_change(PAGE, content="one")), now=NOON).plan
        other = decide(POLICY, proposal(file_change(PAGE, content="other")), now=NOON).plan
        assert one is not None
        assert other is not None
        assert one.digest() != other.digest()

    def test_words_for_people_run_nothing(self) -> None:
        assert decide(POLICY, proposal("docs/hours.md"), now=NOON).plan is None

    def test_a_change_that_only_deletes_has_nothing_to_run(self) -> None:
        decision = decide(POLICY, proposal(file_change(STAGING, FileStatus.DELETED)), now=NOON)
        assert decision.effect is Effect.REFUSED


class TestApprovals:
    def test_one_of_the_team_is_enough(self) -> None:
        decision = decide(POLICY, proposal(PRODUCTION), evidence(WANDA), now=NOON)
        assert decision.satisfied
        assert teams_asked(decision) == {"web"}

    def test_critical_asks_three_people_of_two_teams(self) -> None:
        change = proposal("somewhere/else.txt")
        assert not decide(POLICY, change, evidence(LEA, WANDA), now=NOON).satisfied
        assert not decide(POLICY, change, evidence(LEA, LOU), now=NOON).satisfied
        assert decide(POLICY, change, evidence(LEA, LOU, WANDA), now=NOON).satisfied

    @pytest.mark.parametrize(
        ("who", "why"),
        [
            (SAM, "sponsor"),
            (AGENT_ACCOUNT, "agent"),
            (BOT, "bot"),
            (LEA, "none of the teams"),
            (Person(11, "wanda", bot=True), "bot"),
        ],
    )
    def test_who_does_not_count(self, who: Person, why: str) -> None:
        decision = decide(POLICY, proposal(PRODUCTION), evidence(who), now=NOON)
        assert not decision.satisfied
        assert why in decision.discounted[0].why

    def test_whoever_has_a_commit_in_it_does_not_count(self) -> None:
        change = proposal(PRODUCTION, contributors=[Contributor(HEAD, "wanda@shop.example", WANDA)])
        assert "commit" in decide(POLICY, change, evidence(WANDA), now=NOON).discounted[0].why

    def test_an_unknown_contributor_refuses(self) -> None:
        change = proposal(PRODUCTION, contributors=[Contributor(HEAD, "who@nowhere.example", None)])
        assert decide(POLICY, change, evidence(WANDA), now=NOON).effect is Effect.REFUSED

    @pytest.mark.parametrize(
        ("given", "why"),
        [
            (approval(WANDA, head=None), "cannot be proved"),
            (approval(WANDA, head=HEAD.replace("1", "2")), "another head"),  # type: ignore[arg-type]
            (approval(WANDA, at=ASKED), "before the question"),
            (approval(WANDA, at=ASKED - timedelta(days=1)), "before the question"),
            (approval(WANDA, at=NOON + timedelta(seconds=1)), "future"),
        ],
    )
    def test_when_it_does_not_count(self, given: object, why: str) -> None:
        decision = decide(POLICY, proposal(PRODUCTION), evidence(given), now=NOON)  # type: ignore[arg-type]
        assert why in decision.discounted[0].why
        assert not decision.satisfied

    def test_it_expires(self) -> None:
        given = evidence(approval(WANDA, at=NOON), asked=NOON - timedelta(hours=1))
        assert decide(POLICY, proposal(PRODUCTION), given, now=NOON + timedelta(hours=24, seconds=-1)).satisfied
        assert not decide(POLICY, proposal(PRODUCTION), given, now=NOON + timedelta(hours=24)).satisfied

    def test_before_the_question_none_counts(self) -> None:
        assert not decide(POLICY, proposal(PRODUCTION), evidence(WANDA, asked=None), now=NOON).satisfied

    def test_owner_is_the_owner_of_every_service_touched(self) -> None:
        policy = shop_policy(
            ("medium: {mode: approve, approvals: [{from: web}]", "medium: {mode: approve, approvals: [{from: owner}]")
        )
        change = proposal(PRODUCTION)
        assert [need.team for need in decide(policy, change, now=NOON).needs] == ["web"]
        assert decide(policy, change, evidence(WIM), now=NOON).satisfied


class TestFreezes:
    def test_a_frozen_environment_waits_and_says_until_when(self) -> None:
        given = evidence(approval(WANDA, at=IN_THE_FREEZE - timedelta(hours=1)), asked=IN_THE_FREEZE - timedelta(hours=2))
        decision = decide(POLICY, proposal(PRODUCTION), given, now=IN_THE_FREEZE)
        assert decision.effect is Effect.FROZEN
        assert decision.until == datetime(2027, 1, 4, 7, tzinfo=UTC)
        assert not decision.satisfied
        assert decision.needs[0].missing == 0

    def test_a_deny_beats_a_freeze(self) -> None:
        assert decide(POLICY, proposal(sql={PRODUCTION: "DROP TABLE a;"}), now=IN_THE_FREEZE).effect is Effect.REFUSED

    def test_other_environments_go_on(self) -> None:
        assert decide(POLICY, proposal(STAGING), now=IN_THE_FREEZE).effect is Effect.AUTONOMOUS


def test_what_is_said_against_what_is_seen_is_listed_and_lowers_nothing() -> None:
    decision = decide(POLICY, proposal(PRODUCTION, claims=Claims(environment="staging", action="publish")), now=NOON)
    assert decision.tier == "medium"
    assert len([reason for reason in decision.reasons if reason.rule == "said and seen differ"]) == 2
