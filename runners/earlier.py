"""Tells what came of the heads that a change had before: whoever recorded it may have died, or had no forge, before it could.

Failures only where no comment of ours tells them yet, and only the newest few: a look at a change is for the head that it has now.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from countersign.attestation.record import Entry, RecordKind
from countersign.domain.outcomes import ForgeFault
from countersign.domain.ports import Change, Forge, Repository
from runners.landing import finish_for_another

FEW: Final = 5
"""Outcomes of earlier heads that a look makes sure of."""


def tell_earlier(forge: Forge, repository: Repository, change: Change, outcomes: Sequence[Entry], *, branch: str) -> None:
    """Make sure that the newest of these outcomes are told. What cannot be told now is tried at a later look.

    What was applied is told each time: whether the branch holds it depends on what became of the heads that came later.
    """
    log = structlog.get_logger("countersign.runner")
    try:
        said = forge.comments(change.ref) if outcomes else ()
        newest = outcomes[-FEW:]
        due = [outcome for outcome in newest if outcome.kind is RecordKind.EXECUTED or not _tells(said, outcome)]
    except ForgeFault as fault:
        log.warning("could not see what is told of earlier heads, will try again", change=str(change.ref), fault=str(fault))
        return
    for outcome in due:
        try:
            finish_for_another(forge, repository, outcome, branch=branch)
        except ForgeFault as fault:
            log.warning(
                "could not tell of an earlier head, will try again", change=str(change.ref), run=outcome.run, fault=str(fault)
            )


def _tells(comments: Iterable[str], outcome: Entry) -> bool:
    """Say whether one of our comments is of this run, and names the very record: before it stood, the comment named the intent."""
    return any(str(outcome.run) in comment.partition("\n")[0] and outcome.digest in comment for comment in comments)
