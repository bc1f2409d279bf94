"""Brings a change that was applied into its branch, or says why it stays open. Can be repeated. Runs and records nothing."""

from countersign.attestation.record import Entry
from countersign.domain.ports import Change, ChangeState, Forge
from runners import telling


def land(forge: Forge, then: Change, outcome: Entry, *, branch: str) -> None:
    """Merge the head that was approved into the branch that it was judged for; `then` is the change as it was when it was run.

    Raises:
        ForgeFault: the forge did not answer, or would not merge. Try again.
    """
    now = forge.change(then.ref)
    if now.state is ChangeState.MERGED:
        return
    moved = _moved(then, now, branch)
    telling.applied(forge, then, outcome, unmerged=moved)
    if not moved:
        forge.merge(then.ref, then.head, into=branch)


def _moved(then: Change, now: Change, branch: str) -> str:
    """Say why it must not be merged as it is now; empty where it may."""
    if now.state is not ChangeState.OPEN:
        return f"it is {now.state.value}"
    if now.target_branch != branch:  # nobody judged it for that branch
        return f"it was re-targeted to {now.target_branch!r}"
    return "" if now.head == then.head else f"its head moved on to {now.head[:12]}"
