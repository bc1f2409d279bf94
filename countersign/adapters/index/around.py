"""What a reconstruction asks beyond questions: runs that were not over at a moment, what decided then."""

from collections.abc import Sequence

from countersign.attestation.record import DECIDING, OUTCOMES

_OUTCOMES, _DECIDING = (tuple(sorted(kind.value for kind in kinds)) for kinds in (OUTCOMES, DECIDING))
_DECIDED = f"policy IS NOT NULL AND kind IN {_DECIDING}"
"""Of these kinds the policy is their own; an outcome has it from its intent."""

Condition = tuple[str, Sequence[object]]


def unended(environment: str | None, *, since: str, until: str, below: int | None) -> Condition:
    """Give the condition for intents before `until` of whose outcome nothing was recorded before `since`, however old they are.

    One without an environment belongs to every one. Both sides are read from one lookup, which holds all that is compared.
    """
    where, values = _of(environment, below)
    over = f"SELECT intent FROM record WHERE {where} AND kind IN {_OUTCOMES} AND recorded < ? AND intent IS NOT NULL"  # noqa: S608 - ours
    begun = f"SELECT seq FROM record WHERE {where} AND kind = 'intent' AND recorded < ? AND seq NOT IN ({over})"  # noqa: S608 - ours
    return f"seq IN ({begun})", (*values, until, *values, since)


def _of(environment: str | None, below: int | None) -> Condition:
    parts = {"(environment = ? OR environment IS NULL)": environment, "seq < ?": below}
    return " AND ".join(["TRUE", *(part for part, value in parts.items() if value is not None)]), [
        value for value in parts.values() if value is not None
    ]


def deciding(*, since: str, until: str, below: int | None) -> Condition:
    """Give the condition for records from `since` on that name the policy which decided, and for the last one before."""
    where, values = _of(None, below)
    last = f"SELECT seq FROM record WHERE recorded < ? AND {_DECIDED} AND {where} ORDER BY recorded DESC, seq DESC LIMIT 1"  # noqa: S608
    return (
        f"(recorded >= ? AND recorded < ? AND {_DECIDED} AND {where}) OR seq = ({last})",
        (since, until, *values, since, *values),
    )
