"""Packets, and what whoever tampers with one can write anew in it: every list, since none of them is signed."""

import json
from collections.abc import Mapping
from pathlib import Path

from countersign.attestation import readable
from countersign.attestation.packets.sums import sums
from countersign.cli.main import main
from tests.support.audit import pem, signer
from tests.support.auditor import Auditor


def applied(auditor: Auditor) -> str:
    """Name a change of the history that was applied to production."""
    for subject in auditor.git("log", "--format=%s", "origin/countersign/audit").stdout.decode().splitlines():
        if subject.startswith("Applied migrate to production"):
            return subject.rpartition(" ")[2]
    raise AssertionError


def sealed(auditor: Auditor, home: Path) -> Path:
    """Make a packet of it, sealed by whoever made it."""
    (home / "seal").write_bytes(pem(signer(9)))
    arguments = ["audit", "packet", applied(auditor), "--out", str(home / "packet"), "--seal", str(home / "seal")]
    assert main([*arguments, "--repo", str(auditor.clone), "--trust-root", str(auditor.trust_file)]) == 0
    return home / "packet"


def told(files: Mapping[str, bytes]) -> dict[str, object]:
    """Read the manifest."""
    found: dict[str, object] = json.loads(files["manifest.json"])
    return found


def relisted(files: Mapping[str, bytes], **fields: object) -> dict[str, bytes]:
    """Write SHA256SUMS anew, and these fields of the manifest."""
    changed = dict(files)
    if fields:
        changed["manifest.json"] = readable.dump(told(files) | fields)
    return changed | {"SHA256SUMS": sums(changed)}
