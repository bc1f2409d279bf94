"""GitLab's deliveries: headers and bytes in, an event out. Parsing one *is* verifying it; there is no other way in.

  (1) the token tells which project's hook speaks     401
  (2) the signature binds id, time and body           401
  (3) header and body agree about what it is          400
  (4) the body's project is the hook's own            401

Only then is anything of the body believed, and even that only as a hint about where to look.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.jsontext import read_object
from bot.webhooks.events import Event, HookSecret, Ignored, Kind, Rejected
from bot.webhooks.signatures import Signed, objection
from countersign.domain.ids import MalformedError

Headers = Iterable[tuple[bytes, bytes]]

_KINDS = {
    "Confidential Issue Hook": "issue",
    "Confidential Note Hook": "note",
    "Deployment Hook": "deployment",
    "Emoji Hook": "emoji",
    "Feature Flag Hook": "feature_flag",
    "Issue Hook": "issue",
    "Job Hook": "build",
    "Merge Request Hook": "merge_request",
    "Note Hook": "note",
    "Pipeline Hook": "pipeline",
    "Push Hook": "push",
    "Release Hook": "release",
    "Tag Push Hook": "tag_push",
    "Wiki Page Hook": "wiki_page",
}
_OURS = frozenset({"merge_request", "push"})
_BOOKKEEPING = frozenset({"labels", "last_edited_at", "last_edited_by_id", "updated_at", "updated_by_id"})
"""What our own label changes; an update of nothing else is no news (attack 11)."""


class _Vendor(BaseModel):
    """Part of a payload. Unknown fields are the vendor's business."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class _Project(_Vendor):
    path_with_namespace: str = Field(max_length=255)


class _Attributes(_Vendor):
    iid: int = Field(ge=1, lt=2**31)
    action: str = ""
    oldrev: str | None = None


class _MergeRequest(_Vendor):
    project: _Project
    object_attributes: _Attributes
    changes: dict[str, object] = {}

    def means(self, delivery: str) -> Event | Ignored:
        """Give what it comes down to."""
        attributes, changed = self.object_attributes, self.changes.keys()
        if attributes.action == "update" and attributes.oldrev is None and changed and changed <= _BOOKKEEPING:
            return Ignored(self.project.path_with_namespace, "only labels changed")
        return Event(self.project.path_with_namespace, attributes.iid, Kind.CHANGE, delivery)


class _Push(_Vendor):
    project: _Project
    ref: str = Field(max_length=4096)

    def means(self, delivery: str) -> Event:
        """Give what it comes down to."""
        return Event(self.project.path_with_namespace, None, Kind.BRANCH, delivery, branch=self.ref.removeprefix("refs/heads/"))


def parse(headers: Headers, body: bytes, *, secrets: Sequence[HookSecret], now: datetime) -> Event | Ignored | Rejected:
    """Verify and read one delivery. Never raises, whatever the bytes are."""
    known = [(name.lower(), value) for name, value in headers]
    owner = _owner(_only(known, b"x-gitlab-token"), secrets)
    if owner is None:
        return Rejected(401, "the header X-Gitlab-Token is missing, doubled or wrong")
    signed = Signed(
        delivery=_only(known, b"webhook-id"),
        timestamp=_only(known, b"webhook-timestamp"),
        signatures=_only(known, b"webhook-signature"),
        body=body,
    )
    wrong = objection(signed, key=owner.key, now=now)
    if wrong is not None:
        return Rejected(401, wrong)
    try:
        return _read(read_object(body), _only(known, b"x-gitlab-event"), owner, signed.delivery or "")
    except MalformedError as error:
        return Rejected(400, str(error))


def _read(payload: dict[str, object], hook: str | None, owner: HookSecret, delivery: str) -> Event | Ignored | Rejected:
    kind, expected = payload.get("object_kind"), _KINDS.get(hook or "")
    if not isinstance(kind, str) or hook is None or expected not in {None, kind} or (expected is None and kind in _OURS):
        return Rejected(400, "the header X-Gitlab-Event and the body's object_kind do not agree")
    if kind not in _OURS:
        return Ignored(owner.project, "not about a change or a branch")
    try:
        event = (_MergeRequest if kind == "merge_request" else _Push).model_validate(payload)
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in item["loc"])[:64] for item in error.errors()})
        return Rejected(400, f"not of GitLab's form: {', '.join(fields)}")
    if event.project.path_with_namespace != owner.project:
        return Rejected(401, "the body speaks of another project than the one whose hook this is")
    return event.means(delivery)


def _owner(token: str | None, secrets: Sequence[HookSecret]) -> HookSecret | None:
    """Find whose token it is. Every secret is compared, by digests of one length: time tells neither which nor how much."""
    given = hashlib.sha256((token or "").encode()).digest()
    found: HookSecret | None = None
    for secret in secrets:
        if hmac.compare_digest(given, hashlib.sha256(secret.token.encode()).digest()):
            found = secret
    return found


def _only(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """Give a header that is there exactly once and is printable ASCII."""
    values = [value for key, value in headers if key == name]
    text = values[0].decode("latin-1") if len(values) == 1 else ""
    return text if text.isascii() and text.isprintable() and text else None
