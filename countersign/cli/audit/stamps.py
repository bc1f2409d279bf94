"""What `countersign audit verify --tsa-ca` says of the timestamps in a log."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from countersign.adapters.ledger.clone import Branch
from countersign.adapters.ledger.stamps import Stamped, find_stamps
from countersign.attestation.checkpoint import Checkpoint
from countersign.domain.ids import MalformedError


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
        try:
            if b"-----BEGIN CERTIFICATE-----" not in ca.read_bytes():
                raise MalformedError(f"{ca} holds no certificate in PEM form")
        except OSError as error:
            raise MalformedError(f"{ca} cannot be read: {error.strerror}") from None
        return cls(find_stamps(branch.repository, branch.tip, ca=ca))

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """Give what the authority has seen: the chain holds the log to it."""
        return [item.checkpoint for item in self.found if item.checkpoint is not None]

    @property
    def problem(self) -> str | None:
        """Say what is wrong with the first one that is not good."""
        wrong = next((item for item in self.found if item.problem is not None), None)
        return None if wrong is None else f"the timestamp in record {wrong.seq} shows nothing: {wrong.problem}"

    def __str__(self) -> str:
        """Say it in a sentence."""
        good = [item for item in self.found if item.checkpoint is not None]
        if not good:
            return f"timestamps: {len(self.found)}, none of them good"
        newest = good[-1]
        size = 0 if newest.checkpoint is None else newest.checkpoint.size
        return f"timestamps: {len(good)} good; records 0 to {size - 1} existed by {newest.time:%Y-%m-%d %H:%M:%S} UTC"

    def document(self) -> dict[str, object]:
        """Give it as plain data."""
        return {
            "problem": self.problem,
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
