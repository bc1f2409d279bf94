"""The audit log of a Kubernetes API server: `audit.k8s.io/v1` events, one a line, as its log backend writes them.

A use is a finished request. Its session is the token, by the id that the server logs for it; a server before 1.30 logs none, and
then the account has to do.
"""

from collections.abc import Iterator
from pathlib import Path

from countersign.adapters.logs.lines import json_lines, moment
from countersign.attestation.accounts.plain import part, text, texts
from countersign.attestation.accounts.reconcile import Use
from countersign.domain.ids import MalformedError

PROVIDERS = frozenset({"kubernetes"})
_CREDENTIAL = "authentication.kubernetes.io/credential-id"
_UNAUTHORIZED, _FORBIDDEN = 401, 403


def read(path: Path) -> Iterator[Use]:
    """Give the requests that were answered.

    Raises:
        MalformedError: not such a log.
    """
    for number, event in json_lines(path):
        if event.get("kind") != "Event" or not str(event.get("apiVersion", "")).startswith("audit.k8s.io/"):
            raise MalformedError(f"{path}:{number}: no event of a Kubernetes audit log")
        if event.get("stage") not in {"ResponseComplete", "Panic"}:
            continue
        user = part(event, "user")
        account = text(user, "username") or ""
        tokens = [name for word in texts(user, "extra", _CREDENTIAL) for name in (word, word.removeprefix("JTI="))]
        target = part(event, "objectRef")
        place = "/".join(filter(None, (text(target, "namespace"), text(target, "resource"), text(target, "name"))))
        addresses = texts(event, "sourceIPs")
        yield Use(
            at=moment(event.get("requestReceivedTimestamp"), f"{path}:{number}: requestReceivedTimestamp"),
            session=tokens[0] if tokens else account,
            names=(*tokens, account),
            principal=account,
            what=f"{text(event, 'verb')} {place or text(event, 'requestURI')}",
            source=addresses[0] if addresses else None,
            allowed=part(event, "responseStatus").get("code") not in {_UNAUTHORIZED, _FORBIDDEN},
        )
