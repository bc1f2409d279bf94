"""AWS CloudTrail's log files: `{"Records": […]}`, as they lie in the bucket, packed or not.

A use is a call, whoever made it: a role's session, a user, the root account, another account. AWS's own services alone are left
out, and counted. A session is an access key, or, where the log has none, whoever called. The name and the source identity of a
role's session, which our broker sets to the run's id, name the run where the key is not on the record. Whoever assumes the role
chooses them.

A call that made a session (`AssumeRole` and its like) is explained by the key that it made, whoever called.
"""

from collections.abc import Iterator
from pathlib import Path

from countersign.adapters.logs.lines import document, moment
from countersign.attestation.accounts.plain import Plain, part, text
from countersign.attestation.accounts.reconcile import LeftOut, Use
from countersign.domain.ids import MalformedError

PROVIDERS = frozenset({"aws"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "UnauthorizedOperation"})
_AWS, _STS = "AWSService", "sts.amazonaws.com"
_BY_AWS = LeftOut(f"calls of AWS's own services ({_AWS})")
_PARTS = {
    "user": ("userName",),
    "on behalf of": ("onBehalfOf", "userId"),
    "of": ("identityProvider",),
    "principal": ("principalId",),
    "account": ("accountId",),
    "invoked by": ("invokedBy",),
}
"""What names an identity that has no ARN, and where it stands in `userIdentity`."""


def read(path: Path) -> Iterator[Use | LeftOut]:
    """Give the calls.

    Raises:
        MalformedError: not a CloudTrail file.
    """
    whole = document(path)
    records = whole.get("Records") if isinstance(whole, dict) else None
    if not isinstance(records, list):
        raise MalformedError(f"{path}: no CloudTrail file: it has no list `Records`")
    for number, event in enumerate(records, start=1):
        where = f"{path}: record {number}"
        if not isinstance(event, dict):
            raise MalformedError(f"{where}: not a JSON object")
        identity = part(event, "userIdentity")
        if text(identity, "type") == _AWS:
            yield _BY_AWS
        else:
            yield _use(event, identity, where)


def _use(event: Plain, identity: Plain, where: str) -> Use:
    principal, key, made = _principal(identity), text(identity, "accessKeyId"), _made(event)
    return Use(
        at=moment(event.get("eventTime"), f"{where}: eventTime"),
        session=f"{key or principal}{f' opening {made}' if made else ''}",
        names=tuple(word for word in (made, *_named(identity, key), *(_asked(event) if made else ())) if word),
        principal=principal,
        what=f"{text(event, 'eventSource') or '?'}:{text(event, 'eventName') or '?'}",
        source=text(event, "sourceIPAddress"),
        allowed=text(event, "errorCode") not in _DENIED and text(event, "responseElements", "ConsoleLogin") != "Failure",
        opens=made is not None,
    )


def _principal(identity: Plain) -> str:
    """Name who called: by the ARN; without one (another account, an external identity) by all else that there is."""
    arn = text(identity, "arn")
    if arn:
        return arn
    found = [f"{label} {word}" for label, path in _PARTS.items() if (word := text(identity, *path))]
    return " ".join([text(identity, "type") or "(no type of identity)", *found])


def _named(identity: Plain, key: str | None) -> tuple[str | None, ...]:
    """Give the names under which the record may know a caller. A run has a role's session, so no other bears a run's name."""
    if text(identity, "type") != "AssumedRole":
        return (key,)
    name = (text(identity, "arn") or "").rpartition("/")[2] or (text(identity, "principalId") or "").rpartition(":")[2]
    return (key, text(identity, "sessionContext", "sourceIdentity"), name)


def _made(event: Plain) -> str | None:
    """Give the key of the session that the call made, if it made one."""
    return text(event, "responseElements", "credentials", "accessKeyId") or None if text(event, "eventSource") == _STS else None


def _asked(event: Plain) -> tuple[str | None, ...]:
    """Give the names that whoever opened a session gave it."""
    return text(event, "requestParameters", "sourceIdentity"), text(event, "requestParameters", "roleSessionName")
