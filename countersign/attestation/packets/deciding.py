"""Checks what a packet holds of policies, and of the files beside them, against the digests in its records."""

import json
from collections.abc import Sequence

from countersign.attestation.packets import form
from countersign.attestation.packets.derived import deciding
from countersign.attestation.packets.form import Files
from countersign.attestation.packets.problem import PacketError
from countersign.domain.ids import Digest, MalformedError, digest, digest_of


def check_deciding(files: Files, records: Sequence[bytes]) -> None:
    """Check what decided, as far as it is there: policies, and lists of files beside them with all files that they name.

    Raises:
        PacketError: a file is not what records or lists name, or is named by none.
    """
    named = deciding(records)
    for place, wanted in named.items():
        if place in files and digest_of(files[place]) != wanted:
            raise PacketError(place, "is not what the records name")
    beside: dict[str, str] = {}
    for place in sorted(place for place in named if place in files and place.startswith(form.BESIDE)):
        beside |= {form.beside_file(one): one for one in _listed(files, place)}
    for place, wanted in sorted(beside.items()):
        if place not in files or digest_of(files[place]) != wanted:
            raise PacketError(place, "is missing, or not what the list of files beside the policy names")
    for place in sorted(name for name in files if name == form.POLICY or name.startswith((form.POLICIES, form.BESIDE))):
        if place not in named and place not in beside:
            raise PacketError(place, "is named by no record")


def _listed(files: Files, place: str) -> list[Digest]:
    try:
        listed = json.loads(files[place])
        return [digest(str(one)) for one in dict(listed).values() if one is not None]
    except (ValueError, TypeError, RecursionError, MalformedError):
        raise PacketError(place, "is no list of names and digests") from None
