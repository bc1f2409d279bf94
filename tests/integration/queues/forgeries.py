"""Forged messages, as whoever can write into Redis would make them. Each is given its worker's task and queue."""

import base64
import json
import os
from collections.abc import Callable, Mapping

MARK = "mark-of-the-forger-7f3a"
"""Goes into every forgery that can hold it, to be looked for where no text of a message belongs."""

REQUEST = {"v": 1, "project": "acme/shop", "iid": 1}
Forgery = Callable[[str, str], bytes]


def envelope(task: str, queue: str, inside: bytes, /, **changed: object) -> bytes:
    """Make a message as Celery does, then change it: `headers`, `properties` and the other fields, None to leave one out."""
    headers: dict[str, object] = {
        "lang": "py",
        "task": task,
        "id": "6a0e6b52-0000-4000-8000-000000000001",
        "root_id": "6a0e6b52-0000-4000-8000-000000000001",
        "parent_id": None,
        "group": None,
        "argsrepr": f"({MARK})",
        "kwargsrepr": "{}",
        "retries": 0,
        "timelimit": [None, None],
        "eta": None,
        "expires": None,
    }
    properties: dict[str, object] = {
        "correlation_id": "x",
        "reply_to": MARK,
        "delivery_mode": 2,
        "delivery_info": {"exchange": "", "routing_key": queue},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": os.urandom(8).hex(),
    }
    message: dict[str, object] = {
        "body": base64.b64encode(inside).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": _change(headers, changed.pop("headers", {})),
        "properties": _change(properties, changed.pop("properties", {})),
    }
    return json.dumps(_change(message, changed)).encode()


def _change(fields: dict[str, object], changed: object) -> object:
    if not isinstance(changed, Mapping):
        return changed
    return {name: value for name, value in (fields | dict(changed)).items() if value is not ...}


def good(task: str, queue: str, iid: int) -> bytes:
    """Make an honest request."""
    return envelope(task, queue, body({**REQUEST, "iid": iid}))


def body(*args: object, kwargs: object = None, more: object = None) -> bytes:
    """Make the body of a message with these arguments."""
    return json.dumps([args, {} if kwargs is None else kwargs, {} if more is None else more]).encode()


def _args(*args: object, kwargs: object = None, more: object = None) -> Forgery:
    return lambda task, queue: envelope(task, queue, body(*args, kwargs=kwargs, more=more))


def _raw_body(raw: bytes, **changed: object) -> Forgery:
    return lambda task, queue: envelope(task, queue, raw, **changed)


def _headers(**headers: object) -> Forgery:
    return lambda task, queue: envelope(task, queue, body(REQUEST), headers=headers)


def _fields(**changed: object) -> Forgery:
    return lambda task, queue: envelope(task, queue, body(REQUEST), **{name.replace("_", "-"): to for name, to in changed.items()})


def _raw(raw: bytes) -> Forgery:
    return lambda task, queue: raw.replace(b"TASK", task.encode()).replace(b"QUEUE", queue.encode())


DEEP = 4000
FORGERIES: dict[str, Forgery] = {
    # conclusions, and other things that a request has no field for
    "approved": _args({**REQUEST, "approved": True, "note": MARK}),
    "many fields": _args({**REQUEST, **{f"field{number:0>80}": MARK for number in range(60)}}),
    "a command": _args({**REQUEST, "argv": ["psql", "-c", MARK]}),
    "another version": _args({**REQUEST, "v": 2}),
    "number as text": _args({**REQUEST, "iid": "1"}),
    "number too large": _args({**REQUEST, "iid": 10**400}),
    "project that climbs": _args({**REQUEST, "project": f"acme/../{MARK}"}),
    "no request": _args(),
    "two requests": _args(REQUEST, REQUEST),
    "named arguments": _args(kwargs=REQUEST),
    "named arguments beside": _args(REQUEST, kwargs={"approved": MARK}),
    # what Celery would do beside running the task
    "a chain": _args(REQUEST, more={"chain": [{"task": "runners.run", "args": [MARK], "options": {"queue": "runs.staging"}}]}),
    "a callback": _args(REQUEST, more={"callbacks": [{"task": MARK}]}),
    "another task": lambda _, queue: envelope("runners.mint_me_something", queue, body(REQUEST, {"role": MARK})),
    "a task of Celery's": lambda task, queue: envelope("celery.map", queue, body({"task": task}, [{"approved": MARK}])),
    "the cleanup of Celery's": lambda _, queue: envelope("celery.backend_cleanup", queue, body()),
    # bodies
    "body no triple": _raw_body(f'"{MARK}"'.encode()),
    "body an object": _raw_body(json.dumps({"args": [REQUEST], "kwargs": {}, "task": MARK}).encode()),
    "body a number": _raw_body(b"1"),
    "body null": _raw_body(b"null"),
    "body empty": _raw_body(b""),
    "body no JSON": _raw_body(b"{" + MARK.encode()),
    "body no UTF-8": _raw_body(b"\xff\xfe" + MARK.encode()),
    "body with a field twice": _raw_body(b'[[{"v":1,"project":"acme/shop","iid":1,"iid":2}],{},{}]'),
    "body deep": _raw_body(b"[" * DEEP + b"]" * DEEP),
    "body not base64": _fields(body=f"*{MARK}*"),
    "body not text": _fields(body={"x": MARK}),
    "body missing": _fields(body=...),
    "body otherwise encoded": lambda task, queue: envelope(task, queue, body(REQUEST), properties={"body_encoding": "utf-8"}),
    # serializers
    "pickle": _raw_body(b"\x80\x04N.", **{"content-type": "application/x-python-serialize", "content-encoding": "binary"}),
    "yaml": _raw_body(b"!!python/object/apply:os.system [id]", **{"content-type": "application/x-yaml"}),
    "content type a list": _fields(content_type=[MARK]),
    "another charset": _fields(content_encoding="utf-16"),
    "compressed": _raw_body(b"x\x9c\x03\x00\x00\x00\x00\x01", headers={"compression": "application/x-gzip"}),
    # headers
    "no task": _headers(task=...),
    "task a list": _headers(task=[MARK]),
    "headers null": _fields(headers=None),
    "headers a list": _fields(headers=[MARK]),
    "headers missing": _fields(headers=...),
    "eta nonsense": _headers(eta=MARK),
    "eta a number": _headers(eta=10**30),
    "eta without a zone": _headers(eta="2026-01-01T00:00:00"),
    "eta for ever": _headers(eta="9999-12-31T23:59:59+00:00"),
    "eta past the calendar": _headers(eta="9999-12-31T23:59:59-14:00"),
    "expires nonsense": _headers(expires=MARK),
    "retries as an exponent": _headers(retries=10**9),
    "retries negative": _headers(retries=-1),
    "retries text": _headers(retries=MARK),
    # properties
    "properties missing": _fields(properties=...),
    "properties null": _fields(properties=None),
    # whole messages
    "no JSON": _raw(b"garbage " + MARK.encode()),
    "no UTF-8": _raw(b"\xff\xfe\x00" + MARK.encode()),
    "empty": _raw(b""),
    "null": _raw(b"null"),
    "a number": _raw(b"1e400"),
    "a list": _raw(b'["TASK"]'),
    "an object": _raw(b'{"task": "TASK", "args": [], "kwargs": {}, "id": "x"}'),
    "body alone": _raw(b'{"body": "x"}'),
    "deep": _raw(b"[" * DEEP),
    "huge": lambda task, queue: envelope(task, queue, body({**REQUEST, "note": MARK * 100_000})),
}
