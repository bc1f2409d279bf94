"""The Forge port over a `ForgeWorld`: one account's view of it, with failures on demand.

Passes the same contract suite as the real adapters (tests/contract/test_forge.py).
"""

from dataclasses import dataclass
from urllib.parse import quote

from countersign.domain.canonical import canonical_json
from countersign.domain.heard import Answer, Approvals, Members
from countersign.domain.ids import ChangeRef, Sha, digest_of
from countersign.domain.neutral import neutral, title
from countersign.domain.outcomes import ForgeFault, NoGroupFault
from countersign.domain.people import Approval, Person
from countersign.domain.plain import to_plain
from countersign.domain.ports import Change, ChangeState, NewChange, StatusState
from countersign.domain.versions import head_at
from tests.fakes.forge_world import ForgeWorld, Status


@dataclass(frozen=True, slots=True)
class _Failure:
    method: str | None
    why: str
    after: bool


class FakeForge:
    """What the holder of one token sees and does. `calls` lists the methods called, oldest first."""

    def __init__(self, world: ForgeWorld, *, me: str = "countersign") -> None:
        """Look at the world as `me`, a bot that is made if it is not there yet."""
        self.world = world
        known = next((person for person in world.people.values() if person.username == me), None)
        self.me = known or world.add_person(me, bot=True)
        self.calls: list[str] = []
        self._failures: list[_Failure] = []

    def fail_next(self, method: str | None = None, *, why: str = "the forge is away", times: int = 1, after: bool = False) -> None:
        """Let the next calls (of one method) fail; with `after`, a write has its effect and only the answer is lost."""
        self._failures.extend(_Failure(method, why, after) for _ in range(times))

    def ours(self, ref: ChangeRef) -> str:
        """Give the text of our one comment; a ValueError where there is none, or more."""
        (body,) = [body for author, body in self.world.held(ref).comments if author == self.me.id]
        return body

    def whoami(self) -> Person:
        """Give the account whose token this is."""
        self._called("whoami")
        return self.world.people[self.me.id]

    def change(self, ref: ChangeRef) -> Change:
        """Look at a change."""
        self._called("change")
        return self.world.show(self.world.held(ref))

    def approvals(self, ref: ChangeRef) -> Approvals:
        """Give the approvals that stand now."""
        self._called("approvals")
        held = self.world.held(ref)
        given = tuple(
            Approval(self.world.people[person], at, head_at(held.versions, at)) for person, at in sorted(held.approvals.items())
        )
        path = f"/projects/{quote(ref.project, safe='')}/merge_requests/{ref.iid}"
        answers = (_answer(f"{path}/approvals", given), _answer(f"{path}/versions", tuple(held.versions)))
        return Approvals(given, tuple(held.versions), answers)

    def members(self, group: str) -> Members:
        """Give everybody who is in the group now."""
        self._called("members")
        if group not in self.world.groups:
            raise NoGroupFault(f"no group {group!r}")
        people = frozenset(self.world.people[person] for person in self.world.groups[group])
        return Members(people, (_answer(f"/groups/{quote(group, safe='')}/members/all", people),))

    def person(self, username: str) -> Person | None:
        """Give the account of that exact name."""
        self._called("person")
        return next((person for person in self.world.people.values() if person.username == username), None)

    def person_by_email(self, email: str) -> Person | None:
        """Give the one account that owns the address."""
        self._called("person_by_email")
        owners = self.world.emails.get(email.lower(), set())
        return self.world.people[next(iter(owners))] if len(owners) == 1 else None

    def open_changes(self, project: str) -> tuple[ChangeRef, ...]:
        """List the open changes of a project."""
        self._called("open_changes")
        return self._open(project)

    def open_change(self, new: NewChange) -> Change:
        """Open a change, or give ours that is open for the same branches."""
        self._called("open_change")
        head = self.world.branches.get((new.project, new.source_branch))
        if head is None:
            raise ForgeFault(f"no branch {new.source_branch!r}")
        for ref in self._open(new.project):
            held = self.world.held(ref)
            if (held.source_branch, held.target_branch) == (new.source_branch, new.target_branch):
                if held.author != self.me.id:
                    raise ForgeFault(f"{ref} is open for {new.source_branch!r} and is not ours")
                return self.world.show(held)
        ref = self.world.open(
            new.project,
            author=self.me,
            head=head,
            source_branch=new.source_branch,
            target_branch=new.target_branch,
            title=title(new.title),
            description=neutral(new.description),
            labels=new.labels,
        )
        self._answered("open_change")
        return self.world.show(self.world.held(ref))

    def say(self, ref: ChangeRef, marker: str, body: str) -> None:
        """Write our one comment."""
        self._called("say")
        comments, text = self.world.held(ref).comments, neutral(f"{marker}\n{body}")
        ours = [place for place, (author, old) in enumerate(comments) if author == self.me.id and old.startswith(marker)]
        if ours:
            comments[ours[0]] = (self.me.id, text)
        else:
            comments.append((self.me.id, text))
        self._answered("say")

    def comments(self, ref: ChangeRef) -> tuple[str, ...]:
        """Give the texts of our own comments, oldest first."""
        self._called("comments")
        return tuple(body for author, body in self.world.held(ref).comments if author == self.me.id)

    def set_status(self, project: str, commit: Sha, state: StatusState, description: str, url: str | None) -> None:
        """Set the commit status `countersign`."""
        self._called("set_status")
        self.world.statuses[project, commit] = Status(state, description, url)
        self._answered("set_status")

    def set_label(self, ref: ChangeRef, label: str, *, family: str) -> None:
        """Put one label of a family on a change."""
        self._called("set_label")
        held = self.world.held(ref)
        held.labels = {other for other in held.labels if not other.startswith(family)} | {label}
        self._answered("set_label")

    def merge(self, ref: ChangeRef, head: Sha, *, into: str) -> Sha:
        """Merge, naming the head that was approved."""
        self._called("merge")
        held = self.world.held(ref)
        if held.head != head:
            raise ForgeFault(f"{ref} has moved on from {head[:12]}")
        if held.target_branch != into:
            raise ForgeFault(f"{ref} no longer goes into {into!r}")
        if held.state is ChangeState.MERGED and held.merge_commit is not None:
            return held.merge_commit
        if held.state is not ChangeState.OPEN or held.draft:
            raise ForgeFault(f"{ref} cannot be merged: it is {'a draft' if held.draft else held.state.value}")
        held.merge_commit = self.world.merger(self.world.show(held))
        self.world.set_state(ref, ChangeState.MERGED)
        self._answered("merge")
        return held.merge_commit

    def clone_url(self, project: str) -> str:
        """Give the URL for git."""
        self._called("clone_url")
        return f"https://forge.example/{project}.git"

    def _open(self, project: str) -> tuple[ChangeRef, ...]:
        return tuple(
            sorted(ref for ref, held in self.world.changes.items() if ref.project == project and held.state is ChangeState.OPEN)
        )

    def _called(self, method: str) -> None:
        self.calls.append(method)
        self._fail(method, after=False)

    def _answered(self, method: str) -> None:
        self._fail(method, after=True)

    def _fail(self, method: str, *, after: bool) -> None:
        for failure in self._failures:
            if failure.method in {None, method} and failure.after is after:
                self._failures.remove(failure)
                raise ForgeFault(failure.why)


def _answer(path: str, told: object) -> Answer:
    """Give the evidence of what the world tells: there are no bytes, so the digest is over JSON in its one form."""
    return Answer(path, digest_of(canonical_json(to_plain(told))))
