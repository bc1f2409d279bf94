"""AWS CloudTrail's log files: `{"Records": […]}`, as they lie in the bucket, packed or not.

A use is a call made with temporary credentials of a role. Its session is the access key; the session's name and source identity,
which our broker sets to the run's id, name the run where the key is not on the record. Whoever assumes the role chooses them.
"""

from collections.abc import Iterator
from pathlib import Path

from countersign.adapters.logs.lines import document, moment
from countersign.attestation.accounts.plain import part, parts, text
from countersign.attestation.accounts.reconcile import Use
from countersign.domain.ids import MalformedError

PROVIDERS = frozenset({"aws"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "UnauthorizedOperation"})


def read(path: Path) -> Iterator[Use]:
    """Give the uses of role sessions.

    Raises:
        MalformedError: not a CloudTrail file.
    """
    whole = document(path)
    if not isinstance(whole, dict) or not isinstance(whole.get("Records"), list):
        raise MalformedError(f"{path}: no CloudTrail file: it has no list `Records`")
    for number, event in enumerate(parts(whole, "Records"), start=1):
        identity = part(event, "userIdentity")
        if text(identity, "type") != "AssumedRole":
            continue
        arn, key = text(identity, "arn") or "", text(identity, "accessKeyId")
        name = arn.rpartition("/")[2] or (text(identity, "principalId") or "").rpartition(":")[2]
        source = text(identity, "sessionContext", "sourceIdentity")
        yield Use(
            at=moment(event.get("eventTime"), f"{path}: record {number}: eventTime"),
            session=key or arn,
            names=tuple(word for word in (key, source, name) if word),
            principal=arn,
            what=f"{text(event, 'eventSource')}:{text(event, 'eventName')}",
            source=text(event, "sourceIPAddress"),
            allowed=text(event, "errorCode") not in _DENIED,
        )
