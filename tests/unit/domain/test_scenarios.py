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
        ("[db/staging/shop/V1.md]", "", "outcome: autonomous, tier: low, approvals: [], runs: true"),
        ("[db/production/shop/V1.md]", "", "outcome: approve, tier: medium, approvals: [web], runs: false"),
        ("[db/production/shop/V1.md]", "approvals: [web/wanda]", "outcome: approve, runs: true"),
        ("[db/production/shop/V1.md]", "approvals: [web/somebody]", "outcome: approve, runs: false"),
        ("[db/production/shop/V1.md]", "author: wim, approvals: [web/wim]", "outcome: approve, runs: false"),
        ("[db/production/shop/V1.md]", "commits: [wim], approvals: [web/wim]", "outcome: approve, runs: false"),
        ("[db/production/shop/V1.md]", "agent: shop-agent, approvals: [web/sam]", "outcome: approve, runs: false"),
        ("[db/production/shop/V1.md]", "agent: shop-agent, approvals: [web/wim]", "outcome: approve, runs: true"),
        ("[a/production/checkout/x]", "approvals: [leads/lea, leads/lou, web/wim]", "outcome: approve, runs: false"),
        ("[lib/x]", "", "outcome: approve, tier: critical, approvals: [leads, web, leads], rule: unmatched"),
        ("[db/production/shop/V1.md]", "approvals: [{by: web/wim, ago: 25h}]", "outcome: approve, runs: false"),
        ("[db/staging/shop/V1.md]", "agent: nobody", "outcome: refused, rule: 'always: agents are named'"),
        ("[db/staging/shop/V1.md]", "agent: shop-agent, sponsor: null", "outcome: refused"),
        ("[db/staging/shop/V1.md]", "says: {rollback: none}", "outcome: approve, tier: medium"),
        ("[db/staging/shop/V1.md]", "says: {environment: production}", "outcome: autonomous, reasons: said and seen differ"),
        ("[db/staging/shop/V1.md, db/production/shop/V1.md]", "", "outcome: refused"),
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
- {name: in the freeze, at: "2026-12-28T10:00+01:00", change: {files: [db/production/shop/V1.md]},
   expect: {outcome: frozen, until: "2027-01-04T08:00+01:00", tier: medium, approvals: [web]}}
- {name: after it, at: "2027-01-04T08:00+01:00", change: {files: [db/production/shop/V1.md]},
   approvals: [{by: web/wim, ago: 2h}], expect: {outcome: approve, runs: true}}
"""
    )
    assert frozen.passed, frozen.differences
    assert after.passed, after.differences


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
    verdict = one(f"change: {{files: [db/production/shop/V1.md]}}, expect: {{{expect}}}")
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
