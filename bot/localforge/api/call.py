"""One request to the API as a handler sees it: who asks, for what, with which parameters. Sends nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.localforge.access import GUEST, REPORTER, Access
from bot.localforge.accounts import Session
from bot.localforge.change_entities import MergeRequest
from bot.localforge.entities import Namespace, Project, User
from bot.localforge.errors import Refusal, forbidden, not_found
from bot.localforge.forge import Forge
from bot.localforge.links import Links

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `body` goes out as JSON; `raw` as it is."""

    body: object = None
    status: int | None = None
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """A list, of which one page goes out. `keyset` says that it can be read by `id_after` as well."""

    items: Sequence[Item]
    show: Callable[[Item], object]
    keyset: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in. `base` is the URL that the client used."""

    forge: Forge
    session: Session
    base: str
    segments: Mapping[str, str]
    given: Mapping[str, object]

    @property
    def user(self) -> User:
        """Give who asks."""
        return self.session.user

    @property
    def links(self) -> Links:
        """Give addresses as this client knows them."""
        return Links(self.base)

    @property
    def access(self) -> Access:
        """Give who may do what."""
        return Access(self.forge.store)

    def text(self, name: str, default: str = "") -> str:
        """Give a parameter that is a text."""
        return self.maybe_text(name) or default

    def maybe_text(self, name: str) -> str | None:
        """Give a parameter that is a text; None where it is not given."""
        value = self.given.get(name)
        if isinstance(value, dict | list):
            raise _bad(name)
        return None if value is None else str(value)

    def number(self, name: str) -> int | None:
        """Give a parameter that is a whole number."""
        value = self.given.get(name)
        if value is None or value == "":
            return None
        try:
            return int(str(value))
        except ValueError:
            raise _bad(name) from None

    def flag(self, name: str) -> bool | None:
        """Give a parameter that is yes or no."""
        value = self.given.get(name)
        known = {"true": True, "1": True, "false": False, "0": False, "none": None, "": None}
        if str(value).lower() not in known:
            raise _bad(name)
        return known[str(value).lower()]

    def texts(self, name: str) -> list[str] | None:
        """Give a parameter that is a list, or a text with commas."""
        value = self.given.get(name)
        if value is None:
            return None
        parts = value if isinstance(value, list) else str(value).split(",")
        return [text for part in parts if (text := str(part).strip())]

    def choice(self, name: str, *known: str, default: str = "") -> str:
        """Give a parameter that has to be one of a few."""
        value = self.text(name, default)
        if value not in known and value != default:
            raise _bad(name)
        return value

    def mappings(self, name: str) -> list[Mapping[str, object]]:
        """Give a parameter that is a list of objects."""
        value = self.given.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise _bad(name)
        return list(value)

    def admin(self) -> None:
        """Refuse who is no admin."""
        if not self.user.admin:
            raise forbidden()

    def project(self, level: int = GUEST) -> Project:
        """Give the project in the path, to somebody of a level."""
        project = self.find_project(self.segments["project"])
        if project is None or not self.access.sees(self.user, project):
            raise not_found("Project")
        if self.access.level(self.user, project) < level and not (level <= REPORTER and project.visibility == "public"):
            raise forbidden()
        return project

    def find_project(self, name: str) -> Project | None:
        """Find a project by number or path."""
        if name.isdigit():
            return self.forge.store.one(Project, id=int(name))
        return self.forge.store.one(Project, path_with_namespace=name)

    def group(self, level: int = GUEST) -> Namespace:
        """Give the group in the path, to somebody of a level."""
        name = self.segments["group"]
        equal: dict[str, object] = {"id": int(name)} if name.isdigit() else {"full_path": name}
        group = self.forge.store.one(Namespace, kind="group", **equal)
        if group is None or not self.sees_group(group):
            raise not_found("Group")
        if level > GUEST and self.access.group_level(self.user, group) < level:
            raise forbidden()
        return group

    def change(self, level: int = GUEST) -> MergeRequest:
        """Give the merge request in the path, to somebody of a level in its project."""
        project, iid = self.project(), self.segments["iid"]
        change = self.forge.store.one(MergeRequest, project_id=project.id, iid=int(iid)) if iid.isdigit() else None
        if change is None:
            raise Refusal(404, "404 Not found")
        self.project(level)
        return change

    def account(self, number: int | None) -> User:
        """Give an account by number."""
        user = None if number is None else self.forge.store.one(User, id=number)
        if user is None or user.state == "deleted":
            raise not_found("User")
        return user

    def sees_group(self, group: Namespace) -> bool:
        """Say whether a group is there for this account: as a member, through a project below it, or because it is not private."""
        if group.visibility != "private" or self.access.group_level(self.user, group) >= GUEST:
            return True
        inside = self.forge.store.where(Project, "path_with_namespace LIKE ? || '/%'", group.full_path)
        return any(self.access.level(self.user, project) >= GUEST for project in inside)


def _bad(name: str) -> Refusal:
    return Refusal(400, f"{name} is invalid", key="error")
