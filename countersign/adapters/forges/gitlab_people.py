"""Finds accounts and groups on GitLab. Does not decide who may do what.

GitLab tells little to an ordinary token: search by address finds public ones only, and short answers leave out who is a bot.
What cannot be seen is taken as not there.
"""

import re
from urllib.parse import urlsplit

import requests

from countersign.adapters.forges.gitlab_answers import Account, Group, Member, read
from countersign.adapters.forges.gitlab_client import ForgeFailed, GitLabClient, encoded
from countersign.domain.heard import Members
from countersign.domain.outcomes import ForgeFault, NoGroupFault
from countersign.domain.people import Person


class GitLabPeople:
    """Accounts as one token sees them. Remembers who is a bot, which never changes, and nothing else."""

    def __init__(self, client: GitLabClient, *, url: str) -> None:
        """Name the connection, and the server's URL for the addresses that GitLab makes up for private accounts."""
        host = re.escape(urlsplit(url).hostname or "")
        self._private = re.compile(rf"(\d{{1,12}})-[^@\s]+@users\.noreply\.{host}", re.IGNORECASE)
        self._client = client
        self._bots: dict[int, bool] = {}

    def whoami(self) -> Person:
        """Give the account whose token this is."""
        return self.person(read(Account, self._client.get("tell who we are", "/user")))

    def members(self, group: str) -> Members:
        """Give everybody active in the group now, inherited members too. `bot` is not filled in: GitLab does not tell here."""
        try:
            answer, first = self._client.hear("find a group", f"/groups/{encoded(group)}", {"with_projects": False})
        except ForgeFailed as failed:
            if failed.status == requests.codes.not_found:
                raise NoGroupFault(f"there is no group {group!r}, or not for this token (404); correct the policy") from None
            raise
        found = read(Group, answer)
        if found.full_path != group:
            raise NoGroupFault(f"the group {group!r} is now called otherwise; correct the policy")
        listed, pages = self._client.hear_all("list members", f"/groups/{found.id}/members/all")
        people = frozenset(
            Person(id=member.id, username=member.username)
            for member in (read(Member, item) for item in listed)
            if member.state == "active" and member.membership_state == "active"
        )
        return Members(people, (first, *pages))

    def named(self, username: str) -> Person | None:
        """Give the account of that exact name."""
        found = [read(Account, item) for item in self._client.all("find an account", "/users", {"username": username})]
        exact = [account for account in found if account.username == username]
        return self.person(exact[0]) if len(exact) == 1 else None

    def owning(self, email: str) -> Person | None:
        """Give the one account that owns the address; None where none is seen to, or several are."""
        private = self._private.fullmatch(email)
        if private is not None:
            answer = self._client.find("find an account", f"/users/{int(private[1])}")
            return None if answer is None else self.person(read(Account, answer))
        if not email.isascii() or "@" not in email:
            return None
        found = [read(Account, item) for item in self._client.all("find an account", "/users", {"search": email})]
        owners = [account for account in map(self._in_full, found) if account.owns(email)]
        return self.person(owners[0]) if len(owners) == 1 else None

    def person(self, account: Account) -> Person:
        """Give the account as the rest of the house knows it, and find out whether it is a bot where the answer left that out."""
        if account.id not in self._bots:
            bot = account.bot if account.bot is not None else self._in_full(account).bot
            if bot is None:
                raise ForgeFault(f"GitLab does not say whether account {account.id} is a bot's")
            self._bots[account.id] = bot
        return Person(id=account.id, username=account.username, bot=self._bots[account.id])

    def _in_full(self, account: Account) -> Account:
        return read(Account, self._client.get("look at an account", f"/users/{account.id}"))
