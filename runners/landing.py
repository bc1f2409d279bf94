"""What follows an outcome: brings what was applied into its branch, or tells people why not. Can be repeated. Records nothing."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from countersign.attestation.ports import LedgerReader
from countersign.attestation.record import Entry, RecordKind
from countersign.domain.ids import MalformedError, Sha, sha
from countersign.domain.outcomes import GitFault, LedgerFault
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


def unfinished(  # noqa: PLR0913 - as the others, and where an outcome may stand
    forge: Forge, repository: Repository, ledger: LedgerReader, then: Change, intent: Entry, *, kind: RecordKind, branch: str
) -> None:
    """Tell people of a run that cannot be closed here now, and merge nothing. `kind` is what it ended as, as far as is known here.

    Where an outcome stands all the same, such as another runner's, and no more is missing than what follows it, that is told.

    Raises:
        ForgeFault: the forge did not answer.
    """
    done = None
    with suppress(LedgerFault):
        done = ledger.find(f"outcome/{intent.run}")
    if done is None:
        telling.unrecorded(forge, then, intent, kind)
    else:
        _tell(forge, repository, then, forge.change(then.ref), done, branch=branch)


def _finish(  # noqa: PLR0913 - what the two above have, and what the change is now
    forge: Forge, repository: Repository, then: Change, now: Change, outcome: Entry, *, branch: str
) -> None:
    if _tell(forge, repository, then, now, outcome, branch=branch) and now.state is ChangeState.OPEN:
        forge.merge(then.ref, then.head, into=branch)


def _tell(  # noqa: PLR0913 - as above
    forge: Forge, repository: Repository, then: Change, now: Change, outcome: Entry, *, branch: str
) -> bool:
    """Tell of the head that was run; say whether it is to be merged, which no other one is.

    Whoever has pushed since does not hear less of what was done.
    """
    current = now.head == then.head
    if outcome.kind is not RecordKind.EXECUTED:
        telling.not_applied(forge, then, outcome, current=current)
        return False
    apart = _apart(repository, then, now, outcome, branch)
    telling.applied(forge, then, outcome, apart=apart, current=current)
    return apart is None


def _apart(repository: Repository, then: Change, now: Change, outcome: Entry, branch: str) -> Apart | None:
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
    holds = _holds(repository, branch, outcome.body.get("change"))
    how = {
        True: f"{branch!r} holds all of it as it was applied",
        False: f"{branch!r} does not hold all of it as it was applied",
        None: f"whether {branch!r} holds it cannot be told",
    }[holds]
    return Apart(f"{moved}, which was merged, and {how}", holds or None)  # unless all of it is there, people must look


def _holds(repository: Repository, branch: str, applied: object) -> bool | None:
    """Say whether a branch has each path of an applied change as it was applied; None where git or the record cannot tell.

    By content and not by commits: a head on top of another may take back what that brought, and a rebased one brings the same.
    """
    told = applied if isinstance(applied, Mapping) else {}
    try:
        base, head, tree = (sha(str(told.get(name))) for name in ("base", "head", "tree"))
        repository.fetch()
        tip = repository.tip(branch)
        if tip is None or repository.merged_tree(base, head) != tree:  # and makes it, where it is not here yet
            return None
        paths = {file.path for file in repository.changes(base, tree)}
        return paths.isdisjoint(file.path for file in repository.changes(tip, tree))
    except (GitFault, MalformedError):  # such as that a forced push left the head behind
        return None
