"""Credentials that give more than a name says, or that their target cannot give."""

from collections.abc import Iterator, Mapping

from countersign.domain.lints.lint import Lint, where
from countersign.domain.policy import Policy

FLOORS = {"aws": 900, "kubernetes": 600}
"""Seconds. What the target itself refuses to go below, whatever one asks for."""

_NO_NAMES = {"provider", "session_policy"}


def powers(policy: Policy) -> Iterator[Lint]:
    """Give wildcards where a name is meant, and lifetimes that cannot be had or that end before the run does."""
    document = policy.document
    for name, credential in document.credentials.items():
        for field, value in credential.model_dump().items():
            if field not in _NO_NAMES and any("*" in text for text in _texts(value)):
                text = f"credential {name!r}: {field} holds a wildcard; name one"
                yield Lint(where(policy, "credentials", name, field), "wildcard-role", text, serious=True)
        session = getattr(credential, "session_policy", None)
        if isinstance(session, Mapping) and _allows_everything(session):
            text = f"credential {name!r}: the session policy allows every action, so it narrows nothing"
            yield Lint(where(policy, "credentials", name, "session_policy"), "wildcard-action", text, serious=True)
        floor = FLOORS.get(credential.provider)
        if floor is not None and credential.ttl < floor:
            text = f"credential {name!r}: {credential.provider} gives none for less than {floor // 60}m; such a run is refused"
            yield Lint(where(policy, "credentials", name, "ttl"), "ttl-below-floor", text, serious=True)
    yield from _outlived(policy)


def _outlived(policy: Policy) -> Iterator[Lint]:
    document = policy.document
    for action_name, action in document.actions.items():
        timeout = document.sandboxes[action.sandbox].timeout
        phases = action.credentials.model_dump().values()
        for name in sorted({name for names in phases for name in names or ()}):
            if document.credentials[name].ttl < timeout:
                text = f"action {action_name!r} may run longer than its credential {name!r} lives"
                yield Lint(where(policy, "actions", action_name, "credentials"), "ttl-below-timeout", text)


def _allows_everything(session: Mapping[str, object]) -> bool:
    statements = session.get("Statement")
    for statement in statements if isinstance(statements, list | tuple) else [statements]:
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow" and "*" in _texts(statement.get("Action")):
            return True
    return False


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    return [text for item in value for text in _texts(item)] if isinstance(value, list | tuple) else []
