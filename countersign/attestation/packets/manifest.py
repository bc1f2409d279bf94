"""manifest.json: what a packet is about, for programs. All but `missing` follows from records and commits, and is held to them."""

from collections.abc import Mapping, Sequence

from countersign.attestation import readable
from countersign.attestation.accounts.plain import Plain, part, text
from countersign.attestation.packets import form
from countersign.attestation.packets.derived import about, deciding, keys_of
from countersign.attestation.packets.form import Files
from countersign.attestation.packets.problem import EarlierFormError, PacketError
from countersign.domain.ids import MalformedError


def manifest(files: Files, numbers: Sequence[int], size: int, missing: Mapping[str, str]) -> dict[str, object]:
    """Put it together. `size` is that of the log; `missing` says what is not there, or not whole, and why."""
    told = about([files[form.record_file(seq)] for seq in numbers])
    return {
        "type": form.PACKET_TYPE,
        "change": told.change,
        "keys": keys_of(files, numbers),
        "log": told.log,
        "missing": dict(missing),
        "records": list(numbers),
        "size": size,
    }


def read_manifest(files: Files) -> Plain:
    """Read it, as far as to tell whether this is a packet of the form that we check.

    Raises:
        PacketError: it is missing, or no manifest.
        EarlierFormError: an earlier version made the packet.
    """
    raw = files.get(form.MANIFEST)
    if raw is None:
        raise PacketError(form.MANIFEST, "is missing: this is no packet")
    try:
        found = readable.load(raw)
    except MalformedError as error:
        raise PacketError(form.MANIFEST, str(error)) from None
    kind = text(found, "type") if isinstance(found, Mapping) else None
    if kind in form.EARLIER_TYPES:
        raise EarlierFormError
    if not isinstance(found, Mapping) or kind != form.PACKET_TYPE:
        raise PacketError(form.MANIFEST, f"is not of type {form.PACKET_TYPE}")
    return found


def check_manifest(found: Plain, files: Files, numbers: Sequence[int], size: int) -> dict[str, str]:
    """Check every field; give what is said to be missing, and why. That reason is its maker's word, and nothing proves it.

    Raises:
        PacketError: a field is not what follows, is unknown, or excuses a file that nobody misses.
    """
    missing = {name: why for name, why in part(found, "missing").items() if isinstance(why, str) and why.strip()}
    expected = manifest(files, numbers, size, missing)
    for name in sorted(found.keys() | expected.keys()):
        if name not in expected:
            raise PacketError(form.MANIFEST, f"has a field that no manifest has: {name}")
        if name not in found or readable.dump(found[name]) != readable.dump(expected[name]):
            raise PacketError(form.MANIFEST, f"its field {name} is not what records, commits and reasons give")
    absent = {form.POLICY, *deciding([files[form.record_file(seq)] for seq in numbers])} - files.keys()
    for name in sorted(missing.keys() - absent - {form.DIFF}):
        raise PacketError(form.MANIFEST, f"says that something is missing that is here, or has no place here: {name}")
    return missing
