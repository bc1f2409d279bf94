"""Puts a packet together: the same records of the same branch give the same bytes, file by file. Reads and writes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from countersign.attestation import commit as commits
from countersign.attestation import dsse, readable
from countersign.attestation.accounts.plain import text
from countersign.attestation.keys import Signer
from countersign.attestation.merkle import consistency_proof, inclusion_proof
from countersign.attestation.packets import form
from countersign.attestation.packets.derived import derived, predicates, signers
from countersign.attestation.packets.form import Files
from countersign.domain.ids import digest_of

_README = """\
This folder is the record of one change, {what}, out of the log
{log}

Check it with the list of keys, or the public keys, that you were given by another way than this folder. No network, no repository:

    countersign audit verify FOLDER --trust-root allowed_signers
    countersign audit verify FOLDER{options}

It takes all of these keys. Whether they are the right ones, this folder cannot say:

{keys}

Without our program: manifest.json names the SHA-256 of every file. For each record, proofs/NUMBER.payload is what was signed:
its last lines name the SHA-256 of records/NUMBER.json. Check the signature with OpenSSH:

    ssh-keygen -Y verify -f allowed_signers -I PRINCIPAL -n git -s proofs/NUMBER.sig < proofs/NUMBER.payload

index.html        the change on one page
records/          the records, byte for byte as they lie on the branch
proofs/           the commits that bind them; Merkle proofs (RFC 6962) that they are in the log of proofs/head.commit
decision.json     the newest decision with every reason; plan.json and approvals.json likewise: taken from the records
policy.yaml       the policy that decided; the record holds its digest
policies/         other policies that decided on the change before, where there were any, by their SHA-256
beside/           files beside the policy that decided, too (owners, a floor): a list, whose SHA-256 the record holds, names each
diff.patch        what changed. The record binds commits and trees, not this text: compare it with git where it matters
envelopes/        the records as DSSE envelopes, where whoever made this folder signed them

What this folder cannot show: that there is no further record of the change. The branch can: its numbers have no gaps.
"""


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
    first = predicates(records)[0]
    change = _change(first)
    log = text(first, "log") or ""
    keys = signers([contents.head, *(held.commit for held in contents.held)])
    files[form.README] = _readme(change or text(first, "summary") or "", log, keys)
    manifest = {
        "type": form.PACKET_TYPE,
        "change": change,
        "keys": keys,
        "log": log,
        "missing": dict(contents.missing),
        "records": [held.seq for held in contents.held],
        "size": len(contents.leaves),
        "files": listing(files),
    }
    return {form.MANIFEST: readable.dump(manifest)} | {name: files[name] for name in sorted(files)}


def _readme(what: str, log: str, keys: Mapping[str, Sequence[str]]) -> bytes:
    options = "".join(f" --public-key key{number}.pub" for number in range(1, len(keys) + 1))
    listed = "\n".join(f"    {key} of {', '.join(names)}" for key, names in keys.items())
    return _README.format(what=what, log=log, options=options, keys=listed).encode()


def listing(files: Files) -> dict[str, dict[str, object]]:
    """Name size and SHA-256 of every file."""
    return {name: {"sha256": digest_of(data).removeprefix("sha256:"), "size": len(data)} for name, data in files.items()}


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


def _change(predicate: Mapping[str, object]) -> str | None:
    repository, iid = text(predicate, "change", "repository"), text(predicate, "change", "iid")
    return None if repository is None or iid is None else f"{repository}!{iid}"
