"""Sends webhooks in the background: one thread, oldest first, three attempts, each with the same delivery id.

Knows nothing of events but their kind. What was sent and answered is kept, to be looked at (`GET …/hooks/:id/events`).
"""

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.localforge.entities import Delivery, Hook, Project
from bot.localforge.faults import Faults
from bot.localforge.store import Store

_EVENTS = {
    "push": ("push_events", "Push Hook"),
    "tag_push": ("tag_push_events", "Tag Push Hook"),
    "merge_request": ("merge_requests_events", "Merge Request Hook"),
    "note": ("note_events", "Note Hook"),
}
_PAUSES = (timedelta(seconds=0.5), timedelta(seconds=2))
"""Between attempts; so there are three."""

_TIMEOUT = 10
"""Seconds that a receiver has, as with GitLab."""

_KEPT = 8192
_KEY_BYTES = 32


class Deliveries:
    """The outbox of one forge."""

    def __init__(self, store: Store, faults: Faults, *, url: str, clock: Callable[[], datetime]) -> None:
        """Name the store. Nothing is sent before `start`."""
        self._store = store
        self._faults = faults
        self._url = url
        self._clock = clock
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to send, also what an earlier run has left."""
        self._thread.start()

    def stop(self) -> None:
        """End after the delivery that is under way."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_TIMEOUT + 1)

    def announce(self, project: Project, kind: str, payload: dict[str, object]) -> None:
        """Put an event on its way to every hook that wants its kind."""
        wanted, event = _EVENTS[kind]
        now = self._clock()
        for hook in self._store.all(Hook, project_id=project.id):
            if getattr(hook, wanted):
                self._put(hook, kind, event, json.dumps(payload), now)
        self._wake.set()

    def again(self, delivery: Delivery) -> None:
        """Send something once more, under the same delivery id."""
        self._store.change(delivery, attempts=0, done=False, due_at=self._clock())
        self._wake.set()

    def _put(self, hook: Hook, kind: str, event: str, body: str, now: datetime) -> None:
        fault = self._faults.take(["hooks-duplicated", "hooks-reordered", "hooks-lost"], path=hook.url)
        if fault is not None and fault.kind == "hooks-lost":
            return
        delay = timedelta(seconds=fault.seconds or 1.0) if fault is not None and fault.kind == "hooks-reordered" else timedelta()
        key = str(uuid.uuid4())
        for _ in range(2 if fault is not None and fault.kind == "hooks-duplicated" else 1):
            self._store.add(
                Delivery,
                hook_id=hook.id,
                event=event,
                trigger=f"{kind}_hooks",
                key=key,
                body=body,
                attempts=0,
                done=False,
                status="",
                said="",
                due_at=now + delay,
                created_at=now,
            )

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            for delivery in self._store.all(Delivery, done=False):
                if delivery.due_at <= self._clock() and not self._stopping.is_set():
                    self._attempt(delivery)
            waiting = [delivery.due_at for delivery in self._store.all(Delivery, done=False)]
            pause = (min(waiting) - self._clock()).total_seconds() if waiting else None
            self._wake.wait(None if pause is None else max(0.01, pause))

    def _attempt(self, delivery: Delivery) -> None:
        hook = self._store.one(Hook, id=delivery.hook_id)
        if hook is None:
            self._store.remove(delivery)
            return
        try:
            status, said = send(hook.url, self._headers(hook, delivery), delivery.body.encode())
        except (OSError, http.client.HTTPException) as error:
            status, said = 0, f"{type(error).__name__}: {error}"
        attempts = delivery.attempts + 1
        good = 200 <= status < 300  # noqa: PLR2004 - HTTP's range of success
        done = good or attempts > len(_PAUSES)
        due = delivery.due_at if done else self._clock() + _PAUSES[attempts - 1]
        shown = str(status) if status else "internal error"
        self._store.change(delivery, attempts=attempts, done=done, status=shown, said=said[:_KEPT], due_at=due)

    def _headers(self, hook: Hook, delivery: Delivery) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitLab/18.6.0-embedded",
            "X-Gitlab-Event": delivery.event,
            "X-Gitlab-Event-UUID": str(uuid.uuid5(uuid.NAMESPACE_URL, delivery.key)),
            "X-Gitlab-Webhook-UUID": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._url}/hooks/{hook.id}")),
            "X-Gitlab-Instance": self._url,
            "Idempotency-Key": delivery.key,
        }
        if hook.token:
            headers["X-Gitlab-Token"] = hook.token
        if hook.signing_token:
            stamp = str(int(self._clock().timestamp()))
            headers |= {
                "webhook-id": delivery.key,
                "webhook-timestamp": stamp,
                "webhook-signature": sign(hook.signing_token, f"{delivery.key}.{stamp}.".encode() + delivery.body.encode()),
            }
        return headers


def signing_key(token: str) -> bytes | None:
    """Give the key in a signing token, `whsec_` and 32 bytes in base64; None where it is none."""
    try:
        key = base64.b64decode(token.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return None
    return key if token.startswith("whsec_") and len(key) == _KEY_BYTES else None


def sign(token: str, data: bytes) -> str:
    """Sign as Standard Webhooks wants it."""
    digest = hmac.new(signing_key(token) or b"", data, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def send(url: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    """Post to a URL; give status and what was answered. No redirect is followed.

    Raises:
        OSError, http.client.HTTPException: nobody is there, or it does not speak HTTP.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT)
    try:
        connection.request("POST", parts._replace(scheme="", netloc="").geturl() or "/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(_KEPT).decode(errors="replace")
    finally:
        connection.close()
