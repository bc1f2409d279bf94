"""A record as exact bytes, and bytes as a record (in-toto Statement v1).

Writing is strict; reading checks every field that it knows and ignores those of later versions. Does not sign and does not
know the record before (`chain.py` does).
"""

import hashlib
import re
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from countersign.attestation import readable
from countersign.attestation.bodies import kinds
from countersign.attestation.naming import Named, named
from countersign.attestation.place import Place, record_id
from countersign.attestation.record import MAX_RECORD, OUTCOMES, PREDICATE_TYPE, STATEMENT_TYPE, Draft, Entry, RecordKind
from countersign.domain.ids import ChangeRef, Digest, MalformedError, RunId, Sha, digest, digest_of
from countersign.domain.neutral import title
from countersign.domain.outcomes import LedgerFault, TooLargeFault

_TIME = re.compile(r"[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_ORIGIN = re.compile(r"[\x21-\x2a\x2c-\x7e]{1,255}")
_RUN = re.compile(r"run-[a-z2-7]{20}")
_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_KEY = r"^[a-z_]{1,32}/[A-Za-z0-9][A-Za-z0-9:._-]{0,159}$"
_HEX = r"^[0-9a-f]{40,128}$"


def _time(value: object) -> object:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("not a time such as 2026-01-02T03:04:05.000006Z")
    return datetime.fromisoformat(value)


def _origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text) or "@" in text.partition("://")[2].partition("/")[0]:
        raise ValueError("not the name of a log: printable, no blanks or plus signs, nothing before an @ in the host")
    return text


def _run(text: str) -> RunId:
    if not _RUN.fullmatch(text):
        raise ValueError("not a run id")
    return RunId(text)


def _summary(text: str) -> str:
    if not text or text != title(text):
        raise ValueError("not one line of visible text")
    return text


def _shown(pattern: re.Pattern[str]) -> FieldInfo:
    """Show in the schema what a validator checks."""
    field: FieldInfo = Field(json_schema_extra={"pattern": f"^{pattern.pattern}$"})
    return field


Time = Annotated[datetime, BeforeValidator(_time)]


class _Part(BaseModel):
    """Checks what it knows; a record of a later version may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Subject(_Part):
    """What the statement is about, by digest."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    digest: Annotated[dict[str, Annotated[str, Field(pattern=_HEX)]], Field(min_length=1)]


class Change(_Part):
    """The change that the record belongs to."""

    repository: str
    iid: int

    @model_validator(mode="after")
    def _is_one(self) -> "Change":
        _ = self.ref
        return self

    @cached_property
    def ref(self) -> ChangeRef:
        """Give the change as the domain names it."""
        return ChangeRef(self.repository, self.iid)


class Predicate(_Part):
    """Our part of the statement."""

    v: Annotated[int, Field(ge=1)]
    log: Annotated[str, AfterValidator(_origin), _shown(_ORIGIN)]
    seq: Annotated[int, Field(ge=0, lt=10**10)]
    id: Annotated[str, _shown(_ID)]
    prev: Annotated[str, AfterValidator(digest), _shown(_DIGEST)] | None
    time: Time
    recorded_time: Time
    kind: Annotated[RecordKind, BeforeValidator(RecordKind)]
    key: Annotated[str, Field(pattern=_KEY)]
    run_id: Annotated[str, AfterValidator(_run), _shown(_RUN)] | None
    change: Change | None
    summary: Annotated[str, AfterValidator(_summary)]
    body: dict[str, object]

    @cached_property  # a commit's message is made, and checked
    def named(self) -> Named:
        """Give whom and what the record names, for its commit's trailers."""
        return named(self.body)

    @property
    def place(self) -> Place:
        """Give the record's place in its log."""
        return Place(self.log, self.seq, None if self.prev is None else Digest(self.prev), self.recorded_time)


