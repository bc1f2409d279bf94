"""The audit log of a Kubernetes API server: `audit.k8s.io/v1` events, one a line, as its log backend writes them.

A use is a request. The server writes a line at every stage that its audit policy does not omit: received, response started (of what
takes long: an `exec`, a `watch`), complete. The furthest that is there counts, alone, so an `exec` that is still open is a use.
Its session is the token, by the id that the server logs for it; a server before 1.30 logs none, and then the account has to do.
"""

from collections.abc import Iterator
from pathlib import Path

from countersign.adapters.logs.lines import json_lines, moment
from countersign.attestation.accounts.plain import Plain, number, part, text, texts
from countersign.attestation.accounts.reconcile import Use
from countersign.domain.ids import MalformedError

PROVIDERS = frozenset({"kubernetes"})
_CREDENTIAL = "authentication.kubernetes.io/credential-id"
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_STAGES = ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic")
_NOBODY = "(no account is named)"


def read(path: Path) -> Iterator[Use]:
    """Give the requests, each as often as it has stages in the log.

    Raises:
        MalformedError: not such a log.
    """
    for at, event in json_lines(path):
        where = f"{path}:{at}"
        if event.get("kind") != "Event" or not str(event.get("apiVersion", "")).startswith("audit.k8s.io/"):
            raise MalformedError(f"{where}: no event of a Kubernetes audit log")
        stage = text(event, "stage")
        if stage not in _STAGES:
            raise MalformedError(f"{where}: no stage of a request: {str(stage)[:40]!r}")
        user = part(event, "user")
        account = text(user, "username") or _NOBODY
        tokens = [name for word in texts(user, "extra", _CREDENTIAL) for name in (word, word.removeprefix("JTI="))]
        addresses = texts(event, "sourceIPs")
        yield Use(
            at=moment(event.get("requestReceivedTimestamp"), f"{where}: requestReceivedTimestamp"),
            session=tokens[0] if tokens else account,
            names=(*tokens, account),
            principal=account,
            what=_what(event),
            source=addresses[0] if addresses else None,
            allowed=number(event, "responseStatus", "code") not in {_UNAUTHORIZED, _FORBIDDEN},
            request=_request(event, account, tokens),
            stage=_STAGES.index(stage),
        )


def _what(event: Plain) -> str:
    target = part(event, "objectRef")
    words = (text(target, name) for name in ("namespace", "resource", "name", "subresource"))
    place = "/".join(filter(None, words)) or text(event, "requestURI") or "?"
    borrowed = text(event, "impersonatedUser", "username")
    return f"{text(event, 'verb') or '?'} {place}{'' if borrowed is None else f' as {borrowed}'}"


def _request(event: Plain, account: str, tokens: list[str]) -> tuple[str, ...]:
    """Name the request. Its id alone would not do: a client may choose it, and pass for a part of somebody else's request."""
    fixed = (text(event, name) or "" for name in ("auditID", "requestReceivedTimestamp", "verb", "requestURI"))
    return (*fixed, account, *tokens)
