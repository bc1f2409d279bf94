"""The questions that the record still holds open. A question is an `assessed` record; its binding is the rest of its key. Pure."""

from collections.abc import Sequence

from countersign.attestation.record import Entry, RecordKind

_ENDS = frozenset({RecordKind.EXPIRED, RecordKind.SUPERSEDED})


def binding_of(question: Entry) -> str:
    """Give what a question binds together: change, head, plan and policy, as one digest."""
    return question.key.partition("/")[2]


def unended(records: Sequence[Entry]) -> tuple[Entry, ...]:
    """Give the questions among the records of one change that no run took up and no record ended, oldest first."""
    ended = {entry.body.get("binding") for entry in records if entry.kind is RecordKind.INTENT}
    ended |= {binding_of(entry) for entry in records if entry.kind in _ENDS}
    return tuple(entry for entry in records if entry.kind is RecordKind.ASSESSED and binding_of(entry) not in ended)
