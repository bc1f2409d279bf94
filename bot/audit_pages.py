"""The audit pages over HTTP: read-only, off unless a token is set, the same pages that `audit export` writes.

Whoever shows the token sees everything that the branch holds. A browser asks for it (Basic: any name, the token as password); a
proxy that knows people may add it for those who may read. Thin: `audit_views.py` draws.
"""

import hmac
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import anyio.to_thread
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from bot.audit_views import ROOT, AuditViews
from bot.problems import Problem
from countersign.domain.ids import MalformedError

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Countersign audit pages", charset="UTF-8"'}
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class AuditPages:
    """Pages, and the token that opens them."""

    views: AuditViews
    token: str

    def admit(self, header: str | None) -> None:
        """Return if the request bears the token.

        Raises:
            Problem: it does not.
        """
        if header is None or not hmac.compare_digest(_shown(header).encode(), self.token.encode()):
            raise Problem(HTTPStatus.UNAUTHORIZED, "audit-pages", "these pages ask for a token", headers=_CHALLENGE)


def router(pages: AuditPages) -> APIRouter:
    """Make the routes."""
    routes = APIRouter(prefix=ROOT)

    async def draw(request: Request, make: Callable[[], str | None]) -> Response:
        pages.admit(request.headers.get("authorization"))
        try:
            page = await anyio.to_thread.run_sync(make)
        except MalformedError as error:
            raise Problem(HTTPStatus.BAD_REQUEST, "audit-pages", str(error)) from None
        if page is None:
            raise Problem(HTTPStatus.NOT_FOUND, "not-found", "there is no record of it")
        return HTMLResponse(page, headers=_headers(pages.views.looks.policy))

    def known(project: str) -> str:
        if project not in pages.views.projects:
            raise Problem(HTTPStatus.NOT_FOUND, "not-found", "no such project here")
        return project

    @routes.get("/")
    async def home(request: Request) -> Response:
        return await draw(request, pages.views.home)

    @routes.get("/{project:path}/-/timeline")
    async def timeline(request: Request, project: str) -> Response:
        return await draw(request, lambda: pages.views.timeline(known(project), dict(request.query_params)))

    @routes.get("/{project:path}/-/changes/{iid}")
    async def change(request: Request, project: str, iid: str) -> Response:
        return await draw(request, lambda: pages.views.change(known(project), _number(iid)))

    @routes.get("/{project:path}/-/")
    async def overview(request: Request, project: str) -> Response:
        return await draw(request, lambda: pages.views.overview(known(project)))

    return routes


def _number(iid: str) -> int:
    """Read a change's number; 0, which no change has, where it is none."""
    return int(iid) if iid.isascii() and iid.isdigit() and len(iid) <= 10 else 0  # noqa: PLR2004 - more than any forge has


def _headers(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }


def _shown(header: str) -> str:
    """Take the token out of a header: Bearer, or Basic's password. Empty where there is none."""
    scheme, _, rest = header.partition(" ")
    if len(header) > _LONGEST:
        return ""
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(rest.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
