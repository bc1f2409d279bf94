"""Which body a record of each kind has, and the check that every record passes before it is written, but for outcomes.

Nothing may keep an outcome from the record (ADR 36); tests hold those to their form.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from pydantic import TypeAdapter, ValidationError

from countersign.attestation.bodies import outcome, question, upkeep
from countersign.attestation.bodies.part import Part
from countersign.attestation.record import RecordKind
from countersign.domain.ids import MalformedError

BODIES: Mapping[RecordKind, type[Part]] = MappingProxyType(
    {
        RecordKind.ASSESSED: question.Assessed,
        RecordKind.REFUSED: question.RefusedUnseen,
        RecordKind.ALLOWED: question.Allowed,
        RecordKind.INTENT: question.Intent,
        RecordKind.EXECUTED: outcome.Executed,
        RecordKind.FAILED: outcome.Failed,
        RecordKind.LOST: outcome.Lost,
        RecordKind.EXPIRED: question.Expired,
        RecordKind.SUPERSEDED: question.Superseded,
        RecordKind.EMERGENCY: question.Emergency,
        RecordKind.PROMOTED: upkeep.Promoted,
        RecordKind.DEMOTED: upkeep.Demoted,
        RecordKind.ANNOTATION: upkeep.Annotation,
        RecordKind.KEY_ROTATION: upkeep.KeyRotation,
        RecordKind.HEARTBEAT: upkeep.Heartbeat,
    }
)
"""The body of each kind that a program writes; nothing writes `shred` yet, so nothing may."""

BY_FIELD: Mapping[RecordKind, Mapping[str, type[Part]]] = MappingProxyType(
    {
        RecordKind.ANNOTATION: MappingProxyType({"found": upkeep.Found}),
        RecordKind.REFUSED: MappingProxyType(
            {
                "decision": question.RefusedByPolicy,
                "message": question.RefusedMessage,
                "messages": question.RefusedMessages,
            }
        ),
    }
)
"""Bodies that a kind has instead, known by a field that no other body of the kind has."""

_SHOWN = 8
_LONGEST = 64


def check(kind: RecordKind, body: Mapping[str, object]) -> None:
    """See that a body is one that a record of this kind has: no field missing, none unknown, each of its type.

    Raises:
        MalformedError: it is not. The text names fields, never values.
    """
    form = next((other for field, other in BY_FIELD.get(kind, {}).items() if field in body), BODIES.get(kind))
    if form is None:
        raise MalformedError(f"no program writes records of the kind {kind.value}")
    try:
        _adapter(form).validate_python(body)
    except ValidationError as error:
        raise MalformedError(f"missing, unknown or not of its form: {fields(error, within='body')}") from None


def fields(error: ValidationError, *, within: str = "") -> str:
    """Name the fields that are wrong: a few, each cut, since names that nobody knows can be anything."""
    found = sorted({".".join([*([within] if within else []), *map(str, item["loc"])]) or "record" for item in error.errors()})
    return ", ".join([*(field[:_LONGEST] for field in found[:_SHOWN]), *(["…"] if len(found) > _SHOWN else [])])


@cache  # compiled when the first record of its kind is written: readers never need it
def _adapter(form: type[Part]) -> TypeAdapter[Part]:
    return TypeAdapter(form)
