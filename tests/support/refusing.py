"""A desk at which messages are refused: an audit branch that can be away, and a clock that is set by hand."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from countersign.attestation.ports import TakenError
from countersign.attestation.record import Draft, Entry
from countersign.domain.canonical import canonical_json
from countersign.domain.outcomes import LedgerFault
from runners.refusals import Refusals
from tests.support.audit import stands


class Branch:
    """An audit branch that can be away, or wrong."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.problem: Exception | None = None
        self.asked = 0
        self.unfit: set[str] = set()

    def append_all(self, drafts: Sequence[Draft]) -> list[Entry | TakenError | LedgerFault]:
        self.asked += 1
        if self.problem is not None:
            raise self.problem
        return [self._append(draft) for draft in drafts]

    def _append(self, draft: Draft) -> Entry | TakenError | LedgerFault:
        if draft.key in self.unfit:
            return LedgerFault("cannot be recorded")
        if any(other.key == draft.key for other in self.drafts):
            return TakenError(stands(draft))
        self.drafts.append(draft)
        return stands(draft)

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
        return Refusals(append_all=self.branch.append_all, file=self.file, clock=lambda: self.now, hide=str)

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)
        self.refusals.tick()
