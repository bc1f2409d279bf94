"""Which head an approval was given for, told by time: GitLab keeps no commit with an approval.

Pure. Whoever calls reads versions and approvals from the forge; nothing here decides whether an approval counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from countersign.domain.ids import Sha


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a change as the forge took it in: its head, when, and the forge's own number, which only grows."""

    number: int
    head: Sha
    created: datetime


def ordered(versions: Iterable[Version]) -> tuple[Version, ...]:
    """Put versions in the order in which the forge took them in.

    Raises:
        ValueError: numbers repeat, or number and time disagree about the order: nothing can be bound by time then.
    """
    by_number = sorted(versions, key=lambda version: version.number)
    for earlier, later in pairwise(by_number):
        if earlier.number == later.number or earlier.created > later.created:
            raise ValueError("the versions of the change are not in one order by number and time")
    return tuple(by_number)


def head_at(versions: Iterable[Version], at: datetime) -> Sha | None:
    """Give the head that was the newest one strictly before a moment; None where that cannot be proved.

    A version made in the very same instant could be what was looked at, or not: unless it has the same head, no head is
    proved. So it is with versions that share an instant among themselves: the forge's numbers order those.

    Raises:
        ValueError: as for `ordered`.
    """
    known = [version for version in ordered(versions) if version.created <= at]
    if not known or known[0].created == at:
        return None
    newest_before = next(version for version in reversed(known) if version.created < at)
    in_the_instant = {version.head for version in known if version.created == at}
    return newest_before.head if in_the_instant <= {newest_before.head} else None


def telling(versions: Iterable[Version], moments: Iterable[datetime]) -> tuple[Version, ...]:
    """Give the few versions that tell the head at these moments: of each, those right before, in, and right after it.

    Raises:
        ValueError: as for `ordered`.
    """
    known, told = ordered(versions), set()
    for at in moments:
        before = [version for version in known if version.created < at]
        later = [version for version in known if version.created > at]
        told |= {*before[-1:], *(version for version in known if version.created == at), *later[:1]}
    return tuple(version for version in known if version in told)


def taken_in(versions: Iterable[Version]) -> Version | None:
    """Give the newest version, whether a push or another target made it (attack 14): what is older was said of something else.

    Raises:
        ValueError: as for `ordered`.
    """
    return next(reversed(ordered(versions)), None)
