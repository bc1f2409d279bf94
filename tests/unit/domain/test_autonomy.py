"""A tier that was earned: one step down, for the whole change or not at all, and only while the record stands behind it."""

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.approval import Evidence
from countersign.domain.autonomy import promotions
from countersign.domain.decide import decide
from countersign.domain.decision import Decision, Effect
from countersign.domain.facts import FileChange, FileStatus
from countersign.domain.people import Agent, Contributor, Person
from countersign.domain.policy import Policy
from countersign.domain.policy_yaml import PolicyError
from countersign.domain.proposal import Claims, Proposal
from tests.builders import AGENT, AGENT_ACCOUNT, BOT, HEAD, NOON, SAM, SHOP_POLICY, WANDA, file_change, proposal
from tests.support.policies import policy

WAYS = """\
autonomy:
  - promote: medium -> low
    each: [action, service, environment]
    after: {runs: 3, days: 5, approvers: 2}
    by: leads
    demote_on: [rollback]
    earned: [{action: publish, service: shop, environment: staging, since: 2026-11-01T00:00Z}]
  - promote: critical -> medium
    each: [skill, agent]
    after: {runs: 3, days: 5, approvers: 2}
    by: leads
    demote_on: [rollback]
    earned: [{skill: write-words, agent: shop-agent, since: 2026-11-01T00:00Z}]
"""
RULES = """\
  - {name: pages in staging, paths: ["site/staging/**"], tier: medium}
  - {name: old words, paths: ["old/**"], tier: critical}
"""
TEXT = SHOP_POLICY.replace("rules:\n", "rules:\n" + RULES, 1) + WAYS
PAGE = "site/staging/shop/index.html"


MACHINES = frozenset({BOT})


@cache
def earning(old: str = "", new: str = "") -> Policy:
    assert old in TEXT
    return policy(TEXT.replace(old, new))


def all_of(which: Policy) -> frozenset[str]:
    return frozenset(found.name for _, found in promotions(which))


def judged(change: Proposal, which: Policy | None = None, *, standing: bool = True) -> Decision:
    used = which or earning()
    return decide(used, change, Evidence(backed=all_of(used) if standing else frozenset(), machines=MACHINES), now=NOON)


def test_what_was_earned_goes_one_tier_down() -> None:
    decision = judged(proposal(PAGE))
    assert (decision.effect, decision.tier) == (Effect.AUTONOMOUS, "low")
    (why,) = [reason for reason in decision.deciding if reason.rule == "autonomy"]
    assert why.text == "action publish, environment staging, service shop: medium -> low, earned"
    assert why.place is not None
    assert decision.document()["promotions"] == [found.document() for found in decision.promotions]


def test_without_the_record_nothing_is_milder_and_it_is_said() -> None:
    decision = judged(proposal(PAGE), standing=False)
    assert (decision.effect, decision.tier) == (Effect.APPROVE, "medium")
    assert [reason.decides for reason in decision.reasons if reason.rule == "autonomy"] == [False]
    assert [found.in_force for found in decision.promotions] == [False]


def test_a_policy_without_promotions_says_nothing_of_them() -> None:
    assert "promotions" not in decide(policy(SHOP_POLICY), proposal(PAGE), now=NOON).document()


@pytest.mark.parametrize(
    "paths",
    [
        ("site/staging/checkout/index.html",),
        (PAGE, "site/staging/checkout/index.html"),
        (PAGE, "docs/hours.md"),
        ("site/production/shop/index.html",),
        (PAGE, "nobody/knows.txt"),
        (PAGE, "AGENTS.md"),
        ("db/staging/shop/V1.sql",),
    ],
)
def test_a_path_that_it_does_not_cover_leaves_all_as_it_was(paths: tuple[str, ...]) -> None:
    change = proposal(*paths)
    assert judged(change).tier == judged(change, standing=False).tier


