"""The forges that the contract suite compares, each with hands to do what people and pushes do."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Protocol

from countersign.domain.ids import ChangeRef, Sha
from countersign.domain.people import Person
from countersign.domain.ports import ChangeState, Forge, StatusState
from tests.fakes.forge import FakeForge
from tests.fakes.forge_world import ForgeWorld
from tests.fakes.git_objects import object_name


class Stage(Protocol):
    """A forge with one project, `acme/shop`, seen through the account `countersign`, and hands on it."""

    forge: Forge

    def person(self, name: str) -> Person:
        """Make an account that owns `<name>@example.com` and may work on the project."""
        ...

    def group(self, path: str, *people: Person) -> None:
        """Make a group of these people."""
        ...

    def leave(self, path: str, person: Person) -> None:
        """Take somebody out of a group."""
        ...

    def branch(self, name: str) -> Sha:
        """Make a branch with one more commit than main, and give that."""
        ...

    def open(self, author: Person, *, draft: bool = False) -> ChangeRef:
        """Have somebody open a change from a new branch."""
        ...

    def push(self, ref: ChangeRef) -> Sha:
        """Push one more commit to a change's branch, and give it once the forge has taken it in."""
        ...

    def approve(self, ref: ChangeRef, person: Person) -> None:
        """Have somebody approve."""
        ...

    def unapprove(self, ref: ChangeRef, person: Person) -> None:
        """Have somebody take an approval back."""
        ...

    def close(self, ref: ChangeRef, person: Person) -> None:
        """Have somebody close a change."""
        ...

    def retarget(self, ref: ChangeRef, person: Person, branch: str) -> None:
        """Have somebody point a change at another branch."""
        ...

    def label(self, ref: ChangeRef, person: Person, label: str) -> None:
        """Have somebody add a label."""
        ...

    def comment(self, ref: ChangeRef, person: Person, body: str) -> None:
        """Have somebody comment."""
        ...

    def comments(self, ref: ChangeRef) -> list[tuple[str, str]]:
        """Give the accounts' names and texts of all comments that people see, oldest first."""
        ...

    def status(self, commit: Sha) -> tuple[StatusState, str] | None:
        """Give our status of a commit as it stands."""
        ...


class MemoryStage:
    """The forge in memory. Its clock goes on by a second whenever it is read."""

    project = "acme/shop"

    def __init__(self) -> None:
        """Make the project's forge."""
        seconds = itertools.count()
        start = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
        self.world = ForgeWorld(clock=lambda: start + timedelta(seconds=next(seconds)))
        self.forge: Forge = FakeForge(self.world)
        self._numbers = itertools.count(1)

    def person(self, name: str) -> Person:
        """Make an account."""
        return self.world.add_person(name)

    def group(self, path: str, *people: Person) -> None:
        """Make a group of these people."""
        self.world.add_group(path, *people)

    def leave(self, path: str, person: Person) -> None:
        """Take somebody out of a group."""
        self.world.leave(path, person)

    def branch(self, name: str) -> Sha:
        """Make a branch."""
        self.world.branches[self.project, name] = self._commit()
        return self.world.branches[self.project, name]

    def open(self, author: Person, *, draft: bool = False) -> ChangeRef:
        """Have somebody open a change from a new branch."""
        name = f"topic-{next(self._numbers)}"
        head = self.branch(name)
        return self.world.open(self.project, author=author, head=head, source_branch=name, title="Do it", draft=draft)

    def push(self, ref: ChangeRef) -> Sha:
        """Push one more commit."""
        head = self._commit()
        self.world.push(ref, head)
        return head

    def approve(self, ref: ChangeRef, person: Person) -> None:
        """Have somebody approve."""
        self.world.approve(ref, person)

    def unapprove(self, ref: ChangeRef, person: Person) -> None:
        """Have somebody take an approval back."""
        self.world.unapprove(ref, person)

    def close(self, ref: ChangeRef, person: Person) -> None:  # noqa: ARG002 - anybody may here
        """Have somebody close a change."""
        self.world.set_state(ref, ChangeState.CLOSED)

    def retarget(self, ref: ChangeRef, person: Person, branch: str) -> None:  # noqa: ARG002 - anybody may here
        """Have somebody point a change at another branch."""
        self.world.retarget(ref, branch)

    def label(self, ref: ChangeRef, person: Person, label: str) -> None:  # noqa: ARG002 - anybody may here
        """Have somebody add a label."""
        self.world.held(ref).labels.add(label)

    def comment(self, ref: ChangeRef, person: Person, body: str) -> None:
        """Have somebody comment."""
        self.world.comment(ref, person, body)

    def comments(self, ref: ChangeRef) -> list[tuple[str, str]]:
        """Give all comments."""
        return [(person.username, body) for person, body in self.world.comments(ref)]

    def status(self, commit: Sha) -> tuple[StatusState, str] | None:
        """Give our status of a commit as it stands."""
        found = self.world.statuses.get((self.project, commit))
        return None if found is None else (found.state, found.description)

    def _commit(self) -> Sha:
        return object_name("commit", str(next(self._numbers)).encode())
