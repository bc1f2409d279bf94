"""`countersign audit verify PACKET`: a folder, a key, no network and no repository."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from countersign.adapters.packet import read_packet
from countersign.attestation.keys import Trust, TrustRoot
from countersign.attestation.packets.check import Verdict, check
from countersign.attestation.packets.problem import PacketError
from countersign.attestation.packets.signed import KeyNotGivenError, KeysAlone
from countersign.attestation.sshsig import PublicKey
from countersign.cli.audit.action import FINE, USAGE, WRONG
from countersign.cli.audit.reading import read_trust_root
from countersign.domain.ids import MalformedError
from countersign.domain.neutral import line

_WINDOW = 'key@public-key.invalid namespaces="git" '


def verify_packet(options: argparse.Namespace) -> int:
    """Check the packet that the options name, and say what it proves."""
    trust, keys = _trust(options)
    files = read_packet(options.packet)
    try:
        verdict = check(files, trust, keys)
    except PacketError as error:
        _say_not(options, f"first wrong: {error}", {"file": error.name, "why": error.why})
        return WRONG
    except KeyNotGivenError as error:
        _say_not(options, f"{error} {_GIVE}", {"key_not_given": error.fingerprint, "why": f"{error} {_GIVE}"})
        return USAGE
    if options.format == "json":
        print(json.dumps(_document(options.packet, verdict), sort_keys=True))
        return FINE
    print(f"packet: {line(str(options.packet))}, {verdict.change or 'a record of no change'}")
    print(f"in the log {verdict.log}, of {verdict.head.size} records, root {verdict.head.root}")
    for signer in verdict.signed_by:
        print(f"signed by: {signer}")
    for key in verdict.sealed:
        print(f"sealed by: {key}")
    print(f"verified: {len(verdict.records)} records, {len(files)} files, 0 problems")
    for said in verdict.unproved:
        print(f"not shown: {said}", file=sys.stderr)
    return FINE


_GIVE = "(give it with another --public-key, or --trust-root; `keys` in manifest.json names all that signed)"


def _say_not(options: argparse.Namespace, said: str, problem: Mapping[str, str]) -> None:
    if options.format == "json":
        print(json.dumps({"packet": str(options.packet), "problem": problem}, sort_keys=True))
    else:
        print(f"packet: {line(str(options.packet))}\n{said}\nNOT verified")


def _document(packet: Path, verdict: Verdict) -> dict[str, object]:
    return {
        "change": verdict.change,
        "log": verdict.log,
        "not_shown": list(verdict.unproved),
        "packet": str(packet),
        "problem": None,
        "records": list(verdict.records),
        "root": verdict.head.root,
        "sealed_by": list(verdict.sealed),
        "signed_by": list(verdict.signed_by),
        "size": verdict.head.size,
    }


def _trust(options: argparse.Namespace) -> tuple[Trust, Sequence[PublicKey]]:
    if (options.trust_root is None) == (not options.public_key):
        raise MalformedError(
            "give --trust-root FILE, or --public-key FILE for every key: who may sign, from a source other than the packet"
        )
    if options.trust_root is not None:
        root = read_trust_root(options.trust_root)
        return root, [trusted.key for trusted in root.keys]
    keys = [_public_key(path) for path in options.public_key]
    return KeysAlone(frozenset(keys)), keys


def _public_key(path: Path) -> PublicKey:
    try:
        words = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        raise MalformedError(f"the public key {path} cannot be read") from None
    if len(words) < 2:  # noqa: PLR2004 - type and key; a comment may follow
        raise MalformedError(f"{path}: not a public key as ssh-keygen writes it: ssh-ed25519 AAAA…")
    return TrustRoot.parse(f"{_WINDOW}{words[0]} {words[1]}\n").keys[0].key
