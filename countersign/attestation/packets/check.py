"""Checks a packet with nothing but a key. Names the first thing that is wrong; says what a good packet does not prove."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from countersign.attestation import dsse, readable
from countersign.attestation.accounts.plain import Plain, number, part, text, texts
from countersign.attestation.keys import Trust
from countersign.attestation.merkle import leaf_hash, verify_consistency, verify_inclusion
from countersign.attestation.packets import form
from countersign.attestation.packets.deciding import check_deciding
from countersign.attestation.packets.derived import deciding, derived, newest_change
from countersign.attestation.packets.form import Files
from countersign.attestation.packets.manifest import check_manifest, read_manifest
from countersign.attestation.packets.problem import PacketError
from countersign.attestation.packets.readme import readme
from countersign.attestation.packets.signed import Head, KeyNotGivenError, check_commit, check_record
from countersign.attestation.packets.sums import check_sums
from countersign.attestation.sshsig import PublicKey
from countersign.attestation.statement import Statement
from countersign.domain.ids import MalformedError, sha
from countersign.domain.neutral import line

_UNKNOWN = "a key that is not among those given"
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a good packet proves. A change is one of its `log`: another log, under the same keys, may name one alike.

    `sealed` names the known keys that signed envelopes.
    """

    log: str
    change: str | None
    records: tuple[int, ...]
    head: Head
    signed_by: tuple[str, ...]
    sealed: tuple[str, ...]
    unproved: tuple[str, ...]


def check(files: Files, trust: Trust, keys: Sequence[PublicKey]) -> Verdict:
    """Check a packet. `keys` are those of the trust: envelopes name keys that could not be found otherwise.

    (1) SHA256SUMS lists exactly the files that are there, each is one that packets have, and none that all have is missing; (2)
    the head's commit is signed; (3) every record is well formed, and bound by a commit that is signed; (4) every record, and the
    log as it was when the record was written, is in the log of the head; (5) all records are of one log and one change, in their
    bodies too, and outcomes name their intents; (6) manifest, README, decision, plan, approvals follow from records and commits,
    and policies have the digests that records name; (7) envelopes hold the records, and are signed by the keys that they name as
    far as those are known.

    Raises:
        PacketError: a check failed; the first one is named.
        KeyNotGivenError: a signature is good, but by a key that the reader did not give (`KeysAlone`).
        EarlierFormError: an earlier version made the packet.
    """
    found = read_manifest(files)
    numbers = form.numbers_of(files)
    check_sums(files)  # (1)
    _check_names(files, numbers)
    head = _head(files, trust)  # (2)
    told = [_record(files, seq, head, trust) for seq in numbers]  # (3) (4)
    change = _check_story([record for record, _ in told])  # (5)
    missing = check_manifest(found, files, numbers, head.size)  # (6)
    if files[form.README] != readme(files, numbers):
        raise PacketError(form.README, "is not what goes with these records and keys")
    records = [files[form.record_file(seq)] for seq in numbers]
    _check_derived(files, records)
    check_deciding(files, records)
    sealed = _sealed(files, numbers, keys)  # (7)
    return Verdict(
        log=told[0][0].predicate.log,
        change=change,
        records=tuple(numbers),
        head=head,
        signed_by=tuple(dict.fromkeys(f"{of.principal} {of.key.fingerprint}" for _, of in told)),
        sealed=tuple(key for key in sealed if key != _UNKNOWN),
        unproved=(*_unproved(files, records, missing), *([f"envelopes/: signed by {_UNKNOWN}"] if _UNKNOWN in sealed else [])),
    )


def _check_names(files: Files, numbers: Sequence[int]) -> None:
    always = form.always(numbers)
    for name in sorted(files.keys() - always - form.sometimes(numbers)):
        if not name.startswith((form.POLICIES, form.BESIDE)):
            raise PacketError(name, "has no place in a packet: whoever added it, nothing here proves it")
    for name in sorted(always - files.keys()):
        raise PacketError(name, "is missing")
    if not numbers:
        raise PacketError("records", "there is none")


def _head(files: Files, trust: Trust) -> Head:
    try:
        return check_commit(files[form.HEAD], trust)[1]
    except KeyNotGivenError:
        raise
    except MalformedError as error:
        raise PacketError(form.HEAD, str(error)) from None


