"""SHA256SUMS: every other file of a packet with its SHA-256, as stock `sha256sum` writes and checks it.

Not signed, so it holds nothing together: it finds a damaged copy. What was forged, `check.py` finds without it.
"""

import re

from countersign.attestation.packets.form import SUMS, Files
from countersign.attestation.packets.problem import PacketError
from countersign.domain.ids import digest_of

_LINE = re.compile(r"([0-9a-f]{64})  ([^\\\n]+)\n")


def sums(files: Files) -> bytes:
    """Write the list, in the order of names."""
    return "".join(f"{_sum(files[name])}  {name}\n" for name in sorted(files) if name != SUMS).encode()


def check_sums(files: Files) -> None:
    """Check that the list is of exactly the files that are there.

    Raises:
        PacketError: it is not; the first file that differs is named.
    """
    raw = files.get(SUMS)
    if raw is None:
        raise PacketError(SUMS, "is missing")
    if raw == sums(files):
        return
    text = raw.decode(errors="replace")
    listed = {name: digest for digest, name in _LINE.findall(text)}
    for name in sorted((listed.keys() | files.keys()) - {SUMS}):
        if name not in files:
            raise PacketError(name, f"is missing, though {SUMS} lists it")
        if name not in listed:
            raise PacketError(name, f"is not in {SUMS}")
        if listed[name] != _sum(files[name]):
            raise PacketError(name, f"is not what {SUMS} says: the SHA-256 differs")
    raise PacketError(SUMS, "is not a list as sha256sum writes it, by name, each file once")


def _sum(data: bytes) -> str:
    return digest_of(data).removeprefix("sha256:")
