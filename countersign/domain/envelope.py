"""What a request travels in: one Celery message in a Redis list, read as the stranger's bytes that it is.

Reading takes out the five things we know, each of its form, and nothing else; writing makes a new message of them. So a consumer
that is only ever handed what `write` made never sees a header, a callback or an encoding that somebody else chose. Does not say
whether the request is a good one.
"""

import base64
import binascii
import json
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from countersign.domain.ids import MalformedError
from countersign.domain.messages import RunRequest, complaint

MAX_ENVELOPE = 16384
"""Bytes; an honest one has about 1,200."""

MAX_TRIES = 16
"""More than any task of ours is tried again."""

LONGEST_WAIT = timedelta(minutes=15)
"""A message may ask to be looked at later, as ours do by ten minutes at most, but not to be kept for ever."""

_BODY_PARTS = 3
_Model = TypeVar("_Model", bound=BaseModel)


class _Headers(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    task: str
    retries: Annotated[int, Field(ge=0, le=MAX_TRIES)] = 0
    eta: str | None = None
    expires: str | None = None


class _Properties(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    body_encoding: Literal["base64"]


class _Outside(BaseModel):
    """The fields of a message that are used; Celery's others are left where they are."""

    model_config = ConfigDict(strict=True, frozen=True)

    body: str
    content_type: Annotated[Literal["application/json"], Field(alias="content-type")]
    content_encoding: Annotated[Literal["utf-8"], Field(alias="content-encoding")]
    headers: _Headers
    properties: _Properties


@dataclass(frozen=True, slots=True)
class Envelope:
    """One request for one task. `tries` were made before; it is not to be taken up before `not_before` nor after `expires`."""

    task: str
    request: RunRequest
    tries: int = 0
    not_before: datetime | None = None
    expires: datetime | None = None

    @classmethod
    def read(cls, raw: bytes, *, tasks: Container[str], now: datetime) -> "Envelope":
        """Read what was in the list. `tasks` are those that the reader has.

        Raises:
            MalformedError: it is not exactly one well-formed request for one of the tasks. The text names fields, never values.
        """
        if len(raw) > MAX_ENVELOPE:
            raise MalformedError(f"message refused: {len(raw)} bytes, at most {MAX_ENVELOPE} are read")
        outside = _fit(_Outside, _json(raw, "message"))
        headers = outside.headers
        if headers.task not in tasks:
            raise MalformedError("message refused: it names a task that does not exist here")
        args, kwargs, more = _body(outside.body)
        if kwargs != {} or not isinstance(args, list) or len(args) != 1:
            raise MalformedError("message refused: it has to carry exactly one request and nothing beside")
        if not isinstance(more, dict) or any(value is not None for value in more.values()):
            raise MalformedError("message refused: it asks for further tasks")
        not_before, expires = _time("eta", headers.eta), _time("expires", headers.expires)
        if not_before is not None and not_before - now > LONGEST_WAIT:
            raise MalformedError("message refused: field 'eta' is too far off")
        return cls(headers.task, RunRequest.read(args[0]), headers.retries, not_before, expires)

    def write(self, *, name: str, queue: str) -> bytes:
        """Make the message that Celery is handed. `name` is new for each; `queue` is where it came from."""
        body = [[self.request.model_dump()], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
        headers = {
            "lang": "py",
            "task": self.task,
            "id": name,
            "root_id": name,
            "parent_id": None,
            "group": None,
            "retries": self.tries,
            "timelimit": [None, None],
            "eta": None if self.not_before is None else self.not_before.isoformat(),
            "expires": None if self.expires is None else self.expires.isoformat(),
            "ignore_result": True,
        }
        properties = {
            "correlation_id": name,
            "reply_to": "",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": name,
        }
        message = {
            "body": base64.b64encode(json.dumps(body).encode()).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": headers,
            "properties": properties,
        }
        return json.dumps(message).encode()


def _fit(model: type[_Model], value: object) -> _Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise MalformedError(complaint("message", error)) from None


def _body(text: str) -> list[object]:
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise MalformedError("message refused: field 'body' is not base64") from None
    body = _json(raw, "body")
    if not isinstance(body, list) or len(body) != _BODY_PARTS:
        raise MalformedError("message refused: field 'body' is not arguments, named arguments and what follows")
    return body


def _json(raw: bytes, what: str) -> object:
    try:
        return json.loads(raw.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise MalformedError(f"message refused: the {what} is not plain JSON, each name at most once") from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _time(field: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise MalformedError(f"message refused: field {field!r} is not a time with its zone")
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise MalformedError(f"message refused: field {field!r} is not a time with its zone") from None
