"""Puts on the record what was promoted, before anything relies on it, and takes it back together with the outcome that lost it.

A promotion is the policy's word (people merged it); the record stands behind it from `promoted` to `demoted`, each once. Nothing
here makes a tier milder: `countersign.domain.autonomy` does, of what stands.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from countersign.adapters.judge import Judgement
from countersign.adapters.observe import Observation
from countersign.attestation.accounts.ends import went_wrong
from countersign.attestation.ocsf import ocsf
from countersign.attestation.ports import Ledger
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.domain.ids import ChangeRef
from countersign.domain.outcomes import LedgerFault
from countersign.domain.promoted import Promoted, demoted_key, in_words, promoted_key
from runners.questions import record

Told = Mapping[str, object]
"""A promotion as decisions and records tell of it (`Promoted.document`)."""


def confirm(ledger: Ledger, seen: Observation, bare: Judgement) -> None:
    """Record the promotions that cover a change and that no record confirms yet. `bare` is what was decided without them.

    Raises:
        LedgerFault: they are not on the record yet. Try again.
    """
    covering = bare.decision.promotions
    missing = [found for found in covering if found.since <= bare.at and ledger.find(promoted_key(found.name)) is None]
    record(ledger, *(promoted(found, seen, now=bare.at) for found in missing))


def promoted(found: Promoted, seen: Observation, *, now: datetime) -> Draft:
    """Say that the policy of the protected branch lets a combination go a tier milder, and which policy says so."""
    policy = {"commit": seen.proposal.base, "digest": seen.policy.digest}
    return Draft(
        kind=RecordKind.PROMOTED,
        key=promoted_key(found.name),
        summary=f"Promoted {found.what}: {found.step}",
        change=None,
        run=None,
        time=now,
        body={
            "ocsf": ocsf(RecordKind.PROMOTED),
            "policy": policy,
            "promotion": found.standing({found.name}, now).document(),
            "why": f"the policy at {seen.proposal.base[:12]} says that it was earned",
        },
    )


def lost(intent: Entry, outcome: Draft | Entry) -> tuple[Draft, ...]:
    """Give what takes back each promotion in force that covers a run, where the run went wrong; approved or not.

    One that never began takes nothing back: it tells of a push or of a runner, and nothing of the change.
    """
    why = went_wrong(outcome.kind.value, dict(outcome.body))
    if why is None:
        return ()
    return tuple(demoted(told, why=why, change=intent.change, by=intent.run, now=outcome.time) for told in _in_force(intent.body))


def demoted(told: Told, *, why: str, change: ChangeRef | None, by: str | None, now: datetime) -> Draft:
    """Take back a promotion. `by` names the run that lost it, or the person who says so."""
    combination = told.get("combination")
    what = in_words(combination.items()) if isinstance(combination, Mapping) else "?"
    return Draft(
        kind=RecordKind.DEMOTED,
        key=demoted_key(str(told.get("name"))),
        summary=f"Demoted {what}: {told.get('step')} is lost, {why}",
        change=change,
        run=None,
        time=now,
        body={"by": by, "ocsf": ocsf(RecordKind.DEMOTED), "promotion": {**told, "in_force": False}, "why": why},
    )


def take_back(ledger: Ledger, name: str, *, why: str, by: str, now: datetime) -> str | None:
    """Take a promotion back for a person; say what came of it. None where no record confirms one of this name.

    Raises:
        LedgerFault: it is not on the record yet. Try again.
    """
    entry = ledger.find(promoted_key(name))
    told = None if entry is None else entry.body.get("promotion")
    if not isinstance(told, Mapping):
        return None
    result = ledger.append_all([demoted(told, why=why, change=None, by=by, now=now)])[0]
    if isinstance(result, LedgerFault):
        raise result
    return f"record {result.seq}: demoted" if isinstance(result, Entry) else f"record {result.entry.seq}: taken back already"


def _in_force(body: Mapping[str, object]) -> Sequence[Told]:
    decision = body.get("decision")
    told = decision.get("promotions") if isinstance(decision, Mapping) else None
    found = told if isinstance(told, Sequence) else ()
    return [item for item in found if isinstance(item, Mapping) and item.get("in_force") is True]
