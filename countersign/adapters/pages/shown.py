"""Parts of records as templates take them: every field of the kind that the page counts on, whatever the record holds."""

from collections.abc import Iterable
from dataclasses import dataclass

from countersign.attestation.accounts.plain import Plain, number, part, parts, text, texts

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """What would run."""

    command: str
    image: str
    network: str
    limits: str
    credentials: str
    rollback: str


def shown_plan(plan: Plain) -> ShownPlan | None:
    """Give a plan in words; None where there is none."""
    if not plan:
        return None
    limits, allow = part(plan, "limits"), texts(plan, "allow")
    memory = number(limits, "memory")
    scopes = [f"{_or(scope, 'name')} ({_or(scope, 'provider')}, {_or(scope, 'ttl')} s)" for scope in parts(plan, "scopes")]
    return ShownPlan(
        command=" ".join(texts(plan, "argv")),
        image=_or(plan, "image"),
        network=f"{_or(plan, 'network')} ({_or(plan, 'network_tier')}): {', '.join(allow) or 'nothing may be reached'}",
        limits=f"{_or(limits, 'timeout')} s, {'?' if memory is None else memory // _MIB} MiB, {_or(limits, 'pids')} processes",
        credentials="; ".join(scopes) or "none",
        rollback=" ".join(texts(plan, "rollback")),
    )


def shown_needs(decision: Plain) -> list[dict[str, object]]:
    """Give who had to approve, and who did."""
    return [
        {"team": _or(need, "team"), "count": _or(need, "count"), "filled_by": texts(need, "filled_by")}
        for need in parts(decision, "needs")
    ]


def shown(items: Iterable[Plain], *names: str) -> list[dict[str, str | None]]:
    """Give these fields of each item, as text."""
    return [{name: text(item, name) for name in names} for item in items]


def shown_reasons(decision: Plain) -> list[dict[str, object]]:
    """Give every reason, those that decided first."""
    ordered = sorted(parts(decision, "reasons"), key=lambda reason: reason.get("decides") is not True)
    fields = shown(ordered, "rule", "text", "effect", "tier", "place", "path", "to_pass")
    return [{**words, "decides": reason.get("decides") is True} for words, reason in zip(fields, ordered, strict=True)]


def shown_connections(result: Plain) -> list[dict[str, object]]:
    """Give what a run reached, or tried to, by endpoint and verdict. Earlier records have a line for each attempt."""
    found = parts(result, "connections")
    fields = shown(found, "name", "attempts", "sent", "received")
    return [{**words, "allowed": item.get("allowed") is True} for words, item in zip(fields, found, strict=True)]


def _or(value: Plain, name: str) -> str:
    return text(value, name) or "?"
