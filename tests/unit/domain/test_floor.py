"""A floor: whatever a policy above it says, the answer is at least as strict, and each reason has its own file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.decide import decide, teams_asked
from countersign.domain.decision import Decision, Effect
from countersign.domain.facts import FileChange
from countersign.domain.people import Person
from countersign.domain.policy import FLOORS, Policy
from countersign.domain.policy_sources import Source
from countersign.domain.policy_yaml import PolicyError, load_policy
from tests.builders import LEA, LOU, MEMBERS, NOON, SHOP_POLICY, WANDA, WIM, approval, evidence, person, proposal, shop_policy
from tests.support.policies import policy
from tests.unit.domain.test_decide_laws import CHANGES, PEOPLE

COMMIT = "0123456789" * 4
SOURCE = Source("floor.yaml", "acme/policies", COMMIT)
SEC = person(31, "sec")
ABOVE = f"extends: {{project: acme/policies, commit: {COMMIT}, file: floor.yaml}}\n" + SHOP_POLICY
FLOOR = """\
version: 1
teams: {security: [acme/security], web: [acme/other], leads: [acme/leads]}
tiers:
  open: {mode: autonomous, limits: {files: 4}}
  looked-at: {mode: approve, approvals: [{from: security}], expires: 1h}
  both: {mode: approve, approvals: [{from: web}, {from: leads, count: 2}]}
  told: {mode: notify}
unmatched: open
environments:
  live: {paths: ["*/production/**"], at_least: looked-at, freezes: [now]}
rules:
  - {name: migrations, paths: ["db/production/**"], tier: both}
  - {name: no pages, paths: ["site/staging/**"], deny: Pages go live at once.}
  - {name: words, paths: ["docs/**"], tier: told}
freezes:
  now: {start: 2026-11-24T18:00, lasts: 12h, repeat: FREQ=DAILY, zone: UTC}
