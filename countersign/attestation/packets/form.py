"""What lies where in a packet. Makes and checks nothing (`make.py`, `check.py`)."""

import re
from collections.abc import Iterable, Mapping, Sequence

PACKET_TYPE = "https://countersign.dev/packet/v2"
EARLIER_TYPES = frozenset({"https://countersign.dev/packet/v1"})
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
HEAD = "proofs/head.commit"
PAGE = "index.html"
README = "README.txt"
POLICY = "policy.yaml"
DIFF = "diff.patch"
DECISION, PLAN, APPROVALS = "decision.json", "plan.json", "approvals.json"

POLICY_PLACE = ".countersign/policy.yaml"
"""Where the protected branch holds the policy; `countersign.adapters.observe` reads it there (held together by a test)."""

POLICIES, BESIDE = "policies/", "beside/"

Files = Mapping[str, bytes]
"""A packet's files by their paths within it."""

_RECORD = re.compile(r"records/([0-9]{10})\.json")

MOST_FILES = 2000
LARGEST = 64 * 1024 * 1024
"""Bytes of all files together."""


def record_file(seq: int) -> str:
    """Give the place of a record's exact bytes."""
    return f"records/{seq:010d}.json"


def commit_file(seq: int) -> str:
    """Give the place of the commit that binds a record: git's own bytes."""
    return f"proofs/{seq:010d}.commit"


def payload_file(seq: int) -> str:
    """Give the place of what the commit's signature is over, for `ssh-keygen -Y verify`."""
    return f"proofs/{seq:010d}.payload"


def signature_file(seq: int) -> str:
    """Give the place of the commit's signature, armored."""
    return f"proofs/{seq:010d}.sig"


def proof_file(seq: int) -> str:
    """Give the place of the proofs that the record, and the log as it was then, are in the log of the head."""
    return f"proofs/{seq:010d}.merkle.json"


def policy_file(digest: str) -> str:
    """Give the place of a policy that decided before the newest one, by its digest."""
    return f"{POLICIES}{digest.removeprefix('sha256:')}.yaml"


def beside_list(digest: str) -> str:
    """Give the place of a list of what stood beside a policy: names and digests. Records name it by its own digest."""
    return f"{BESIDE}{digest.removeprefix('sha256:')}.json"


def beside_file(digest: str) -> str:
    """Give the place of a file that stood beside a policy, by its digest."""
    return f"{BESIDE}{digest.removeprefix('sha256:')}"


def envelope_file(seq: int) -> str:
    """Give the place of a record's DSSE envelope."""
    return f"envelopes/{seq:010d}.dsse.json"


def numbers_of(names: Iterable[str]) -> list[int]:
    """Give the numbers of the records that are there, in order."""
    return sorted(int(found[1]) for found in map(_RECORD.fullmatch, names) if found is not None)


def always(numbers: Sequence[int]) -> set[str]:
    """Give what every packet with these records has."""
    of_records = (record_file, commit_file, payload_file, signature_file, proof_file)
    return {MANIFEST, SUMS, README, PAGE, HEAD, *(place(seq) for seq in numbers for place in of_records)}


def sometimes(numbers: Sequence[int]) -> set[str]:
    """Give what such a packet may have besides, but for what records name in `POLICIES` and `BESIDE` (`deciding.py`)."""
    return {DECISION, PLAN, APPROVALS, POLICY, DIFF, *map(envelope_file, numbers)}
