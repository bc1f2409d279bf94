"""Tells the people on the change what came of it: commit status, label, a comment for each run and one for refusals.

Repeats no output and no rationale. What it has to quote of others, names of files and words of services, is letters to read:
only the last line of a comment is a checkpoint. The record is the truth; this is a courtesy that points to it.
"""

from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass

from countersign.attestation import comment
from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.record import AUDIT_BRANCH, Entry, RecordKind
from countersign.domain.decision import Decision
from countersign.domain.neutral import code, inline
from countersign.domain.outcomes import ForgeFault
from countersign.domain.ports import Change, Forge, StatusState

_FAMILY = "countersign::"


@dataclass(frozen=True, slots=True)
class Apart:
    """Why a change is not merged as it was applied. `held`: the branch has all of it all the same; None where people must look."""

    why: str
    held: bool | None = False


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


def unrecorded(forge: Forge, change: Change, intent: Entry, kind: RecordKind, *, over: bool = False) -> None:
    """Say that a run has ended and its outcome is not on the record yet. Whoever tells the outcome edits the same comment.

    Where that was told, by a runner that could read the branch while this one cannot, it stays, with its checkpoint; unless this is
    to be told `over` it.
    """
    ours = comment.marker(intent.run)
    if not over and any(said.startswith(ours) and intent.digest not in said for said in forge.comments(change.ref)):
        return
    word = {RecordKind.EXECUTED: "applied", RecordKind.FAILED: "failed"}.get(kind, "announced")
    text = (
        "What came of the run is not on the audit branch yet, or a credential of it is not proved dead. The runner tries again by "
        "itself. Until then nothing is merged, and nothing else runs in the same environment. If this stays, whoever runs "
        "Countersign looks into the runner's log."
    )
    _say(forge, change, intent, f"… {word.capitalize()}, not yet recorded", text)
    # running, since a forge that shows a status as pending does not take other words for it
    forge.set_status(change.ref.project, change.head, StatusState.RUNNING, f"{word}, not yet recorded", None)


def applied(forge: Forge, change: Change, outcome: Entry, *, apart: Apart | None = None, current: bool = True) -> None:
    """Say that the change was applied, before it is merged; or why it will not be. `current` as in `not_applied`."""
    headline, detail = "✔ Applied", ""
    if apart is not None:
        headline += {True: "", False: ", not merged", None: ", perhaps not merged"}[apart.held]
        detail = _apart(apart) + "\n\n"
    _say(forge, change, outcome, headline, detail + _ends(outcome))
    _mark(forge, change, outcome, "applied", current=current)


def not_applied(forge: Forge, change: Change, outcome: Entry, *, current: bool = True) -> None:
    """Say that a run failed, or that whoever closed it found nothing of how it ended and could not tell how far it came.

    `change` has the head that was run; `current` says whether the change still has it.
    """
    word = outcome.kind.value
    fault = outcome.body.get("fault")
    how = f"The run failed: {inline(str(fault))}" if fault else "The command did not succeed"
    detail = {
        "failed": f"{how}. It is not tried again by itself: push a new commit.",
        "lost": "The run was announced, and whoever closed it found nothing of how it ended: its runner died, could not write it "
        "down, or was out of reach. The command may have taken effect: look at the target, then push a new commit. If that runner "
        "comes back, what it knows follows on the record.",
    }[word]
    _say(forge, change, outcome, f"✘ {word.capitalize()}", detail + "\n\n" + _ends(outcome))
    _mark(forge, change, outcome, word, current=current)


def refused(forge: Forge, change: Change, entry: Entry, why: str) -> None:
    """Say that the runner, looking for itself, refuses."""
    _say(forge, change, entry, "✘ Refused: nothing was minted, nothing was run", inline(why))
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
    """Write a comment. A refusal takes the place of the one before; what came of a run stays, with its checkpoint."""
    where = f"Record {entry.seq} on branch `{AUDIT_BRANCH}`: `{entry.path}`, `{entry.digest}`"
    # left where whoever rewrites the branch does not reach: `countersign audit verify --checkpoint` takes it
    seen = comment.last_line(Checkpoint(entry.seq + 1, entry.root))
    forge.say(change.ref, comment.marker(entry.run), f"### {headline}\n\n{text}\n\n{where}\n\n{seen}\n")


def _apart(apart: Apart) -> str:
    why = inline(apart.why)
    if apart.held:
        return f"Merged all the same: {why}."
    if apart.held is None:
        return f"Perhaps not merged: {why}. Look at branch and target, and bring them together by hand."
    return f"Not merged: {why}. Bring what was applied into the branch by hand."


def _ends(outcome: Entry) -> str:
    """Tell how each credential ended: those that the record names, and those for whose names it had no room."""
    told = outcome.body.get("grants")
    grants = [grant for grant in told if isinstance(grant, Mapping)] if isinstance(told, list) else []
    lines = [*map(_end, grants), *_not_listed(outcome.body, len(grants))]
    if outcome.body.get("began") is False and lines and not any(grant.get("minted") for grant in grants):
        return "No credential was minted. What was announced was revoked all the same."
    return "Credentials of this run:\n" + "\n".join(lines) if lines else "No credential was minted."


def _end(grant: Mapping[str, object]) -> str:
    name = code(str(grant.get("public_id") or grant.get("handle")))
    ended = f"revoked {grant.get('revoked')}, {grant.get('proof')}"
    return f"- {name}: {ended}" if grant.get("minted") else f"- {name}: may have been minted; all the same {ended}"


def _not_listed(body: Mapping[str, object], listed: int) -> list[str]:
    """Count those that were left out (`fitting`): first all that are proved dead, then all but one of the others."""
    left, intent = body.get("left_out"), body.get("intent")
    parts = [part for part in left if isinstance(part, Mapping)] if isinstance(left, list) else []
    had = {part.get("part"): count for part in parts if isinstance(count := part.get("count"), int)}
    loose = had.get("grants[] not proved dead", listed)
    counts = (("proved dead", had.get("grants[] proved dead", loose) - loose), ("**not** proved dead", loose - listed))
    where = f"record {intent.get('seq')}, the intent, has them" if isinstance(intent, Mapping) else "the intent has them"
    said = [f"{count} {proof}" for proof, count in counts if count > 0]
    said = said or ["others"] * any(str(part.get("part")).startswith("grants[] ") for part in parts)
    return [f"- {those}, for whose names the record had no room; {where}" for those in said]
