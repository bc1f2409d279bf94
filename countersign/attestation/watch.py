"""What people should look at though nothing is wrong: who signed from where to where, and how long nothing was recorded."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from countersign.attestation import rotation
from countersign.attestation.record import Entry, RecordKind
from countersign.attestation.sshsig import PublicKey
from countersign.domain.ids import MalformedError


@dataclass(slots=True)
class Signed:
    """What one key signed. `announced` is the record that brought it in; None for a key that was not announced."""

    key: PublicKey
    first: int
    last: int
    announced: int | None


@dataclass(slots=True)
class Watch:
    """Looks at records as it is given them, oldest first, with the key that signed each and the time of recording."""

    signers: dict[PublicKey, Signed] = field(default_factory=dict)
    longest: timedelta = timedelta()
    after: int | None = None
    """The record after which nothing was recorded for the longest time."""
    _announced: dict[PublicKey, int] = field(default_factory=dict)
    _newest: datetime | None = None

    def add(self, entry: Entry, key: PublicKey, recorded: datetime) -> None:
        """Look at the next record."""
        if key in self.signers:
            self.signers[key].last = entry.seq
        else:
            self.signers[key] = Signed(key, entry.seq, entry.seq, self._announced.get(key))
        if entry.kind is RecordKind.KEY_ROTATION:
            try:
                self._announced.setdefault(rotation.announced(entry.body, key=entry.key, signed_by=key), entry.seq)
            except MalformedError:
                return  # the chain refuses it before it comes here
        if self._newest is not None and recorded - self._newest > self.longest:
            self.longest, self.after = recorded - self._newest, entry.seq - 1
        self._newest = recorded

    def notes(self) -> list[str]:
        """Say it in sentences."""
        said = []
        for signed in self.signers.values():
            how = "the first key" if signed.first == 0 else "NOT announced in the log"
            how = how if signed.announced is None else f"announced by record {signed.announced}"
            said.append(f"signed by: {signed.key.fingerprint}, records {signed.first} to {signed.last}, {how}")
        if self.after is not None:
            said.append(f"longest silence: {self.longest}, after record {self.after}")
        return said
