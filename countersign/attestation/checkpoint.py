"""What somebody saw of a log once: the way to notice that its end was cut off, or that it was rewritten.

Every signature in a log that was shortened is still good, so the log alone cannot show it. Does not store anything.
"""

import re
from dataclasses import dataclass

from countersign.attestation.chain import Problem
from countersign.attestation.index import LogIndex
from countersign.domain.ids import Digest, MalformedError, digest

_TEXT = re.compile(r"(?P<seq>0|[1-9][0-9]{0,9})@(?P<digest>sha256:[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What somebody saw: the log had this record at this number. Keep it where the log's writers cannot reach it."""

    seq: int
    digest: Digest

    def __str__(self) -> str:
        """Write it on one line."""
        return f"{self.seq}@{self.digest}"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read what `str` wrote.

        Raises:
            MalformedError: not of that form.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise MalformedError("a checkpoint is written as 41@sha256:…, as `countersign audit verify` prints it")
        return cls(int(found["seq"]), digest(found["digest"]))

    @classmethod
    def of(cls, index: LogIndex) -> "Checkpoint | None":
        """Take one of a checked log; None while it is empty."""
        return None if index.last is None else cls(index.last.seq, index.last.digest)

    def problem(self, index: LogIndex) -> Problem | None:
        """Say how a checked log contradicts what was seen: cut short, or another history."""
        entry = index.at(self.seq)
        if entry is None:
            last = len(index) - 1
            why = f"the log ends at record {last}" if index else "the log is empty"
            return Problem(len(index), None, f"it is missing: {why}, but record {self.seq} was seen before; the tail was cut off")
        if entry.digest != self.digest:
            why = "it is not the record that was seen at this number before: the history was rewritten here or earlier"
            return Problem(self.seq, entry.commit, why)
        return None
