"""Checks one commit and its record by their bytes, many times faster than `chain.py`, for logs of a hundred thousand records.

Knows the one way in which we write both. Whatever is written otherwise, and whatever is wrong, raises `DoubtError`: then the
chain looks, and its word counts. So this module may doubt what is good, but must never pass what the chain refuses; tests hold
it to that.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import NamedTuple

from countersign.attestation import questions, readable, sshsig
from countersign.attestation.keys import TrustedKey, TrustRoot
from countersign.attestation.naming import Named, named_in
from countersign.attestation.place import Place, record_number
from countersign.attestation.record import MAX_RECORD, RecordKind
from countersign.attestation.sshsig import PublicKey
from countersign.attestation.statement import read
from countersign.domain.ids import ChangeRef, Digest, MalformedError

_COMMIT = re.compile(
    rb"tree (?P<tree>[0-9a-f]{40})\n"
    rb"(?:parent (?P<parent>[0-9a-f]{40})\n)?"
    rb"author (?P<who>Countersign <(?P<email>[A-Za-z0-9._+@-]+)> (?P<when>[1-9][0-9]{0,11}) \+0000)\n"
    rb"committer (?P=who)\n"
    rb"(?P<header>gpgsig -----BEGIN SSH SIGNATURE-----\n (?P<armor>(?:[A-Za-z0-9+/]{70}\n )*[A-Za-z0-9+/]{1,70}={0,2}\n )"
    rb"-----END SSH SIGNATURE-----\n)\n"
    rb"(?P<message>.*)",
    re.DOTALL,
)
_BEGIN = b'{\n  "_type": "https://in-toto.io/Statement/v1",\n  "predicate": {\n    "body": {'
_CHANGE = b'\n    "change": '
_END = re.compile(
    rb'\n    "change": (?:null|\{\n      "iid": (?P<iid>[1-9][0-9]{0,9}),'
    rb'\n      "repository": "(?P<project>[A-Za-z0-9_./-]+)"\n    \}),'
    rb'\n    "id": "(?P<id>[0-7][0-9A-HJKMNP-TV-Z]{25})",'
    rb'\n    "key": "(?P<key>[a-z_]{1,32}/[A-Za-z0-9][A-Za-z0-9:._-]{0,159})",'
    rb'\n    "kind": "(?P<kind>[a-z_]+)",'
    rb'\n    "log": "(?P<log>[\x21\x23-\x2a\x2c-\x5b\x5d-\x7e]{1,255})",'
    rb'\n    "prev": (?:null|"(?P<prev>sha256:[0-9a-f]{64})"),'
    rb'\n    "recorded_time": "(?P<recorded>[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})Z",'
    rb'\n    "run_id": (?:null|"(?P<run>run-[a-z2-7]{20})"),'
    rb'\n    "seq": (?P<seq>0|[1-9][0-9]{0,9}),'
    rb'\n    "summary": "(?P<summary>[\x20\x21\x23-\x3f\x41-\x5b\x5d-\x7e]{1,255})",'
    rb'\n    "time": "(?P<time>[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})Z",'
    rb'\n    "v": [1-9][0-9]{0,5}\n  \},\n  "predicateType": "https://countersign.dev/audit/v1",\n  "subject": \['
    rb'(?:\n    \{\n      "digest": \{(?:\n        "[A-Za-z0-9]+": "[0-9a-f]{40,128}",?)+\n      \},'
    rb'\n      "name": "[\x20\x21\x23-\x5b\x5d-\x7e]{1,200}"\n    \},?)+\n  \]\n\}\n'
)
_DIGITS = str.maketrans("ABCDEFGHJKMNPQRSTVWXYZ", "abcdefghijklmnopqrstuv")
"""From a ULID's digits to those of `int`."""

_OUTSIDE = re.compile(rb"\n {0,3}[^ ]")
"""A line of the statement itself: none such stands between the body and the rest of the predicate."""

_NAMED = {
    kind.value.encode(): re.compile(f'\n      "{field}": "{before}({questions.BINDING})"'.encode())
    for kind, (field, before) in questions.NAMES.items()
}
"""The question that a record names in its body, by the record's kind (`questions.named`)."""

_SIGNATURE_BYTES = 64
_BREAK = b"\n "  # what ends each line of a signature in a commit: a header goes on after a blank


class DoubtError(Exception):
    """It is not written as we write it, or it is wrong: the chain has to look."""


class Signed(NamedTuple):
    """A commit whose signature is good."""

    tree: bytes
    parent: bytes | None
    when: int
    message: bytes
    key: bytes


class Told(NamedTuple):
    """What a record says of itself, but for its body."""

    change: ChangeRef | None
    id: str
    key: str
    kind: RecordKind
    log: str
    prev: str | None
    recorded: datetime
    run: str | None
    seq: int
    summary: str
    binding: str | None
    named: Named


@dataclass(slots=True)
class _Known:
    """A key of the trust root, ready to be used."""

    key: PublicKey
    hash_name: bytes
    length: int
    """Characters that its signature has in a commit. All lines but the last are full, so there is one way to break them."""
    windows: tuple[tuple[bytes, float, float], ...]
    """For whom it may sign, from when to when: in seconds, both included."""


