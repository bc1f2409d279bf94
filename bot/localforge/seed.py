"""Furnishes a new forge from a JSON file (`--seed`): accounts, groups, projects with files, protected branches, webhooks.

    {
      "users":    [{"username": "lea", "name": "Lea", "email": "lea@example.com", "admin": false,
                    "tokens": [{"name": "cli", "scopes": ["api"], "secret": "at least 16 characters"}]}],
      "groups":   [{"path": "acme", "visibility": "internal", "members": {"lea": 50}},
                   {"path": "acme/team", "members": {"lea": 30}}],
      "projects": [{"path": "acme/shop", "description": "", "visibility": "private", "members": {"lea": 40},
                    "files": "shop",            (a folder, or a git bundle whose name ends in .bundle; beside the seed file)
                    "settings": {"approvals_before_merge": 1},
                    "protected": [{"branch": "main", "push": [0], "merge": ["lea", 40], "force": false}],
                    "hooks": [{"url": "http://127.0.0.1:8080/webhooks/gitlab", "token": "…", "signing_token": "whsec_…"}]}]
    }

Lists are made in order, so a group comes after its parent. Runs once: a forge that has projects already is left as it is.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.localforge import accounts, spaces, writing
from bot.localforge.actions import Action
from bot.localforge.deliveries import signing_key
from bot.localforge.entities import Hook, Namespace, Project, ProtectedBranch, User
from bot.localforge.errors import Refusal
from bot.localforge.forge import Forge
from bot.localforge.spaces import Who

Level = Annotated[int, Field(ge=0, le=60)]
Visibility = Literal["private", "internal", "public"]


class SeedError(ValueError):
    """The seed is not of the known form, or asks for what cannot be. The text names the place, never a secret."""


class _Seed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SeedToken(_Seed):
    """A token whose secret is known beforehand."""

    name: str
    scopes: list[str]
    secret: str = Field(min_length=16, repr=False)


class SeedUser(_Seed):
    """An account."""

    username: str
    name: str
    email: str
    public_email: str = ""
    admin: bool = False
    bot: bool = False
    tokens: list[SeedToken] = []


class SeedGroup(_Seed):
    """A group by its full path."""

    path: str
    name: str = ""
    visibility: Visibility = "internal"
    members: dict[str, Level] = {}


class SeedProtection(_Seed):
    """A protected branch. Who may is a level, or an account by name."""

    branch: str
    push: list[Level | str] = [40]
    merge: list[Level | str] = [40]
    force: bool = False


class SeedHook(_Seed):
    """A webhook for merge requests, comments and pushes."""

    url: str
    token: str = Field(default="", repr=False)
    signing_token: str = Field(default="", repr=False)


class SeedProject(_Seed):
    """A project by its full path."""

    path: str
    description: str = ""
    visibility: Visibility = "private"
    members: dict[str, Level] = {}
    files: str = ""
    settings: dict[str, bool | int] = {}
    protected: list[SeedProtection] = []
    hooks: list[SeedHook] = []


class Seed(_Seed):
    """The whole file."""

    users: list[SeedUser] = []
    groups: list[SeedGroup] = []
    projects: list[SeedProject] = []


def plant(forge: Forge, path: Path) -> None:
    """Furnish the forge, all or nothing.

    Raises:
        SeedError: the file cannot be read, or something in it cannot be made.
    """
    try:
        seed = Seed.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SeedError(f"the seed cannot be read: {error.strerror}") from None
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in item["loc"]) or "the file" for item in error.errors()})
        raise SeedError(f"the seed is not of the known form at {', '.join(places)}") from None
    if forge.store.all(Project):
        return
    try:
        with forge.store.alone():
            _Planter(forge, path.parent).plant(seed)
    except Refusal as refusal:
        raise SeedError(f"the seed asks for what cannot be: {refusal.message}") from None


class _Planter:
    """Makes one thing after the other, as the admin."""

    def __init__(self, forge: Forge, folder: Path) -> None:
        self._forge = forge
        self._folder = folder
        self._root = self._user("root")

    def plant(self, seed: Seed) -> None:
        for user in seed.users:
            self._plant_user(user)
        for group in seed.groups:
            parent_path, _, name = group.path.rpartition("/")
            parent = self._group(parent_path) if parent_path else None
            made = spaces.make_group(
                self._forge, self._root, name=group.name or name, path=name, parent=parent, visibility=group.visibility
            )
            for username, level in group.members.items():
                spaces.set_member(self._forge, "group", made.id, self._user(username), level)
        for project in seed.projects:
            self._plant_project(project)

    def _plant_user(self, user: SeedUser) -> None:
        made = accounts.make_user(
            self._forge,
            username=user.username,
            name=user.name,
            email=user.email,
            public_email=user.public_email,
            admin=user.admin,
            bot=user.bot,
        )
        for token in user.tokens:
            accounts.make_token(self._forge, made, name=token.name, scopes=token.scopes, secret=token.secret)

    def _plant_project(self, project: SeedProject) -> None:
        parent, _, name = project.path.rpartition("/")
        made = spaces.make_project(
            self._forge,
            self._root,
            self._group(parent),
            name=name,
            path=name,
            description=project.description,
            visibility=project.visibility,
            settings=_settings(project),
        )
        for username, level in project.members.items():
            spaces.set_member(self._forge, "project", made.id, self._user(username), level)
        if project.files:
            self._fill(made, self._folder / project.files)
        for rule in project.protected:
            self._protect(made, rule)
        for hook in project.hooks:
            self._hook(made, hook)

    def _fill(self, project: Project, source: Path) -> None:
        repository = self._forge.repository(project)
        if source.suffix == ".bundle":
            repository.git("fetch", "--quiet", str(source.resolve()), "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
            return
        files = sorted(path for path in source.rglob("*") if path.is_file())
        if not files:
            raise Refusal(400, f"there are no files in {source.name}")
        actions = [
            Action("create", str(path.relative_to(source)), "", path.read_bytes(), bool(path.stat().st_mode & 0o100), "")
            for path in files
        ]
        writing.commit(self._forge, self._root, project, writing.NewCommit(project.default_branch, "Begin\n", actions))

    def _protect(self, project: Project, rule: SeedProtection) -> None:
        for known in self._forge.store.all(ProtectedBranch, project_id=project.id, name=rule.branch):
            spaces.unprotect(self._forge, known)
        who = {"push": [self._who(one) for one in rule.push], "merge": [self._who(one) for one in rule.merge]}
        spaces.protect(self._forge, project, rule.branch, who, force=rule.force)

    def _hook(self, project: Project, hook: SeedHook) -> None:
        if hook.signing_token and signing_key(hook.signing_token) is None:
            raise Refusal(400, "a signing_token must be in whsec_<base64> format encoding a 32-byte key")
        self._forge.store.add(
            Hook,
            project_id=project.id,
            name="",
            description="",
            created_at=self._forge.clock(),
            push_events=True,
            tag_push_events=False,
            merge_requests_events=True,
            note_events=True,
            **hook.model_dump(),
        )

    def _who(self, one: int | str) -> Who:
        return Who(user_id=self._user(one).id) if isinstance(one, str) else Who(access_level=one)

    def _user(self, username: str) -> User:
        found = self._forge.store.one(User, username=username)
        if found is None:
            raise Refusal(404, f"there is no account {username!r}")
        return found

    def _group(self, path: str) -> Namespace:
        found = self._forge.store.one(Namespace, full_path=path)
        if found is None:
            raise Refusal(404, f"there is no group {path!r}")
        return found


def _settings(project: SeedProject) -> dict[str, object]:
    unknown = set(project.settings) - spaces.SETTINGS.keys()
    if unknown:
        raise Refusal(400, f"{project.path} has no setting {', '.join(sorted(unknown))}")
    return dict(project.settings)