"""
BOTH_MEMBERS = {**MEMBERS, "security": frozenset({SEC}), f"security{FLOORS}": frozenset({SEC}), f"web{FLOORS}": frozenset({WIM})}


def above(floor: str = FLOOR, text: str = ABOVE) -> Policy:
    return policy(text, (SOURCE, floor.encode()))


POLICY = above()
ALONE = shop_policy()


def said(*people: Person) -> Decision:
    return decide(POLICY, proposal("db/production/shop/V1.sql"), evidence(*people, members=BOTH_MEMBERS), now=NOON)


def test_both_are_asked_and_a_team_of_another_meaning_has_another_name() -> None:
    decision = said()
    assert [(need.team, need.count) for need in decision.needs] == [("web", 1), (f"web{FLOORS}", 1), ("leads", 2)]
    assert teams_asked(decision) == {"web", f"web{FLOORS}", "leads"}
    assert [owner.name for owner in POLICY.people(f"web{FLOORS}")] == ["acme/other"]
    assert [owner.name for owner in POLICY.people("web")] == ["acme/web"]


@pytest.mark.parametrize(
    ("people", "enough"),
    [((WANDA,), False), ((WIM, LEA, LOU), True), ((WANDA, LEA, LOU), False), ((WIM, LEA), False), ((WANDA, WIM, LEA, LOU), True)],
)
def test_it_is_enough_when_it_is_enough_for_both(people: tuple[Person, ...], enough: bool) -> None:
    assert said(*people).satisfied is enough


def test_every_reason_has_the_file_that_it_stands_in() -> None:
    files = {reason.place.file for reason in said().reasons if reason.place is not None}
    assert files == {".countersign/policy.yaml", "acme/policies@012345678901:floor.yaml"}


def test_what_the_floor_denies_is_denied_and_what_it_freezes_is_frozen() -> None:
    denied = decide(POLICY, proposal("site/staging/shop/index.html"), now=NOON)
    assert denied.effect is Effect.REFUSED
    assert [reason.rule for reason in denied.deciding] == ["no pages"]
    night = NOON.replace(hour=20)
    frozen = decide(POLICY, proposal("site/production/shop/index.html"), now=night)
    assert frozen.effect is Effect.FROZEN
    assert frozen.until == NOON.replace(day=25, hour=6)
    assert decide(POLICY, proposal("docs/hours.md"), now=NOON).effect is Effect.NOTIFY


def test_limits_of_the_floor_hold() -> None:
    many = [f"db/staging/shop/V{number}.sql" for number in range(5)]
    assert decide(ALONE, proposal(*many), now=NOON).effect is Effect.AUTONOMOUS
    decision = decide(POLICY, proposal(*many), now=NOON)
    assert (decision.effect, decision.tier) == (Effect.APPROVE, "looked-at")


def test_what_runs_is_the_policys_own() -> None:
    assert said().plan == decide(ALONE, proposal("db/production/shop/V1.sql"), now=NOON).plan


def test_another_floor_is_another_policy() -> None:
    assert above().digest == above(FLOOR.replace("count: 2", "count: 1")).digest, "the file is the same"
    assert above().beside.digest != above(FLOOR.replace("count: 2", "count: 1")).beside.digest
    assert ALONE.beside.digest is None


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("version: 1\n", f"version: 1\nextends: {{project: a/b, commit: {COMMIT}, file: x.yaml}}\n", "2:1: a floor has none"),
        ("version: 1\n", "version: 1\ncodeowners: CODEOWNERS\n", "2:1: a floor has none"),
        ("version: 1\n", "version: 1\nagents: {a: {account: a, sponsors: [b]}}\n", "2:1: a floor has none"),
        ("[{from: security}]", "[{from: owner}]", "5:43: a floor without services has no owner"),
        ("mode: notify", "mode: perhaps", "7:10: tiers.told.mode"),
        ("version: 1\n", "version: 1\nversion: 1\n", "2:1: 'version' stands here twice"),
    ],
)
def test_a_floor_that_is_none_does_not_load_and_its_own_file_is_named(old: str, new: str, why: str) -> None:
    with pytest.raises(PolicyError) as raised:
        above(FLOOR.replace(old, new, 1))
    assert f"acme/policies@012345678901:floor.yaml:{why}" in str(raised.value)


def test_without_the_floor_nothing_loads() -> None:
    with pytest.raises(PolicyError, match=r"1:1: acme/policies@012345678901:floor.yaml: not there"):
        load_policy(ABOVE.encode())


VARIANTS = [
    FLOOR.replace("tier: both", f"tier: {tier}")
    .replace("unmatched: open", f"unmatched: {unmatched}")
    .replace('["site/staging/**"]', f'["{deny}"]')
    .replace("leads: [acme/leads]", f"leads: [{leads}]")
    for tier, unmatched, deny, leads in [
        ("open", "open", "site/staging/**", "acme/leads"),
        ("looked-at", "looked-at", "db/**", "acme/leads"),
        ("both", "open", "*.md", "acme/leaders"),
        ("both", "refuse", "nothing/**", "acme/leads"),
        ("told", "open", "nothing/**", "acme/leaders"),
    ]
]
EVERYBODY = st.lists(st.sampled_from([WANDA, WIM, LEA, LOU, SEC]), max_size=5, unique=True)


@given(CHANGES, EVERYBODY, st.sampled_from(VARIANTS).map(above), st.integers(0, 23))
def test_extends_never_loosens(files: list[FileChange], people: list[Person], policy: Policy, hour: int) -> None:
    floor, now = policy.beside.floor, NOON.replace(hour=hour)
    assert floor is not None
    change = proposal(*files, agent=None, sponsor=None)
    asked = NOON.replace(day=23)
    members = {**BOTH_MEMBERS, f"leads{FLOORS}": frozenset({LOU})}
    theirs = {team: members[team if policy.teams.get(team) == floor.teams[team] else team + FLOORS] for team in floor.teams}
    given_ = [approval(person, at=NOON.replace(day=23, hour=20)) for person in people]
    both = decide(policy, change, evidence(*given_, members=members, asked=asked), now=now)
    alone = decide(ALONE, change, evidence(*given_, members=MEMBERS, asked=asked), now=now)
    below = decide(floor, change, evidence(*given_, members=theirs, asked=asked), now=now)
    assert both.effect is max(alone.effect, below.effect)
    assert both.satisfied is (alone.satisfied and below.satisfied)
    assert {reason.rule for reason in (*alone.reasons, *below.reasons)} == {reason.rule for reason in both.reasons}
    assert any(reason.decides for reason in both.reasons)


OPEN = above(
    "version: 1\nteams: {web: [acme/web]}\ntiers:\n  open: {mode: autonomous}\nunmatched: open\n"
    'rules: [{name: all, paths: ["**"], tier: open}]\n'
)


@given(CHANGES, PEOPLE)
def test_a_floor_that_says_nothing_changes_nothing(files: list[FileChange], people: list[Person]) -> None:
    change, given_ = proposal(*files), evidence(*people)
    both, alone = decide(OPEN, change, given_, now=NOON), decide(ALONE, change, given_, now=NOON)
    assert (both.effect, both.satisfied, both.tier) == (alone.effect, alone.satisfied, alone.tier)
    assert (both.needs, both.discounted, both.plan) == (alone.needs, alone.discounted, alone.plan)