def test_floors_and_limits_stay() -> None:
    floor = earning('staging: {paths: ["*/staging/**"]', 'staging: {at_least: medium, paths: ["*/staging/**"]')
    assert judged(proposal(PAGE), floor).tier == "medium"
    limited = earning("low: {mode: autonomous}", "low: {mode: autonomous, limits: {files: 1}}")
    assert judged(proposal(PAGE, "site/staging/shop/more.html"), limited).tier == "medium"


def test_it_begins_when_the_policy_says() -> None:
    later = earning("environment: staging, since: 2026-11-01T00:00Z", "environment: staging, since: 2026-11-24T12:00:01Z")
    assert judged(proposal(PAGE), later).tier == "medium"
    standing = Evidence(backed=all_of(later), machines=MACHINES)
    assert decide(later, proposal(PAGE), standing, now=NOON + timedelta(seconds=1)).tier == "low"


SKILLED = Claims(skill="write-words")


@pytest.mark.parametrize(
    ("agent", "claims", "tier"),
    [
        (AGENT, SKILLED, "medium"),
        (AGENT, Claims(), "critical"),
        (AGENT, Claims(skill="other"), "critical"),
        (Agent("other-agent", strength=1), SKILLED, "critical"),
        (Agent("shop-agent", strength=0), SKILLED, "critical"),
        (None, SKILLED, "critical"),
    ],
)
def test_a_skill_counts_from_the_agent_that_earned_it_by_its_account(agent: Agent | None, claims: Claims, tier: str) -> None:
    assert judged(replace(proposal("old/words.txt"), agent=agent, claims=claims)).tier == tier


@pytest.mark.parametrize(
    ("people", "tier"),
    [
        ([AGENT_ACCOUNT], "low"),
        ([BOT], "low"),
        ([BOT, AGENT_ACCOUNT], "low"),
        ([WANDA], "medium"),
        ([AGENT_ACCOUNT, SAM], "medium"),
        ([AGENT_ACCOUNT, None], "medium"),
    ],
)
def test_a_commit_of_somebody_else_earns_nothing(people: list[Person | None], tier: str) -> None:
    change = replace(proposal(PAGE), contributors=tuple(Contributor(HEAD, "x@shop.example", person) for person in people))
    assert judged(change).tier == tier


def test_a_change_by_a_person_earns_nothing() -> None:
    """Neither milder, nor past what refuses where approval is asked: a commit that no account owns."""
    for contributor in (WANDA, None):
        change = replace(proposal(PAGE), agent=None, contributors=(Contributor(HEAD, "x@shop.example", contributor),))
        assert judged(change).document() == judged(change, standing=False).document()


def test_what_no_rule_names_is_not_earned_away() -> None:
    skilled = replace(proposal("somewhere/else.txt", "old/words.txt"), claims=SKILLED)
    assert judged(skilled).tier == "critical"
    assert [found.in_force for found in judged(skilled).promotions] == [True], "it covers the change, and yet"


def test_another_moment_or_tier_is_another_promotion() -> None:
    names = {name for which in (earning(), earning("2026-11-01T00:00Z", "2026-11-02T00:00Z")) for name in all_of(which)}
    assert len(names) == 4
    assert all_of(earning()) == all_of(earning("2026-11-01T00:00Z", "2026-11-01T01:00+01:00")), "the same moment"


PATHS = st.sampled_from(
    [
        PAGE,
        "site/staging/shop/about.html",
        "site/staging/checkout/pay.html",
        "site/production/shop/index.html",
        "db/staging/shop/V1.sql",
        "db/staging/shop/V2.sql",
        "docs/hours.md",
        "old/words.txt",
        "old/staging/shop/words.txt",
        "AGENTS.md",
        "somewhere/else.txt",
    ]
)
FILES = st.builds(file_change, PATHS, st.sampled_from([FileStatus.ADDED, FileStatus.MODIFIED]))
CHANGES = st.lists(FILES, min_size=1, max_size=4, unique_by=lambda file: file.path)
CLAIMS = st.sampled_from([Claims(), SKILLED, Claims(skill="other"), Claims(rollback="none", skill="write-words")])


