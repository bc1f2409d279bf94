"""The pages as an ASGI application: finds the page, knows the browser, shows nothing to strangers, lets forms in only from itself.

Strict headers: no script runs, nothing is loaded from elsewhere, no other site may frame a page or send a form.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from bot.localforge import accounts
from bot.localforge.entities import User
from bot.localforge.errors import Refusal
from bot.localforge.forge import Forge
from bot.localforge.pages import doing, reading
from bot.localforge.pages.looks import FOLDER, environment
from bot.localforge.pages.reading import Page
from bot.localforge.pages.sessions import COOKIE, MAX_AGE, Sessions
from bot.localforge.pages.visit import Visit

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; img-src 'self'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_MOST_BYTES = 256 * 1024
_PROJECT = r"/(?P<project>[^/]+(?:/[^/]+)+?)"
_CHANGE = _PROJECT + r"/-/merge_requests/(?P<iid>[0-9]{1,9})"


@dataclass(frozen=True, slots=True)
class Sitting:
    """A browser: its cookie, and who is signed in."""

    cookie: str
    user: User | None


class Pages:
    """Answers what browsers ask."""

    def __init__(self, forge: Forge, *, demo: bool) -> None:
        """Name the forge. With `demo` everybody may look, and sign in as anybody."""
        self._forge = forge
        self._demo = demo
        self._sessions = Sessions()
        self._looks: Environment = environment(forge.clock)
        self._style = (FOLDER / "style.css").read_bytes()
        self._shown: list[tuple[re.Pattern[str], Callable[[Visit], Page]]] = [
            (re.compile(r"/"), reading.home),
            (re.compile(r"/-/sign_in"), reading.sign_in),
            (re.compile(_CHANGE), reading.change),
            (re.compile(_PROJECT + r"/-/merge_requests"), reading.changes),
            (re.compile(_PROJECT + r"/-/tree/(?P<rest>.+)"), reading.tree),
            (re.compile(_PROJECT + r"/-/blob/(?P<rest>.+)"), reading.blob),
            (re.compile(_PROJECT + r"/-/commits/(?P<rest>.+)"), reading.commits),
            (re.compile(_PROJECT + r"/-/commit/(?P<rest>[0-9a-f]{7,40})"), reading.commit),
            (re.compile(_PROJECT), reading.project),
        ]
        self._done: list[tuple[re.Pattern[str], Callable[[Visit], str]]] = [
            (re.compile(_CHANGE + r"/approve"), doing.approve),
            (re.compile(_CHANGE + r"/revoke"), doing.revoke),
            (re.compile(_CHANGE + r"/merge"), doing.merge),
            (re.compile(_CHANGE + r"/comment"), doing.comment),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                await Response("too large", 413)(scope, receive, send)
                return
        response = await run_in_threadpool(self._answer, request, body)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        await response(scope, receive, send)

    def _answer(self, request: Request, body: bytes) -> Response:
        if urlsplit(f"//{request.headers.get('host', '')}").hostname not in _LOOPBACK:
            return Response("This forge answers on loopback alone.", 421, media_type="text/plain")
        if request.url.path == "/-/style.css":
            return Response(self._style, media_type="text/css", headers={"Cache-Control": "max-age=60"})
        sitting = self._sitting(request)
        try:
            if request.method == "POST":
                return self._act(request, sitting, dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True)))
            return self._show(request, sitting)
        except Refusal as refusal:
            page = Page("refused.html", {"status": refusal.status, "why": str(refusal.message)}, refusal.status)
            return self._render(request, sitting, page)

    def _sitting(self, request: Request) -> Sitting:
        """Find the browser, or welcome a new one."""
        cookie = request.cookies.get(COOKIE, "")
        if not self._sessions.known(cookie):
            return Sitting(self._sessions.begin(None), None)
        number = self._sessions.user(cookie)
        user = None if number is None else self._forge.store.one(User, id=number, state="active")
        return Sitting(cookie, user)

    def _show(self, request: Request, sitting: Sitting) -> Response:
        if request.method not in {"GET", "HEAD"}:
            raise Refusal(405, "Pages are read and forms are sent; nothing else is done here.")
        for pattern, handler in self._shown:
            if parts := pattern.fullmatch(request.url.path):
                if sitting.user is None and not self._demo and handler is not reading.sign_in:
                    return RedirectResponse(f"/-/sign_in?to={quote(request.url.path)}", 303)
                return self._render(request, sitting, handler(self._visit(sitting, parts.groupdict(), {})))
        raise Refusal(404, "There is no such page.")

    def _act(self, request: Request, sitting: Sitting, form: Mapping[str, str]) -> Response:
        if not self._sessions.sent_by_us(request.cookies.get(COOKIE, ""), form.get("form_token", "")):
            raise Refusal(403, "This form is not from this page, or is too old. Go back, load the page again and retry.")
        if request.url.path == "/-/sign_in":
            return self._sign_in(request, sitting, form)
        if request.url.path == "/-/sign_out":
            return self._went("/", self._sessions.begin(None, instead_of=sitting.cookie))
        for pattern, handler in self._done:
            if parts := pattern.fullmatch(request.url.path):
                with self._forge.store.alone():
                    return self._went(handler(self._visit(sitting, parts.groupdict(), form)), sitting.cookie)
        raise Refusal(404, "There is no such page.")

    def _sign_in(self, request: Request, sitting: Sitting, form: Mapping[str, str]) -> Response:
        user: User | None = None
        if self._demo and "username" in form:
            user = self._forge.store.one(User, username=form["username"], state="active")
        elif session := accounts.authenticate(self._forge, form.get("token", "").strip()):
            user = session.user if session.may("api") else None
        if user is None:
            shows: dict[str, object] = {
                "people": reading.people(self._visit(sitting, {}, {})),
                "problem": "No active token with scope api is called so.",
            }
            return self._render(request, sitting, Page("sign_in.html", shows, 401))
        to = form.get("to", "")
        safe = to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"
        return self._went(safe, self._sessions.begin(user.id, instead_of=sitting.cookie))

    def _visit(self, sitting: Sitting, segments: Mapping[str, str], form: Mapping[str, str]) -> Visit:
        return Visit(self._forge, sitting.user, self._demo, segments, form)

    def _render(self, request: Request, sitting: Sitting, page: Page) -> Response:
        to = request.query_params.get("to", "") if request.url.path == "/-/sign_in" else request.url.path
        common = {
            "me": sitting.user,
            "switch": reading.people(self._visit(sitting, {}, {})),
            "form_token": self._sessions.form_token(sitting.cookie),
            "here": to if request.method == "GET" else "/",
            "url": self._forge.url,
            "project": None,
        }
        html = self._looks.get_template(page.template).render(common | page.shows)
        return _with_cookie(Response(html, page.status, media_type="text/html; charset=utf-8"), sitting.cookie)

    @staticmethod
    def _went(to: str, cookie: str) -> Response:
        return _with_cookie(RedirectResponse(to, 303), cookie)


def _with_cookie(response: Response, cookie: str) -> Response:
    response.set_cookie(COOKIE, cookie, max_age=MAX_AGE, httponly=True, samesite="lax", path="/")
    return response
