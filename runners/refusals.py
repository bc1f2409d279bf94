"""Keeps the record of messages that were not even considered, and keeps it from being flooded.

At most so many records a minute; after that one that says how many more there were, each of which is in the log by its digest.
What the audit branch does not take is kept, on disk too, and tried again. A message itself is never kept, only digest and size.
Used by one thread.
"""

import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from countersign.attestation.ports import TakenError
from countersign.attestation.record import Draft, Entry
from countersign.domain.ids import digest_of
from countersign.domain.outcomes import Fault, LedgerFault
from countersign.domain.ports import Clock
from countersign.domain.tokens.placeholder import cut_behind
from runners import unjudged

RECORDS_A_MINUTE = 10
WAITING = 100
"""Kept while the audit branch is away; further ones are only counted."""

LONGEST_WHY = 500
"""Characters. Names of fields in it are the sender's."""

_MINUTE = timedelta(minutes=1)
_TRY_AGAIN = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """One refused message, or where `more` is not 0, that many. `time` is when it was refused, in ISO form.

    The digest of many is made of theirs, one after the other as the log has them, since the process began.
    """

    time: str
    why: str
    digest: str
    size: int = 0
    more: int = 0

    def draft(self) -> Draft:
        """Put it in the record's words."""
        at = datetime.fromisoformat(self.time)
        if self.more:
            return unjudged.more_turned_away(self.more, self.digest, why=self.why, now=at)
        return unjudged.turned_away(self.digest, self.size, why=self.why, now=at)


AppendAll = Callable[[Sequence[Draft]], Sequence[Entry | TakenError | LedgerFault]]
"""As `Ledger.append_all`."""


class Refusals:
    """The record of refused messages. No method raises: what cannot be recorded now is recorded later."""

    def __init__(self, *, append_all: AppendAll, file: Path, clock: Clock, hide: Callable[[str], str]) -> None:
        """Append through this, keep in this file, and take up what an earlier life left there. `hide` puts tokens for values."""
        self._append_all, self._file, self._clock, self._hide = append_all, file, clock, hide
        self._log = structlog.get_logger("countersign.runner")
        self._waiting = deque(_left(file))
        self._minute = self._next_try = clock()
        self._taken = self._more = 0
        self._counted = digest_of(b"")

    def refuse(self, message: bytes, why: str) -> None:
        """Take note of a refused message."""
        now, digest, why = self._clock(), digest_of(message), cut_behind(self._hide(why), LONGEST_WHY)
        self._begin_minute(now)
        recorded = self._taken < RECORDS_A_MINUTE and len(self._waiting) < WAITING
        self._log.warning("refused a message", digest=digest, bytes=len(message), why=why, counted_only=not recorded)
        if recorded:
            self._taken += 1
            self._waiting.append(TurnedAway(now.isoformat(), why, digest, len(message)))
            self._keep()
        else:
            self._more += 1
            self._counted = digest_of(f"{self._counted}{digest}".encode())

    def tick(self) -> None:
        """Record what is due."""
        now = self._clock()
        self._begin_minute(now)
        if now >= self._next_try:
            self._record()

    def finish(self) -> None:
        """Record what can be recorded before the process ends; the rest stays in the file."""
        self._count_up(self._clock())
        self._record()

    def _begin_minute(self, now: datetime) -> None:
        if now - self._minute >= _MINUTE:
            self._count_up(now)
            self._minute, self._taken = now, 0

    def _count_up(self, now: datetime) -> None:
        """Make the record of those that were only counted; where too many wait already, count on."""
        if self._more and len(self._waiting) <= WAITING:
            why = f"more than {RECORDS_A_MINUTE} in a minute; the runner's log has the digest of each"
            self._waiting.append(TurnedAway(now.isoformat(), why, self._counted, more=self._more))
            self._more = 0
            self._keep()

    def _record(self) -> None:
        """Put what waits on the record, all of it at once: a flood costs one push."""
        if not self._waiting:
            return
        waiting = list(self._waiting)
        try:
            results = self._append_all([item.draft() for item in waiting])
            told = enumerate(zip(waiting, results, strict=True))
            faults = {number: str(result) for number, (_, result) in told if isinstance(result, LedgerFault)}
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the audit branch, a refusal neither ends the worker nor is lost
            faults = dict.fromkeys(
                range(len(waiting)), str(error) if isinstance(error, Fault) else f"unexpected {type(error).__name__}"
            )
        self._waiting = deque(waiting[number] for number in sorted(faults))
        if faults:
            self._next_try = self._clock() + _TRY_AGAIN  # not before the next messages: a branch that hangs takes its time
            self._log.warning("could not record refusals yet", fault=faults[min(faults)], waiting=len(faults))
        if len(faults) < len(waiting):
            self._keep()

    def _keep(self) -> None:
        partial = self._file.with_suffix(".partial")
        try:
            if not self._waiting:
                self._file.unlink(missing_ok=True)
                return
            partial.write_text(json.dumps([asdict(item) for item in self._waiting]))
            partial.replace(self._file)
        except OSError as error:
            self._log.warning("could not keep refusals on disk", fault=error.strerror, waiting=len(self._waiting))


def _left(file: Path) -> list[TurnedAway]:
    """Read what an earlier life has left; nothing where nothing was, or not whole."""
    try:
        return [TurnedAway(**item) for item in json.loads(file.read_bytes())][: WAITING + 1]
    except (OSError, ValueError, TypeError):
        return []
