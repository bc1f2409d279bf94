"""What `countersign audit verify --tsa-ca` says of the timestamps in a log."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from countersign.adapters.ledger.clone import Branch
from countersign.adapters.ledger.stamps import Stamped, find_stamps
from countersign.adapters.stamping import check_certificates
from countersign.attestation.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Stamps:
    """The timestamps of a branch, oldest first, checked against an authority's certificates."""

    found: Sequence[Stamped]

    @classmethod
    def of(cls, branch: Branch, ca: Path) -> "Stamps":
        """Check them.

        Raises:
            MalformedError: there are no certificates in the file.
            Fault: it could not be found out.
        """
        check_certificates(ca)
        return cls(find_stamps(branch.repository, branch.tip, ca=ca))

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """Give what the authority has seen: the chain holds the log to it."""
        return [item.checkpoint for item in self.found if item.checkpoint is not None]

    def problem(self, count: int) -> str | None:
        """Say what is wrong: the first one that is not good, or that there are not as many as the verified records say."""
        wrong = next((item for item in self.found if item.problem is not None), None)
        if wrong is not None:
            return f"the timestamp in record {wrong.seq} shows nothing: {wrong.problem}"
        if len(self.found) != count:
            return f"git shows {len(self.found)} timestamps, and the records hold {count}"
        return None if count else "the log holds no timestamp"

    def __str__(self) -> str:
        """Say it in a sentence."""
        good = [(item.checkpoint.size, item.time) for item in self.found if item.checkpoint is not None]
        if not good:
            return f"timestamps: {len(self.found)}, none of them good"
        size, time = good[-1]
        return f"timestamps: {len(good)} good; records 0 to {size - 1} existed by {time:%Y-%m-%d %H:%M:%S} UTC"

    def document(self, count: int) -> dict[str, object]:
        """Give it as plain data."""
        return {
            "problem": self.problem(count),
            "stamps": [
                {
                    "checkpoint": None if item.checkpoint is None else str(item.checkpoint),
                    "problem": item.problem,
                    "seq": item.seq,
                    "time": None if item.time is None else item.time.isoformat(),
                }
                for item in self.found
            ],
        }
