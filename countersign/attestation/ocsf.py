"""The numbers by which tools that know OCSF sort our records: class 6003 (API Activity), what was done, how badly, how it went."""

from collections.abc import Mapping

from countersign.attestation.record import RecordKind

_CLASS = 6003
_UPDATE, _OTHER = 3, 99
_INFORMATIONAL, _LOW, _MEDIUM, _HIGH = 1, 2, 3, 4
_UNKNOWN, _SUCCESS, _FAILURE = 0, 1, 2
_NUMBERS: Mapping[RecordKind, tuple[int, int, int]] = {
    RecordKind.REFUSED: (_OTHER, _LOW, _FAILURE),
    RecordKind.INTENT: (_UPDATE, _INFORMATIONAL, _UNKNOWN),
    RecordKind.EXECUTED: (_UPDATE, _INFORMATIONAL, _SUCCESS),
    RecordKind.FAILED: (_UPDATE, _MEDIUM, _FAILURE),
    RecordKind.LOST: (_UPDATE, _HIGH, _UNKNOWN),
    RecordKind.EMERGENCY: (_OTHER, _HIGH, _SUCCESS),
    RecordKind.KEY_ROTATION: (_OTHER, _MEDIUM, _SUCCESS),
    RecordKind.SHRED: (_OTHER, _MEDIUM, _SUCCESS),
}


def ocsf(kind: RecordKind) -> dict[str, int]:
    """Give the numbers for a kind of record."""
    activity, severity, status = _NUMBERS.get(kind, (_OTHER, _INFORMATIONAL, _SUCCESS))
    return {"activity_id": activity, "class_uid": _CLASS, "severity_id": severity, "status_id": status}
