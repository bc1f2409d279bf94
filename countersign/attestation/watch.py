"""What people should look at though nothing is wrong: who signed which records, and how long nothing was recorded."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from countersign.attestation.outline import Outline
from countersign.attestation.sshsig import PublicKey
from countersign.attestation.stamp import PREFIX

_LISTED = 8
"""Stretches of a key that are listed. Runners that take turns make thousands; those are counted."""

_SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class Signed:
    """What one key signed. `announced` is the record that brought it in; None for a key that was not announced."""

    key: PublicKey
    announced: int | None
    first: int
    last: int
    records: int = 0
    stretches: int = 0
    """How many times records of this key alone came in a row."""
    listed: list[list[int]] = field(default_factory=list)
    """First and last record of each of the first few stretches."""

    def add(self, seq: int) -> None:
        """Take in the next record of this key."""
        goes_on = self.records > 0 and seq == self.last + 1
        self.records, self.last = self.records + 1, seq
        if not goes_on:
            self.stretches += 1
        if not goes_on and self.stretches <= _LISTED:
            self.listed.append([seq, seq])
        elif self.stretches <= _LISTED:
            self.listed[-1][1] = seq

    def __str__(self) -> str:
        """Say it in a sentence."""
        how = "the first key" if self.first == 0 else "trusted, though not announced in the log"
        how = how if self.announced is None else f"announced by record {self.announced}"
        return f"signed by: {self.key.fingerprint}, {self._which()}, {how}"

    def _which(self) -> str:
        if self.stretches > _LISTED:
            return f"{self.records} records in {self.stretches} stretches between {self.first} and {self.last}"
        *some, last = [str(first) if first == last else f"{first} to {last}" for first, last in self.listed]
        word = "record" if self.records == 1 else "records"
        return f"{word} {', '.join(some)} and {last}" if some else f"{word} {last}"

    def document(self) -> dict[str, object]:
        """Give it as plain data; `listed` is cut where there are more stretches."""
        return {
            "announced_by": self.announced,
            "first": self.first,
            "key": self.key.fingerprint,
            "last": self.last,
            "listed": self.listed,
            "records": self.records,
            "stretches": self.stretches,
        }


@dataclass(slots=True)
class Watch:
    """Looks at records as it is given them, oldest first."""

    signers: dict[PublicKey, Signed] = field(default_factory=dict)
    longest: timedelta = timedelta()
    after: int | None = None
    """The record after which nothing was recorded for the longest time, until the next one."""
    stamps: int = 0
    """How many timestamps there are, good or not."""
    newest: Outline | None = None
    _announced: dict[PublicKey, int] = field(default_factory=dict)

    def add(self, one: Outline) -> None:
        """Look at the next record."""
        signed = self.signers.get(one.signer)
        if signed is None:
            signed = self.signers[one.signer] = Signed(one.signer, self._announced.get(one.signer), one.seq, one.seq)
        signed.add(one.seq)
        if one.announces is not None:
            self._announced.setdefault(one.announces, one.seq)
        if self.newest is not None and one.recorded - self.newest.recorded > self.longest:
            self.longest, self.after = one.recorded - self.newest.recorded, self.newest.seq
        self.newest = one
        self.stamps += one.key.startswith(PREFIX)

    def notes(self, now: datetime) -> list[str]:
        """Say it in sentences."""
        said = [str(signed) for signed in self.signers.values()]
        if self.after is not None:
            said.append(f"longest silence: {_whole(self.longest)}, between records {self.after} and {self.after + 1}")
        if self.newest is not None:
            record = f"record {self.newest.seq} of {self.newest.recorded:%Y-%m-%d %H:%M:%S}Z"
            since = now - self.newest.recorded
            if since < -_SECOND:
                said.append(f"silence until now: none by this machine's clock: {record} is {_whole(-since)} ahead of it")
            else:
                said.append(f"silence until now: {_whole(since)}, since {record}")
        return said

    def document(self, now: datetime) -> dict[str, object]:
        """Give it as plain data, lengths in seconds. `until_now` is below zero where the newest record is ahead of the clock."""
        silence = None
        if self.newest is not None:
            silence = {
                "longest": self.longest // _SECOND,
                "longest_after": self.after,
                "newest": self.newest.seq,
                "recorded": self.newest.recorded.isoformat(),
                "until_now": (now - self.newest.recorded) // _SECOND,
            }
        return {"silence": silence, "signers": [signed.document() for signed in self.signers.values()]}


def _whole(length: timedelta) -> timedelta:
    """Cut to whole seconds; none below zero, where a clock is behind by less than one."""
    return max(timedelta(), length // _SECOND * _SECOND)
