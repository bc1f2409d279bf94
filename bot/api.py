"""The routes of agents: hand in a proposal, ask how it stands. Thin: `bot.reception` does what they say."""

import re
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from bot import bodies
from bot.problems import Problem
from bot.proposals import Proposed
from bot.routes import Face
from countersign.domain.outcomes import Fault

PROPOSAL_LIMIT = 4 * 1024 * 1024
"""Bytes of JSON; the diff within may have a quarter of that, escapes take the rest."""

_NUMBER = re.compile(r"[0-9]{1,10}")
_AT_ONCE = 4
"""Each proposal runs git on this host; more than so many wait their turn."""


def router(face: Face) -> APIRouter:
    """Make the routes."""
    routes = APIRouter(prefix="/v1")
    at_once = anyio.CapacityLimiter(_AT_ONCE)

    @routes.post("/proposals")
    async def propose(request: Request) -> Response:
        began = face.ticks()
        try:
            answer = await _propose(face, request, at_once)
        except Problem as problem:
            answer = problem.response()
        except Fault:
            face.metrics.proposal(HTTPStatus.SERVICE_UNAVAILABLE, face.ticks() - began)
            raise
        face.metrics.proposal(answer.status_code, face.ticks() - began)
        return answer

    @routes.get("/proposals/{project:path}/{iid}")
    async def standing(request: Request, project: str, iid: str) -> Response:
        agent = face.reception.identify(_only(request, "authorization"))
        look = partial(face.reception.look, agent, project, int(iid) if _NUMBER.fullmatch(iid) else 0)
        return JSONResponse((await anyio.to_thread.run_sync(look, limiter=at_once)).document())

    return routes


async def _propose(face: Face, request: Request, at_once: anyio.CapacityLimiter) -> JSONResponse:
    """Tell who speaks before a byte of the body is read."""
    agent = face.reception.identify(_only(request, "authorization"))
    body = await bodies.take(request, limit=PROPOSAL_LIMIT)
    take = partial(face.reception.propose, agent, body, key=_only(request, "idempotency-key"))
    return _proposed(await anyio.to_thread.run_sync(take, limiter=at_once), face.public_url)


def _proposed(made: Proposed, public_url: str) -> JSONResponse:
    change = made.change
    where = f"{public_url}/v1/proposals/{quote(change.ref.project)}/{change.ref.iid}"
    return JSONResponse(
        {
            "branch": made.branch,
            "head": change.head,
            "iid": change.ref.iid,
            "new": made.new,
            "project": change.ref.project,
            "replaced": dict(made.replaced),
            "status_url": where,
            "url": change.url,
        },
        status_code=HTTPStatus.CREATED if made.new else HTTPStatus.OK,
        headers={"Location": where},
    )


def _only(request: Request, name: str) -> str | None:
    """Give a header; one that is there twice says two things and so nothing."""
    values = request.headers.getlist(name)
    if len(values) > 1:
        raise Problem(HTTPStatus.BAD_REQUEST, "header", f"the header {name} is there more than once")
    return values[0] if values else None
