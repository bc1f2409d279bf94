"""Access tokens: people's own, and those of projects with a bot of their own."""

from bot.localforge import accounts
from bot.localforge.access import MAINTAINER
from bot.localforge.api import shapes
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.entities import Member, Token, User
from bot.localforge.errors import Refusal, not_found


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    return [
        Route("POST", "/users/:user/personal_access_tokens", create_token, "name scopes", "expires_at"),
        Route("GET", "/personal_access_tokens", list_tokens, takes="user_id revoked"),
        Route("GET", "/personal_access_tokens/self", own_token, scopes="any"),
        Route("DELETE", "/personal_access_tokens/self", revoke_own, scopes="any"),
        Route("GET", "/personal_access_tokens/:token", show_token),
        Route("DELETE", "/personal_access_tokens/:token", revoke_token),
        Route("POST", "/projects/:project/access_tokens", create_project_token, "name scopes expires_at", "access_level"),
        Route("GET", "/projects/:project/access_tokens", list_project_tokens),
        Route("DELETE", "/projects/:project/access_tokens/:token", revoke_project_token),
    ]


def create_token(call: Call) -> Answer:
    """Make a token for somebody."""
    call.admin()
    kept, secret = accounts.make_token(
        call.forge, _account(call), name=call.text("name"), scopes=call.texts("scopes") or [], expires=call.text("expires_at")
    )
    return Answer(shapes.token(call, kept, secret))


def list_tokens(call: Call) -> Listing[Token]:
    """List tokens: one's own, or anybody's for admins."""
    wanted = call.number("user_id")
    if not call.user.admin and wanted not in {None, call.user.id}:
        raise Refusal(401, "401 Unauthorized")
    found = call.forge.store.all(Token, project_id=None)
    if not call.user.admin or wanted is not None:
        found = [token for token in found if token.user_id == (wanted or call.user.id)]
    if call.flag("revoked") is not None:
        found = [token for token in found if token.revoked is call.flag("revoked")]
    return Listing(found, lambda token: shapes.token(call, token))


def own_token(call: Call) -> Answer:
    """Show the token that is used."""
    return Answer(shapes.token(call, call.session.token))


def revoke_own(call: Call) -> Answer:
    """Revoke the token that is used."""
    call.forge.store.change(call.session.token, revoked=True)
    return Answer(status=204)


def show_token(call: Call) -> Answer:
    """Show a token."""
    return Answer(shapes.token(call, _token(call)))


def revoke_token(call: Call) -> Answer:
    """Revoke a token."""
    call.forge.store.change(_token(call), revoked=True)
    return Answer(status=204)


def create_project_token(call: Call) -> Answer:
    """Make a project access token and its bot. Another project token cannot make one."""
    project = call.project(MAINTAINER)
    if call.session.token.project_id is not None:
        raise Refusal(403, "403 Forbidden")
    level = call.number("access_level") or MAINTAINER
    if level > call.access.level(call.user, project):
        raise Refusal(400, "User does not have permission to create project access token")
    kept, secret = accounts.make_project_token(
        call.forge,
        project,
        name=call.text("name"),
        scopes=call.texts("scopes") or [],
        expires=call.text("expires_at"),
        level=level,
    )
    return Answer(shapes.token(call, kept, secret))


def list_project_tokens(call: Call) -> Listing[Token]:
    """List a project's tokens."""
    project = call.project(MAINTAINER)
    found = [token for token in call.forge.store.all(Token, project_id=project.id) if not token.revoked]
    return Listing(found, lambda token: shapes.token(call, token))


def revoke_project_token(call: Call) -> Answer:
    """Revoke a project access token; its bot leaves the project."""
    project = call.project(MAINTAINER)
    number = call.segments["token"]
    token = call.forge.store.one(Token, id=int(number), project_id=project.id) if number.isdigit() else None
    if token is None or token.revoked:
        raise not_found("Could not find project access token with token_id:")
    call.forge.store.change(token, revoked=True)
    member = call.forge.store.one(Member, source="project", source_id=project.id, user_id=token.user_id)
    if member is not None:
        call.forge.store.remove(member)
    return Answer(status=204)


def _account(call: Call) -> User:
    number = call.segments["user"]
    return call.account(int(number) if number.isdigit() else None)


def _token(call: Call) -> Token:
    number = call.segments["token"]
    token = call.forge.store.one(Token, id=int(number)) if number.isdigit() else None
    if token is None or (token.user_id != call.user.id and not call.user.admin):
        raise not_found("")
    return token
