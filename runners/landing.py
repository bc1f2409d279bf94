"""What follows an outcome: brings what was applied into its branch, or tells people why not. Can be repeated. Records nothing."""

from collections.abc import Mapping
from dataclasses import replace

from countersign.attestation.record import Entry, RecordKind
from countersign.domain.ids import Sha
from countersign.domain.outcomes import GitFault
from countersign.domain.ports import Change, ChangeState, Forge, Repository
from runners import telling
from runners.telling import Apart


def finish(forge: Forge, repository: Repository, then: Change, outcome: Entry, *, branch: str) -> None:
    """Merge what was applied; tell people what was not. `then` is the change as it was when it was run.

    Raises:
        ForgeFault: the forge did not answer, or would not merge. Try again.
    """
    _finish(forge, repository, then, forge.change(then.ref), outcome, branch=branch)


def finish_for_another(forge: Forge, repository: Repository, outcome: Entry, *, branch: str) -> None:
    """Do the same for a run that this process did not see: of a dead runner, or of a head that the change has left behind.

    Raises:
        ForgeFault: as `finish`.
    """
    told = outcome.body.get("change")
    if outcome.change is None or not isinstance(told, Mapping):
        return
    now = forge.change(outcome.change)
    _finish(forge, repository, replace(now, head=Sha(str(told.get("head")))), now, outcome, branch=branch)


def _finish(  # noqa: PLR0913 - what the two above have, and what the change is now
    forge: Forge, repository: Repository, then: Change, now: Change, outcome: Entry, *, branch: str
) -> None:
    """Tell of the head that was run, and merge no other one: whoever has pushed since does not hear less of what was done."""
    current = now.head == then.head
    if outcome.kind is not RecordKind.EXECUTED:
        telling.not_applied(forge, then, outcome, current=current)
        return
    apart = _apart(repository, then, now, branch)
    telling.applied(forge, then, outcome, apart=apart, current=current)
    if apart is None and now.state is ChangeState.OPEN:
        forge.merge(then.ref, then.head, into=branch)


def _apart(repository: Repository, then: Change, now: Change, branch: str) -> Apart | None:
    """Say why what was applied must not be merged as the change is now, or was not; None where neither is so."""
    if now.state is ChangeState.CLOSED:
        return Apart("it is closed")
    if now.target_branch != branch:  # nobody judged it for that branch
        return Apart(f"it was re-targeted to {now.target_branch!r}")
    if now.head == then.head:
        return None
    moved = f"its head moved on to {now.head[:12]}"
    if now.state is not ChangeState.MERGED:
        return Apart(moved)
    within = _within(repository, then.head, now.head)
    how = {True: "which holds it and was merged", False: "which was merged without it", None: "which was merged"}[within]
    return Apart(f"{moved}, {how}", within)


def _within(repository: Repository, commit: Sha, head: Sha) -> bool | None:
    """Say whether a head holds a commit; None where git cannot tell, as where a forced push left the commit behind."""
    try:
        repository.fetch()
        return not repository.people(head, commit)  # of each commit that `commit` has and `head` has not
    except GitFault:
        return None
