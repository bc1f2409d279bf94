"""What past decisions were made from, gathered from records. Says how many records do not hold it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from countersign.attestation.inputs import Unrecorded, enclosed
from countersign.attestation.record import DECIDING, Entry
from countersign.domain.ids import MalformedError
from countersign.domain.inputs import Inputs


@dataclass(frozen=True, slots=True)
class Past:
    """Inputs of recorded decisions, oldest first, and why others could not be had: a reason and how many."""

    inputs: tuple[Inputs, ...]
    missing: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, entries: Iterable[Entry], *, since: datetime | None = None) -> "Past":
        """Gather them. A record that holds no decision at all is not counted: the policy had no part in it."""
        inputs: list[Inputs] = []
        missing: dict[str, int] = {}
        for entry in entries:
            if entry.kind not in DECIDING or "decision" not in entry.body or (since is not None and entry.time < since):
                continue
            try:
                found = enclosed(entry.body)
            except MalformedError as error:
                found = Unrecorded(f"of another version: {error}")
            if isinstance(found, Unrecorded):
                missing[found.why] = missing.get(found.why, 0) + 1
            else:
                inputs.append(found)
        return cls(tuple(inputs), tuple(sorted(missing.items())))
