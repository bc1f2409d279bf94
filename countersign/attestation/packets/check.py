"""Checks a packet with nothing but a key. Names the first thing that is wrong; says what a good packet does not prove."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from countersign.attestation import dsse, readable
from countersign.attestation.accounts.plain import number, part, text, texts
from countersign.attestation.keys import Trust
from countersign.attestation.merkle import leaf_hash, verify_consistency, verify_inclusion
from countersign.attestation.packets import form
from countersign.attestation.packets.deciding import check_deciding
from countersign.attestation.packets.derived import deciding, derived, newest_change, signers
from countersign.attestation.packets.form import Files
from countersign.attestation.packets.make import listing
from countersign.attestation.packets.problem import PacketError
from countersign.attestation.packets.signed import Head, KeyNotGivenError, check_commit, check_record
from countersign.attestation.sshsig import PublicKey
from countersign.attestation.statement import Statement
from countersign.domain.ids import MalformedError
from countersign.domain.neutral import visible

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a good packet proves. `sealed` names the known keys that signed envelopes."""

    change: str | None
    records: tuple[int, ...]
    head: Head
    signed_by: tuple[str, ...]
    sealed: tuple[str, ...]
    unproved: tuple[str, ...]


def check(files: Files, trust: Trust, keys: Sequence[PublicKey]) -> Verdict:
    """Check a packet. `keys` are those of the trust: envelopes name keys that could not be found otherwise.

    (1) the manifest lists exactly the files that are there, with their sizes and digests; (2) the head's commit is signed;
    (3) every record is well formed, and bound by a commit that is signed; the manifest names the keys; (4) every record, and
    the log as it was when the record was written, is in the log of the head; (5) all records are of one log and one change,
    and outcomes name their intents; (6) decision, plan, approvals follow from the records, and the policy has the digest that
    they name; (7) envelopes hold the records, and are signed by the keys that they name as far as those are known.

    Raises:
        PacketError: a check failed; the first one is named.
        KeyNotGivenError: a signature is good, but by a key that the reader did not give (`KeysAlone`).
    """
    manifest = _manifest(files)  # (1)
    head = _head(files, trust)  # (2)
    numbers = _numbers(manifest)
    found = [_record(files, seq, head, trust) for seq in numbers]  # (3) (4)
    _check_keys(files, manifest, numbers)
    _check_story(manifest, [record for record, _ in found])  # (5)
    records = [files[form.record_file(seq)] for seq in numbers]
    _check_derived(files, records)  # (6)
    check_deciding(files, records)
    sealed = _sealed(files, numbers, keys)  # (7)
    return Verdict(
        change=text(manifest, "change"),
        records=tuple(numbers),
        head=head,
        signed_by=tuple(dict.fromkeys(f"{of.principal} {of.key.fingerprint}" for _, of in found)),
        sealed=sealed,
        unproved=_unproved(files, records),
    )


def _manifest(files: Files) -> dict[str, object]:
    raw = files.get(form.MANIFEST)
    if raw is None:
        raise PacketError(form.MANIFEST, "is missing: this is no packet")
    try:
        manifest = readable.load(raw)
    except MalformedError as error:
        raise PacketError(form.MANIFEST, str(error)) from None
    if not isinstance(manifest, dict) or manifest.get("type") != form.PACKET_TYPE:
        raise PacketError(form.MANIFEST, f"is not of type {form.PACKET_TYPE}")
    listed = part(manifest, "files")
    real = listing({name: data for name, data in files.items() if name != form.MANIFEST})
    for name in sorted(listed.keys() | real.keys()):
        if name not in real:
            raise PacketError(name, "is missing")
        if name not in listed:
            raise PacketError(name, "is not in the manifest")
        if listed[name] != real[name]:
            raise PacketError(name, "is not what the manifest says: size or SHA-256 differ")
    return manifest


def _numbers(manifest: dict[str, object]) -> list[int]:
    listed = manifest.get("records")
    numbers = [item for item in listed if isinstance(item, int) and not isinstance(item, bool)] if isinstance(listed, list) else []
    if not numbers or numbers != listed or numbers != sorted(set(numbers)):
        raise PacketError(form.MANIFEST, "lists no records, or not by number")
    present = {name for name in part(manifest, "files") if name.startswith("records/")}
    if present != {form.record_file(seq) for seq in numbers}:
        raise PacketError(form.MANIFEST, "lists other records than there are files of")
    return numbers


def _head(files: Files, trust: Trust) -> Head:
    try:
        return check_commit(files.get(form.HEAD, b""), trust)[1]
    except KeyNotGivenError:
        raise
    except MalformedError as error:
        raise PacketError(form.HEAD, str(error)) from None


