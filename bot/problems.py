"""RFC 9457 problem details: the one form in which the bot says no over HTTP.

Holds what the caller needs in order to do better, and nothing of ours: no traceback, no policy text, no setting.
"""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"
_TYPES = "https://countersign.dev/problems/"


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """A no, ready to be sent. `kind` names the type of problem; `more` are the extension members."""

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        *,
        more: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Say what is wrong, and what would be right."""
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.more = more or {}
        self.headers = headers or {}

    def document(self) -> dict[str, object]:
        """Give it as plain data. Members that are None are left out."""
        extra = {name: value for name, value in self.more.items() if value is not None}
        return {
            "type": _TYPES + self.kind,
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
            **extra,
        }

    def response(self) -> JSONResponse:
        """Give it as an answer."""
        return JSONResponse(self.document(), status_code=int(self.status), media_type=MEDIA_TYPE, headers=dict(self.headers))


def unavailable(detail: str, *, seconds: int = 5) -> Problem:
    """Say that it could not be done now, and when to try again."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", detail, headers={"Retry-After": str(seconds)})
