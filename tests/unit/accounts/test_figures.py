"""Counts over many records."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from countersign.attestation.accounts.account import Account
from countersign.attestation.accounts.figures import count

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)


def told(seq: int, kind: str, minutes: float, **more: Any) -> Account:  # noqa: ANN401 - whatever an account has
    when = (MONDAY + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Account(
        seq=seq, id=str(seq), kind=kind, key=str(seq), time=when, recorded=when, summary="s", repository="acme/shop", **more
    )


STORY = (
    told(0, "assessed", 0, iid=1, head="a", tier="low"),
    told(1, "intent", 30, iid=1, head="a", tier="low", run="r1", approvers=("ann",)),
    told(2, "executed", 31, iid=1, head="a", run="r1"),
    told(3, "refused", 60 * 24 * 8, iid=2, head="b", tier="high", rules=("no drops",)),
    told(4, "assessed", 60 * 24 * 9, iid=3, head="c", tier="low"),
    told(5, "intent", 60 * 24 * 9 + 90, iid=3, head="c", run="r2", approvers=("bo",)),
)


def test_a_story_is_counted() -> None:
    figures = count(reversed(STORY), tiers=("low", "high"))
    assert (figures.records, figures.changes, figures.open_runs) == (6, 3, 1)
    assert figures.weeks == (date(2026, 11, 2), date(2026, 11, 9))
    assert figures.tiers == ("low", "high")
    assert figures.decisions == {date(2026, 11, 2): {"low": 1}, date(2026, 11, 9): {"high": 1, "low": 1}}
    assert figures.refusals == {"no drops": 1}
    assert figures.lead is not None
    assert (figures.lead.half, figures.lead.most, figures.lead.count) == (60, 90, 2)


def test_nothing_is_counted_too() -> None:
    figures = count([])
    assert (figures.weeks, figures.lead, figures.open_runs) == ((), None, 0)
