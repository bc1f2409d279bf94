"""Puts the web face together: routes, and one form for everything that goes wrong. No page, no traceback, no version banner."""

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import api, audit_pages, routes
from bot.problems import Problem, unavailable
from bot.routes import Face
from countersign.domain.outcomes import Fault


def make_app(face: Face) -> FastAPI:
    """Make the application."""
    app = FastAPI(title="Countersign", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(routes.router(face))
    app.include_router(api.router(face))
    if face.pages is not None:
        app.include_router(audit_pages.router(face.pages))
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(Fault, _fault)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
    app.add_middleware(_Plain)
    return app


async def _problem(_: Request, error: Exception) -> JSONResponse:
    return error.response() if isinstance(error, Problem) else unavailable("could not").response()


async def _fault(request: Request, error: Exception) -> JSONResponse:
    structlog.get_logger("countersign.bot").error("could not answer", path=request.url.path, fault=str(error))
    return unavailable("could not be done now; send the same request again").response()


async def _http(_: Request, error: Exception) -> JSONResponse:
    """Answer what no route takes."""
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    return Problem(
        status, "not-found" if status is HTTPStatus.NOT_FOUND else "http", status.description or status.phrase
    ).response()


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """Answer a bug of ours; the log has the rest."""
    structlog.get_logger("countersign.bot").error("unexpected", path=request.url.path, error=type(error).__name__, exc_info=error)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected", "something is wrong with the bot; its log tells what").response()


class _Plain:
    """Marks every answer as not to be kept and not to be guessed at."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"cache-control", b"no-store"),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        await self._app(scope, receive, marked if scope["type"] == "http" else send)
