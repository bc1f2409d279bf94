"""Tells the people on the change what came of it: commit status, label, a comment for each run and one for refusals.

Says nothing that an agent wrote: no output, no rationale. The record is the truth; this is a courtesy that points to it.
"""

from collections.abc import Mapping
from contextlib import nullcontext, suppress

from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.record import AUDIT_BRANCH, Entry, RecordKind
from countersign.domain.decision import Decision
from countersign.domain.neutral import neutral
from countersign.domain.outcomes import ForgeFault
from countersign.domain.ports import Change, Forge, StatusState

REFUSED = "<!-- countersign:runner -->"
"""Begins the comment that tells the newest refusal; it is edited in place. What came of a run stays, with its checkpoint."""

_FAMILY = "countersign::"


def waiting(forge: Forge, change: Change, decision: Decision) -> None:
    """Say, once the question is on the record, what it waits for: approvals count from now on."""
    missing = ", ".join(f"{need.missing} of {need.team}" for need in decision.needs if need.missing)
    text = f"on the record; {decision.effect.word}" + (f", waits for {missing}" if missing else "")
    forge.set_status(change.ref.project, change.head, StatusState.PENDING, text, None)


def held(forge: Forge, change: Change, intent: Entry, environment: str | None) -> None:
    """Say that an environment waits for another run, whose outcome is not on the record yet."""
    text = f"{environment or 'no environment'} waits: the outcome of {intent.run}, {intent.change}, is not on the record yet"
    forge.set_status(change.ref.project, change.head, StatusState.PENDING, text, None)


def no_room(forge: Forge, change: Change) -> None:
    """Say that a run does not begin because its runner's disk has no room for what would come of it."""
    text = "waits: its runner's disk has no room to keep what would come of the run; nothing was minted"
    forge.set_status(change.ref.project, change.head, StatusState.PENDING, text, None)


def unrecorded(forge: Forge, change: Change, intent: Entry, kind: RecordKind) -> None:
    """Say that a run has ended and its outcome is not on the record yet. Whoever tells the outcome edits the same comment."""
    word = {RecordKind.EXECUTED: "applied", RecordKind.FAILED: "failed"}.get(kind, "announced")
    text = (
        "What came of the run is not on the audit branch yet, or a credential of it is not proved dead. The runner tries again by "
        "itself. Until then nothing is merged, and nothing else runs in the same environment. If this stays, whoever runs "
        "Countersign looks into the runner's log."
    )
    _say(forge, change, intent, f"… {word.capitalize()}, not yet recorded", text)
    # running, since a forge that shows a status as pending does not take other words for it
    forge.set_status(change.ref.project, change.head, StatusState.RUNNING, f"{word}, not yet recorded", None)


def applied(forge: Forge, change: Change, outcome: Entry, *, unmerged: str = "", current: bool = True) -> None:
    """Say that the change was applied, before it is merged; `unmerged` says why it will not be. `current` as in `not_applied`."""
    headline = "✔ Applied, not merged" if unmerged else "✔ Applied"
    detail = f"Not merged: {neutral(unmerged)}. Bring what was applied into the branch by hand.\n\n" if unmerged else ""
    _say(forge, change, outcome, headline, detail + _ends(outcome))
    _mark(forge, change, outcome, "applied", current=current)


def not_applied(forge: Forge, change: Change, outcome: Entry, *, current: bool = True) -> None:
    """Say that a run failed, or that nothing was kept of how it ended and nobody can tell how far it came.

    `change` has the head that was run; `current` says whether the change still has it.
    """
    word = outcome.kind.value
    fault = outcome.body.get("fault")
    how = f"The run failed: {neutral(str(fault))}" if fault else "The command did not succeed"
    detail = {
        "failed": f"{how}. It is not tried again by itself: push a new commit.",
        "lost": "The run was announced, and nothing was kept of how it ended: its runner died, or could not write it down. "
        "The command may have taken effect: look at the target, then push a new commit.",
    }[word]
    _say(forge, change, outcome, f"✘ {word.capitalize()}", detail + "\n\n" + _ends(outcome))
    _mark(forge, change, outcome, word, current=current)


def refused(forge: Forge, change: Change, entry: Entry, why: str) -> None:
    """Say that the runner, looking for itself, refuses."""
    _say(forge, change, entry, "✘ Refused: nothing was minted, nothing was run", neutral(why))
    forge.set_label(change.ref, "countersign::refused", family=_FAMILY)
    forge.set_status(change.ref.project, change.head, StatusState.FAILED, f"refused, record {entry.seq}", None)


def nothing_to_run(forge: Forge, change: Change) -> None:
    """Say that people may merge: no action takes the change."""
    forge.set_label(change.ref, "countersign::nothing-to-run", family=_FAMILY)
    forge.set_status(change.ref.project, change.head, StatusState.SUCCESS, "allowed; no action takes it, nothing to run", None)


def _mark(forge: Forge, change: Change, outcome: Entry, word: str, *, current: bool) -> None:
    """Put the end of a run on its commit, and on the change while that is its head: a label tells of what would be merged now."""
    if current:
        forge.set_label(change.ref, f"countersign::{word}", family=_FAMILY)
    state = StatusState.SUCCESS if outcome.kind is RecordKind.EXECUTED else StatusState.FAILED
    with nullcontext() if current else suppress(ForgeFault):  # a forge takes no status for a commit that no branch has any more
        forge.set_status(change.ref.project, change.head, state, f"{word}, record {outcome.seq}", None)


def _say(forge: Forge, change: Change, entry: Entry, headline: str, text: str) -> None:
    where = f"Record {entry.seq} on branch `{AUDIT_BRANCH}`: `{entry.path}`, `{entry.digest}`"
    # left where whoever rewrites the branch does not reach: `countersign audit verify --checkpoint` takes it
    seen = f"Checkpoint: `{Checkpoint(entry.seq + 1, entry.root)}`"
    marker = REFUSED if entry.run is None else f"<!-- countersign:runner {entry.run} -->"
    forge.say(change.ref, marker, f"### {headline}\n\n{text}\n\n{where}\n\n{seen}\n")


def _ends(outcome: Entry) -> str:
    grants = outcome.body.get("grants")
    lines = [
        f"- `{grant.get('public_id') or grant.get('handle')}`: revoked {grant.get('revoked')}, {grant.get('proof')}"
        for grant in (grants if isinstance(grants, list) else [])
        if isinstance(grant, Mapping)
    ]
    return "Credentials of this run:\n" + "\n".join(lines) if lines else "No credential was minted."
