"""README.txt: how to check a packet, with our program and with stock ones. Follows from records and commits."""

from collections.abc import Sequence

from countersign.attestation import commit as commits
from countersign.attestation.packets import form
from countersign.attestation.packets.derived import about, keys_of
from countersign.attestation.packets.form import Files
from countersign.domain.neutral import line

_README = """\
This folder is the record of one change, {what}, out of the log
{log}

Check it with the list of keys, or the public keys, that you were given by another way than this folder. No network, no repository:

    countersign audit verify FOLDER --trust-root allowed_signers
    countersign audit verify FOLDER{options}

It takes all of these keys. Whether they are the right ones, this folder cannot say:

{keys}

Without our program, in this folder, with the list of keys beside it. The files are those that {sums} lists, as far as nobody wrote
that list anew:

    sha256sum --check --strict {sums}

For each record, proofs/NUMBER.payload is what was signed. Its line Countersign-Record is the SHA-256 of records/NUMBER.json:

    grep '^Countersign-Record:' proofs/*.payload
    sha256sum records/*.json

OpenSSH (9.1 or newer) checks the signatures. Keys are replaced, so each is asked for at the time that its commit bears:

{signatures}

index.html        the change on one page
records/          the records, byte for byte as they lie on the branch
proofs/           the commits that bind them; Merkle proofs (RFC 6962) that they are in the log of proofs/head.commit
decision.json     the newest decision with every reason; plan.json and approvals.json likewise: taken from the records
policy.yaml       the policy that decided; the record holds its digest
policies/         other policies that decided on the change before, where there were any, by their SHA-256
beside/           files beside the policy that decided, too (owners, a floor): a list, whose SHA-256 the record holds, names each
diff.patch        what changed. The record binds commits and trees, not this text: compare it with git where it matters
envelopes/        the records as DSSE envelopes, where whoever made this folder signed them
manifest.json     what this folder is about, for programs; `missing` names what is not here, or not whole, and why

What this folder cannot show: that there is no further record of the change. The branch can: its numbers have no gaps.
"""


def readme(files: Files, numbers: Sequence[int]) -> bytes:
    """Write it, from the records and commits that are in the packet."""
    told = about([files[form.record_file(seq)] for seq in numbers])
    keys = keys_of(files, numbers)
    return _README.format(
        what=line(told.change or told.summary),
        log=line(told.log),
        options="".join(f" --public-key key{number}.pub" for number in range(1, len(keys) + 1)),
        keys="\n".join(f"    {key} of {', '.join(names)}" for key, names in keys.items()),
        sums=form.SUMS,
        signatures="\n".join(f"    {_command(files, seq)}" for seq in numbers),
    ).encode()


def _command(files: Files, seq: int) -> str:
    commit = commits.parse(files[form.commit_file(seq)])
    who = f"-f ../allowed_signers -I {commit.email} -n git -Overify-time={commit.when:%Y%m%d%H%M%S}Z"
    return f"ssh-keygen -Y verify {who} -s {form.signature_file(seq)} < {form.payload_file(seq)}"
