"""Words for the record, up to the intent: turns what the runner saw into drafts. Pure; signing and pushing are the ledger's.

`aftermath.py` has the words for what came of it.

What the agent said goes in with tokens for values and cut, since it may hold anything, and is nowhere believed. What a decision was
made from goes in whole where there is room, so that anybody can decide again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType

from countersign.adapters.engine import engine
from countersign.adapters.judge import Judgement, assessed_key
from countersign.adapters.observe import Observation
from countersign.attestation.ocsf import ocsf
from countersign.attestation.record import LISTED, Draft, RecordKind
from countersign.domain.authorization import Authorization, binding
from countersign.domain.canonical import canonical_json
from countersign.domain.decision import Decision
from countersign.domain.emergency import Lifted
from countersign.domain.ids import ChangeRef, Digest, digest_of
from countersign.domain.inputs import Inputs
from countersign.domain.ports import Change
from countersign.domain.proposal import Proposal
from countersign.domain.scope import Scope
from runners.approved import approvers, evidence
from runners.listing import with_inputs
from runners.veil import CLAIM, Veil, note, rationale, said

Body = dict[str, object]


def assessed(observation: Observation, judgement: Judgement, *, now: datetime, veil: Veil) -> Draft:
    """Put the question on the record: from its time on, approvals of exactly this count."""
    decision = judgement.decision
    summary = f"Assessed {_what(decision)}: {decision.effect.word}, tier {decision.tier or 'none'}"
    return _drawn(RecordKind.ASSESSED, assessed_key(observation.proposal, decision), summary, observation, judgement, now, veil)


def refused(observation: Observation, judgement: Judgement, *, now: datetime, veil: Veil) -> Draft:
    """Record that the policy says no, with every reason."""
    decision = judgement.decision
    rules = sorted({reason.rule for reason in decision.deciding})
    why = "; ".join(rules) or "the policy"
    key = refused_key(observation.change.ref, [observation.change.head, decision.policy_digest, rules])
    summary = f"Refused {_what(decision)}: {why}"
    more: Body = {"stage": "policy", "why": why}
    return _drawn(RecordKind.REFUSED, key, summary, observation, judgement, now, veil, more)


def allowed(observation: Observation, judgement: Judgement, *, now: datetime, veil: Veil) -> Draft:
    """Record that approvals suffice for a change that no action takes: people may merge it, and nothing is run or minted.

    There is one record for each question and those whose approvals counted: who approves anew is on the record anew.
    """
    decision = judgement.decision
    key = _allowed_key(binding(observation.proposal, decision), approvers(judgement))
    summary = f"Allowed {_what(decision)}: {_approved_by(decision)}, nothing to run"
    return _drawn(RecordKind.ALLOWED, key, summary, observation, judgement, now, veil)


def intent(  # noqa: PLR0913 - what announces a run has as many parts
    authorization: Authorization,
    observation: Observation,
    judgement: Judgement,
    leases: Mapping[str, Scope],
    *,
    now: datetime,
    veil: Veil,
) -> Draft:
    """Announce the run before any credential exists. `leases` maps each handle that minting will use to its scope."""
    decision = authorization.decision
    summary = f"Will run {_what(decision)}: {_approved_by(decision)}"
    more: Body = {"leases": [{"handle": handle, "scope": scope.document()} for handle, scope in sorted(leases.items())]}
    drawn = _drawn(RecordKind.INTENT, f"intent/{authorization.run}", summary, observation, judgement, now, veil, more)
    return replace(drawn, run=authorization.run)


def emergency(  # noqa: PLR0913 - as the intent that follows it
    authorization: Authorization, observation: Observation, judgement: Judgement, lifted: Lifted, *, now: datetime, veil: Veil
) -> Draft:
    """Say, beside the intent that follows, that people lifted a freeze, so that the review cannot be overlooked."""
    decision = authorization.decision
    due = f"review due by {lifted.review_by:%Y-%m-%d %H:%M} UTC"
    summary = f"Emergency: {_what(decision)} through a freeze, {_approved_by(decision)}, {due}"
    return _drawn(RecordKind.EMERGENCY, f"emergency/{authorization.run}", summary, observation, judgement, now, veil)


def _drawn(  # noqa: PLR0913, PLR0917 - what all records of a decision are made of
    kind: RecordKind,
    key: str,
    summary: str,
    observation: Observation,
    judgement: Judgement,
    now: datetime,
    veil: Veil,
    more: Mapping[str, object] = MappingProxyType({}),
) -> Draft:
    """Write down a decision; `more` is what the kind says beside it."""
    return Draft(
        kind=kind,
        key=key,
        summary=f"{summary}, {observation.change.ref}",
        change=observation.change.ref,
        run=None,
        time=now,
        body=with_inputs(_judged(observation, judgement, kind, veil) | dict(more), _inputs(observation, judgement)),
        subject=_subject(observation.proposal, judgement.decision),
    )


def _inputs(observation: Observation, judgement: Judgement) -> Inputs:
    return Inputs(observation.proposal, judgement.evidence, judgement.at)


def _judged(observation: Observation, judgement: Judgement, kind: RecordKind, veil: Veil) -> Body:
    proposal, decision = observation.proposal, judgement.decision
    hide = veil.over(proposal.change, observation.policy, decision.environment)
    claims = {
        name: None if text is None else said(text, hide, CLAIM)
        for name, text in (
            ("emergency", proposal.claims.emergency),
            ("environment", proposal.claims.environment),
            ("rollback", proposal.claims.rollback),
        )
    }
    words = rationale(proposal.claims.rationale, hide)
    heard = judgement.heard
    taken = evidence(heard, judgement.evidence.approvals, partial(veil.sealed, proposal.change.project)) if heard.answers else None
    model = "" if proposal.agent is None else said(proposal.agent.model, hide, CLAIM)
    return {
        "actor": {
            "agent": None
            if proposal.agent is None
            else {"id": proposal.agent.id, "model": model, "strength": proposal.agent.strength},
            "approvers": approvers(judgement),
            "author": {"id": proposal.author.id, "username": proposal.author.username},
            "sponsor": None if proposal.sponsor is None else {"id": proposal.sponsor.id, "username": proposal.sponsor.username},
        },
        "binding": binding(proposal, decision),
        "change": change_document(observation.change)
        | {
            "base": proposal.base,
            "counts_as": dict(decision.counts_as),
            "lines": proposal.facts.lines,
            "paths": [file.path for file in proposal.facts.files][:LISTED],
            "paths_total": len(proposal.facts.files),
            "tree": proposal.tree,
        },
        "claims": claims | {"skill": proposal.claims.skill, "tests_unverified": len(proposal.claims.tests)},
        "decision": decision.document(),
        "engine": engine().document(),
        **({} if taken is None else {"evidence": taken}),
        "ocsf": ocsf(kind),
        "policy": {"commit": proposal.base, "digest": decision.policy_digest},
        "rationale": words,
        "tokens": note(hide, str(words["text"]), model, *claims.values()),
    }


def change_document(change: Change) -> Body:
    """Name a change as records do."""
    return {
        "head": change.head,
        "iid": change.ref.iid,
        "repository": change.ref.project,
        "source_branch": change.source_branch,
        "target_branch": change.target_branch,
        "url": change.url,
    }


def _subject(proposal: Proposal, decision: Decision) -> tuple[tuple[str, Mapping[str, str]], ...]:
    head = ("head", {"gitCommit": str(proposal.head)})
    if decision.plan is None:
        return (head,)
    return (head, ("plan", {"sha256": decision.plan.digest().removeprefix("sha256:")}))


def _what(decision: Decision) -> str:
    what = decision.plan.action if decision.plan is not None else "a change"
    where = decision.environment or "no environment"
    return f"{what} to {where}"


def _approved_by(decision: Decision) -> str:
    names = sorted({person.username for need in decision.needs for person in need.filled_by})
    return "approved by " + " and ".join(names) if names else "autonomous"


def _allowed_key(question: Digest, counted: list[Body]) -> str:
    return f"{RecordKind.ALLOWED.value}/{digest_of(canonical_json([question, [[item['id'], item['at']] for item in counted]]))}"


def refused_key(change: ChangeRef, reasons: object) -> str:
    """Give the key of a refusal: one for each change and what it was refused for."""
    return f"refused/{digest_of(canonical_json([str(change), reasons]))}"
