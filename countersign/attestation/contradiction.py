"""Holds a record to what its decision was made from: whatever in it follows from inputs, decision and policy.

Pure. What does not follow from these, nothing here speaks for: the record's own sentence, its times, the agent's words, addresses,
handles of credentials, what the forge was asked about approvals, and stage and cause of a refusal. Nor are the keys of refusals and
of what was allowed compared, which only make one of each.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from countersign.attestation.accounts.plain import at
from countersign.attestation.ocsf import ocsf
from countersign.attestation.record import LISTED, Entry, RecordKind
from countersign.domain.authorization import binding
from countersign.domain.decision import Decision, Effect
from countersign.domain.ids import run_id
from countersign.domain.inputs import Inputs
from countersign.domain.people import Person
from countersign.domain.policy import Policy

COMPUTED: Final = frozenset({"actor.approvers.member_by", "binding", "change.counts_as", "ocsf", "predicate.key"})
"""Fields that a program computes: another one may write them otherwise and decide the same. The rest repeat inputs and decision."""

_COUNTED = ("at", "head", "id", "team", "username")


def contradicted(entry: Entry, inputs: Inputs, decision: Decision, policy: Policy) -> list[str]:
    """Name the fields in which a record says other than what its decision was made from. `policy` is the one that it was made by.

    Fields of the body by their paths within it; those around it as `predicate.kind`, and `subject`.
    """
    proposal, body = inputs.proposal, entry.body
    run = run_id(proposal.change, proposal.head)
    told, counted = at(body, "actor", "approvers"), _counted(inputs, decision)
    keys = {RecordKind.ASSESSED: f"assessed/{binding(proposal, decision)}", RecordKind.EMERGENCY: f"emergency/{run}"}
    agrees = (
        {
            "predicate.change": entry.change == proposal.change,
            "predicate.key": entry.key == keys.get(entry.kind, entry.key),  # an intent's is its run's; others only make one of each
            "predicate.kind": entry.kind in _kinds(inputs, decision),
            "predicate.run_id": entry.run == (run if entry.kind is RecordKind.INTENT else None),
            "subject": at(json.loads(entry.raw), "subject") == _artifacts(inputs, decision),
            "actor.approvers": isinstance(told, list) and [{name: at(item, name) for name in _COUNTED} for item in told] == counted,
            "actor.approvers.member_by": _by_names(told if isinstance(told, list) else [], counted, policy),
            "change.paths": at(body, "change", "paths") == [file.path for file in proposal.facts.files[:LISTED]],
            "leases": _scopes(body) == _announced(entry.kind, decision),
            "ocsf": at(body, "ocsf") == ocsf(entry.kind),
        }
        | {path: at(body, *path.split(".")) == value for path, value in _within(inputs, decision).items()}
    )
    return [name for name, agreed in agrees.items() if not agreed]


def _kinds(inputs: Inputs, decision: Decision) -> set[RecordKind]:
    """Give the kinds that a record of such a decision may be of."""
    if decision.effect is Effect.REFUSED:
        return {RecordKind.REFUSED}
    kinds = set() if inputs.evidence.approvals else {RecordKind.ASSESSED}  # a question is put before anybody's word counts
    if not decision.satisfied:
        return kinds
    if decision.plan is None:
        return kinds | {RecordKind.ALLOWED}
    return kinds | {RecordKind.INTENT} | (set() if decision.emergency is None else {RecordKind.EMERGENCY})


def _artifacts(inputs: Inputs, decision: Decision) -> list[dict[str, object]]:
    """Name what the statement is about."""
    head: dict[str, object] = {"name": "head", "digest": {"gitCommit": inputs.proposal.head}}
    if decision.plan is None:
        return [head]
    return [head, {"name": "plan", "digest": {"sha256": decision.plan.digest().removeprefix("sha256:")}}]


def _within(inputs: Inputs, decision: Decision) -> dict[str, object]:
    """Give what the body says in one value."""
    proposal = inputs.proposal
    agent = proposal.agent
    return {
        "actor.agent.id": None if agent is None else agent.id,
        "actor.agent.strength": None if agent is None else agent.strength,
        "actor.author": _person(proposal.author),
        "actor.sponsor": _person(proposal.sponsor),
        "binding": binding(proposal, decision),
        "change.base": proposal.base,
        "change.counts_as": dict(decision.counts_as),
        "change.head": proposal.head,
        "change.iid": proposal.change.iid,
        "change.lines": proposal.facts.lines,
        "change.paths_total": len(proposal.facts.files),
        "change.repository": proposal.change.project,
        "change.source_branch": proposal.source_branch,
        "change.target_branch": proposal.target_branch,
        "change.tree": proposal.tree,
        "claims.skill": proposal.claims.skill,
        "policy.commit": proposal.base,
        "policy.digest": decision.policy_digest,
    }


def _person(person: Person | None) -> object:
    return None if person is None else {"id": person.id, "username": person.username}


def _counted(inputs: Inputs, decision: Decision) -> list[dict[str, object]]:
    """Name the approvals that count."""
    teams = {person.id: need.team for need in decision.needs for person in need.filled_by}
    return [
        {
            "at": one.at.isoformat(),
            "head": one.head,
            "id": one.person.id,
            "team": teams[one.person.id],
            "username": one.person.username,
        }
        for one in inputs.evidence.approvals
        if one.person.id in teams
    ]


def _by_names(told: Sequence[object], counted: Sequence[Mapping[str, object]], policy: Policy) -> bool:
    """Say whether those that are told are in their teams by names that the policy has for these; null names none."""
    names = [[None, *(owner.label for owner in policy.people(str(one["team"])))] for one in counted]
    return all(at(item, "member_by") in known for item, known in zip(told, names, strict=False))


def _scopes(body: Mapping[str, object]) -> list[object]:
    """Give the scopes of the credentials that the record announces, by their names."""
    told = at(body, "leases")
    scopes = [at(lease, "scope") for lease in told] if isinstance(told, list) else []
    return sorted(scopes, key=lambda scope: str(at(scope, "name")))


def _announced(kind: RecordKind, decision: Decision) -> list[dict[str, object]]:
    """Give the scopes that it should announce, by their names, of which each stands once in a plan."""
    scopes = decision.plan.scopes if kind is RecordKind.INTENT and decision.plan is not None else ()
    return sorted((scope.document() for scope in scopes), key=lambda scope: str(scope["name"]))
