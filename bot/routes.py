"""The routes of machines: webhooks, health, figures. Thin: `bot.door` takes deliveries, `bot.health` asks around."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import anyio.to_thread
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from bot import bodies, metrics
from bot.audit_pages import AuditPages
from bot.door import Door
from bot.health import Readiness
from bot.metrics import Metrics
from bot.problems import Problem, unavailable
from bot.reception import Reception

DELIVERY_LIMIT = 1024 * 1024
"""Bytes. GitLab's own limit for a payload is far below with default settings of most projects; more is no news but an attack."""


@dataclass(frozen=True, slots=True)
class Face:
    """Everything that answers requests."""

    door: Door
    reception: Reception
    readiness: Readiness
    metrics: Metrics
    ticks: Callable[[], float]
    public_url: str
    pages: AuditPages | None = None


def router(face: Face) -> APIRouter:
    """Make the routes."""
    routes = APIRouter()

    @routes.post("/webhooks/gitlab")
    async def webhook(request: Request) -> Response:
        began = face.ticks()
        body = await bodies.take(request, limit=DELIVERY_LIMIT)
        answer = await anyio.to_thread.run_sync(face.door.take, request.headers.raw, body)
        face.metrics.delivery(answer.verdict, face.ticks() - began)
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return unavailable(answer.why).response()
        if answer.status >= HTTPStatus.BAD_REQUEST:
            return Problem(HTTPStatus(answer.status), "delivery", answer.why).response()
        return JSONResponse({"detail": answer.why, "verdict": answer.verdict.value}, status_code=answer.status)

    @routes.get("/healthz")
    async def alive() -> Response:
        return JSONResponse({"status": "ok"})

    @routes.get("/readyz")
    async def ready() -> Response:
        missing = await anyio.to_thread.run_sync(face.readiness.missing)
        return JSONResponse({"status": "missing" if missing else "ok", "missing": missing}, status_code=503 if missing else 200)

    @routes.get("/metrics")
    async def figures() -> Response:
        return Response(face.metrics.text(), media_type=metrics.MEDIA_TYPE)

    return routes