def _record(files: Files, seq: int, head: Head, trust: Trust) -> tuple[Statement, Head]:
    name = form.record_file(seq)
    raw, commit_raw = files[name], files.get(form.commit_file(seq), b"")
    try:
        record, commit, own = check_record(raw, commit_raw, trust)
    except KeyNotGivenError:
        raise
    except MalformedError as error:
        raise PacketError(name, str(error)) from None
    if record.predicate.seq != seq:
        raise PacketError(name, f"holds record {record.predicate.seq}")
    if (
        files.get(form.payload_file(seq)) != commit.payload
        or files.get(form.signature_file(seq)) != (commit.signature or "").encode()
    ):
        raise PacketError(form.payload_file(seq), "payload or signature are not those of the commit")
    _prove(files, seq, raw, own, head)
    return record, own


def _check_keys(files: Files, manifest: Mapping[str, object], numbers: Sequence[int]) -> None:
    """Check what the manifest says of keys: a reader takes it for the list of those to ask for."""
    if manifest.get("keys") != signers(files[name] for name in (form.HEAD, *map(form.commit_file, numbers))):
        raise PacketError(form.MANIFEST, "names other keys than those that signed")


def _prove(files: Files, seq: int, raw: bytes, own: Head, head: Head) -> None:
    name = form.proof_file(seq)
    try:
        proof = readable.load(files.get(name, b""))
    except MalformedError as error:
        raise PacketError(name, str(error)) from None
    if (number(proof, "index"), number(proof, "size")) != (seq, head.size):
        raise PacketError(name, "is of another record or another head")
    try:
        verify_inclusion(leaf_hash(raw), seq, head.size, _hashes(texts(proof, "inclusion")), head.root_bytes)
        verify_consistency(own.size, own.root_bytes, head.size, head.root_bytes, _hashes(texts(proof, "consistency")))
    except MalformedError as error:
        raise PacketError(name, str(error)) from None


def _hashes(written: Sequence[str]) -> list[bytes]:
    if not all(_HASH.fullmatch(item) for item in written):
        raise MalformedError("holds what is no hash in lower-case hexadecimal digits")
    return [bytes.fromhex(item) for item in written]


def _check_story(manifest: dict[str, object], records: Sequence[Statement]) -> None:
    intents: dict[str, int] = {}
    for record in records:
        predicate = record.predicate
        name = form.record_file(predicate.seq)
        change = None if predicate.change is None else str(predicate.change.ref)
        if change != text(manifest, "change") or predicate.log != text(manifest, "log"):
            raise PacketError(name, "is of another change, or of another log")
        if change is None and len(records) > 1:
            raise PacketError(name, "is of no change, and not alone")
        if predicate.kind.value == "intent":
            intents[predicate.run_id or ""] = predicate.seq
        elif predicate.run_id is not None:
            seq = intents.get(predicate.run_id)
            if seq is None or number(predicate.body, "intent", "seq") not in {None, seq}:
                raise PacketError(name, "its intent is not in the packet")


def _check_derived(files: Files, records: Sequence[bytes]) -> None:
    expected = derived(records)
    for name in (form.DECISION, form.PLAN, form.APPROVALS):
        if files.get(name) != expected.get(name):
            raise PacketError(name, "does not follow from the records")


def _sealed(files: Files, numbers: Sequence[int], keys: Sequence[PublicKey]) -> tuple[str, ...]:
    """Check the envelopes; give the keys, among those that the reader knows, that signed them."""
    signers: list[str] = []
    wanted = {form.envelope_file(seq): form.record_file(seq) for seq in numbers}
    known = {key.fingerprint for key in keys}
    for name in sorted(name for name in files if name.startswith("envelopes/")):
        try:
            envelope = dsse.load(files[name])
        except MalformedError as error:
            raise PacketError(name, str(error)) from None
        if name not in wanted or envelope.payload != files[wanted[name]] or envelope.payload_type != dsse.IN_TOTO:
            raise PacketError(name, "does not hold the record")
        if envelope.dump() != files[name]:
            raise PacketError(name, "is not written as we write envelopes")
        good, named = {key.fingerprint for key in envelope.signers(keys)}, {name for name, _ in envelope.signatures}
        if good - named or named & known - good:
            raise PacketError(name, "its signatures are not those of the keys that it names")
        signers += sorted(good) or ["a key that is not among those given"]
    return tuple(dict.fromkeys(signers))


def _unproved(files: Files, records: Sequence[bytes]) -> tuple[str, ...]:
    said = ["that there is no further record of this change: the branch shows it, its numbers have no gaps"]
    if form.DIFF in files:
        about = newest_change(records)
        said.append(f"diff.patch: compare with `git diff {text(about, 'base')} {text(about, 'tree')}`")
    said.append("index.html: a view of the records, which are what is signed")
    missing = dict.fromkeys((name for name in deciding(records) if name not in files), "the manifest does not say why")
    missing |= {name: str(why) for name, why in part(json.loads(files[form.MANIFEST]), "missing").items()}
    said += [visible(f"{name} is not {'whole' if name in files else 'here'}: {why}") for name, why in missing.items()]
    return tuple(said)