def asked(files: list[FileChange], claims: Claims) -> Proposal:
    return replace(proposal(*files), claims=claims)


@given(CHANGES, FILES, CLAIMS)
def test_adding_a_file_never_loosens(files: list[FileChange], another: FileChange, claims: Claims) -> None:
    if another.path in {file.path for file in files}:
        return
    before, after = judged(asked(files, claims)), judged(asked([*files, another], claims))
    assert after.effect >= before.effect
    assert earning().ranks[str(after.tier)] >= earning().ranks[str(before.tier)]


NAMES = st.sets(st.sampled_from(sorted(all_of(earning()))))


@given(CHANGES, CLAIMS, NAMES, NAMES)
def test_what_the_record_takes_back_never_loosens(files: list[FileChange], claims: Claims, some: set[str], more: set[str]) -> None:
    change = asked(files, claims)
    fewer = decide(earning(), change, Evidence(backed=frozenset(some), machines=MACHINES), now=NOON)
    all_ = decide(earning(), change, Evidence(backed=frozenset(some | more), machines=MACHINES), now=NOON)
    assert fewer.effect >= all_.effect
    assert earning().ranks[str(fewer.tier)] >= earning().ranks[str(all_.tier)]


@given(CHANGES, CLAIMS)
def test_a_word_without_the_record_never_lowers(files: list[FileChange], claims: Claims) -> None:
    said, silent = (judged(asked(files, words), standing=False) for words in (claims, Claims()))
    assert said.effect >= silent.effect
    assert earning().ranks[str(said.tier)] >= earning().ranks[str(silent.tier)]


@given(CHANGES, CLAIMS)
def test_it_is_one_step_at_most(files: list[FileChange], claims: Claims) -> None:
    change, ranks = asked(files, claims), earning().ranks
    with_, without = judged(change), judged(change, standing=False)
    assert 0 <= ranks[str(without.tier)] - ranks[str(with_.tier)] <= 1


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("{action: publish, service: shop,", "{service: shop,", "names action, service, environment"),
        ("{skill: write-words,", "{skill: write-words, action: publish,", "names skill, agent"),
        ("action: publish,", "action: paint,", "there is no action 'paint'"),
        ("agent: shop-agent, since", "agent: nobody, since", "there is no agent 'nobody'"),
        ("environment: staging, since", "environment: moon, since", "there is no environment 'moon'"),
        (
            "environment: staging, since: 2026-11-01T00:00Z",
            "environment: staging, since: soon",
            "a moment is written with its offset",
        ),
        ("skill: write-words", "skill: write words", "a skill is written as agents name it"),
    ],
)
def test_a_promotion_of_what_is_not_there_does_not_load(old: str, new: str, why: str) -> None:
    with pytest.raises(PolicyError, match=why) as caught:
        earning(old, new)
    text = TEXT.replace(old, new)
    line = text[: text.index(new)].count("\n") + 1
    assert str(caught.value).startswith(f".countersign/policy.yaml:{line}:")


def test_it_is_lost_under_every_name_so_it_stands_once_in_a_policy() -> None:
    again = WAYS.split("  - promote: critical", maxsplit=1)[0].removeprefix("autonomy:\n").replace("2026-11-01", "2026-11-02")
    with pytest.raises(PolicyError, match="is promoted twice"):
        policy(TEXT + again)


@pytest.mark.parametrize("since", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
def test_a_moment_at_the_edge_of_the_calendar_does_not_load(since: str) -> None:
    with pytest.raises(PolicyError, match="a moment is written with its offset"):
        earning("staging, since: 2026-11-01T00:00Z", f"staging, since: {since}")


def test_the_same_promotion_twice_does_not_load() -> None:
    one = "{action: publish, service: shop, environment: staging, since: 2026-11-01T00:00Z}"
    with pytest.raises(PolicyError, match="is promoted twice"):
        earning(one, f"{one}, {one.replace('11-01', '11-02')}")
