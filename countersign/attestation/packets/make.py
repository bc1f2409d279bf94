"""Puts a packet together: the same records of the same branch give the same bytes, file by file. Reads and writes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from countersign.attestation import commit as commits
from countersign.attestation import dsse, readable
from countersign.attestation.keys import Signer
from countersign.attestation.merkle import consistency_proof, inclusion_proof
from countersign.attestation.packets import form
from countersign.attestation.packets.derived import derived
from countersign.attestation.packets.form import Files
from countersign.attestation.packets.manifest import manifest
from countersign.attestation.packets.readme import readme
from countersign.attestation.packets.sums import sums


@dataclass(frozen=True, slots=True)
class Held:
    """A record, and the commit that binds it."""

    seq: int
    record: bytes
    commit: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes in. `leaves` are the leaf hashes of the whole log up to `head`, the newest commit.

    `policies` are the files of what decided, by their places. `missing` says what is not there, or not whole, and why.
    """

    held: Sequence[Held]
    head: bytes
    leaves: Sequence[bytes]
    policies: Files
    diff: bytes | None
    page: bytes
    missing: Mapping[str, str]


def make(contents: Contents, *, seal: Signer | None = None) -> dict[str, bytes]:
    """Give the files of a packet. With `seal` each record is also put into a DSSE envelope, signed by whoever makes the packet."""
    records = [held.record for held in contents.held]
    files: dict[str, bytes] = {form.HEAD: contents.head, form.PAGE: contents.page}
    for held in contents.held:
        commit = commits.parse(held.commit)
        files[form.record_file(held.seq)] = held.record
        files[form.commit_file(held.seq)] = held.commit
        files[form.payload_file(held.seq)] = commit.payload
        files[form.signature_file(held.seq)] = (commit.signature or "").encode()
        files[form.proof_file(held.seq)] = _proof(contents.leaves, held.seq)
        if seal is not None:
            files[form.envelope_file(held.seq)] = dsse.seal(held.record, seal.public, seal.sign_raw).dump()
    files |= derived(records)
    files |= contents.policies
    if contents.diff is not None:
        files[form.DIFF] = contents.diff
    numbers = [held.seq for held in contents.held]
    files[form.README] = readme(files, numbers)
    files[form.MANIFEST] = readable.dump(manifest(files, numbers, len(contents.leaves), contents.missing))
    return files | {form.SUMS: sums(files)}


def _proof(leaves: Sequence[bytes], seq: int) -> bytes:
    write: Callable[[bytes], str] = bytes.hex
    return readable.dump(
        {
            "consistency": [write(item) for item in consistency_proof(leaves, seq + 1)],
            "inclusion": [write(item) for item in inclusion_proof(leaves, seq)],
            "index": seq,
            "size": len(leaves),
        }
    )
