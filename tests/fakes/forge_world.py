"""What people, pushes and merges do to a forge, in memory. Several `FakeForge`s (bot, runner) may look at one world.

Speaks no HTTP and holds no git objects. Methods happen now, by the clock that the test passes in.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from countersign.domain.ids import ChangeRef, Sha
from countersign.domain.outcomes import ForgeFault
from countersign.domain.people import Person
from countersign.domain.ports import Change, ChangeState, Clock, StatusState
from countersign.domain.versions import Version, taken_in


@dataclass(slots=True)
class Held:
    """What the world knows of one change. `head` is what was pushed; `versions` is what the forge has taken in of it."""

    ref: ChangeRef
    title: str
    description: str
    author: int
    source_branch: str
    target_branch: str
    head: Sha
    draft: bool
    from_fork: bool
    labels: set[str]
    state: ChangeState = ChangeState.OPEN
    versions: list[Version] = field(default_factory=list)
    approvals: dict[int, datetime] = field(default_factory=dict)
    comments: list[tuple[int, str]] = field(default_factory=list)
    merge_commit: Sha | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """A commit status as it stands."""

    state: StatusState
    description: str
    url: str | None


def made_up_merge(change: Change) -> Sha:
    """Name a merge commit that exists nowhere: the same for the same head."""
    return Sha(hashlib.sha1(f"merge of {change.head}".encode(), usedforsecurity=False).hexdigest())


class ForgeWorld:
    """Accounts, groups, changes. `merger` makes merge commits: pass `FakeRepository.merger(...)` to have real ones."""

    def __init__(self, *, clock: Clock, merger: Callable[[Change], Sha] = made_up_merge) -> None:
        """Start empty."""
        self.clock = clock
        self.merger = merger
        self.people: dict[int, Person] = {}
        self.emails: dict[str, set[int]] = {}
        self.groups: dict[str, set[int]] = {}
        self.changes: dict[ChangeRef, Held] = {}
        self.branches: dict[tuple[str, str], Sha] = {}
        self.statuses: dict[tuple[str, Sha], Status] = {}

    def add_person(self, username: str, *, bot: bool = False, emails: Iterable[str] = ()) -> Person:
        """Make an account; it owns `<username>@example.com` unless told otherwise."""
        person = Person(id=len(self.people) + 1, username=username, bot=bot)
        self.people[person.id] = person
        for email in emails or (f"{username}@example.com",):
            self.emails.setdefault(email.lower(), set()).add(person.id)
        return person

    def rename(self, person: Person, username: str) -> Person:
        """Rename an account; the number stays."""
        self.people[person.id] = replace(self.people[person.id], username=username)
        return self.people[person.id]

    def add_group(self, path: str, *people: Person) -> None:
        """Make a group, or put more people into it."""
        self.groups.setdefault(path, set()).update(person.id for person in people)

    def leave(self, path: str, person: Person) -> None:
        """Take somebody out of a group."""
        self.groups[path].discard(person.id)

    def open(
        self,
        project: str,
        *,
        author: Person,
        head: Sha,
        source_branch: str = "feature",
        target_branch: str = "main",
        title: str = "A change",
        description: str = "",
        draft: bool = False,
        from_fork: bool = False,
        labels: Iterable[str] = (),
    ) -> ChangeRef:
        """Have somebody open a change."""
        ref = ChangeRef(project, 1 + sum(1 for other in self.changes if other.project == project))
        self.changes[ref] = Held(
            ref=ref,
            title=title,
            description=description,
            author=author.id,
            source_branch=source_branch,
            target_branch=target_branch,
            head=head,
            draft=draft,
            from_fork=from_fork,
            labels=set(labels),
        )
        self.branches[project, source_branch] = head
        self.take_in(ref)
        return ref

    def push(self, ref: ChangeRef, head: Sha, *, seen: bool = True, drop_approvals: bool = False) -> None:
        """Push a head. With `seen=False` the forge is late to take it in: `Forge.change` is a fault until `take_in`."""
        held = self.held(ref)
        held.head = head
        self.branches[ref.project, held.source_branch] = head
        if drop_approvals:
            held.approvals.clear()
        if seen:
            self.take_in(ref)

    def take_in(self, ref: ChangeRef) -> None:
        """Let the forge notice the pushed head."""
        held = self.held(ref)
        held.versions.append(Version(len(held.versions) + 1, held.head, self.clock()))

    def approve(self, ref: ChangeRef, person: Person) -> None:
        """Have somebody approve; a second time changes nothing."""
        self.held(ref).approvals.setdefault(person.id, self.clock())

    def unapprove(self, ref: ChangeRef, person: Person) -> None:
        """Have somebody take an approval back."""
        self.held(ref).approvals.pop(person.id, None)

    def comment(self, ref: ChangeRef, person: Person, body: str) -> None:
        """Have somebody comment."""
        self.held(ref).comments.append((person.id, body))

    def comments(self, ref: ChangeRef) -> tuple[tuple[Person, str], ...]:
        """Give all comments, oldest first."""
        return tuple((self.people[author], body) for author, body in self.held(ref).comments)

    def retarget(self, ref: ChangeRef, branch: str) -> None:
        """Point the change at another branch: a new version of the same head."""
        self.held(ref).target_branch = branch
        self.take_in(ref)

    def set_state(self, ref: ChangeRef, state: ChangeState) -> None:
        """Close, merge or reopen."""
        held = self.held(ref)
        held.state = state
        held.ended = None if state is ChangeState.OPEN else self.clock()

    def held(self, ref: ChangeRef) -> Held:
        """Give what is held of a change, to look at or to alter; ForgeFault where there is none."""
        if ref not in self.changes:
            raise ForgeFault(f"no change {ref}")
        return self.changes[ref]

    def show(self, held: Held) -> Change:
        """Give the change as the port does."""
        version = taken_in(held.versions)
        if version is None or version.head != held.head:
            raise ForgeFault(f"{held.ref}: the push is not fully taken in yet")
        return Change(
            ref=held.ref,
            title=held.title,
            description=held.description,
            author=self.people[held.author],
            source_branch=held.source_branch,
            target_branch=held.target_branch,
            head=held.head,
            head_seen=version.created,
            state=held.state,
            draft=held.draft,
            from_fork=held.from_fork,
            labels=frozenset(held.labels),
            url=f"https://forge.example/{held.ref.project}/-/merge_requests/{held.ref.iid}",
            ended=held.ended,
        )
