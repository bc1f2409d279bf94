"""What the outbox holds of a run from just before its intent until just before its first credential.

Where the intent stands and its answer was lost, or the runner died right behind it, this tells whoever closes the run that nothing
was minted and nothing was run. Each step from one mark to the next is a swap: of one who begins and one who closes, one gets it.
"""

from collections.abc import Mapping
from typing import Final

from countersign.attestation.record import Draft, Entry
from countersign.attestation.statement import in_utc
from countersign.domain.canonical import canonical_json
from countersign.domain.ids import Digest, RunId, digest_of
from countersign.domain.outcomes import Fault
from runners.ports import Outbox

_TRIES: Final = 100
"""Earlier tries that a mark names, far more than are made while a push can still arrive."""

NEVER_BEGAN: Final = "it was announced and never began: nothing was minted, nothing was run"


def mark(intent: Draft | Entry) -> Mapping[str, object]:
    """Give the mark of this very intent, the draft or its record: that of another runner, of the same run, has another one."""
    return {"announced": [_name(intent)], "project": named_in(intent)}


def _name(intent: Draft | Entry) -> Digest:
    return digest_of(canonical_json([intent.key, in_utc(intent.time).isoformat(), intent.body]))


def make_room(outbox: Outbox, run: RunId, intent: Draft) -> None:
    """Make room for what comes of a run, and put the mark into it, beside those of earlier tries: what they pushed may yet arrive.

    What else is kept there stays. It is of another runner's intent, which stands: whoever appends one is told so.

    Raises:
        Fault: there is no room, or it went before the mark was in it. Nothing may be announced: nobody could begin it.
    """
    marked = mark(intent)
    [ours] = _names(marked)
    outbox.reserve(run, marked)
    kept = outbox.get(run)
    if kept is None or is_marked(kept):
        earlier = [name for name in _names(kept) if name != ours]
        if not outbox.swap(run, kept, {**marked, "announced": [*earlier[-_TRIES:], ours]}):
            raise Fault("its room in the outbox went to another, or away, before the run was announced")


def replace_mark(outbox: Outbox, run: RunId, intent: Draft | Entry, new: Mapping[str, object]) -> bool:
    """Put something in the place of a mark, where that names this very intent; say whether.

    Raises:
        Fault: the disk refused.
    """
    kept = outbox.get(run)
    return _name(intent) in _names(kept) and outbox.swap(run, kept, new)


def begun(intent: Draft | Entry) -> Mapping[str, object]:
    """Give what takes the mark's place before anything is minted. Where nothing takes the place of this, the run is lost."""
    return {"begun": True, "project": named_in(intent)}


def named_in(intent: Draft | Entry) -> str:
    """Give the project that an intent names, to stand in all that the outbox keeps of its run; empty where it names none."""
    return "" if intent.change is None else intent.change.project


def project_of(kept: Mapping[str, object] | None) -> str:
    """Give the project of what the outbox kept; empty where nothing is kept, or by an earlier version, which did not say."""
    project = None if kept is None else kept.get("project")
    return project if isinstance(project, str) else ""


def is_marked(kept: Mapping[str, object] | None) -> bool:
    """Say whether a run is marked as announced, and nothing took the mark's place."""
    return kept is not None and "announced" in kept


def _names(kept: Mapping[str, object] | None) -> list[object]:
    """Give the names of the intents that a mark stands for. An earlier version wrote one, and no list."""
    names = None if kept is None else kept.get("announced")
    return names if isinstance(names, list) else [] if names is None else [names]
