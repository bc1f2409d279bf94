"""Mutants: each part of a policy is dropped or weakened once, and what is called the same really is."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.domain.decide import decide
from countersign.domain.decision import Decision
from countersign.domain.facts import Facts, FileStatus, Kind
from countersign.domain.mutation.hunt import hunt, mutants
from countersign.domain.mutation.mutant import compiled
from countersign.domain.policy import Policy
from countersign.domain.proposal import Proposal
from countersign.domain.scenarios.reader import read_scenarios
from countersign.domain.scenarios.trial import Trial
from tests.builders import NOON, SHOP_POLICY, evidence, file_change, proposal, shop_policy
from tests.support.policies import policy

PLAIN = """\
- name: production asks
  at: 2026-11-24T12:00Z
  change: {files: [db/production/shop/V1.sql]}
  expect: {outcome: approve, approvals: [web]}
- name: instructions stand alone
  at: 2026-11-24T12:00Z
  change: {files: [docs/AGENTS.md, docs/a.md]}
  expect: {outcome: refused}
"""


def told(policy: Policy, text: str = PLAIN) -> tuple[set[str], int]:
    trials = [Trial.of(written, policy) for written in read_scenarios(text.encode(), file="a.yaml")]
    found = hunt(policy, trials)
    return {str(mutant) for mutant in found.alive}, found.killed


def with_rules(*rules: str) -> Policy:
    head, tail = SHOP_POLICY.split("rules:\n", 1)
    lines = "".join(f"  - {{name: rule {number}, {rule}}}\n" for number, rule in enumerate(rules))
    return policy(head + "rules:\n" + lines + tail[tail.index("freezes:") :])


def test_each_part_is_dropped_or_weakened_once() -> None:
    said = [str(mutant) for mutant in mutants(shop_policy().document)]
    assert len(set(said)) == len(said)
    for wanted in (
        "drop rule 'migrations in production'",
        "drop path *.md of rule 'words for people'",
        "drop kind binary of rule 'opaque files'",
        "drop deletes rows of rule 'data that would be gone'",
        "drop alone of rule 'instructions'",
        "lower tier medium of rule 'the public page' to low",
        "raise tier low of rule 'words for people' to medium",
        "lower at_least critical of service checkout to medium",
        "drop freeze year-end of environment production",
        "drop approval from web of tier critical",
        "lower count 2 from leads of tier critical to 1",
        "drop all approvals of tier medium",
        "lower unmatched critical to medium",
        "raise unmatched critical to refuse",
    ):
        assert wanted in said


def test_what_a_scenario_notices_is_not_listed() -> None:
    alive, killed = told(shop_policy())
    assert killed > 0
    assert "drop all approvals of tier medium" not in alive
    assert "drop alone of rule 'instructions'" not in alive
    assert "drop kind binary of rule 'opaque files'" in alive


def test_without_scenarios_everything_survives() -> None:
    policy = shop_policy()
    found = hunt(policy, [])
    assert found.killed == 0
    assert len(found.alive) + found.same == len(list(mutants(policy.document)))


@settings(max_examples=40)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["db/staging/shop/1.md", "a.md", "docs/b.md", "docs/AGENTS.md", "lib/x"]), min_size=1, unique=True
        ),
        max_size=4,
    )
)
def test_only_scenarios_that_could_notice_are_tried_and_that_misses_nothing(changes: list[list[str]]) -> None:
    policy = shop_policy(("docs/**", 'docs/**", "!docs/b.md'))
    trials = []
    for number, paths in enumerate(changes):
        outcome = decide(policy, proposal(*paths), evidence(), now=NOON)
        expect = f"{{outcome: {outcome.effect.word}, tier: {outcome.tier}}}"
        text = f"- {{name: n{number}, at: 2026-11-24T12:00Z, change: {{files: {paths}}}, expect: {expect}}}\n"
        trials += [Trial.of(written, policy) for written in read_scenarios(text.encode(), file="a.yaml")]
    alive = [
        str(mutant)
        for mutant in mutants(policy.document)
        if not mutant.same and all(trial.hold(compiled(policy, mutant)).passed for trial in trials)
    ]
    assert [str(mutant) for mutant in hunt(policy, trials).alive] == alive


def same(policy: Policy) -> set[str]:
    return {str(mutant) for mutant in mutants(policy.document) if mutant.same}


@pytest.mark.parametrize(
    ("rules", "equal"),
    [
        (['paths: ["a/**"], tier: critical', 'paths: ["b/**"], tier: low'], {"drop rule 'rule 0'"}),
        (['paths: ["a/**"], tier: critical', 'paths: ["**/*.md"], tier: low'], set()),
        (['paths: ["a/**"], tier: critical, alone: true', 'paths: ["b/**"], tier: low'], set()),
        (['paths: ["a/**"], tier: low', 'paths: ["a/b/**"], tier: low'], {"drop rule 'rule 1'"}),
        (['paths: ["a/**", "a/b/*"], tier: low'], {"drop path a/b/* of rule 'rule 0'"}),
        (['paths: ["a/**", "!b/**"], tier: low'], {"drop path !b/** of rule 'rule 0'"}),
        (['paths: ["a/production/**"], tier: medium'], {"lower tier medium of rule 'rule 0' to low"}),
    ],
)
def test_a_mutant_that_changes_nothing_is_known(rules: list[str], equal: set[str]) -> None:
    assert same(with_rules(*rules)) == equal


PATTERNS = ["db/**", "db/staging/**", "db/*/shop/**", "**/*.md", "*.md", "docs/**", "!db/staging/**", "!**/*.md", ".countersign/**"]
RULES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3, unique=True).filter(
            lambda patterns: any(not pattern.startswith("!") for pattern in patterns)
        ),
        st.sampled_from(["low", "medium", "critical"]),
        st.sampled_from(["", ", deny: No.", ", alone: true", ", kinds: [binary, symlink]", ", plan: {deletes: [table, column]}"]),
    ).map(lambda parts: f"paths: {parts[0]}, tier: {parts[1]}{parts[2]}".replace("'", '"')),
    min_size=1,
    max_size=4,
)
PATHS = [
    "db/staging/shop/1.sql",
    "db/production/shop/2",
    "a.md",
    "docs/b.md",
    "docs/c",
    "db/staging/x",
    "lib/x",
    ".countersign/policy.yaml",
]
FILES = st.lists(
    st.builds(
        file_change,
        st.sampled_from(PATHS),
        st.sampled_from([FileStatus.ADDED, FileStatus.MODIFIED]),
        kinds=st.sampled_from([(), (Kind.BINARY,)]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda file: file.path,
)


def said(decision: Decision) -> object:
    return decision.effect, decision.tier, decision.needs, decision.plan, decision.until


@settings(max_examples=60)
@given(RULES, st.lists(FILES, min_size=8, max_size=12), st.sampled_from(["low", "critical", "refuse"]))
def test_no_change_tells_what_is_called_the_same_apart(rules: list[str], changes: list[list[object]], unmatched: str) -> None:
    policy = with_rules(*rules)
    policy = replace(policy, document=policy.document.model_copy(update={"unmatched": unmatched}))
    asked: list[Proposal] = [proposal(found=Facts(tuple(files))) for files in changes]  # type: ignore[arg-type]  # drawn as such
    for mutant in mutants(policy.document):
        if mutant.same:
            changed = compiled(policy, mutant)
            for one in asked:
                now = said(decide(changed, one, evidence(), now=NOON))
                assert now == said(decide(policy, one, evidence(), now=NOON)), str(mutant)


EARNED = """autonomy:
  - promote: critical -> medium
    each: [agent]
    after: {runs: 3, days: 5, approvers: 2}
    by: leads
    demote_on: [rollback]
    earned: [{agent: shop-agent, since: 2026-11-01T00:00Z}]
"""


def test_each_promotion_is_a_mutant() -> None:
    promoted = shop_policy(("sandboxes:\n", EARNED + "sandboxes:\n"))
    assert "drop critical -> medium of agent shop-agent" in {str(mutant) for mutant in mutants(promoted.document)}


def test_a_rule_that_says_what_unmatched_says_is_not_idle_where_that_can_be_earned_away() -> None:
    rule = ("rules:\n", 'rules:\n  - {name: as unmatched, paths: ["lib/**"], tier: critical}\n')
    assert "drop rule 'as unmatched'" in same(shop_policy(rule))
    assert "drop rule 'as unmatched'" not in same(shop_policy(rule, ("sandboxes:\n", EARNED + "sandboxes:\n")))
