"""What follows an outcome: brings what was applied into its branch, or tells people why not. Can be repeated. Records nothing."""

from collections.abc import Mapping

from countersign.attestation.record import Entry, RecordKind
from countersign.domain.ports import Change, ChangeState, Forge
from runners import telling


def finish(forge: Forge, then: Change, outcome: Entry, *, branch: str) -> None:
    """Merge what was applied; tell people what was not. `then` is the change as it was when it was run.

    Raises:
        ForgeFault: the forge did not answer, or would not merge. Try again.
    """
    if outcome.kind is RecordKind.EXECUTED:
        land(forge, then, outcome, branch=branch)
    else:
        telling.not_applied(forge, then, outcome)


def finish_for_the_dead(forge: Forge, outcome: Entry, *, branch: str) -> None:
    """Do the same for a run that was closed in a dead runner's place. A change that has moved on since is left to its next look.

    Raises:
        ForgeFault: as `finish`.
    """
    if outcome.change is None:
        return
    change, told = forge.change(outcome.change), outcome.body.get("change")
    if isinstance(told, Mapping) and told.get("head") == change.head:
        finish(forge, change, outcome, branch=branch)


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