class Statement(_Part):
    """A whole record (in-toto Statement v1)."""

    type: Annotated[Literal["https://in-toto.io/Statement/v1"], Field(alias="_type")]
    subject: Annotated[tuple[Subject, ...], Field(min_length=1, strict=False)]
    predicate_type: Annotated[Literal["https://countersign.dev/audit/v1"], Field(alias="predicateType")]
    predicate: Predicate

    def entry(self, raw: bytes, *, commit: Sha, path: str, root: Digest) -> Entry:
        """Give the entry that a reader of the log sees. Whoever calls this has checked signature and links."""
        part = self.predicate
        return Entry(
            seq=part.seq,
            kind=part.kind,
            key=part.key,
            change=None if part.change is None else part.change.ref,
            run=None if part.run_id is None else RunId(part.run_id),
            time=part.time,
            body=part.body,
            raw=raw,
            digest=digest_of(raw),
            commit=commit,
            path=path,
            root=root,
        )


def write(draft: Draft, place: Place) -> bytes:
    """Write a draft in its place.

    Raises:
        LedgerFault: as `draw` says.
    """
    return draw(draft, place)[0]


def draw(draft: Draft, place: Place) -> tuple[bytes, Statement]:
    """Write a draft in its place; give the bytes, and the record as a reader will read them.

    Raises:
        LedgerFault: the record would be too large, or holds what no record of its kind may hold. The text says what to change.
    """
    identifier = record_id(place, draft.key)
    subject = draft.subject or (("key", {"sha256": hashlib.sha256(draft.key.encode()).hexdigest()}),)
    document: dict[str, object] = {
        "_type": STATEMENT_TYPE,
        "predicateType": PREDICATE_TYPE,
        "subject": [{"name": name, "digest": digests} for name, digests in subject],
        "predicate": {
            "v": 1,
            "log": place.origin,
            "seq": place.seq,
            "id": identifier,
            "prev": place.prev,
            "time": _written(draft.time),
            "recorded_time": _written(place.recorded),
            "kind": draft.kind.value,
            "key": draft.key,
            "run_id": draft.run,
            "change": None if draft.change is None else {"repository": draft.change.project, "iid": draft.change.iid},
            "summary": title(draft.summary),
            "body": draft.body,
        },
    }
    try:
        raw = readable.dump(document)
        if len(raw) > MAX_RECORD:
            raise TooLargeFault(f"{draft.key}: {len(raw)} bytes are more than a record may have; name large evidence by digest")
        record = read(raw)
        if draft.kind not in OUTCOMES:  # nothing may keep an outcome from the record (ADR 36); tests hold those to their form
            kinds.check(draft.kind, record.predicate.body)
    except MalformedError as error:
        raise LedgerFault(f"{draft.key} cannot be recorded: {error}") from None
    return raw, record


@lru_cache(maxsize=4)  # a writer reads what it wrote, and checks it as any reader will
def read(raw: bytes) -> Statement:
    """Read a record's bytes. Unknown fields are ignored, known ones are checked, and the bytes must be the canonical ones.

    Raises:
        MalformedError: not a record as we write it. The text names fields, never values.
    """
    if len(raw) > MAX_RECORD:
        raise MalformedError(f"{len(raw)} bytes are more than a record may have")
    document = readable.load(raw)
    try:
        statement = Statement.model_validate(document)
    except ValidationError as error:
        raise MalformedError(f"missing or not of its form: {kinds.fields(error)}") from None
    part = statement.predicate
    if part.id != record_id(part.place, part.key):
        raise MalformedError("the id does not follow from time, place and key")
    return statement


def in_utc(moment: datetime) -> datetime:
    """Give the moment in UTC.

    Raises:
        LedgerFault: it has no zone, so nobody can tell which moment it is.
    """
    if moment.utcoffset() is None:
        raise LedgerFault("a time without a zone cannot be recorded")
    return moment.astimezone(UTC)


def _written(moment: datetime) -> str:
    return in_utc(moment).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
