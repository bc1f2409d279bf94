"""Audit events of forges, one a line: GitHub's audit log as exported or streamed, GitLab's as streamed or listed by its API.

Every event is a use. GitHub names the token by a hash. GitLab names the account; a project access token acts as an account that
bears the token's name.
"""

from collections.abc import Iterator
from pathlib import Path

from countersign.adapters.logs.lines import json_lines, moment, since_1970
from countersign.attestation.accounts.plain import number as whole
from countersign.attestation.accounts.plain import text
from countersign.attestation.accounts.reconcile import Use
from countersign.domain.ids import MalformedError

PROVIDERS = frozenset({"github", "gitlab"})
_NOBODY = "(no account is named)"


def read(path: Path) -> Iterator[Use]:
    """Give what accounts did.

    Raises:
        MalformedError: a line is neither forge's.
    """
    for line, event in json_lines(path):
        if "@timestamp" in event and "action" in event:
            yield _github(event, f"{path}:{line}")
        elif "created_at" in event and "author_id" in event:
            yield _gitlab(event, f"{path}:{line}")
        else:
            raise MalformedError(f"{path}:{line}: neither an audit event of GitHub's nor of GitLab's")


def _github(event: dict[str, object], where: str) -> Use:
    token, actor = text(event, "hashed_token"), text(event, "actor")
    return Use(
        at=since_1970(whole(event, "@timestamp"), f"{where}: @timestamp"),
        session=token or actor or _NOBODY,
        names=tuple(name for name in (token, actor) if name),
        principal=actor or _NOBODY,
        what=" ".join(filter(None, (text(event, "action"), text(event, "repo") or text(event, "repository")))),
        source=text(event, "actor_ip"),
    )


def _gitlab(event: dict[str, object], where: str) -> Use:
    author = text(event, "author_name") or text(event, "details", "author_name") or f"user {text(event, 'author_id')}"
    what = text(event, "event_type") or text(event, "details", "custom_message") or text(event, "details", "event_name")
    return Use(
        at=moment(event.get("created_at"), f"{where}: created_at"),
        session=author,
        names=(author,),
        principal=author,
        what=" ".join(filter(None, (what or "event", text(event, "entity_path") or text(event, "details", "entity_path")))),
        source=text(event, "ip_address") or text(event, "details", "ip_address"),
    )
