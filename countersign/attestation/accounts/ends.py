"""How a run ended, as far as anything is earned or lost by it: one definition, for the runner that takes back and whoever counts.

Reads an outcome's kind and body; of a body nothing is promised, and what it does not say is not taken for granted. Pure.
"""

from countersign.attestation.accounts.plain import Plain, at, part, parts, text
from countersign.attestation.record import RecordKind


def never_began(kind: str | None, body: Plain) -> bool:
    """Say whether the run was announced and no more: nothing was minted, nothing was run. It tells nothing of its kind of change.

    The runner has to have said so, and nothing beside it may say otherwise: one that may have begun is never taken for this.
    """
    said = kind == RecordKind.FAILED.value and at(body, "began") is False
    return said and at(body, "result") is None and all(at(grant, "minted") is None for grant in parts(body, "grants"))


def went_wrong(kind: str | None, body: Plain) -> str | None:
    """Say what went wrong in a run; None where nothing did, and where it never began."""
    if kind != RecordKind.EXECUTED.value:
        how = "failed" if kind == RecordKind.FAILED.value else "was lost sight of"
        return None if never_began(kind, body) else f"its run {how}"
    if part(body, "result").get("tainted") is True:
        return "its run showed a credential"
    if any(text(grant, "proof") != "dead" for grant in parts(body, "grants")):
        return "a credential of its run was not proved dead"
    return None
