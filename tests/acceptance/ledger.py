"""The audit branch as an auditor sees it: a fresh clone at each look, read with stock git and our command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stage.stage import Stage
from tests.stage.visitor import Said, Visitor


@dataclass(frozen=True, slots=True)
class AuditBranch:
    """Records of a running stage."""

    stage: Stage
    folder: Path

    def visitor(self) -> Visitor:
        """Clone or fetch."""
        visitor = Visitor(self.stage.card(), self.folder / "clone")
        visitor.fetch()
        return visitor

    def of(self, iid: int) -> list[dict[str, Any]]:
        """Give the records of a change, oldest first."""
        return [record for record in self.visitor().records() if (record.get("change") or {}).get("iid") == iid]

    def kinds(self, iid: int) -> list[str]:
        """Give the kinds of a change's records, oldest first."""
        return [str(record["kind"]) for record in self.of(iid)]

    def verify(self, *more: str) -> Said:
        """Verify offline."""
        return self.visitor().verify(*more)
