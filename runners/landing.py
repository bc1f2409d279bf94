"""What follows an outcome: brings what was applied into its branch, or tells people why not. Can be repeated. Records nothing."""

from collections.abc import Mapping
from dataclasses import replace

from countersign.attestation.record import Entry, RecordKind
from countersign.domain.ids import Sha
from countersign.domain.ports import Change, ChangeState, Forge
from runners import telling


def finish(forge: Forge, then: Change, outcome: Entry, *, branch: str) -> None:
    """Merge what was applied; tell people what was not. `then` is the change as it was when it was run.

    Raises:
        ForgeFault: the forge did not answer, or would not merge. Try again.
    """
    _finish(forge, then, forge.change(then.ref), outcome, branch)


def finish_for_another(forge: Forge, outcome: Entry, *, branch: str) -> None:
    """Do the same for a run that this process did not see: of a dead runner, or of a head that the change has left behind.

    Raises:
        ForgeFault: as `finish`.
    """
    told = outcome.body.get("change")
    if outcome.change is None or not isinstance(told, Mapping):
        return
    now = forge.change(outcome.change)
    _finish(forge, replace(now, head=Sha(str(told.get("head")))), now, outcome, branch)


def _finish(forge: Forge, then: Change, now: Change, outcome: Entry, branch: str) -> None:
    """Tell of the head that was run, and merge no other one: whoever has pushed since does not hear less of what was done."""
    current = now.head == then.head
    if outcome.kind is not RecordKind.EXECUTED:
        telling.not_applied(forge, then, outcome, current=current)
        return
    apart = _apart(then, now, branch)
    telling.applied(forge, then, outcome, unmerged=apart, current=current)
    if not apart and now.state is ChangeState.OPEN:
        forge.merge(then.ref, then.head, into=branch)


def _apart(then: Change, now: Change, branch: str) -> str:
    """Say why what was applied is not in the branch and must not be merged as the change is now; empty where neither is so."""
    if now.state is ChangeState.CLOSED:
        return "it is closed"
    if now.target_branch != branch:  # nobody judged it for that branch
        return f"it was re-targeted to {now.target_branch!r}"
    return "" if now.head == then.head else f"its head moved on to {now.head[:12]}"
