"""Starts the embedded forge as a process of its own on loopback, and helps to furnish it: through its API alone.

No double: it is the real server (`python -m bot.localforge`) with python-gitlab in front of it.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import gitlab
from gitlab.v4.objects import Group, Project, User

from tests.support.process import Child

ROOT = Path(__file__).parents[2]
GUEST, REPORTER, DEVELOPER, MAINTAINER, OWNER = 10, 20, 30, 40, 50


@dataclass(frozen=True, slots=True)
class LocalForge:
    """A running forge. `user`, `token`, `group` and `project` are what an administrator would do by hand."""

    url: str
    admin_token: str
    child: Child
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def admin(self) -> gitlab.Gitlab:
        """Give python-gitlab's client with the admin's token."""
        return self.client(self.admin_token)

    @property
    def pid(self) -> int:
        """Give the process id."""
        return self.child.pid

    def client(self, token: str) -> gitlab.Gitlab:
        """Give python-gitlab's client with a token."""
        return gitlab.Gitlab(self.url, private_token=token, timeout=20)

    def acting(self, username: str) -> gitlab.Gitlab:
        """Give python-gitlab's client as somebody made by `user`."""
        return self.client(self._tokens[username])

    def user(self, username: str, *, email: str | None = None, public_email: str = "") -> User:
        """Make an account, and a token with all rights for it, to be had from `acting`."""
        made = self.admin.users.create(
            {
                "username": username,
                "name": username.title(),
                "email": email or f"{username}@example.com",
                "public_email": public_email,
                "force_random_password": True,
                "skip_confirmation": True,
            }
        )
        assert isinstance(made, User)
        self._tokens[username] = self.token(made, "api")
        return made

    def token(self, user: User, *scopes: str, expires: str | None = None) -> str:
        """Make a token."""
        asked = {"name": "test", "scopes": list(scopes)} | ({"expires_at": expires} if expires else {})
        return str(user.personal_access_tokens.create(asked).token)

    def group(self, path: str, *members: User, level: int = DEVELOPER) -> Group:
        """Make a group by its full path, seen by every account; its parents have to be there."""
        parent, _, name = path.rpartition("/")
        asked: dict[str, object] = {"name": name, "path": name, "visibility": "internal"}
        if parent:
            asked["parent_id"] = self.admin.groups.get(parent).id
        made = self.admin.groups.create(asked)
        assert isinstance(made, Group)
        for member in members:
            made.members.create({"user_id": member.id, "access_level": level})
        return made

    def project(self, path: str, *members: User, level: int = DEVELOPER, readme: bool = True, **settings: object) -> Project:
        """Make a private project by its full path; its group has to be there."""
        parent, _, name = path.rpartition("/")
        asked = {"name": name, "path": name, "namespace_id": self.admin.groups.get(parent).id, "initialize_with_readme": readme}
        made = self.admin.projects.create(asked | settings)
        assert isinstance(made, Project)
        for member in members:
            made.members.create({"user_id": member.id, "access_level": level})
        return made

    def clone_url(self, project: str, token: str) -> str:
        """Give a URL for git with a token in it, for tests alone."""
        return f"{self.url.replace('://', f'://oauth2:{token}@', 1)}/{project}.git"

    def fault(self, kind: str, **how: object) -> None:
        """Set a fault switch: see bot/localforge/faults.py."""
        self.admin.http_post("/_faults", post_data={"kind": kind, **how})

    def clear_faults(self) -> None:
        """Take all switches back."""
        self.admin.http_delete("/_faults")


@contextmanager
def local_forge(folder: Path, *more: str, port: int = 0) -> Iterator[LocalForge]:
    """Run a forge with its state in a folder for as long as the context lasts. `more` is for its command line.

    Raises:
        UnusableError: it did not start.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = folder.parent / f"{folder.name}.log"
    log.unlink(missing_ok=True)
    argv: Sequence[str] = [sys.executable, "-m", "bot.localforge", "--state", str(folder), "--port", str(port), *more]
    with Child(argv, log=log, folder=ROOT) as child:
        child.wait_for(lambda: '"url"' in log.read_text(), seconds=120)
        ready = json.loads(next(line for line in log.read_text().splitlines() if line.startswith("{")))
        forge = LocalForge(str(ready["url"]), Path(str(ready["admin_token_file"])).read_text(), child)
        yield forge
