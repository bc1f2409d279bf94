"""Puts the end of a question on the record where no run is that end, so that the population is complete by arithmetic.

A question is superseded where the change as it is now asks another one, or is refused; it expires where its approvals ran out
before the run, or its change was closed. People may approve anew what has expired: a run that follows is its end then.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from countersign.adapters.judge import Judgement, assessed_key
from countersign.adapters.observe import Observation
from countersign.attestation.ocsf import ocsf
from countersign.attestation.ports import Ledger, TakenError
from countersign.attestation.questions import binding_of, unended
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.domain.outcomes import LedgerFault
from countersign.domain.ports import Change, ChangeState, Clock

_GONE = {ChangeState.CLOSED: "was closed", ChangeState.MERGED: "was merged without us"}


def record(ledger: Ledger, *drafts: Draft) -> list[Entry]:
    """Put drafts on the record, with one push, or find the records that say the same already.

    Raises:
        LedgerFault: as the ledger says, of the first that it does not take.
    """
    entries = []
    for result in ledger.append_all(drafts):
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
    return record(ledger, *(superseded(question, by=draft.key, now=clock()) for question in others), draft)[-1]


def withdraw(ledger: Ledger, change: Change, *, clock: Clock) -> None:
    """End the questions of a change that is no longer open.

    Raises:
        LedgerFault: not all are ended yet. Try again.
    """
    why = f"the change {_GONE[change.state]}"
    record(ledger, *(expired(question, why=why, now=clock()) for question in unended(ledger.of_change(change.ref))))


def lapse(ledger: Ledger, seen: Observation, judged: Judgement, *, clock: Clock) -> None:
    """End the question where it was answered and the answer ran out: the same approvals were enough at some time before.

    What an emergency asks for beside the tier is no part of the answer.

    Raises:
        LedgerFault: it is not ended yet. Try again.
    """
    if _answered(judged):
        return
    given = sorted({approval.at for approval in judged.evidence.approvals if approval.at <= judged.at})
    if not any(_answered(Judgement.of(seen, judged.evidence, at=at)) for at in given):
        return
    key = assessed_key(seen.proposal, judged.decision)
    approvals = [
        {"at": approval.at.isoformat(), "id": approval.person.id, "username": approval.person.username}
        for approval in judged.evidence.approvals
    ]
    for question in unended(ledger.of_change(seen.change.ref)):
        if question.key == key:
            why = "its approvals ran out before it could run; approve again to go on"
            record(ledger, expired(question, why=why, now=clock(), approvals=approvals))


def _answered(judged: Judgement) -> bool:
    return not any(need.missing for need in judged.decision.needs if not need.emergency)


def superseded(question: Entry, *, by: str, now: datetime) -> Draft:
    """Say that another question, or a refusal, takes a question's place; `by` is the key of its record."""
    other = "a refusal" if by.startswith(f"{RecordKind.REFUSED.value}/") else "another question"
    return _end(question, RecordKind.SUPERSEDED, f"{other} took its place", {"by": by}, now)


def expired(question: Entry, *, why: str, now: datetime, approvals: Sequence[Mapping[str, object]] = ()) -> Draft:
    """Say that a question is not answered any more, why, and which approvals there were."""
    return _end(question, RecordKind.EXPIRED, why, {"approvals": list(approvals)}, now)


def _end(question: Entry, kind: RecordKind, why: str, more: Mapping[str, object], now: datetime) -> Draft:
    """Name the question and repeat who asked for what and where, so that whoever searches for these finds its end, too."""
    same = {name: question.body[name] for name in ("actor", "change", "policy") if name in question.body}
    told = question.body.get("decision")
    decision = told if isinstance(told, Mapping) else {}
    return Draft(
        kind=kind,
        key=f"{kind.value}/{binding_of(question.key)}",
        summary=f"{kind.value.capitalize()} record {question.seq}: {why}, {question.change}",
        change=question.change,
        run=None,
        time=now,
        body={
            **same,
            "decision": {name: decision.get(name) for name in ("effect", "environment", "tier")},
            "ocsf": ocsf(kind),
            "question": {"asked": question.time.isoformat(), "digest": question.digest, "seq": question.seq},
            "why": why,
            **more,
        },
    )
