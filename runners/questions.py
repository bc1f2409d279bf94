"""Puts the end of a question on the record where no run is that end, so that the population is complete by arithmetic.

A question is superseded where the change as it is now asks another one, or is refused; it expires where its approvals ran out
before the run, or its change was closed, or merged by people (`parting.py`). People may approve anew what has expired: a run that
follows is its end then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType

from countersign.adapters.engine import engine
from countersign.adapters.judge import Judgement, assessed_key
from countersign.adapters.observe import Observation
from countersign.attestation.ocsf import ocsf
from countersign.attestation.ports import Ledger, TakenError
from countersign.attestation.questions import binding_of, unended
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.domain.heard import Heard
from countersign.domain.outcomes import LedgerFault
from countersign.domain.people import Approval
from countersign.domain.ports import Change, Clock
from runners.approved import approvers, evidence, given
from runners.fitting import OF_A_QUESTION, fitted
from runners.veil import Veil


@dataclass(frozen=True, slots=True)
class Stood:
    """The approvals that the forge holds for a question at its end, and how they count; or why nobody can tell that.

    `ended` says how its change ended, where it did.
    """

    approvals: tuple[Approval, ...]
    heard: Heard
    judged: Judgement | None = None
    unjudged: str = ""
    ended: Mapping[str, object] | None = None


def record(ledger: Ledger, *drafts: Draft, together: bool = False, led: bool = False) -> list[Entry]:
    """Put drafts on the record, with one push, or find the records that say the same already. See the port for the rest.

    Raises:
        LedgerFault: as the ledger says, of the first that it does not take.
    """
    entries = []
    for result in ledger.append_all(drafts, together=together, led=led) if drafts else ():
        if isinstance(result, LedgerFault):
            raise result
        entries.append(result.entry if isinstance(result, TakenError) else result)
    return entries


def take_place(ledger: Ledger, change: Change, draft: Draft, *, clock: Clock) -> Entry:
    """Record what stands in the place of the change's other questions from now on: a question, or a refusal.

    Raises:
        LedgerFault: not all of it is on the record yet. Try again.
    """
    others = [question for question in unended(ledger.of_change(change.ref)) if question.key != draft.key]
    ends = (superseded(question, by=draft.key, now=clock()) for question in others)
    return record(ledger, *ends, draft, together=True)[-1]  # an end names the draft, so it never stands without it


def lapse(ledger: Ledger, seen: Observation, judged: Judgement, *, clock: Clock, veil: Veil) -> None:
    """End the question where it was answered and the answer ran out: the same approvals were enough at some time before.

    What an emergency asks for beside the tier is no part of the answer.

    Raises:
        LedgerFault: it is not ended yet. Try again.
    """
    if _answered(judged):
        return
    moments = sorted({approval.at for approval in judged.evidence.approvals if approval.at <= judged.at})
    if not any(_answered(Judgement.of(seen, judged.evidence, at=at)) for at in moments):
        return
    key = assessed_key(seen.proposal, judged.decision)
    for question in unended(ledger.of_change(seen.change.ref)):
        if question.key == key:
            why = "its approvals ran out before it could run; approve again to go on"
            stood = Stood(judged.evidence.approvals, judged.heard, judged)
            record(ledger, expired(question, why=why, now=clock(), stood=stood, veil=veil))


def _answered(judged: Judgement) -> bool:
    return not any(need.missing for need in judged.decision.needs if not need.emergency)


def superseded(question: Entry, *, by: str, now: datetime) -> Draft:
    """Say that another question, or a refusal, takes a question's place; `by` is the key of its record."""
    other = "a refusal" if by.startswith(f"{RecordKind.REFUSED.value}/") else "another question"
    return _end(question, RecordKind.SUPERSEDED, f"{other} took its place", {"by": by}, now)


def expired(question: Entry, *, why: str, now: datetime, stood: Stood, veil: Veil) -> Draft:
    """Say that a question is not answered any more, why, and which approvals there were, whether they counted or not."""
    hide = partial(veil.sealed, "" if question.change is None else question.change.project)
    said = {"approvals": given(stood.approvals), "evidence": evidence(stood.heard, stood.approvals, hide)}
    said |= {} if stood.ended is None else {"ended": dict(stood.ended)}
    if stood.judged is None:
        return _end(question, RecordKind.EXPIRED, why, said | {"unjudged": stood.unjudged}, now)
    told = stood.judged.decision.document()
    judged: Mapping[str, Mapping[str, object]] = {
        "actor": {"approvers": approvers(stood.judged)},
        "decision": {"judged": told["effect"]} | {name: told[name] for name in ("discounted", "needs")},
    }
    return _end(question, RecordKind.EXPIRED, why, said, now, judged=judged)


def _end(  # noqa: PLR0913 - both ends are said with the same words
    question: Entry,
    kind: RecordKind,
    why: str,
    more: Mapping[str, object],
    now: datetime,
    *,
    judged: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
) -> Draft:
    """Name the question and repeat who asked for what and where, so that whoever searches for these finds its end, too.

    `judged` says more of actor and decision, where the approvals were looked at.
    """
    same = {name: question.body[name] for name in ("actor", "change", "policy") if name in question.body}
    told, actor = question.body.get("decision"), same.get("actor")
    decision = told if isinstance(told, Mapping) else {}
    if judged:
        same["actor"] = {**(actor if isinstance(actor, Mapping) else {}), **judged["actor"]}
    return Draft(
        kind=kind,
        key=f"{kind.value}/{binding_of(question.key)}",
        summary=f"{kind.value.capitalize()} record {question.seq}: {why}, {question.change}",
        change=question.change,
        run=None,
        time=now,
        body=fitted(
            {
                **same,
                "decision": {
                    **{name: decision.get(name) for name in ("effect", "environment", "tier")},
                    **judged.get("decision", {}),
                },
                "engine": engine().document(),
                "ocsf": ocsf(kind),
                "question": {"asked": question.time.isoformat(), "digest": question.digest, "seq": question.seq},
                "why": why,
                **more,
            },
            OF_A_QUESTION,
        ),
    )
