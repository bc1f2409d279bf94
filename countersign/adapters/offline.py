"""The Forge port where no forge is asked: everybody is who they say, nobody has approved, and nothing can be written.

For explaining a change in a clone. Whatever rests on what a forge knows is left open by it: accounts are made up by name, so a
decision made with it must never allow anything.
"""

from collections.abc import Mapping
from typing import NoReturn

from countersign.adapters.clone import Clone, CloneRepository
from countersign.adapters.observe import House, Observation, observe
from countersign.adapters.policies import Policies
from countersign.domain.heard import Approvals, Members
from countersign.domain.ids import ChangeRef, Sha
from countersign.domain.outcomes import ForgeFault
from countersign.domain.people import Person
from countersign.domain.ports import Change, ChangeState, NewChange, StatusState
from countersign.domain.scenarios.making import somebody

_BOT = Person(1, "countersign-bot", bot=True)
_AGENT = "countersign-agent"


class OfflineForge:
    """Knows every account by name alone."""

    def whoami(self) -> Person:
        """Give the bot's account."""
        return _BOT

    def person(self, username: str) -> Person | None:
        """Make up an account."""
        return somebody(username)

    def person_by_email(self, email: str) -> Person | None:
        """Make up an account."""
        return somebody(email)

    def approvals(self, ref: ChangeRef) -> Approvals:
        """Give none."""
        del ref
        return Approvals()

    def members(self, group: str) -> Members:
        """Give nobody."""
        del group
        return Members(frozenset())

    def change(self, ref: ChangeRef) -> Change:
        """Fail."""
        _not_asked(ref)

    def open_changes(self, project: str) -> tuple[ChangeRef, ...]:
        """Fail."""
        _not_asked(project)

    def open_change(self, new: NewChange) -> Change:
        """Fail."""
        _not_asked(new)

    def say(self, ref: ChangeRef, marker: str, body: str) -> None:
        """Fail."""
        _not_asked(ref, marker, body)

    def comments(self, ref: ChangeRef) -> tuple[str, ...]:
        """Fail."""
        _not_asked(ref)

    def set_status(self, project: str, commit: Sha, state: StatusState, description: str, url: str | None) -> None:
        """Fail."""
        _not_asked(project, commit, state, description, url)

    def set_label(self, ref: ChangeRef, label: str, *, family: str) -> None:
        """Fail."""
        _not_asked(ref, label, family)

    def merge(self, ref: ChangeRef, head: Sha, *, into: str) -> Sha:
        """Fail."""
        _not_asked(ref, head, into)

    def clone_url(self, project: str) -> str:
        """Fail."""
        _not_asked(project)


def observe_commits(  # noqa: PLR0913 - keyword-only; a change has as many parts
    repository: CloneRepository,
    clone: Clone,
    *,
    branch: str,
    head: Sha,
    ref: ChangeRef,
    policies: Policies,
    plans: Mapping[str, bytes],
) -> Observation:
    """Look at a commit as if it were the head of a change to the branch. Where an agent is named in it, the bot opened it.

    `plans` are what Terraform plans, as somebody here says; a runner believes none but its own.

    Raises:
        Refused: as `observe`: a conflict, no policy, commits that disagree.
        GitFault: the clone lacks objects.
    """
    base = repository.tip(branch)
    named = () if base is None else repository.people(base, head)
    by_bot = any(key.lower() == _AGENT for commit in named for key, _ in commit.trailers)
    change = Change(
        ref=ref,
        title=str(ref),
        description="",
        author=_BOT if by_bot else somebody(named[-1].emails[0] if named else "nobody"),
        source_branch="head",
        target_branch=branch,
        head=head,
        head_seen=clone.committed(head),
        state=ChangeState.OPEN,
        draft=False,
        from_fork=False,
        labels=frozenset(),
        url="",
    )
    house = House(branch, _BOT, frozenset({_BOT}), policies)
    return observe(change, forge=OfflineForge(), repository=repository, house=house, plans=plans)


def _not_asked(*_: object) -> NoReturn:
    raise ForgeFault("the forge is not asked here")
