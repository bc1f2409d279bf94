"""Judges what was observed with everything that is known now: what the record says was earned, approvals, who is in which team.

The bot and the runner both use this, each with its own eyes. Reads the forge and the record; `decide` decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from countersign.adapters.observe import House, Observation
from countersign.attestation.ports import LedgerReader
from countersign.attestation.questions import binding_of, named
from countersign.attestation.record import GIVEN_UP, Entry, RecordKind
from countersign.domain.approval import NOTHING_YET, Evidence
from countersign.domain.authorization import binding
from countersign.domain.codeowners import Owner
from countersign.domain.decide import decide, teams_asked
from countersign.domain.decision import Decision
from countersign.domain.emergency import EmergencyUse
from countersign.domain.heard import NOTHING_HEARD, Heard, Members, Membership
from countersign.domain.ports import Clock, Forge
from countersign.domain.promoted import Promoted, demoted_key, promoted_key
from countersign.domain.proposal import Proposal

_FEW_RECORDS = 256


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision, the evidence that it was made from and the moment that it was made for, so that the record can show all.

    `heard` is what the evidence was taken from; no part of what is decided.
    """

    decision: Decision
    evidence: Evidence
    at: datetime
    heard: Heard = NOTHING_HEARD

    @classmethod
    def of(cls, observation: Observation, evidence: Evidence, *, at: datetime) -> Self:
        """Decide about what was observed."""
        return cls(decide(observation.policy, observation.proposal, evidence, now=at), evidence, at)


def unbacked(observation: Observation, *, house: House, clock: Clock) -> Judgement:
    """Decide as if the record backed nothing, before anybody's word counts."""
    return Judgement.of(observation, replace(NOTHING_YET, machines=house.machines), at=clock())


def before_approvals(observation: Observation, bare: Judgement, *, ledger: LedgerReader) -> Judgement:
    """Decide with what the record backs, before anybody's word counts: this is what people are asked. `bare` is `unbacked`.

    Raises:
        LedgerFault: could not find out; try again.
    """
    backed = frozenset(found.name for found in bare.decision.promotions if _backed(found, ledger))
    return Judgement.of(observation, replace(bare.evidence, backed=backed), at=bare.at) if backed else bare


def judge(observation: Observation, question: Judgement, *, forge: Forge, ledger: LedgerReader, clock: Clock) -> Judgement:
    """Answer the question with everything that is known now: approvals, membership, and when it was put on the record.

    Raises:
        ForgeFault, LedgerFault: could not find out; try again.
    """
    put = last_put(ledger.of_change(observation.proposal.change), assessed_key(observation.proposal, question.decision))
    teams = sorted(teams_asked(question.decision))
    found = [(team, owner, _people(owner, forge)) for team in teams for owner in observation.policy.people(team)]
    approvals = forge.approvals(observation.proposal.change)
    evidence = replace(
        question.evidence,
        approvals=approvals.given,
        members={team: frozenset().union(*(members.people for of, _, members in found if of == team)) for team in teams},
        # Never before the forge took in this state of the change: a re-target in between voids what was said (attack 14).
        asked=None if put is None else max(put, observation.change.head_seen),
        emergencies=_emergencies(observation, ledger, clock()),
    )
    answers = dict.fromkeys((*approvals.answers, *(answer for _, _, members in found for answer in members.answers)))
    memberships = tuple(Membership(team, owner.label, members.people) for team, owner, members in found)
    return replace(Judgement.of(observation, evidence, at=clock()), heard=Heard(approvals.versions, tuple(answers), memberships))


def last_put(records: Sequence[Entry], key: str) -> datetime | None:
    """Give when a question of a change was put, or came back after another one; None where it was not.

    What was approved while another question stood approved that one.
    """
    binding = binding_of(key)
    put = [entry.time for entry in records if entry.key == key]
    back = [entry.time for entry in records if entry.kind in GIVEN_UP and named(entry.kind, entry.body) == binding]
    return max((*put, *back)) if put else None


def assessed_key(proposal: Proposal, decision: Decision) -> str:
    """Give the key of the record that puts this question: approvals count from its time on."""
    return f"assessed/{binding(proposal, decision)}"


def _people(owner: Owner, forge: Forge) -> Members:
    """Give who is meant now: an account that is gone, or an address that no one account owns, is nobody."""
    if owner.kind == "group":
        return forge.members(owner.name)
    person = forge.person(owner.name) if owner.kind == "account" else forge.person_by_email(owner.name)
    return Members(frozenset() if person is None else frozenset({person}))


def _emergencies(observation: Observation, ledger: LedgerReader, now: datetime) -> tuple[EmergencyUse, ...]:
    """Give the runs that went through a freeze and whose review may still be due, where the change asks for an emergency."""
    floor = observation.policy.beside.floor
    documents = (observation.policy.document, *(() if floor is None else (floor.document,)))
    windows = [document.emergency.review_within for document in documents if document.emergency is not None]
    if observation.proposal.claims.emergency is None or not windows:
        return ()
    since, count = now - timedelta(seconds=max(windows)), _FEW_RECORDS
    while len(entries := ledger.latest(count)) == count and entries[0].time > since:
        count *= 2
    return tuple(
        EmergencyUse(entry.time, entry.run)
        for entry in entries
        if entry.kind is RecordKind.INTENT and entry.run is not None and _through_a_freeze(entry.body)
    )


def _through_a_freeze(body: Mapping[str, object]) -> bool:
    decision = body.get("decision")
    return isinstance(decision, Mapping) and decision.get("emergency") is not None


def _backed(found: Promoted, ledger: LedgerReader) -> bool:
    """Say whether the record confirms a promotion, and has not taken it back."""
    return ledger.find(promoted_key(found.name)) is not None and ledger.find(demoted_key(found.name)) is None
