"""A desk at which messages are refused: an audit branch that can be away, and a clock that is set by hand."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from countersign.attestation.ports import TakenError
from countersign.attestation.record import Draft, Entry
from countersign.domain.canonical import canonical_json
from countersign.domain.ids import Digest, Sha
from runners.refusals import Refusals


class Branch:
    """An audit branch that can be away, or wrong."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.problem: Exception | None = None
        self.asked = 0

    def append(self, draft: Draft) -> None:
        self.asked += 1
        if self.problem is not None:
            raise self.problem
        if any(stands.key == draft.key for stands in self.drafts):
            raise TakenError(_entry(draft))
        self.drafts.append(draft)

    def alone(self) -> list[Draft]:
        return [draft for draft in self.drafts if "message" in draft.body]

    def counted(self) -> int:
        return sum(
            int(json.loads(canonical_json(draft.body))["messages"]["count"]) for draft in self.drafts if "messages" in draft.body
        )


class Desk:
    """Refusals with a clock that is set by hand."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime(2026, 11, 25, 12, tzinfo=UTC)
        self.branch = Branch()
        self.file = folder / "refusals.json"
        self.refusals = self.again()

    def again(self) -> Refusals:
        return Refusals(append=self.branch.append, file=self.file, clock=lambda: self.now)

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)
        self.refusals.tick()


def _entry(draft: Draft) -> Entry:
    return Entry(1, draft.kind, draft.key, None, None, draft.time, draft.body, b"", Digest("x"), Sha("x"), "x", Digest("x"))
