"""Accounts and their tokens: making them, and finding whose token is shown. Knows no HTTP."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from bot.localforge.entities import Namespace, Project, Token, User
from bot.localforge.errors import Refusal, invalid
from bot.localforge.forge import Forge
from bot.localforge.spaces import set_member

SCOPES = frozenset({"api", "read_api", "read_user", "read_repository", "write_repository"})
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody with a token that is good now."""

    user: User
    token: Token

    def may(self, *scopes: str) -> bool:
        """Say whether the token has one of the scopes."""
        return any(scope in self.token.scopes for scope in scopes)


def make_user(  # noqa: PLR0913 - keyword-only, one for each field of an account
    forge: Forge,
    *,
    username: str,
    name: str,
    email: str,
    admin: bool = False,
    bot: bool = False,
    public_email: str = "",
    commit_email: str = "",
) -> User:
    """Make an account and the namespace of its own projects.

    Raises:
        Refusal: the name or the address is taken, or of no use.
    """
    store = forge.store
    if not _NAME.fullmatch(username):
        raise invalid("username", "can contain only letters, digits, '_', '-' and '.'")
    if "@" not in email:
        raise invalid("email", "is invalid")
    if store.where(Namespace, "lower(full_path) = lower(?)", username):
        raise Refusal(409, "Username has already been taken")
    if store.where(User, "lower(email) = lower(?)", email):
        raise Refusal(409, "Email has already been taken")
    user = store.add(
        User,
        username=username,
        name=name,
        email=email,
        public_email=public_email,
        commit_email=commit_email or email,
        admin=admin,
        bot=bot,
        state="active",
        created_at=forge.clock(),
    )
    store.add(
        Namespace,
        kind="user",
        name=name,
        path=username,
        full_path=username,
        parent_id=None,
        owner_id=user.id,
        description="",
        visibility="public",
        created_at=user.created_at,
    )
    return user


def make_token(  # noqa: PLR0913 - keyword-only, one for each choice
    forge: Forge,
    user: User,
    *,
    name: str,
    scopes: Sequence[str],
    expires: str = "",
    project: Project | None = None,
    secret: str = "",
) -> tuple[Token, str]:
    """Make a token and give it with its secret, which is not kept.

    Raises:
        Refusal: a scope is unknown, the name is empty, or it would have expired already.
    """
    if not scopes or set(scopes) - SCOPES:
        raise invalid("scopes", f"can only contain available scopes: {', '.join(sorted(SCOPES))}")
    if not name:
        raise invalid("name", "can't be blank")
    if expires and expires <= forge.clock().date().isoformat():
        raise invalid("expires_at", "must be in the future")
    secret = secret or f"glpat-{secrets.token_urlsafe(20)}"
    token = forge.store.add(
        Token,
        user_id=user.id,
        project_id=None if project is None else project.id,
        name=name,
        digest=_digest(secret),
        scopes=tuple(scopes),
        expires=expires,
        revoked=False,
        created_at=forge.clock(),
    )
    return token, secret


def active(forge: Forge, token: Token) -> bool:
    """Say whether a token is good now. It expires at the beginning of its date, UTC."""
    return not token.revoked and (not token.expires or forge.clock().date().isoformat() < token.expires)


def authenticate(forge: Forge, secret: str) -> Session | None:
    """Find whose token this is; None for one that is unknown, revoked, expired, or of a blocked account."""
    token = forge.store.one(Token, digest=_digest(secret)) if secret else None
    if token is None or not active(forge, token):
        return None
    user = forge.store.get(User, token.user_id)
    return Session(user, token) if user.state == "active" else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def make_project_token(  # noqa: PLR0913 - keyword-only, one for each choice
    forge: Forge, project: Project, *, name: str, scopes: Sequence[str], expires: str, level: int
) -> tuple[Token, str]:
    """Make a token for a project, with a bot of its own that is in no other.

    Raises:
        Refusal: as for `make_token`.
    """
    username = f"project_{project.id}_bot_{secrets.token_hex(16)}"
    bot = make_user(forge, username=username, name=name or "-", email=f"{username}@noreply.localhost", bot=True)
    set_member(forge, "project", project.id, bot, level)
    return make_token(forge, bot, name=name, scopes=scopes, expires=expires, project=project)


def rename(forge: Forge, user: User, username: str) -> User:
    """Give an account another name, and its projects another path.

    Raises:
        Refusal: the name is taken or of no use.
    """
    store = forge.store
    if not _NAME.fullmatch(username):
        raise invalid("username", "can contain only letters, digits, '_', '-' and '.'")
    taken = store.where(Namespace, "lower(full_path) = lower(?)", username)
    if taken and taken[0].owner_id != user.id:
        raise Refusal(409, "Username has already been taken")
    space = store.one(Namespace, kind="user", owner_id=user.id)
    if space is not None:
        store.change(space, path=username, full_path=username)
        for project in store.all(Project, namespace_id=space.id):
            store.change(project, path_with_namespace=f"{username}/{project.path}")
    return store.change(user, username=username)


def retire(forge: Forge, user: User) -> None:
    """Take an account out of use and free its name and address, keeping what it has written."""
    gone = rename(forge, user, f"deleted-{user.id}")
    forge.store.change(gone, state="deleted", email=f"deleted-{user.id}@noreply.localhost", public_email="", commit_email="")
