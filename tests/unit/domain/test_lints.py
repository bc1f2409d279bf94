"""What `policy check` says beyond "it loads": only what is certain, with its place and its name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.domain.decide import decide
from countersign.domain.lints import Lint, lint
from countersign.domain.lints.cover import never_decides
from countersign.domain.policy_yaml import load_policy
from tests.builders import NOON, SHOP_POLICY, evidence, proposal, shop_policy


def found(*changes: tuple[str, str]) -> list[Lint]:
    return list(lint(shop_policy(*changes)))


def lint_of(text: str) -> list[tuple[str, str]]:
    """Give kinds and texts for the shop's policy with one rule more."""
    changed = shop_policy(("    deny: People retire data, with the runbook.\n", f"    deny: No.\n  - {{{text}}}\n"))
    return [(item.kind, item.text) for item in lint(changed)]


def test_the_shops_policy_is_fine() -> None:
    assert not found()


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ('name: n, paths: ["db/staging/shop/**"], tier: low', "never-decides", "rule 'migrations in staging'"),
        ('name: n, paths: ["docs/*.md", "*.md"], tier: low', "never-decides", "asks for low too"),
        ('name: n, paths: ["**/x/AGENTS.md"], tier: medium', "never-decides", "stricter tier critical"),
        ('name: n, paths: ["lib/*.so"], kinds: [binary], tier: medium', "never-decides", "rule 'opaque files'"),
        ('name: n, paths: ["a/production/**"], tier: low', "never-decides", "environment production"),
        ('name: n, paths: ["a/b/checkout/**"], tier: medium', "never-decides", "service checkout"),
        ('name: n, paths: [".countersign/tests/**"], tier: critical', "never-decides", "always has the strictest tier"),
        ("name: n, plan: {deletes: [table, column, database, schema, rows]}, tier: low", "never-decides", "and refuses"),
        ('name: n, paths: ["x/**", "!x/**"], tier: low', "matches-nothing", "its own '!' patterns"),
    ],
)
def test_a_rule_that_can_never_decide(text: str, kind: str, says: str) -> None:
    ((said, why),) = lint_of(text)
    assert said == kind
    assert says in why


@pytest.mark.parametrize(
    "text",
    [
        'name: n, paths: ["db/staging/**"], tier: medium',
        'name: n, paths: ["db/**"], tier: low',
        'name: n, paths: ["**/AGENTS.md"], tier: critical, alone: true',
        'name: n, paths: ["db/staging/**"], deny: Never.',
        "name: n, kinds: [binary, mode-change], tier: low",
        "name: n, plan: {deletes: [table]}, tier: critical, alone: true",
        'name: n, paths: ["a/production/**"], tier: medium',
    ],
)
def test_nothing_is_said_where_it_is_not_certain(text: str) -> None:
    assert not [item for item in lint_of(text) if item[1].startswith("rule 'n' ")]


@pytest.mark.parametrize(
    ("change", "kind", "serious", "line"),
    [
        (('Action: ["s3:PutObject"]', 'Action: "*"'), "wildcard-action", True, 46),
        (("timeout: 2m", "timeout: 11m"), "ttl-below-timeout", False, 32),
        (("unmatched: critical", "unmatched: medium"), "", False, 0),
        (("  low: {mode: autonomous}", "  none: {mode: autonomous}\n  low: {mode: autonomous}"), "idle-tier", False, 5),
        (("  critical: {mode", "  grave: {mode: approve, approvals: [{from: web}]}\n  critical: {mode"), "", False, 0),
        (("teams: {", "teams: {ops: [acme/ops], "), "unused", False, 2),
        (("networks:\n", "networks:\n  other: {tier: vpn}\n"), "unused", False, 49),
        (("freezes: [year-end]", "freezes: []"), "unused", False, 26),
        (('["*/staging/**"]', '["*/staging/**", "!**"]'), "matches-nothing", True, 10),
        (('["*/production/**"]', '["db/staging/shop/**"]'), "taken-twice", True, 11),
    ],
)
def test_other_parts(change: tuple[str, str], kind: str, serious: bool, line: int) -> None:
    lints = [item for item in found(change) if item.kind == kind]
    assert bool(lints) == bool(kind)
    for item in lints:
        assert item.serious is serious
        assert item.place.line == line, item


def test_a_command_or_a_path_of_that_name_is_no_use() -> None:
    assert [item.text for item in found(("teams: {", "teams: {migrate: [acme/ops], "))] == [
        "team 'migrate' is defined and never used"
    ]


PATTERNS = st.lists(
    st.sampled_from(
        ["db/**", "db/staging/**", "db/*/shop/**", "**/*.md", "*.md", "docs/**", "!db/staging/**", "!**/*.md", "**/AGENTS.md"]
    ),
    min_size=1,
    max_size=3,
    unique=True,
).filter(lambda patterns: any(not pattern.startswith("!") for pattern in patterns))
RULES = st.lists(
    st.fixed_dictionaries(
        {"paths": PATTERNS, "tier": st.sampled_from(["low", "medium", "critical"])}, optional={"deny": st.just("No.")}
    ),
    min_size=2,
    max_size=4,
)
PATHS = st.lists(
    st.sampled_from(
        ["db/staging/shop/1.md", "db/production/shop/2", "a.md", "docs/b.md", "docs/AGENTS.md", "db/staging/x", "lib/x"]
    ),
    min_size=1,
    max_size=4,
    unique=True,
)


@settings(max_examples=60)
@given(RULES, st.lists(PATHS, min_size=10, max_size=20))
def test_what_never_decides_is_never_the_only_reason(rules: list[dict[str, object]], changes: list[list[str]]) -> None:
    head, tail = SHOP_POLICY.split("rules:\n", 1)
    lines = "".join(
        f"  - {{name: rule {number}, {', '.join(f'{key}: {value}' for key, value in rule.items())}}}\n"
        for number, rule in enumerate(rules)
    )
    policy = load_policy((head + "rules:\n" + lines.replace("'", '"') + tail[tail.index("freezes:") :]).encode())
    idle = {f"rule {number}" for number in range(len(rules)) if any(True for _ in never_decides(policy.document, number))}
    for paths in changes:
        decision = decide(policy, proposal(*paths), evidence(), now=NOON)
        deciding = {reason.rule for reason in decision.deciding if reason.tier is not None or reason.rule.startswith("rule ")}
        assert not deciding or deciding - idle


WAY = """autonomy:
  - promote: medium -> low
    each: [skill]
    after: {runs: 3, days: 5, approvers: 2}
    by: leads
    demote_on: [rollback]
"""
TWO = SHOP_POLICY.replace("sponsors: [sam]}}", "sponsors: [sam]}, helper: {account: helper, sponsors: [sam]}}")
NOTHING_LOW = TWO.replace("tier: low", "tier: medium")


def said(text: str) -> set[str]:
    return {item.kind for item in lint(load_policy(text.encode()))}


def test_a_skill_that_counts_for_every_agent_is_pointed_out() -> None:
    assert said(TWO + WAY) == {"skill-of-any-agent"}
    assert not said(TWO + WAY.replace("[skill]", "[skill, agent]"))
    assert not said(SHOP_POLICY + WAY), "there is one agent"


def test_a_tier_that_was_earned_is_not_idle() -> None:
    earned = "    earned: [{skill: words, agent: helper, since: 2026-11-01T00:00Z}]\n"
    ways = WAY.replace("[skill]", "[skill, agent]")
    assert said(NOTHING_LOW + ways) == {"idle-tier"}
    assert not said(NOTHING_LOW + ways + earned)
