"""`/user` and `/users`."""

from bot.localforge import accounts
from bot.localforge.api import shapes
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.routing import Route
from bot.localforge.entities import Member, Token, User


def routes() -> list[Route]:
    """Give the endpoints of this noun."""
    return [
        Route("GET", "/user", current, scopes="read_user"),
        Route(
            "GET", "/users", search, takes="username search public_email active blocked humans exclude_internal", scopes="read_user"
        ),
        Route("POST", "/users", create, "username name email", "admin public_email commit_email"),
        Route("GET", "/users/:user", show, scopes="read_user"),
        Route("PUT", "/users/:user", update, takes="username name email public_email commit_email admin"),
        Route("DELETE", "/users/:user", remove),
        Route("POST", "/users/:user/block", block),
        Route("POST", "/users/:user/unblock", unblock),
    ]


def current(call: Call) -> Answer:
    """Show whose token this is."""
    return Answer(shapes.user(call, call.user))


def search(call: Call) -> Listing[User]:
    """List accounts. A private address finds its owner for admins only."""
    found = call.forge.store.where(User, "state != 'deleted'")
    if (username := call.maybe_text("username")) is not None:
        found = [user for user in found if user.username.lower() == username.lower()]
    if (address := call.maybe_text("public_email")) is not None:
        found = [user for user in found if user.public_email and user.public_email.lower() == address.lower()]
    if words := call.text("search").lower():
        found = [user for user in found if _found_by(call, user, words)]
    if call.flag("active"):
        found = [user for user in found if user.state == "active"]
    if call.flag("blocked"):
        found = [user for user in found if user.state == "blocked"]
    if call.flag("humans"):
        found = [user for user in found if not user.bot]
    show = shapes.user if call.user.admin else shapes.user_basic
    return Listing(list(reversed(found)), lambda user: show(call, user), keyset=True)


def create(call: Call) -> Answer:
    """Make an account."""
    call.admin()
    made = accounts.make_user(
        call.forge,
        username=call.text("username"),
        name=call.text("name"),
        email=call.text("email"),
        admin=bool(call.flag("admin")),
        public_email=call.text("public_email"),
        commit_email=call.text("commit_email"),
    )
    return Answer(shapes.user(call, made))


def show(call: Call) -> Answer:
    """Show an account."""
    return Answer(shapes.user(call, _account(call)))


def update(call: Call) -> Answer:
    """Change an account. The number stays; a name that became free can be taken by others, as with GitLab."""
    call.admin()
    texts = {name: call.text(name) for name in ("name", "email", "public_email", "commit_email") if name in call.given}
    changed = call.forge.store.change(_account(call), **texts) if texts else _account(call)
    if call.flag("admin") is not None:
        changed = call.forge.store.change(changed, admin=bool(call.flag("admin")))
    if username := call.text("username"):
        changed = accounts.rename(call.forge, changed, username)
    return Answer(shapes.user(call, changed))


def remove(call: Call) -> Answer:
    """Remove an account: its tokens and memberships at once. Its name stays known, for what it has written."""
    call.admin()
    store = call.forge.store
    user = _account(call)
    for token in store.all(Token, user_id=user.id):
        store.change(token, revoked=True)
    for member in store.all(Member, user_id=user.id):
        store.remove(member)
    accounts.retire(call.forge, user)
    return Answer(status=204)


def block(call: Call) -> Answer:
    """Let somebody's tokens do nothing any more."""
    call.admin()
    if _account(call).state == "blocked":
        return Answer(body=None)
    call.forge.store.change(_account(call), state="blocked")
    return Answer(body=True)


def unblock(call: Call) -> Answer:
    """Let somebody in again."""
    call.admin()
    was = _account(call).state
    call.forge.store.change(_account(call), state="active")
    return Answer(body=was == "blocked")


def _found_by(call: Call, user: User, words: str) -> bool:
    """Say whether a search finds somebody: by part of the names, or by the whole of an address that may be seen."""
    addresses = [user.public_email] + ([user.email, user.commit_email] if call.user.admin else [])
    return words in user.username.lower() or words in user.name.lower() or words in (address.lower() for address in addresses)


def _account(call: Call) -> User:
    number = call.segments["user"]
    return call.account(int(number) if number.isdigit() else None)
