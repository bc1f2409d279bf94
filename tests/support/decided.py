"""Records of decisions as runners write them: what was asked, what the shop's policy said, and what it was made from."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from countersign.attestation.accounts import plain
from countersign.attestation.inputs import enclose
from countersign.attestation.ocsf import ocsf
from countersign.attestation.record import Draft, RecordKind
from countersign.domain.approval import Evidence
from countersign.domain.authorization import binding
from countersign.domain.decide import decide
from countersign.domain.decision import Effect
from countersign.domain.inputs import Inputs
from countersign.domain.policy import Policy
from countersign.domain.proposal import Proposal
from tests.builders import NOON, proposal, shop_policy
from tests.support import bodies

PATHS = ("db/staging/shop/1.sql", "db/production/shop/1.sql", "site/production/shop/a.css", "docs/a.md", "lib/x", "docs/AGENTS.md")
"""Paths that the shop's policy treats differently."""


def past(*paths: str) -> list[Inputs]:
    """Give what a decision about each path would be made from, an hour apart."""
    return [
        Inputs(proposal(path, iid=number), Evidence(), NOON + timedelta(hours=number)) for number, path in enumerate(paths, start=1)
    ]


def decided(
    asked: Proposal, *, policy: Policy | None = None, evidence: Evidence | None = None, at: datetime = NOON, whole: bool = True
) -> Draft:
    """Decide, and write the record of it; without its inputs where they are not wanted `whole`."""
    policy, evidence = policy or shop_policy(), evidence or Evidence()
    decision = decide(policy, asked, evidence, now=at)
    kind = RecordKind.REFUSED if decision.effect is Effect.REFUSED else RecordKind.ASSESSED
    said: dict[str, object] = {"decision": decision.document(), "ocsf": ocsf(kind), "binding": binding(asked, decision)}
    body = bodies.refused_by_policy(**said) if kind is RecordKind.REFUSED else bodies.body(kind, **said)
    body |= {"actor": _actor(body, asked), "change": _change(body, asked)}
    return Draft(
        kind=kind,
        key=f"{kind.value}/{binding(asked, decision)}",
        summary=f"{kind.value} {asked.change}",
        change=asked.change,
        run=None,
        time=at,
        body=enclose(body, Inputs(asked, evidence, at)) if whole else body,
        subject=(("head", {"gitCommit": asked.head}),),
    )


def _actor(body: Mapping[str, object], asked: Proposal) -> Mapping[str, object]:
    actor = plain.part(body, "actor")
    people = {
        name: None if one is None else {"id": one.id, "username": one.username}
        for name, one in (("author", asked.author), ("sponsor", asked.sponsor))
    }
    agent = None if asked.agent is None else {"id": asked.agent.id, "model": "", "strength": asked.agent.strength}
    return {**actor, **people, "agent": agent, "approvers": []}


def _change(body: Mapping[str, object], asked: Proposal) -> Mapping[str, object]:
    named = {"base": asked.base, "head": asked.head, "iid": asked.change.iid, "repository": asked.change.project}
    return {**plain.part(body, "change"), **named, "target_branch": asked.target_branch, "tree": asked.tree}