@dataclass(slots=True)
class Glance:
    """Looks at commits under one trust root."""

    trust: TrustRoot
    _known: dict[bytes, _Known] = field(default_factory=dict)
    _changes: dict[tuple[bytes, bytes], ChangeRef] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the keys ready: everything before the 64 bytes of a signature is the same for one key."""
        for key in {trusted.key for trusted in self.trust.keys}:
            windows = tuple(_window(item) for item in self.trust.keys if item.key == key)
            for hash_name in sshsig.HASHES:
                before = sshsig.before_signature(key, hash_name)
                characters = len(base64.b64encode(before + bytes(_SIGNATURE_BYTES)))
                length = characters + len(_BREAK) * -(-characters // sshsig.LINE)
                self._known[before] = _Known(key, hash_name, length, windows)

    def commit(self, raw: bytes) -> Signed:
        """Check form and signature of a commit.

        Raises:
            DoubtError: see above.
        """
        found = _COMMIT.fullmatch(raw)
        if found is None:
            raise DoubtError
        broken = found["armor"]
        armor = broken.replace(_BREAK, b"")
        try:
            blob = binascii.a2b_base64(armor, strict_mode=True)
        except ValueError:
            raise DoubtError from None
        known = self._known.get(blob[:-_SIGNATURE_BYTES])
        if known is None or binascii.b2a_base64(blob, newline=False) != armor or len(broken) != known.length:
            raise DoubtError
        start, end = found.span("header")
        if not known.key.verify(blob[-_SIGNATURE_BYTES:], sshsig.signed(raw[:start] + raw[end:], known.hash_name)):
            raise DoubtError
        email, when = found["email"], int(found["when"])
        if not any(principal == email and after <= when <= before for principal, after, before in known.windows):
            raise DoubtError
        return Signed(found["tree"], found["parent"], when, found["message"], known.key.raw)

    def record(self, raw: bytes) -> Told:
        """Check form of a record, and give what it says of itself.

        Raises:
            DoubtError: see above.
        """
        if len(raw) > MAX_RECORD:
            raise DoubtError
        found = _END.fullmatch(raw, max(0, raw.find(_CHANGE))) if raw.startswith(_BEGIN) and readable.is_plain(raw) else None
        if found is not None and _OUTSIDE.search(raw, len(_BEGIN), found.start()) is not None:
            raise DoubtError  # what follows the body is not the predicate's
        told = self._closely(raw) if found is None else self._told(raw, found)
        place = Place(told.log, told.seq, None if told.prev is None else Digest(told.prev), told.recorded)
        if int(told.id.translate(_DIGITS), 32) != record_number(place, told.key):
            raise DoubtError
        return told

    def _told(self, raw: bytes, found: re.Match[bytes]) -> Told:
        summary, log = found["summary"].decode(), found["log"].decode()
        try:
            recorded = datetime.fromisoformat(found["recorded"].decode() + "+00:00")
            time = datetime.fromisoformat(found["time"].decode() + "+00:00")
            change = self._change(found["project"], found["iid"])
            kind = RecordKind(found["kind"].decode())
        except (MalformedError, ValueError):
            raise DoubtError from None
        if " ".join(summary.split()) != summary or time > recorded or "@" in log.partition("://")[2].partition("/")[0]:
            raise DoubtError
        prev, run = found["prev"], found["run"]
        question = _NAMED.get(found["kind"])
        end = len(_BEGIN) if raw.startswith(b"}", len(_BEGIN)) else raw.find(b"\n    }", len(_BEGIN))  # of the body
        binding = None if question is None else question.search(raw, len(_BEGIN) - 1, end)
        return Told(
            change=change,
            id=found["id"].decode(),
            key=found["key"].decode(),
            kind=kind,
            log=log,
            prev=None if prev is None else prev.decode(),
            recorded=recorded,
            run=None if run is None else run.decode(),
            seq=int(found["seq"]),
            summary=summary,
            binding=None if binding is None else binding[1].decode(),
            named=named_in(raw, len(_BEGIN), end),
        )

    def _closely(self, raw: bytes) -> Told:
        """Read a record that holds what the quick look does not know: letters that are not ASCII, fields of a later version."""
        try:
            part = read(raw).predicate
        except MalformedError:
            raise DoubtError from None
        if part.time > part.recorded_time:
            raise DoubtError
        change = None if part.change is None else part.change.ref
        place = (part.log, part.prev, part.recorded_time, part.run_id, part.seq, part.summary)
        return Told(change, part.id, part.key, part.kind, *place, questions.named(part.kind, part.body), part.named)

    def _change(self, project: bytes | None, iid: bytes | None) -> ChangeRef | None:
        if project is None or iid is None:
            return None
        known = self._changes.get((project, iid))
        if known is None:
            known = self._changes[project, iid] = ChangeRef(project.decode(), int(iid))
        return known


def message(told: Told, digest: str, root: str) -> bytes:
    """Give the message that goes with a record; the same bytes as `commit.message` gives."""
    change = "none" if told.change is None else str(told.change)
    return (
        f"{told.summary}\n\nCountersign-Seq: {told.seq}\nCountersign-Id: {told.id}\nCountersign-Kind: {told.kind}\n"
        f"Countersign-Key: {told.key}\nCountersign-Run: {told.run or 'none'}\nCountersign-Change: {change}\n"
        f"{told.named.trailers}Countersign-Origin: {told.log}\nCountersign-Record: {digest}\n"
        f"Countersign-Previous: {told.prev or 'none'}\nCountersign-Size: {told.seq + 1}\nCountersign-Root: {root}\n"
    ).encode()


def digests(raw: bytes) -> tuple[str, bytes]:
    """Give a record's digest and its hash as a leaf."""
    return "sha256:" + hashlib.sha256(raw).hexdigest(), hashlib.sha256(b"\0" + raw).digest()


def _window(trusted: TrustedKey) -> tuple[bytes, float, float]:
    after, before = trusted.valid_after, trusted.valid_before
    return trusted.principal.encode(), -inf if after is None else after.timestamp(), inf if before is None else before.timestamp()
