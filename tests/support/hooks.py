"""Makes GitLab deliveries as GitLab does: payload, token, signature. Every part can be made wrong."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.webhooks.events import HookSecret
from bot.webhooks.signatures import sign
from tests.builders import NOON

PROJECT = "acme/shop"
KEY = bytes(range(32))
SECRET = HookSecret(PROJECT, "token-of-the-shop-0123456789", KEY)
OTHER = HookSecret("acme/bakery", "token-of-the-bakery-012345678", bytes(range(1, 33)))


def signing_secret(key: bytes = KEY) -> str:
    """Write a key as a deployer is given it."""
    return "whsec_" + base64.b64encode(key).decode()


def merge_request(
    *, project: str = PROJECT, iid: object = 7, action: str = "open", changes: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Make a merge request payload with the fields that matter and some that do not."""
    return {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": {"id": 10, "username": "sam"},
        "project": {"id": 1, "path_with_namespace": project},
        "object_attributes": {"iid": iid, "action": action, "state": "opened", "target_branch": "main"},
        "changes": dict(changes or {}),
    }


def push(*, project: str = PROJECT, ref: str = "refs/heads/main") -> dict[str, object]:
    """Make a push payload."""
    return {"object_kind": "push", "project": {"path_with_namespace": project}, "ref": ref, "commits": []}


@dataclass(frozen=True)
class Delivery:
    """One delivery, genuine unless altered. `headers` says how it arrives."""

    body: bytes
    event: str = "Merge Request Hook"
    secret: HookSecret = SECRET
    id: str = "delivery-1"
    at: datetime = NOON

    @classmethod
    def of(cls, payload: Mapping[str, object], *, event: str = "Merge Request Hook", secret: HookSecret = SECRET) -> "Delivery":
        return cls(json.dumps(payload).encode(), event=event, secret=secret)

    @property
    def headers(self) -> dict[str, str]:
        timestamp = str(int(self.at.timestamp()))
        return {
            "Content-Type": "application/json",
            "X-Gitlab-Event": self.event,
            "X-Gitlab-Token": self.secret.token,
            "webhook-id": self.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(self.secret.key, delivery=self.id, timestamp=timestamp, body=self.body),
        }

    def raw(self, **altered: str | None) -> list[tuple[bytes, bytes]]:
        """Give the headers as ASGI does; `altered` replaces some (underscores for dashes), None leaves one out."""
        names: dict[str, str | None] = {name.lower(): value for name, value in self.headers.items()}
        names |= {name.replace("_", "-"): value for name, value in altered.items()}
        return [(name.encode(), value.encode("latin-1", "replace")) for name, value in names.items() if value is not None]

    def again(self, **changes: object) -> "Delivery":
        """Give a delivery that differs in some parts, signed anew."""
        return replace(self, **changes)  # type: ignore[arg-type]  # the names are this class's own
