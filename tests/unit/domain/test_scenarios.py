"""A policy's own tests: what they may say, that nothing in them is ignored, and that what they say is held against the decision."""

import pytest

from countersign.domain.policy_yaml import PolicyError
from countersign.domain.scenarios.reader import read_scenarios
from countersign.domain.scenarios.trial import Trial, Verdict
from tests.builders import shop_policy

HEAD = "- {name: n, at: 2026-11-24T12:00Z, "
POLICY = shop_policy()


def verdicts(text: str) -> list[Verdict]:
    return [Trial.of(written, POLICY).hold(POLICY) for written in read_scenarios(text.encode(), file="tests/a.yaml")]


def one(rest: str) -> Verdict:
    (verdict,) = verdicts(HEAD + rest + "}\n")
    return verdict


@pytest.mark.parametrize(
    ("files", "rest", "expect"),
    [
        ("[db/staging/shop/V1.sql]", "", "outcome: autonomous, tier: low, approvals: [], runs: true"),
        ("[db/production/shop/V1.sql]", "", "outcome: approve, tier: medium, approvals: [web], runs: false"),
        ("[db/production/shop/V1.sql]", "approvals: [web/wanda]", "outcome: approve, runs: true"),
        ("[db/production/shop/V1.sql]", "approvals: [web/somebody]", "outcome: approve, runs: false"),
        ("[db/production/shop/V1.sql]", "author: wim, approvals: [web/wim]", "outcome: approve, runs: false"),
        ("[db/production/shop/V1.sql]", "commits: [wim], approvals: [web/wim]", "outcome: approve, runs: false"),
        ("[db/production/shop/V1.sql]", "agent: shop-agent, approvals: [web/sam]", "outcome: approve, runs: false"),
        ("[db/production/shop/V1.sql]", "agent: shop-agent, approvals: [web/wim]", "outcome: approve, runs: true"),
        ("[a/production/checkout/x]", "approvals: [leads/lea, leads/lou, web/wim]", "outcome: approve, runs: false"),
        ("[lib/x]", "", "outcome: approve, tier: critical, approvals: [leads, web, leads], rule: unmatched"),
        ("[db/production/shop/V1.sql]", "approvals: [{by: web/wim, ago: 25h}]", "outcome: approve, runs: false"),
        ("[db/staging/shop/V1.sql]", "agent: nobody", "outcome: refused, rule: 'always: agents are named'"),
        ("[db/staging/shop/V1.sql]", "agent: shop-agent, sponsor: null", "outcome: refused"),
        ("[db/staging/shop/V1.sql]", "says: {rollback: none}", "outcome: approve, tier: medium"),
        ("[db/staging/shop/V1.sql]", "says: {environment: production}", "outcome: autonomous, reasons: said and seen differ"),
        ("[db/staging/shop/V1.sql, db/production/shop/V1.sql]", "", "outcome: refused"),
        ("{lib/x: {kinds: [symlink], status: added}}", "", "outcome: approve, reasons: [opaque files, unmatched]"),
        ("{db/staging/shop/V1.sql: DROP TABLE a;}", "", "outcome: refused, rule: data that would be gone"),
        ("{db/staging/shop/V1.sql: SELECT 1;}", "", "outcome: autonomous"),
        ("{db/staging/shop/V1.sql: {content: EXECUTE x;}}", "", "outcome: refused, rule: 'always: a missing fact refuses'"),
        ("[db/staging/shop/V1.sql], plan: {deletes: [table.orders]}", "", "outcome: refused"),
        ("{db/staging/shop/V1.sql: {status: deleted}}", "", "outcome: refused, reasons: 'always: one change, one meaning'"),
        (
            "[site/production/shop/a.css]",
            "",
            "outcome: approve, action: publish, credentials: [bucket], network: production, services: [shop]",
        ),
    ],
)
def test_what_is_so_passes(files: str, rest: str, expect: str) -> None:
    verdict = one(f"change: {{files: {files}}}, {rest}{rest and ', '}expect: {{{expect}}}")
    assert verdict.passed, verdict.differences


def test_the_time_is_the_scenarios() -> None:
    frozen, after = verdicts(
        """\
- {name: in the freeze, at: "2026-12-28T10:00+01:00", change: {files: [db/production/shop/V1.sql]},
   expect: {outcome: frozen, until: "2027-01-04T08:00+01:00", tier: medium, approvals: [web]}}
- {name: after it, at: "2027-01-04T08:00+01:00", change: {files: [db/production/shop/V1.sql]},
   approvals: [{by: web/wim, ago: 2h}], expect: {outcome: approve, runs: true}}
"""
    )
    assert frozen.passed, frozen.differences
    assert after.passed, after.differences


LIFTS = "emergency: {from: leads, count: 2, lifts: freezes, lasts: 1h, review_within: 24h}\n"
EMERGENCY = shop_policy(("freezes:\n  year-end", f"{LIFTS}freezes:\n  year-end"))
GUARDS = """\
  - {name: a database is replaced, plan: {deletes: ["aws_db_*"]}, deny: No.}
  - {name: protection is removed, removes: [prevent_destroy = true], deny: No.}
"""


