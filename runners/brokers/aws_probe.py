"""A call that a run's session may make and that changes nothing: to see whether the session still works.

`GetCallerIdentity` will not do: AWS answers it even to a session that is denied everything. So the call is taken from what the
session policy allows. Only S3 so far; for other services there is no probe, and the answer is "unproved".
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LIST, _PUT, _GET = "s3:ListBucket", "s3:PutObject", "s3:GetObject"
_RESOURCE = re.compile(r"arn:aws[a-z-]*:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.+))?")
_NOBODYS = "countersign-probe"
_NO = frozenset({"AccessDenied", "ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "TokenRefreshRequired"})
_YES = frozenset({"NoSuchKey", "PreconditionFailed"})


class Verdict(StrEnum):
    """What the call met."""

    LET_IN = "let in"
    TURNED_AWAY = "turned away"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Probe:
    """One call on one bucket."""

    action: str
    bucket: str
    key: str = _NOBODYS

    def __str__(self) -> str:
        """Name the call as policies do."""
        return f"{self.action} on {self.bucket}"

    def attempt(self, s3: "S3Client") -> tuple[Verdict, str]:
        """Make the call; give the verdict and the server's own answer.

        The write is conditional on an ETag that no object has: S3 answers 404 or 412 to whoever may write, and writes nothing.
        Reading an object that is not there tells a reader from a stranger only where the reader may list as well; else even
        the first answer is a no, which proves nothing.

        Never raises: a probe that fails must not keep anybody from revoking.
        """
        try:
            self._call(s3)
        except ClientError as error:
            said = error.response.get("Error", {})
            code, answer = said.get("Code", ""), f"{said.get('Code', '')}: {said.get('Message', '')}"
            if code in _NO:
                return Verdict.TURNED_AWAY, answer
            return Verdict.LET_IN if code in _YES else Verdict.UNCLEAR, answer
        except BotoCoreError as error:
            return Verdict.UNCLEAR, f"S3 could not be asked: {type(error).__name__}"
        return Verdict.LET_IN, "OK"

    def _call(self, s3: "S3Client") -> None:
        if self.action == _LIST:
            s3.list_objects_v2(Bucket=self.bucket, MaxKeys=1)
        elif self.action == _PUT:
            s3.put_object(Bucket=self.bucket, Key=self.key, Body=b"", IfMatch=f'"{_NOBODYS}"')
        else:
            s3.get_object(Bucket=self.bucket, Key=self.key, Range="bytes=0-0")["Body"].close()


def probe_for(session_policy: str) -> Probe | None:
    """Choose a call that the session policy allows without any condition; None where it allows none of those known here."""
    try:
        document = json.loads(session_policy)
    except ValueError:
        return None
    allowed = list(_allowed(document))
    for wanted in (_LIST, _PUT, _GET):
        for resource in _resources(allowed, wanted):
            found = _RESOURCE.fullmatch(resource)
            if found is None or "${" in resource or (found[2] is None) is not (wanted == _LIST):
                continue
            if wanted == _PUT and resource not in _resources(allowed, _GET):
                continue  # S3 asks for the right to read before it compares an ETag
            return Probe(wanted, found[1], re.sub(r"[*?]+", _NOBODYS, found[2] or _NOBODYS))
    return None


def _resources(allowed: list[tuple[str, str]], action: str) -> list[str]:
    return [resource for pattern, resource in allowed if _covers(pattern, action)]


def _allowed(document: object) -> Iterator[tuple[str, str]]:
    """Give the pairs of action and resource that are allowed outright."""
    for statement in _many(document.get("Statement") if isinstance(document, dict) else None):
        if not isinstance(statement, dict) or statement.get("Effect") != "Allow" or "Condition" in statement:
            continue
        for action in _many(statement.get("Action")):
            for resource in _many(statement.get("Resource")):
                if isinstance(action, str) and isinstance(resource, str):
                    yield action, resource


def _many(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _covers(pattern: str, action: str) -> bool:
    """Match as IAM does: without regard to case, `*` for any characters, `?` for one."""
    regex = re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(regex, action.lower()) is not None
