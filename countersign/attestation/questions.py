"""The questions that the record still holds open. A question is an `assessed` record; its binding is the rest of its key. Pure."""

import re
from collections.abc import Mapping, Sequence

from countersign.attestation.record import GIVEN_UP, Entry, RecordKind

BINDING = r"[A-Za-z0-9][A-Za-z0-9:._-]{0,159}"
NAMES = {RecordKind.INTENT: ("binding", ""), RecordKind.SUPERSEDED: ("by", "assessed/")}
"""Where a record's body names a question, and what stands before the binding there."""

_BINDING = re.compile(BINDING)


def binding_of(key: str) -> str:
    """Give what a question binds together (change, head, plan, policy) as one digest, from its key or that of its end."""
    return key.partition("/")[2]


def named(kind: RecordKind, body: Mapping[str, object]) -> str | None:
    """Give the binding of the question that a record names: the one that an intent answers, or that takes another's place.

    One that is named so though it had been superseded or had expired is open again: the change is as it was then.
    """
    if kind not in NAMES:
        return None
    field, before = NAMES[kind]
    told = body.get(field)
    if not isinstance(told, str) or not told.startswith(before):
        return None
    binding = told.removeprefix(before)
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
        elif entry.kind in GIVEN_UP:
            waiting.pop(about, None)
            if other in asked:
                waiting[other] = asked[other]
    return tuple(sorted((entry for binding, entry in waiting.items() if binding not in run), key=lambda entry: entry.seq))
