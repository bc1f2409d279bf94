"""What people should look at though nothing is wrong: who signed from where to where, and how long nothing was recorded."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from countersign.attestation.outline import Outline
from countersign.attestation.sshsig import PublicKey
from countersign.attestation.stamp import PREFIX


@dataclass(slots=True)
class Signed:
    """What one key signed. `announced` is the record that brought it in; None for a key that was not announced."""

    key: PublicKey
    first: int
    last: int
    announced: int | None


@dataclass(slots=True)
class Watch:
    """Looks at records as it is given them, oldest first."""

    signers: dict[PublicKey, Signed] = field(default_factory=dict)
    longest: timedelta = timedelta()
    after: int | None = None
    """The record after which nothing was recorded for the longest time."""
    stamps: int = 0
    """How many timestamps there are, good or not."""
    _announced: dict[PublicKey, int] = field(default_factory=dict)
    _newest: datetime | None = None

    def add(self, one: Outline) -> None:
        """Look at the next record."""
        if one.signer in self.signers:
            self.signers[one.signer].last = one.seq
        else:
            self.signers[one.signer] = Signed(one.signer, one.seq, one.seq, self._announced.get(one.signer))
        if one.announces is not None:
            self._announced.setdefault(one.announces, one.seq)
        if self._newest is not None and one.recorded - self._newest > self.longest:
            self.longest, self.after = one.recorded - self._newest, one.seq - 1
        self._newest = one.recorded
        self.stamps += one.key.startswith(PREFIX)

    def notes(self) -> list[str]:
        """Say it in sentences."""
        said = []
        for signed in self.signers.values():
            how = "the first key" if signed.first == 0 else "trusted, though not announced in the log"
            how = how if signed.announced is None else f"announced by record {signed.announced}"
            said.append(f"signed by: {signed.key.fingerprint}, records {signed.first} to {signed.last}, {how}")
        if self.after is not None:
            said.append(f"longest silence: {self.longest}, after record {self.after}")
        return said
