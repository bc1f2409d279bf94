"""Laws of the language: order without meaning, what a refusal owes, and errors that refuse."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from countersign.cli.policy_files import read_policy
from countersign.domain.approval import Evidence
from countersign.domain.canonical import canonical_json
from countersign.domain.decide import decide
from countersign.domain.decision import Decision, Effect
from countersign.domain.facts import FileChange, FileStatus
from countersign.domain.people import Person
from countersign.domain.policy import Policy
from countersign.domain.policy_sources import Source
from countersign.domain.proposal import Claims, Proposal
from countersign.domain.yaml_reader import Reader
from tests.builders import LEA, NOON, WANDA, evidence, file_change, person, proposal
from tests.support.policies import policy

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "policy-schema/examples/valid/example.yaml"
POLICY = read_policy(EXAMPLE)
SRE_1, SRE_2, SRE_3 = person(41), person(42), person(43)
TEAMS = {"web": {WANDA}, "leads": {LEA}, "sre": {SRE_1, SRE_2, SRE_3}, "payments": {SRE_3, LEA}}
MEMBERS = {team: frozenset(people) for team, people in TEAMS.items()}
PATHS = st.sampled_from(
    [
        "deploy/staging/shop/values.yaml",
        "deploy/staging/shop/chart.yaml",
        "deploy/staging/checkout/values.yaml",
        "deploy/production/shop/values.yaml",
        "deploy/production/checkout/values.yaml",
        "infra/staging/shop/notes.md",
        "infra/production/shop/main.tf",
        "db/production/shop/V1.sql",
        ".countersign/policy.yaml",
        "AGENTS.md",
        "run.sh",
        "elsewhere.txt",
        "a//b",
    ]
)
FILES = st.builds(file_change, PATHS, st.sampled_from(list(FileStatus)), added=st.sampled_from([1, 60, 500]))
CHANGES = st.lists(FILES, min_size=1, max_size=6, unique_by=lambda file: file.path)
PEOPLE = st.lists(st.sampled_from([WANDA, LEA, SRE_1, SRE_2, SRE_3]), max_size=5, unique=True)
WEEKEND = NOON.replace(day=28)
CLAIMS = st.sampled_from(
    [Claims(), Claims(rollback="none"), Claims(emergency="it burns"), Claims(environment="staging", action="helm")]
)


def said(*people: Person) -> Evidence:
    return evidence(*people, members=MEMBERS)


def asked(files: list[FileChange], claims: Claims) -> Proposal:
    return proposal(*files, agent=None, sponsor=None, claims=claims)


@cache
def shuffled(seed: int) -> Policy:
    """Load the example with every mapping but the tiers, and every list whose order has no meaning, in another order."""
    draw = random.Random(seed)  # noqa: S311 - any order will do

    def turn(value: object, key: str) -> object:
        if isinstance(value, dict):
            items = list(value.items())
            if key != "tiers":
                draw.shuffle(items)
            return {name: turn(item, name) for name, item in items}
        if isinstance(value, list) and key in {"rules", "paths", "kinds", "freezes", "allow", "deletes", "run credentials"}:
            return draw.sample([turn(item, "") for item in value], len(value))
        return value

    text = json.dumps(turn(Reader("x").read(EXAMPLE.read_bytes()), ""))
    wanted = Source(".countersign/aws-change.json")
    return policy(text, (wanted, (EXAMPLE.parent / wanted.path).read_bytes()))


SHUFFLED = st.sampled_from(range(6)).map(shuffled)


def bare(decision: Decision) -> bytes:
    """Write a decision without the places and the digest, which a file in another order has others of."""
    document = decision.document()
    reasons = document["reasons"]
    assert isinstance(reasons, list)
    plain = sorted(json.dumps(reason | {"place": None}, sort_keys=True) for reason in reasons)
    return canonical_json(document | {"reasons": plain, "policy_digest": None})


@given(CHANGES, PEOPLE, CLAIMS, SHUFFLED, st.sampled_from([NOON, WEEKEND]))
def test_order_has_no_meaning(files: list[FileChange], people: list[Person], claims: Claims, other: Policy, now: object) -> None:
    change = asked(files, claims)
    assert bare(decide(POLICY, change, said(*people), now=now)) == bare(decide(other, change, said(*people), now=now))  # type: ignore[arg-type]


@given(CHANGES, FILES, CLAIMS, st.sampled_from([NOON, WEEKEND]))
def test_a_file_more_never_lowers(files: list[FileChange], another: FileChange, claims: Claims, now: object) -> None:
    if another.path in {file.path for file in files}:
        return
    before = decide(POLICY, asked(files, claims), now=now)  # type: ignore[arg-type]
    after = decide(POLICY, asked([*files, another], claims), now=now)  # type: ignore[arg-type]
    if any("only deletes" in reason.text for reason in before.reasons):
        return  # a change that has nothing to run may become one that has
    assert after.effect >= before.effect
    assert before.tier is not None
    assert after.tier is not None
    assert POLICY.ranks[after.tier] >= POLICY.ranks[before.tier]


@given(CHANGES, PEOPLE, CLAIMS, st.sampled_from([NOON, WEEKEND]))
def test_every_no_names_what_would_pass(files: list[FileChange], people: list[Person], claims: Claims, now: object) -> None:
    decision = decide(POLICY, asked(files, claims), said(*people), now=now)  # type: ignore[arg-type]
    for reason in decision.reasons:
        assert reason.to_pass or reason.effect not in {Effect.REFUSED, Effect.FROZEN}, reason
    assert any(reason.decides for reason in decision.reasons)


BREAKS: list[Callable[[Proposal], Proposal]] = [
    lambda change: replace(change, facts=None),  # type: ignore[arg-type]
    lambda change: replace(change, facts=replace(change.facts, files=(None,))),  # type: ignore[arg-type]
    lambda change: replace(change, facts=replace(change.facts, files=(*change.facts.files, None))),  # type: ignore[arg-type]
    lambda change: replace(change, facts=replace(change.facts, effects=(None,))),  # type: ignore[arg-type]
    lambda change: replace(change, facts=replace(change.facts, signals=(None,))),  # type: ignore[arg-type]
    lambda change: replace(change, claims=None),  # type: ignore[arg-type]
]


@given(CHANGES, PEOPLE, st.sampled_from(BREAKS))
def test_an_error_inside_refuses_whoever_approved(
    files: list[FileChange], people: list[Person], broken: Callable[[Proposal], Proposal]
) -> None:
    decision = decide(POLICY, broken(asked(files, Claims())), said(*people), now=NOON)
    assert decision.effect is Effect.REFUSED
    assert [reason.rule for reason in decision.reasons] == ["always: errors refuse"]
    assert (decision.satisfied, decision.plan, decision.needs) == (False, None, ())
