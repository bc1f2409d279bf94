"""Credentials that give more than they need to, or that end before the run does; and trust in a word alone."""

import json
from collections.abc import Iterator, Mapping

from countersign.domain.lints.lint import Lint, where
from countersign.domain.policy import Policy
from countersign.domain.policy_credentials import Credential


def powers(policy: Policy) -> Iterator[Lint]:
    """Give session policies that narrow nothing, and lifetimes that end before the run does."""
    document = policy.document
    for name, credential in document.credentials.items():
        session = _session(policy, name, credential)
        if isinstance(session, Mapping) and _allows_everything(session):
            text = f"credential {name!r}: the session policy allows every action, so it narrows nothing"
            yield Lint(where(policy, "credentials", name, "session_policy"), "wildcard-action", text, serious=True)
    yield from _outlived(policy)
    for number, way in enumerate(document.autonomy):
        if "skill" in way.each and "agent" not in way.each and len(document.agents) > 1:
            text = "`each` counts a skill for every agent: a skill is the agent's own word, so add `agent` to hold it to one"
            yield Lint(where(policy, "autonomy", number, "each"), "skill-of-any-agent", text)


def _session(policy: Policy, name: str, credential: Credential) -> object:
    """Give the session policy, wherever it stands."""
    beside = policy.beside.session_policies.get(name)
    return getattr(credential, "session_policy", None) if beside is None else json.loads(beside)


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
