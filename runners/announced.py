"""What the outbox holds of a run from just before its intent until just before its first credential. Pure.

Where the intent stands and its answer was lost, or the runner died right behind it, this tells whoever closes the run that nothing
was minted and nothing was run. Each step from one mark to the next is a swap: of one who begins and one who closes, one gets it.
"""

from collections.abc import Mapping
from typing import Final

from countersign.attestation.record import Draft, Entry
from countersign.attestation.statement import in_utc
from countersign.domain.canonical import canonical_json
from countersign.domain.ids import digest_of

BEGUN: Final[Mapping[str, object]] = {"begun": True}
"""Takes the mark's place before anything is minted. Where nothing takes the place of this, the run is lost."""

NEVER_BEGAN: Final = "it was announced and never began: nothing was minted, nothing was run"


def mark(intent: Draft | Entry) -> Mapping[str, object]:
    """Give the mark of this very intent, the draft or its record: that of another runner, of the same run, has another one."""
    said = [intent.key, in_utc(intent.time).isoformat(), intent.body]
    return {"announced": digest_of(canonical_json(said)), "project": "" if intent.change is None else intent.change.project}


def marked_for(kept: Mapping[str, object] | None) -> str | None:
    """Give the project of a run that is marked as announced; None where there is no mark."""
    return str(kept.get("project")) if kept is not None and "announced" in kept else None
