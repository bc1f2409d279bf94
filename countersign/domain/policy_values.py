"""The values that a policy's keys take: durations, sizes, paths, arguments, endpoints, images, local times; and what parts are.

Each is checked where it stands, so that an error has its line. Which keys there are is `policy`'s business.
"""

import re
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema

from countersign.domain.globs import check_glob
from countersign.domain.policy_forms import ACCOUNT, GROUP, KINDS, NAME, REGION, SERVER, VALUE_CLASS
from countersign.domain.run import Endpoint

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:-]{0,200}@sha256:[0-9a-f]{64}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*(:[0-9]{1,5})?")
_ARN = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/{}-]+")
_PLACEHOLDERS = re.compile(r"\{([a-z]*)\}")
_KNOWN_PLACEHOLDERS = frozenset({"environment", "service", "files"})
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})")
_HTTPS = 443
_YEARS = range(2000, 2200)


class Model(BaseModel):
    """A part of a policy. Strict and frozen: what a policy says is what it means."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True)


def _seconds(value: object) -> object:
    if isinstance(value, str) and (found := re.fullmatch(r"([0-9]{1,5})([smhd])", value)):
        return int(found[1]) * _UNITS[found[2]]
    raise ValueError("a duration is a number and a unit: 90s, 10m, 24h, 2d")


def _bytes(value: object) -> object:
    if isinstance(value, str) and (found := re.fullmatch(r"([0-9]{1,6})(Ki|Mi|Gi)", value)):
        return int(found[1]) * _SIZES[found[2]]
    raise ValueError("a size is a number and a unit: 256Mi, 1Gi")


def _glob(value: str) -> str:
    check_glob(value)
    return value


def _template(value: str) -> str:
    bare = _PLACEHOLDERS.sub(lambda found: "" if found[1] in _KNOWN_PLACEHOLDERS else "{", value)
    if "{" in bare or "}" in bare:
        raise ValueError("the placeholders are {environment}, {service} and, as a whole argument, {files}")
    if "{files}" in value and value != "{files}":
        raise ValueError("{files} stands alone: it becomes one argument a file")
    return value


def _word(value: str) -> str:
    if "{files}" in value:
        raise ValueError("the placeholders here are {environment} and {service}")
    return _template(value)


def _endpoint(value: object) -> object:
    if not isinstance(value, str) or not _HOST.fullmatch(value):
        raise ValueError("an endpoint is a host name in lower case, with a port or 443: no wildcard, no address range")
    host, _, port = value.partition(":")
    number = int(port or _HTTPS)
    if not 1 <= number <= 2**16 - 1:
        raise ValueError("a port is between 1 and 65535")
    return Endpoint(host, number)


def _image(value: str) -> str:
    if not _IMAGE.fullmatch(value):
        raise ValueError("an image is named by digest: name@sha256:… (a tag can be moved; incidents 11 and 12)")
    return value


def _arn(value: str) -> str:
    if "*" in value or "?" in value:
        raise ValueError("names one role: a wildcard would be given to every run")
    if not _ARN.fullmatch(value):
        raise ValueError("a role is written arn:aws:iam::111122223333:role/name")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("not a time zone of the IANA database, such as Europe/Berlin") from None
    return value


def _local(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", value):
        local = datetime.fromisoformat(value)
        if local.year in _YEARS:
            return local
    raise ValueError("a local time is written 2026-12-18T17:00, without an offset: the zone is named apart")


def _moment(value: object) -> object:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        moment = datetime.fromisoformat(value)
        if moment.year in _YEARS:
            return moment
    raise ValueError("a moment is written with its offset: 2026-11-28T10:00+01:00")


_PORTED = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?$"


def written(pattern: str, *examples: str) -> WithJsonSchema:
    """Tell editors how a value is written: as text, whatever it becomes."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
"""A number written as one: `"64"` and `true` are not."""

Group = Annotated[str, Field(pattern=GROUP, max_length=255)]
Account = Annotated[str, Field(pattern=ACCOUNT)]
Sentence = Annotated[str, Field(min_length=1, max_length=500)]
Name = Annotated[str, Field(pattern=NAME)]
ValueName = Annotated[str, Field(pattern=VALUE_CLASS, examples=["personal"])]
Seconds = Annotated[int, BeforeValidator(_seconds), Field(ge=1), written("^[0-9]{1,5}[smhd]$", "10m", "24h")]
Bytes = Annotated[int, BeforeValidator(_bytes), Field(ge=2**20), written("^[0-9]{1,6}(Ki|Mi|Gi)$", "256Mi", "1Gi")]
Glob = Annotated[str, AfterValidator(_glob), Field(min_length=1, max_length=257, examples=["db/*/shop/**"])]
Pattern = Annotated[str, Field(pattern=KINDS, examples=["aws_db_*"])]
Globs = Annotated[tuple[Glob, ...], Field(min_length=1)]
Argument = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_template)]
Word = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_word)]
Argv = Annotated[tuple[Argument, ...], Field(min_length=1)]
LocalTime = Annotated[datetime, BeforeValidator(_local), written(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$", "2026-12-18T17:00")]
Moment = Annotated[datetime, BeforeValidator(_moment), written(f"^{_MOMENT.pattern}$", "2026-11-28T10:00+01:00")]
Listed = Annotated[Endpoint, BeforeValidator(_endpoint), written(_PORTED, "db.shop.example:5432")]
Image = Annotated[str, AfterValidator(_image), written(f"^{_IMAGE.pattern}$", "tools@sha256:…")]
Zone = Annotated[str, AfterValidator(_zone), Field(examples=["Europe/Berlin"])]
Server = Annotated[str, Field(pattern=SERVER), AfterValidator(_word)]
RoleArn = Annotated[
    str,
    AfterValidator(_arn),
    AfterValidator(_word),
    written(f"^{_ARN.pattern}$", "arn:aws:iam::111122223333:role/deploy-{environment}"),
]
Region = Annotated[str, Field(pattern=REGION, examples=["eu-central-1"])]