@pytest.mark.parametrize(
    ("rest", "outcome"),
    [
        ("says: {emergency: orders fail}, approvals: [web/wanda, leads/lea, leads/lou]", "approve, runs: true"),
        ("says: {emergency: orders fail}, approvals: [web/wanda, leads/lea]", "frozen"),
        ("approvals: [web/wanda, leads/lea, leads/lou]", "frozen"),
        ("says: {emergency: orders fail}, emergency_before: 3h, approvals: [web/wanda, leads/lea, leads/lou]", "refused"),
    ],
)
def test_an_emergency_can_be_tried(rest: str, outcome: str) -> None:
    change = "change: {files: [db/production/shop/V1.sql]}"
    text = f"- {{name: n, at: 2026-12-28T12:00Z, {change}, {rest}, expect: {{outcome: {outcome}}}}}\n"
    (written,) = read_scenarios(text.encode(), file="a.yaml")
    verdict = Trial.of(written, EMERGENCY).hold(EMERGENCY)
    assert verdict.passed, (verdict.differences, verdict.decision.reasons)


@pytest.mark.parametrize(
    ("rest", "expect"),
    [
        ("{infra/a.tf: {}}, plan: {replaces: [aws_db_instance.main]}", "refused, rule: a database is replaced"),
        ("[infra/a.tf]", "approve, tier: critical"),
        ("[infra/a.tf], planned: false", "refused, rule: 'always: a missing fact refuses'"),
        ("[infra/a.tf], removes: ['prevent_destroy  = true']", "refused, rule: protection is removed"),
        ('{infra/a.tf: {before: "a\\nprevent_destroy = true\\n", content: "a\\n"}}', "refused, rule: protection is removed"),
        ('{infra/a.tf: {before: "a\\n", content: "a\\nprevent_destroy = true\\n"}}', "approve"),
    ],
)
def test_effects_and_lines_can_be_told_or_measured(rest: str, expect: str) -> None:
    policy = shop_policy(("freezes:\n  year-end", f"{GUARDS}freezes:\n  year-end"))
    text = f"- {{name: n, at: 2026-11-24T12:00Z, change: {{files: {rest}}}, expect: {{outcome: {expect}}}}}\n"
    (written,) = read_scenarios(text.encode(), file="a.yaml")
    verdict = Trial.of(written, policy).hold(policy)
    assert verdict.passed, (verdict.differences, verdict.decision.reasons)


@pytest.mark.parametrize(
    ("expect", "what", "seen"),
    [
        ("outcome: refused", "outcome", "approve"),
        ("outcome: approve, tier: low", "tier", "medium"),
        ("outcome: approve, approvals: [web, web]", "approvals", "web"),
        ("outcome: approve, runs: true", "runs", "no"),
        ('outcome: approve, until: "2026-12-01T00:00Z"', "until", "none"),
        ("outcome: approve, rule: unmatched", "rule", "environment production, migrations in production"),
        (
            "outcome: approve, reasons: [migrations in production, unmatched]",
            "reasons",
            "environment production, migrations in production",
        ),
        ("outcome: approve, environment: staging", "environment", "production"),
        ("outcome: approve, services: []", "services", "shop"),
        ("outcome: approve, action: publish", "action", "migrate"),
        ("outcome: approve, credentials: []", "credentials", "database"),
        ("outcome: approve, network: none", "network", "production"),
    ],
)
def test_what_is_otherwise_is_named(expect: str, what: str, seen: str) -> None:
    verdict = one(f"change: {{files: [db/production/shop/V1.sql]}}, expect: {{{expect}}}")
    assert [(item.what, item.seen) for item in verdict.differences] == [(what, seen)]


def test_lines_are_the_size_of_the_whole_change() -> None:
    (written,) = read_scenarios(f"{HEAD}change: {{files: [a, b, c], lines: 7}}, expect: {{outcome: refused}}}}".encode(), file="a")
    facts = Trial.of(written, POLICY).inputs.proposal.facts
    assert facts.lines == 7
    assert [file.path for file in facts.files] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: a file of scenarios is a list; this one is empty or something else"),
        ("name: n\n", "1:1: a file of scenarios is a list; this one is empty or something else"),
        ("[]\n", "1:1: there is no scenario in it"),
        ("- n\n", "1:3: Input should be a valid dictionary or instance of Scenario"),
        (
            f"{HEAD}change: {{files: [a]}}, expect: {{outcome: refused, teir: low}}}}\n",
            "1:85: expect.teir: no such key; did you mean 'tier'?",
        ),
        (f"{HEAD}change: {{files: [a]}}}}\n", "1:3: expect: is missing"),
        (f"{HEAD}change: {{files: [a, a]}}, expect: {{outcome: refused}}}}\n", "1:45: change.files: a path stands here twice"),
        (f"{HEAD}change: {{files: [a]}}, expect: {{}}}}\n", "1:58: expect.outcome: is missing"),
        (
            f"{HEAD}change: {{files: [a]}}, approvals: [web], expect: {{outcome: refused}}}}\n",
            "an approver is written as team/person",
        ),
        (
            "- {name: n, at: 2026-11-24T12:00, change: {files: [a]}, expect: {outcome: refused}}\n",
            "1:13: at: a moment is written with its offset",
        ),
        (
            f"{HEAD}change: {{files: {{a: {{kinds: [socket]}}}}}}, expect: {{outcome: refused}}}}\n",
            "1:65: change.files.a.kinds.0: Input should be",
        ),
        ("- &a {name: n}\n- *a\n", "1:3: anchors are not allowed"),
        (
            2 * f"{HEAD}change: {{files: [a]}}, expect: {{outcome: refused}}}}\n",
            "2:3: another scenario has this name: tests/a.yaml:1:3",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(PolicyError) as raised:
        read_scenarios(text.encode(), file="tests/a.yaml")
    (line,) = str(raised.value).splitlines()
    assert line.startswith("tests/a.yaml:")
    assert problem in line


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(PolicyError) as raised:
        read_scenarios(b"- {name: n}\n- {name: m, when: now}\n", file="a.yaml")
    assert len(raised.value.problems) == 7
