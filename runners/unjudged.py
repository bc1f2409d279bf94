"""Words for the record of what no policy judged: changes that cannot be judged as they are, and messages of no form. Pure."""

from datetime import datetime

from countersign.adapters.engine import engine
from countersign.attestation.ocsf import ocsf
from countersign.attestation.record import Draft, RecordKind
from countersign.domain.canonical import canonical_json
from countersign.domain.ids import digest_of
from countersign.domain.ports import Change
from runners.scribe import Body, change_document, refused_key
from runners.veil import Veil, note, rationale, said


def refused(change: Change, *, stage: str, why: str, now: datetime, veil: Veil) -> Draft:
    """Record a refusal that came before the policy could speak: conflict, fork, no valid policy."""
    hide = veil.blind(change.ref.project)
    told = said(why, hide)
    words = rationale(change.description, hide)
    body: Body = {
        "change": change_document(change) | {"base": None, "tree": None, "paths": []},
        "engine": engine().document(),
        "ocsf": ocsf(RecordKind.REFUSED),
        "rationale": words,
        "stage": stage,
        "tokens": note(hide, told, str(words["text"])),
        "why": told,
    }
    return Draft(
        kind=RecordKind.REFUSED,
        key=refused_key(change.ref, [change.head, stage, told]),
        summary=f"Refused {change.ref} at {stage}",
        change=change.ref,
        run=None,
        time=now,
        body=body,
        subject=(("head", {"gitCommit": change.head}),),
    )


def turned_away(digest: str, size: int, *, why: str, now: datetime) -> Draft:
    """Record a queue message that no honest bot sends. The message itself goes in by digest."""
    return Draft(
        kind=RecordKind.REFUSED,
        key=f"refused/{digest}",
        summary="Refused a message from the queue: not of its form",
        change=None,
        run=None,
        time=now,
        body={"message": {"bytes": size, "digest": digest}, "stage": "intake", "why": why},
    )


def more_turned_away(count: int, digest: str, *, why: str, now: datetime) -> Draft:
    """Record that there were more such messages than get a record each. `digest` is one of all of theirs."""
    return Draft(
        kind=RecordKind.REFUSED,
        key=f"refused/{digest_of(canonical_json([count, digest, now.isoformat()]))}",
        summary=f"Refused {count} more messages from the queue",
        change=None,
        run=None,
        time=now,
        body={"messages": {"count": count, "digest": digest}, "stage": "intake", "why": why},
    )
