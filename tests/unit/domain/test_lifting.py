import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.decide import decide
from countersign.domain.decision import Effect
from countersign.domain.facts import FileChange, FileStatus
from countersign.domain.policy_yaml import PolicyError
from countersign.domain.proposal import Claims
from tests.builders import NOON, facts, file_change, proposal, shop_policy

LIMITED = shop_policy(
    ("low: {mode: autonomous}", "low: {mode: autonomous, limits: {files: 2, lines: 10, deletes: 0}}"),
    ("expires: 24h}", "expires: 24h, limits: {files: 4, lines: 100}}"),
    ("expires: 4h}", "expires: 4h, limits: {files: 8}}"),
)
ORDER = list(LIMITED.document.tiers)


def docs(count: int, *, lines: int = 1, status: FileStatus = FileStatus.MODIFIED) -> list[FileChange]:
    return [file_change(f"docs/{number}.md", status, added=lines) for number in range(count)]


@pytest.mark.parametrize(
    ("files", "tier", "effect"),
    [
        (docs(2), "low", Effect.AUTONOMOUS),
        (docs(3), "medium", Effect.APPROVE),
        (docs(2, lines=6), "medium", Effect.APPROVE),
        (docs(2, lines=51), "critical", Effect.APPROVE),
        (docs(1, status=FileStatus.DELETED), "medium", Effect.APPROVE),
        (docs(5), "critical", Effect.APPROVE),
        (docs(9), "critical", Effect.REFUSED),
    ],
)
def test_over_a_tiers_limits_is_the_next_tier_and_over_the_last_is_refused(
    files: list[FileChange], tier: str, effect: Effect
) -> None:
    decision = decide(LIMITED, proposal(*files), now=NOON)
    assert (decision.tier, decision.effect) == (tier, effect)


def test_each_lift_says_by_what_and_where_the_limit_stands() -> None:
    decision = decide(LIMITED, proposal(*docs(5)), now=NOON)
    lifts = {reason.rule: reason for reason in decision.reasons if reason.rule.startswith("limits")}
    assert set(lifts) == {"limits of tier low", "limits of tier medium"}
    assert lifts["limits of tier medium"].text == "5 files, at most 4"
    assert lifts["limits of tier medium"].decides
    assert lifts["limits of tier medium"].place is not None


@given(st.integers(1, 9), st.integers(0, 120), st.booleans())
def test_a_larger_change_is_never_lifted_less(count: int, lines: int, deleted: bool) -> None:
    status = FileStatus.DELETED if deleted else FileStatus.MODIFIED
    smaller = decide(LIMITED, proposal(*docs(count, lines=lines)), now=NOON)
    larger = decide(LIMITED, proposal(*docs(count + 1, lines=lines + 1, status=status)), now=NOON)
    assert (larger.effect, ORDER.index(larger.tier or "")) >= (smaller.effect, ORDER.index(smaller.tier or ""))


def test_no_way_back_is_one_step_and_none_above_the_last() -> None:
    claims = Claims(rollback="none")
    assert decide(LIMITED, proposal(*docs(1), claims=claims), now=NOON).tier == "medium"
    assert decide(LIMITED, proposal("x/y", claims=claims), now=NOON).tier == "critical"


def test_whatever_is_hard_to_see_is_one_step_together() -> None:
    found = [file_change("docs/a.md", content="\u202e\u200b"), file_change("uv.lock.md", content="x" * 5000)]
    seen = facts(*found, contents={"a": "\u202e\u200b", "b": "x" * 5000})
    assert {signal.kind for signal in seen.signals} == {"hidden characters", "long line"}
    decision = decide(LIMITED, proposal(found=seen), now=NOON)
    assert decision.tier == "medium"
    (reason,) = (item for item in decision.reasons if item.tier == "medium" and item.rule.startswith("always"))
    assert "U+202E RIGHT-TO-LEFT OVERRIDE" in reason.text
    assert "and 1 more" in reason.text
    assert reason.text.isprintable()


@pytest.mark.parametrize("claims", [Claims(rationale="ok\u200b"), Claims(not_sure=("\U000e0041",)), Claims(environment="\u202e")])
def test_hidden_characters_in_what_is_said_lift_too(claims: Claims) -> None:
    assert decide(LIMITED, proposal(*docs(1), claims=claims), now=NOON).tier == "medium"


def test_what_is_hard_to_see_and_no_way_back_are_two_steps() -> None:
    claims = Claims(rationale="\u200b", rollback="none")
    assert decide(LIMITED, proposal(*docs(1), claims=claims), now=NOON).tier == "critical"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("low: {mode: autonomous}", "low: {mode: notify}", "stand mildest first"),
        ("low: {mode: autonomous}", "low: {mode: autonomous, limits: {}}", "limits needs"),
        ("low: {mode: autonomous}", "low: {mode: autonomous, limits: {files: -1}}", "tiers.low.limits.files"),
        ("low: {mode: autonomous}", 'low: {mode: autonomous, limits: {files: "5"}}', "tiers.low.limits.files"),
        ("low: {mode: autonomous}", "refuse: {mode: autonomous}", "call the tier otherwise"),
        ("{web: [acme/web]", "{owner: [acme/web], web: [acme/web]", "call the team otherwise"),
        ("count: 2", "count: true", "approvals.0.count"),
        ("alone: true", 'alone: "yes"', "alone"),
        ("[acme/web]", '["acme web"]', "teams.web"),
    ],
)
def test_what_cannot_be_meant_does_not_load(old: str, new: str, why: str) -> None:
    with pytest.raises(PolicyError) as raised:
        shop_policy((old, new))
    assert why in str(raised.value)
