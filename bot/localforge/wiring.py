"""Puts a forge together: its parts, its application, its first account."""

from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from bot.localforge import accounts, change_entities, entities, pushes
from bot.localforge.api.server import PREFIX, Api
from bot.localforge.api.table import routes
from bot.localforge.deliveries import Deliveries
from bot.localforge.entities import User
from bot.localforge.faults import Faults
from bot.localforge.forge import Clock, Forge
from bot.localforge.git_http import GitHttp
from bot.localforge.pages.server import Pages
from bot.localforge.store import Store

_TABLES: tuple[type, ...] = (
    entities.User, entities.Token, entities.Namespace, entities.Member, entities.Project, entities.ProtectedBranch,
    entities.BranchAccess, entities.Label, entities.Hook, entities.Delivery, change_entities.MergeRequest, change_entities.Version,
    change_entities.Approval, change_entities.Note, change_entities.CommitStatus,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Running:
    """A forge that is ready to be served. `close` ends it."""

    forge: Forge
    deliveries: Deliveries
    app: ASGIApp
    admin_token: str

    def close(self) -> None:
        """Stop sending webhooks and close the files."""
        self.deliveries.stop()
        self.forge.store.close()


class Application:
    """Sends each request to the part that it is for."""

    def __init__(self, api: ASGIApp, git: ASGIApp, pages: ASGIApp) -> None:
        """Name the parts."""
        self._api = api
        self._git = git
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"].startswith(PREFIX):
            await self._api(scope, receive, send)
        elif GitHttp.speaks(scope["path"]):
            await self._git(scope, receive, send)
        else:
            await self._pages(scope, receive, send)


def build(folder: Path, *, url: str, clock: Clock, demo: bool = False) -> Running:
    """Open the forge in a folder, new or not. Its admin is `root`; each start makes a new token for it, kept in `admin-token`.

    With `demo` everybody at the browser may look at everything, and sign in as anybody.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = folder.resolve()
    pushes.write_hook(folder / "hooks")
    store = Store(folder / "forge.sqlite", _TABLES)
    faults = Faults()
    deliveries = Deliveries(store, faults, url=url, clock=clock)
    forge = Forge(folder=folder, url=url, store=store, hooks=deliveries, faults=faults, clock=clock)
    token = _admin(forge)
    deliveries.start()
    return Running(forge, deliveries, Application(Api(forge, routes()), GitHttp(forge), Pages(forge, demo=demo)), token)


def _admin(forge: Forge) -> str:
    root = forge.store.one(User, username="root") or accounts.make_user(
        forge, username="root", name="Administrator", email="root@localhost.example", admin=True
    )
    _, secret = accounts.make_token(forge, root, name="start", scopes=["api", "read_repository", "write_repository"])
    path = forge.folder / "admin-token"
    path.touch(0o600)
    path.write_text(secret)
    return secret
