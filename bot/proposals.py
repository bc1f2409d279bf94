"""Turns what an agent hands in into a branch, a commit with trailers and a merge request: the same door as everybody's.

What the agent says is hidden first (`hiding.py`). Decides nothing: from there on it is an ordinary merge request, judged like any
other. Nothing is half done: every check comes before the push, and the same proposal again finds what is there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from bot.agents import AgentEntry
from bot.asks import Ask
from bot.hiding import classes_at, hide
from bot.problems import Problem
from countersign.adapters.patch import Identity, PatchError
from countersign.domain.ids import Sha
from countersign.domain.outcomes import Fault, GitFault
from countersign.domain.ports import Change, Forge, NewChange
from countersign.domain.tokens.key import TokensKey
from countersign.domain.tokens.tokenizer import Tokenizer


class Objects(Protocol):
    """What is needed of the project's git objects. Methods raise GitFault."""

    def fetch(self) -> None:
        """Bring the local copy up to date."""
        ...

    def tip(self, branch: str) -> Sha | None:
        """Give the commit at the tip of a branch; None where there is no such branch."""
        ...

    def is_ancestor(self, ancestor: Sha, commit: Sha) -> bool:
        """Say whether a commit is among another's ancestors, or is that commit; GitFault where there is no such commit."""
        ...

    def committed(self, commit: Sha) -> datetime:
        """Give the time that a commit bears."""
        ...

    def read(self, commit: Sha, path: str, *, limit: int) -> bytes | None:
        """Give a file's bytes at a commit; None where there is none."""
        ...


class Branches(Protocol):
    """Makes commits from diffs and pushes them. Methods raise GitFault; PatchError where the diff is no good."""

    def apply_diff(  # noqa: PLR0913 - keyword-only; a commit has as many parts
        self,
        base: Sha,
        diff: bytes,
        *,
        message: str,
        author: Identity,
        committer: Identity,
        when: datetime,
    ) -> Sha:
        """Make a commit on top of the base."""
        ...

    def push(self, commit: Sha, branch: str) -> None:
        """Push a commit as a branch; never force."""
        ...


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a proposal became. `new` is false where the same one was handed in before.

    `replaced` counts the values that were replaced by tokens in what the agent said, class by class.
    """

    change: Change
    branch: str
    new: bool
    replaced: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Desk:
    """Takes proposals for one project. Made anew for each, since forge clients are not shared between threads."""

    forge: Forge
    objects: Objects
    branches: Branches
    branch: str
    identity: Callable[[], Identity]
    key: TokensKey

    def propose(self, agent: AgentEntry, ask: Ask) -> Proposed:
        """Make a merge request of it, or find the one that was made before.

        Raises:
            Problem: the agent may not, or the diff does not fit; the answer to the agent says what would.
            Fault: could not; the agent may try again with the very same words.
        """
        self._allowed(agent, ask)
        base, tip = self._base(ask)
        hidden = hide(ask, Tokenizer(self.key, ask.project, classes_at(self.objects, tip)))
        ask = hidden.ask
        commit = self._commit(agent, ask, base)
        branch = ask.branch(agent.id)
        there = self.objects.tip(branch)
        if there not in {None, commit}:
            why = f"the branch {branch} holds other commits by now; go on from there, or propose something else"
            raise Problem(HTTPStatus.CONFLICT, "moved-on", why)
        if there is None:
            self.branches.push(commit, branch)
        new = NewChange(
            project=ask.project,
            source_branch=branch,
            target_branch=self.branch,
            title=ask.title,
            description=ask.description(agent.id),
        )
        return Proposed(self.forge.open_change(new), branch, new=there is None, replaced=hidden.counts)

    def _allowed(self, agent: AgentEntry, ask: Ask) -> None:
        if ask.project not in agent.projects:
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "project",
                "this agent may not propose to that project, or there is none of that name",
                more={"to_pass": f"propose to one of: {', '.join(sorted(agent.projects))}"},
            )
        if ask.sponsor not in agent.sponsors:
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "sponsor",
                "this agent does not act for that person",
                more={"to_pass": f"name one of: {', '.join(sorted(agent.sponsors))}"},
            )

    def _base(self, ask: Ask) -> tuple[Sha, Sha]:
        """Give the base and the tip of the protected branch."""
        self.objects.fetch()
        tip = self.objects.tip(self.branch)
        if tip is None:
            raise Fault(f"the protected branch {self.branch!r} is not there")
        try:
            known = self.objects.is_ancestor(ask.base, tip)
        except GitFault:
            self.objects.committed(tip)  # a fault again where git itself is unwell
            known = False
        if not known:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "base",
                f"the base is no commit of the branch {self.branch!r}",
                more={"to_pass": f"make the diff against {tip}", "tip": tip},
            )
        return ask.base, tip

    def _commit(self, agent: AgentEntry, ask: Ask, base: Sha) -> Sha:
        """Make the commit. It bears the base's time, so that the same proposal is the same commit whenever it is handed in."""
        identity = self.identity()
        try:
            return self.branches.apply_diff(
                base,
                ask.diff.encode(),
                message=ask.message(agent.id),
                author=identity,
                committer=identity,
                when=self.objects.committed(base),
            )
        except PatchError as error:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "patch",
                error.why,
                more={
                    "file": error.file,
                    "hunk": error.hunk,
                    "line": error.line,
                    "to_pass": f"make the diff against {base}, to the letter",
                },
            ) from None


def find_identity(forge: Forge, *, email: str | None, host: str) -> Identity:
    """Give the name and address that the bot's commits bear; the address must lead back to the bot's account.

    Without that the runner could not tell who wrote a commit, and would refuse every proposal.

    Raises:
        Fault: it leads nowhere, or to somebody else.
    """
    me = forge.whoami()
    address = email or f"{me.id}-{me.username}@users.noreply.{host}"
    owner = forge.person_by_email(address)
    if owner is None or owner.id != me.id:
        raise Fault(f"the address {address} does not lead to the bot's account {me.username!r}; set COUNTERSIGN_BOT_COMMIT_EMAIL")
    return Identity(me.username, address)
