"""Takes in the body of a request, bounded while it streams: a length that is announced, missing or a lie makes no difference.

Does not parse it. Refuses compressed bodies, so that few bytes cannot become many (attack 6).
"""

from collections.abc import AsyncIterable
from http import HTTPStatus
from typing import Protocol

import anyio
from starlette.datastructures import Headers

from bot.problems import Problem

PATIENCE = 10.0
"""Seconds for the whole body: a sender that dribbles holds no connection for long."""


class Incoming(Protocol):
    """What is needed of a request: starlette's has it."""

    @property
    def headers(self) -> Headers:
        """Give the headers."""
        ...

    def stream(self) -> AsyncIterable[bytes]:
        """Give the body piece by piece."""
        ...


async def take(request: Incoming, *, limit: int) -> bytes:
    """Read a JSON body of at most `limit` bytes.

    Raises:
        Problem: 415 where it is not JSON or is compressed, 413 where it is too long, 408 where it does not come.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type", "send the body as it is, without content-encoding")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type", "send the body as application/json")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_long(limit)
    parts: list[bytes] = []
    size = 0
    with anyio.move_on_after(PATIENCE) as patience:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise _too_long(limit)
            parts.append(part)
    if patience.cancelled_caught:
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, "timeout", f"the body did not arrive within {PATIENCE:.0f} seconds")
    return b"".join(parts)


def _too_long(limit: int) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too-large",
        f"the body may have at most {limit} bytes",
        headers={"Connection": "close"},
    )
