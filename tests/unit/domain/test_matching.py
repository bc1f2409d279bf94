"""Which rules apply: by place, and by what the change would do there."""

import pytest

from countersign.domain.decide import decide
from countersign.domain.decision import Decision, Effect
from countersign.domain.facts import Act, Facts, Measured, Removed, Unclear
from countersign.domain.policy_yaml import PolicyError
from tests.builders import NOON, file_change, proposal, shop_policy

VALUES, MODULE = "deploy/production/shop/values.yaml", "infra/production/shop/main.tf"
RULES = "  - {name: words for people"
WATCHING = shop_policy(
    (
        RULES,
        """  - {name: settings, paths: ["deploy/**", "infra/**"], tier: low}
  - {name: data stores, plan: {deletes: ["aws_db_*", Namespace]}, deny: People retire data stores.}
  - {name: only replaced, plan: {replaces: [aws_instance]}, tier: critical}
  - name: protection
    plan: {turns_off: [versioning]}
    removes: ["prevent_destroy = true"]
    deny: Protection is lifted by people.
  - {name: here only, paths: ["deploy/**"], plan: {deletes: [Secret]}, deny: Not here.}
"""
        + RULES,
    ),
    ('"*/production/**"], at_least: medium', '"*/production/**"]'),
)


def judged(*effects: Measured, path: str = VALUES, removed: tuple[Removed, ...] = ()) -> Decision:
    found = Facts((file_change(path),), effects=effects, removed=removed, planned=("infra/production/shop",))
    return decide(WATCHING, proposal(found=found), now=NOON)


def asked(decision: Decision) -> set[str]:
    return {reason.rule for reason in decision.reasons if reason.place is not None}


@pytest.mark.parametrize(
    ("act", "kind", "rule"),
    [
        (Act.DELETES, "aws_db_instance", "data stores"),
        (Act.REPLACES, "aws_db_instance", "data stores"),
        (Act.DELETES, "Namespace", "data stores"),
        (Act.REPLACES, "aws_instance", "only replaced"),
        (Act.TURNS_OFF, "versioning", "protection"),
        (Act.DELETES, "Secret", "here only"),
        (Act.DELETES, "aws_instance", None),
        (Act.TURNS_OFF, "aws_db_instance", None),
        (Act.DELETES, "namespace", None),
    ],
)
def test_a_rule_applies_to_the_effects_that_it_names(act: Act, kind: str, rule: str | None) -> None:
    expected = {"settings", rule} if rule else {"settings"}
    assert asked(judged(Measured(act, kind, "main", VALUES))) == expected


def test_an_effect_elsewhere_is_not_an_effect_here() -> None:
    assert asked(judged(Measured(Act.DELETES, "Secret", "main", MODULE), path=MODULE)) == {"settings"}


def test_an_effect_of_a_plan_belongs_to_the_files_below_its_directory() -> None:
    gone = Measured(Act.DELETES, "aws_db_instance", "aws_db_instance.main", "infra/production/shop")
    reason = next(item for item in judged(gone, path=MODULE).reasons if item.rule == "data stores")
    assert reason.path == MODULE
    assert "aws_db_instance.main" in reason.text


@pytest.mark.parametrize(
    ("line", "stopped"),
    [
        ("prevent_destroy = true", True),
        ("prevent_destroy=true", True),
        ("lifecycle {prevent_destroy =true}", True),
        ("prevent_destroy = false", False),
        ("x prevent_destroy = true", True),
    ],
)
def test_a_removed_line_is_found_by_the_text_that_it_holds(line: str, stopped: bool) -> None:
    decision = judged(removed=(Removed(VALUES, 3, line),))
    assert (decision.effect is Effect.REFUSED) is stopped


def test_of_many_effects_some_are_told_and_the_others_counted() -> None:
    """A record holds 64 KiB, and a migration can name thirty thousand tables."""
    many = tuple(Measured(Act.DELETES, "Namespace", str(number), VALUES) for number in range(30_000))
    reasons = [reason.text for reason in judged(*many).reasons if reason.rule == "data stores"]
    assert len(reasons) == 20
    assert sum("and 29980 more" in text for text in reasons) == 1


def test_of_many_doubts_some_are_told_and_the_others_counted() -> None:
    many = tuple(Unclear(VALUES, number, "why not") for number in range(1, 1001))
    found = Facts((file_change(VALUES), file_change("x\\y"), file_change("z\\y")), unclear=many)
    decision = decide(WATCHING, proposal(found=found), now=NOON)
    assert decision.effect is Effect.REFUSED
    assert len(decision.reasons) < 30
    assert any("and 980 more" in reason.text for reason in decision.deciding)


def test_a_rule_does_not_find_itself_in_the_policy() -> None:
    decision = judged(path=".countersign/policy.yaml", removed=(Removed(".countersign/policy.yaml", 3, "prevent_destroy = true"),))
    assert decision.effect is Effect.APPROVE


def test_a_rule_that_only_watches_does_not_settle_a_path() -> None:
    """Otherwise a second file of a mild tier would carry it along."""
    policy = shop_policy((RULES, '  - {name: watching, paths: ["new/**"], plan: {deletes: [table]}, deny: No.}\n' + RULES))
    for paths in (["new/x"], ["new/x", "README.md"]):
        assert decide(policy, proposal(*paths), now=NOON).tier == "critical"


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("{name: a, plan: {}, deny: No.}", "plan needs deletes, replaces or turns_off"),
        ("{name: a, deny: No.}", "plan or removes"),
        ('{name: a, plan: {deletes: ["[a-z]"]}, deny: No.}', "plan.deletes.0"),
        ('{name: a, removes: [""], deny: No.}', "removes.0"),
    ],
)
def test_rules_that_cannot_be_meant_do_not_load(rule: str, why: str) -> None:
    with pytest.raises(PolicyError) as raised:
        shop_policy((RULES, f"  - {rule}\n{RULES}"))
    assert why in str(raised.value)
