"""The API as an ASGI application: finds the route, lets tokens in, refuses parameters nobody knows, sends what the handler gives.

Every handler runs in a thread; those that change something run one after the other, each whole or not at all.
"""

import json
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.localforge import accounts
from bot.localforge.accounts import Session
from bot.localforge.api.call import Answer, Call, Listing
from bot.localforge.api.harmless import HARMLESS
from bot.localforge.api.paging import page
from bot.localforge.api.routing import PAGING, Route
from bot.localforge.errors import Refusal
from bot.localforge.faults import Fault
from bot.localforge.forge import Forge

PREFIX = "/api/v4/"
_MOST_BYTES = 64 * 1024 * 1024
_JSON = "application/json"


class LostAnswerError(Exception):
    """The connection is to end without an answer, as a test has asked for."""


class Api:
    """Answers everything below /api/v4."""

    def __init__(self, forge: Forge, routes: list[Route]) -> None:
        """Name the forge and what it speaks."""
        self._forge = forge
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        path = scope["raw_path"].decode("ascii", errors="replace").partition("?")[0]
        body = await _read(request)
        fault = self._forge.faults.take(["status", "slow", "lost", "empty"], method=request.method, path=unquote(path))
        if fault is not None and path.endswith("/_faults"):
            fault = None
        answer = await run_in_threadpool(self._answer, request, path, body, fault)
        if fault is not None and fault.kind == "lost":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
            raise LostAnswerError
        response = Response(_body(answer), answer.status or 200, dict(answer.headers))
        response.headers.setdefault("Content-Type", _JSON)
        await response(scope, receive, send)

    def _answer(self, request: Request, path: str, body: bytes | None, fault: Fault | None) -> Answer:
        try:
            if body is None:
                return Answer({"error": "the request is too large"}, status=413)
            if fault is not None and fault.kind in {"status", "slow"}:
                time.sleep(fault.seconds)
                if fault.kind == "status":
                    return _broken(fault)
            method = "GET" if request.method == "HEAD" else request.method
            route, segments = self._route(method, path.removeprefix(PREFIX))
            session = self._session(request, route)
            base = f"{request.url.scheme}://{request.headers.get('host', '')}"
            given = _parameters(request, body)
            _check(route, given)
            call = Call(self._forge, session, base, segments, given)
            url = f"{base}{path}"
            if method == "GET":
                return _finish(route.handler(call), method, url, given, fault)
            with self._forge.store.alone():
                return _finish(route.handler(call), method, url, given, fault)
        except Refusal as refusal:
            return Answer(refusal.body, status=refusal.status)

    def _route(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        parts = [unquote(part) for part in path.split("/")]
        for route in self._routes:
            segments = route.match(method, parts)
            if segments is not None:
                return route, segments
        said = f"the embedded forge does not speak {method} /{path}"
        raise Refusal(404, "404 Not Found", key="error", message=said)

    def _session(self, request: Request, route: Route) -> Session:
        header = request.headers.get("authorization", "")
        kind, _, bearer = header.partition(" ")
        secret = request.headers.get("private-token") or (bearer if kind.lower() == "bearer" else "")
        session = accounts.authenticate(self._forge, secret.strip())
        if session is None:
            raise Refusal(401, "401 Unauthorized")
        if not route.lets_in(session.token.scopes):
            said = "The request requires higher privileges than provided by the access token."
            raise Refusal(403, "insufficient_scope", key="error", error_description=said, scope="api")
        return session


def _parameters(request: Request, body: bytes) -> dict[str, object]:
    """Read query and body into one; `name[]` gathers a list."""
    found: dict[str, object] = {}
    pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kind = request.headers.get("content-type", _JSON).partition(";")[0].strip().lower()
    if body and kind == "application/x-www-form-urlencoded":
        pairs += parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    elif body and kind != _JSON:
        raise Refusal(415, "The provided content-type is not supported.", key="error")
    for name, value in pairs:
        if name.endswith("[]"):
            gathered = found.setdefault(name.removesuffix("[]"), [])
            if isinstance(gathered, list):
                gathered.append(value)
        else:
            found[name] = value
    if body and kind == _JSON:
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            raise Refusal(400, "The request body is not valid JSON", key="error") from None
        if not isinstance(told, dict):
            raise Refusal(400, "The request body is not an object", key="error")
        found |= told
    return found


def _check(route: Route, given: Mapping[str, object]) -> None:
    missing = [name for name in route.needs.split() if given.get(name) is None or given[name] == ""]
    if missing:
        raise Refusal(400, ", ".join(f"{name} is missing" for name in missing), key="error")
    known = route.known | HARMLESS.get(f"{route.method} {route.template}", frozenset())
    unknown = sorted(set(given) - known - (PAGING if route.method == "GET" else frozenset()))
    if unknown:
        raise Refusal(400, f"the embedded forge does not know {', '.join(unknown)} here", key="error")


def _finish(answer: Answer | Listing[object], method: str, url: str, given: Mapping[str, object], fault: Fault | None) -> Answer:
    if isinstance(answer, Listing):
        if fault is not None and fault.kind == "empty":
            answer = Listing([], answer.show)
        return page(answer, url, given)
    if answer.status is not None:
        return answer
    return Answer(answer.body, 201 if method == "POST" else 200, answer.raw, answer.headers)


def _body(answer: Answer) -> bytes:
    if answer.raw is not None:
        return answer.raw
    return b"" if answer.status in {204, 304} else json.dumps(answer.body).encode()


def _broken(fault: Fault) -> Answer:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return Answer({"message": f"{fault.status} as a test has asked for"}, status=fault.status, headers=headers)


async def _read(request: Request) -> bytes | None:
    """Read the body; None where it is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return None
    return body
