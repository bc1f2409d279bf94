"""The questions that the record still holds open. A question is an `assessed` record; its binding is the rest of its key. Pure."""

import re
from collections.abc import Mapping, Sequence

from countersign.attestation.record import Entry, RecordKind

_BINDING = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,159}")
_ASSESSED = "assessed/"
_ENDS = frozenset({RecordKind.EXPIRED, RecordKind.SUPERSEDED})


def binding_of(key: str) -> str:
    """Give what a question binds together (change, head, plan, policy) as one digest, from its key or that of its end."""
    return key.partition("/")[2]


def named(kind: RecordKind, body: Mapping[str, object]) -> str | None:
    """Give the binding of the question that a record names: the one that an intent answers, or that takes another's place.

    One that is named so though it had been superseded or had expired is open again: the change is as it was then.
    """
    told = body.get("binding") if kind is RecordKind.INTENT else body.get("by") if kind is RecordKind.SUPERSEDED else None
    if not isinstance(told, str) or (kind is RecordKind.SUPERSEDED and not told.startswith(_ASSESSED)):
        return None
    binding = told.removeprefix(_ASSESSED) if kind is RecordKind.SUPERSEDED else told
    return binding if _BINDING.fullmatch(binding) else None


def unended(records: Sequence[Entry]) -> tuple[Entry, ...]:
    """Give the questions among the records of one change, oldest first, that no run took up and that no record ended last."""
    asked: dict[str, Entry] = {}
    waiting: dict[str, Entry] = {}
    run: set[str | None] = set()
    for entry in records:
        about, other = binding_of(entry.key), named(entry.kind, entry.body)
        if entry.kind is RecordKind.ASSESSED:
            asked[about] = waiting[about] = entry
        elif entry.kind is RecordKind.INTENT:
            run.add(other)
        elif entry.kind in _ENDS:
            waiting.pop(about, None)
            if other in asked:
                waiting[other] = asked[other]
    return tuple(sorted((entry for binding, entry in waiting.items() if binding not in run), key=lambda entry: entry.seq))