def _record(files: Files, seq: int, head: Head, trust: Trust) -> tuple[Statement, Head]:
    name = form.record_file(seq)
    raw = files[name]
    try:
        record, commit, own = check_record(raw, files[form.commit_file(seq)], trust)
    except KeyNotGivenError:
        raise
    except MalformedError as error:
        raise PacketError(name, str(error)) from None
    if record.predicate.seq != seq:
        raise PacketError(name, f"holds record {record.predicate.seq}")
    if files[form.payload_file(seq)] != commit.payload or files[form.signature_file(seq)] != (commit.signature or "").encode():
        raise PacketError(form.payload_file(seq), "payload or signature are not those of the commit")
    _prove(files, seq, raw, own, head)
    return record, own


def _prove(files: Files, seq: int, raw: bytes, own: Head, head: Head) -> None:
    name = form.proof_file(seq)
    try:
        proof = readable.load(files[name])
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


def _check_story(records: Sequence[Statement]) -> str | None:
    """Check that the records belong together; give the change that they are of."""
    intents: dict[str, int] = {}
    log, change = records[0].predicate.log, _change(records[0])
    for record in records:
        predicate = record.predicate
        name = form.record_file(predicate.seq)
        if (predicate.log, _change(record)) != (log, change):
            raise PacketError(name, "is of another change, or of another log")
        if not _same_within(record):
            raise PacketError(name, "its body is about another change")
        if change is None and len(records) > 1:
            raise PacketError(name, "is of no change, and not alone")
        if predicate.kind.value == "intent":
            intents[predicate.run_id or ""] = predicate.seq
        elif predicate.run_id is not None:
            seq = intents.get(predicate.run_id)
            if seq is None or number(predicate.body, "intent", "seq") not in {None, seq}:
                raise PacketError(name, "its intent is not in the packet")
    return change


def _same_within(record: Statement) -> bool:
    """Say whether the body is about the change that the record is of, where it says what it is about.

    No record cuts these two, whatever else it has no room for (`left_out`).
    """
    told, ref = part(record.predicate.body, "change"), record.predicate.change
    own = None if ref is None else (ref.repository, ref.iid)
    return not told or (text(told, "repository"), number(told, "iid")) == own


def _change(record: Statement) -> str | None:
    return None if record.predicate.change is None else str(record.predicate.change.ref)


def _check_derived(files: Files, records: Sequence[bytes]) -> None:
    expected = derived(records)
    for name in (form.DECISION, form.PLAN, form.APPROVALS):
        if files.get(name) != expected.get(name):
            raise PacketError(name, "does not follow from the records")


def _sealed(files: Files, numbers: Sequence[int], keys: Sequence[PublicKey]) -> tuple[str, ...]:
    """Check the envelopes: of all records, or of none. Give the keys, among those that the reader knows, that signed each."""
    signers: list[str] = []
    wanted = {form.envelope_file(seq): form.record_file(seq) for seq in numbers}
    known = {key.fingerprint for key in keys}
    there = wanted.keys() & files.keys()
    for name in sorted(wanted if there else ()):
        if name not in there:
            raise PacketError(name, "is missing: other records have their envelopes")
        try:
            envelope = dsse.load(files[name])
        except MalformedError as error:
            raise PacketError(name, str(error)) from None
        if envelope.payload != files[wanted[name]] or envelope.payload_type != dsse.IN_TOTO:
            raise PacketError(name, "does not hold the record")
        if envelope.dump() != files[name]:
            raise PacketError(name, "is not written as we write envelopes")
        good, named = {key.fingerprint for key in envelope.signers(keys)}, {name for name, _ in envelope.signatures}
        if good - named or named & known - good:
            raise PacketError(name, "its signatures are not those of the keys that it names")
        signers += sorted(good) or [_UNKNOWN]
    return tuple(dict.fromkeys(signers))


def _unproved(files: Files, records: Sequence[bytes], missing: Mapping[str, str]) -> tuple[str, ...]:
    said = ["that there is no further record of this change: the branch shows it, its numbers have no gaps"]
    if form.DIFF in files:
        said.append(f"{form.DIFF}, which nobody signed: {_compare(newest_change(records))}")
    said.append(f"{form.PAGE}, which nobody signed: a view of the records, which are what is signed")
    absent = dict.fromkeys((name for name in (form.DIFF, *deciding(records)) if name not in files), "the manifest does not say why")
    said += [line(f"{name} is not {'whole' if name in files else 'here'}: {why}") for name, why in {**absent, **missing}.items()]
    return tuple(said)


def _compare(change: Plain) -> str:
    try:
        return f"compare with `git diff {sha(text(change, 'base') or '')} {sha(text(change, 'tree') or '')}`"
    except MalformedError:
        return "the records name no base and tree to compare"
