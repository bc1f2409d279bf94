"""Plays a scenario: a real git repository, facts from its objects, the policy from its protected branch, and `decide`.

What a forge would say (accounts, membership, approvals in time) is made up here; what the change does is measured.
"""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from countersign.adapters.git import GitRepository
from countersign.adapters.measure import measure
from countersign.domain.approval import Evidence
from countersign.domain.authorization import authorize
from countersign.domain.decide import decide
from countersign.domain.decision import Decision, Effect
from countersign.domain.facts import Facts
from countersign.domain.ids import ChangeRef, Sha
from countersign.domain.outcomes import Refused
from countersign.domain.people import Agent, Approval, Contributor, Person
from countersign.domain.policy_yaml import PolicyError, load_policy
from countersign.domain.proposal import Claims, Proposal
from tests.incidents.scenario import Expect, Scenario
from tests.support.git_origin import GitOrigin

POLICY = (Path(__file__).parent / "policy.yaml").read_text()
POLICY_PATH = ".countersign/policy.yaml"
NAMES = ("sam", "wanda", "wim", "pia", "pat", "sue", "lea", "ops-agent", "outsider", "contractor")
SID, LIKE_SID = Person(34567, "sid"), Person(1234567, "sid-")
"""Whose number holds another's, as in CodeBreach, is somebody else."""

PEOPLE = {name: Person(number, name) for number, name in enumerate(NAMES, start=100)} | {"sid": SID, "sid-": LIKE_SID}

BOT = Person(1, "countersign-bot", bot=True)
TEAMS = {"leads": ("lea",), "sre": ("sid", "sue"), "payments": ("pia", "pat"), "web": ("sam", "wanda", "wim")}


class Played:
    """What came of a scenario."""

    def __init__(self, decision: Decision, facts: Facts, *, may_run: bool) -> None:
        """Keep it."""
        self.decision = decision
        self.facts = facts
        self.may_run = may_run


def play(scenario: Scenario, place: Path) -> Played:
    """Put the scenario's files into a repository and have the change judged.

    Raises:
        PolicyError: the scenario's policy does not load.
    """
    text = POLICY
    for old, new in scenario.policy:
        assert old in text, f"policy.yaml has no {old!r}"
        text = text.replace(old, new)
    repository, base, head = _repository(scenario, text, place)
    tree = repository.merged_tree(base, head)
    assert tree is not None
    data = repository.read(base, POLICY_PATH, limit=10**6)
    assert data is not None
    policy = load_policy(data)
    plans = {directory: json.dumps(plan).encode() for directory, plan in scenario.plans.items()}
    facts = measure(repository, base, tree, plans=plans)
    proposal = _proposal(scenario, facts, (base, head, tree))
    decision = decide(policy, proposal, _evidence(scenario, head), now=scenario.at)
    try:
        authorize(proposal, decision, now=scenario.at)
    except Refused:
        return Played(decision, facts, may_run=False)
    return Played(decision, facts, may_run=True)


def check(scenario: Scenario, place: Path) -> None:
    """See that what came of it is what is expected, and that the explanation names the right rule."""
    expect = scenario.expect
    if expect.effect == "does not load":
        with pytest.raises(PolicyError) as raised:
            play(scenario, place)
        assert expect.rule is not None
        assert expect.rule in str(raised.value)
        return
    played = play(scenario, place)
    decision = played.decision
    told = "\n".join(f"{reason.rule}: {reason.text}" for reason in decision.reasons)
    assert decision.effect.word == expect.effect, told
    if expect.tier is not None:
        assert decision.tier == expect.tier, told
    if decision.effect in {Effect.REFUSED, Effect.FROZEN}:
        assert expect.rule in {reason.rule for reason in decision.deciding}, told
        assert not played.may_run, "nothing is minted"
    else:
        assert decision.satisfied is (expect.satisfied or decision.effect is Effect.AUTONOMOUS), told
        assert played.may_run is (decision.satisfied and decision.plan is not None)
    _check_details(expect, played)


def _check_details(expect: Expect, played: Played) -> None:
    decision = played.decision
    if expect.action is not None:
        assert decision.plan is not None
        assert decision.plan.action == expect.action
    if expect.until is not None:
        assert decision.until == expect.until
    assert {item.person.username for item in decision.discounted} >= set(expect.not_counted)
    assert {effect.kind for effect in played.facts.effects} >= set(expect.effects)
    assert {signal.kind for signal in played.facts.signals} >= set(expect.signals)
    differ = [reason.text for reason in decision.reasons if reason.rule == "said and seen differ"]
    assert any((expect.said_and_seen or "") in text for text in differ) or expect.said_and_seen is None
    assert all(reason.text.isprintable() for reason in decision.reasons), "what deceives is not shown as it is"


def _repository(scenario: Scenario, policy: str, place: Path) -> tuple[GitRepository, Sha, Sha]:
    origin = GitOrigin(place / "origin.git")
    before, after = scenario.sides()
    base = origin.commit({POLICY_PATH: policy, "README.md": "Things\n", **before})
    written = {path: text.encode("latin-1") if path in scenario.latin and text else text for path, text in after.items()}
    head = origin.commit(written, branch="proposal", parent=base)
    repository = GitRepository(url=origin.url, directory=place / "copy")
    repository.fetch()
    return repository, base, head


def _proposal(scenario: Scenario, facts: Facts, names: tuple[Sha, Sha, Sha]) -> Proposal:
    base, head, tree = names
    author = PEOPLE[scenario.author]
    said = scenario.says
    claims = Claims(rationale=said.rationale, environment=said.environment, action=said.action, rollback=said.rollback)
    return Proposal(
        change=ChangeRef("acme/platform", 7),
        title=scenario.title,
        source_branch=scenario.branch,
        target_branch="main",
        base=base,
        head=head,
        tree=tree,
        author=author,
        agent=None if scenario.agent is None else Agent(scenario.agent, "a-model", strength=1),
        sponsor=None if scenario.agent is None else PEOPLE["sam"],
        contributors=(Contributor(head, "somebody@example.com", None if scenario.stranger else author),),
        facts=facts,
        claims=replace(claims, emergency=said.emergency, tests=said.tests, not_sure=said.not_sure),
    )


def _evidence(scenario: Scenario, head: Sha) -> Evidence:
    given = scenario.at - timedelta(minutes=5)
    return Evidence(
        approvals=tuple(Approval(PEOPLE[name], given, head) for name in scenario.approvals),
        members={team: frozenset(PEOPLE[name] for name in names) for team, names in TEAMS.items()},
        asked=scenario.at - timedelta(minutes=30),
        machines=frozenset({BOT}),
    )
