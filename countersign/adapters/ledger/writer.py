"""Extends the audit branch by compare-and-swap: of several writers that push at once, one wins and the others try again.

A record is durable at the remote when `append` returns. Nothing is pushed that our own check of the chain would not accept.
Runners alone import this; the bot reads.
"""

import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from countersign.adapters.gitcmd import GitFailed, scrub
from countersign.adapters.ledger.batch import Batch, Pen
from countersign.adapters.ledger.reader import GitLedgerReader
from countersign.attestation.keys import Signer, TrustRoot
from countersign.attestation.ports import HeldFault, TakenError, WaitsFor
from countersign.attestation.record import AUDIT_BRANCH, Draft, Entry
from countersign.domain.ids import ChangeRef, Sha
from countersign.domain.outcomes import GitFault, LedgerFault
from countersign.domain.ports import Clock

_TRIES = 40
_STUCK = 4
"""Tries in a row that fail though nobody else moved the branch: the remote does not want the record."""

_FIRST_WAIT, _LONGEST_WAIT = 0.02, 5.0
_GIVE_UP = 1800.0
"""Seconds after which no further try begins. Whoever tidies up behind dead runners counts on it (`runners.tidying.SETTLED`)."""


class GitLedger:
    """The Ledger port over git. Not for several threads; several writers may share a directory."""

    def __init__(  # noqa: PLR0913 - keyword-only; wiring names each
        self,
        *,
        remote_url: str,
        directory: Path,
        trust_root: TrustRoot,
        signer: Signer,
        origin: str,
        clock: Clock,
        token: str | None = None,
        branch: str = AUDIT_BRANCH,
        timeout: float = 60,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Write to the branch at `remote_url`; see `GitLedgerReader` for what both take.

        `signer` must be one of the trust root's keys, for one principal: that is whom the commits name.
        """
        self._reader = GitLedgerReader(
            remote_url=remote_url,
            directory=directory,
            trust_root=trust_root,
            origin=origin,
            token=token,
            branch=branch,
            timeout=timeout,
        )
        self._pen = Pen(origin, signer, trust_root, clock)
        self._timeout = timeout
        self._sleep = sleep

    def find(self, key: str) -> Entry | None:
        """Give the record with this key."""
        return self._reader.find(key)

    def find_all(self, keys: Collection[str]) -> dict[str, Entry]:
        """Give those records that there are of these keys, by key."""
        return self._reader.find_all(keys)

    def of_change(self, change: ChangeRef) -> tuple[Entry, ...]:
        """Give all records of a change, oldest first."""
        return self._reader.of_change(change)

    def open_intents(self) -> tuple[Entry, ...]:
        """Give the intents that no outcome follows yet, oldest first."""
        return self._reader.open_intents()

    def open_questions(self) -> tuple[Entry, ...]:
        """Give the questions that have no end yet, oldest first."""
        return self._reader.open_questions()

    def latest(self, count: int) -> tuple[Entry, ...]:
        """Give so many records, the newest, oldest first."""
        return self._reader.latest(count)

    def append(self, draft: Draft) -> Entry:
        """Sign the record and push it onto the tip.

        Raises:
            TakenError: a record with this key stands already, made by somebody else or by an earlier call.
            LedgerFault: not accepted within a bounded number of tries, or it cannot be recorded as it is. Where the remote
                went silent in the middle, the record may stand all the same: `find` tells, and so does the next `append`.
        """
        [result] = self.append_all([draft])
        if isinstance(result, Entry):
            return result
        raise result

    def append_all(
        self, drafts: Sequence[Draft], *, waits_for: WaitsFor | None = None, together: bool = False, led: bool = False
    ) -> list[Entry | TakenError | LedgerFault]:
        """Sign records and push them onto the tip, in order and at once: one commit each, one push for all.

        Gives for each what `append` would have given or raised. What cannot be recorded does not keep the others out. See the port
        for `waits_for`, `together` and `led`.
        """
        needed = range(len(drafts)) if together else range(int(led))
        results: dict[int, Entry | TakenError | LedgerFault] = {}
        ours: dict[Sha, int] = {}
        stuck, said, attempt, began, took, started = 0, "", 0, 0.0, 0.0, time.monotonic()
        fault: LedgerFault | None = None
        for attempt in range(_TRIES):
            if attempt:
                took = time.monotonic() - began
                self._sleep(_wait(attempt, took))
            began = time.monotonic()
            before = self._reader.chain.tip
            try:
                self._reader.refresh()
                results |= self._standing(drafts, results, ours)
                if led and isinstance(results.get(0), TakenError):
                    results = dict.fromkeys(range(len(drafts)), results[0])
                if len(results) < len(drafts):
                    self._hold(waits_for)
            except LedgerFault as error:
                fault = error
                break
            stuck = stuck + 1 if attempt and before == self._reader.chain.tip else 0
            left = {number: draft for number, draft in enumerate(drafts) if number not in results}
            hangs = stuck and took >= self._timeout  # and would hang as long again
            if not left or stuck == _STUCK or hangs or time.monotonic() - started > _GIVE_UP:
                break
            batch, said = self._push(left, needed)
            if not batch.failed.keys().isdisjoint(needed):
                fault = batch.failed[min(batch.failed)]
                break
            results |= batch.failed
            ours |= {link.entry.commit: number for number, link in batch.links.items()}
            if not said:
                results |= {number: link.entry for number, link in batch.links.items()}
                with suppress(LedgerFault):  # the records stand, whatever becomes of our own files; the next refresh mends them
                    self._reader.take_in(batch.links.values())
            if len(results) == len(drafts):
                break
        why = f"was not accepted by the remote after {attempt + 1} tries: {said}"
        return [results.get(number, fault or LedgerFault(f"{draft.key} {why}")) for number, draft in enumerate(drafts)]

    def _standing(
        self, drafts: Sequence[Draft], results: Mapping[int, object], ours: Mapping[Sha, int]
    ) -> dict[int, Entry | TakenError]:
        """Give what the remote has already: ours, where a push had arrived and its answer had not, or somebody else's."""
        found: dict[int, Entry | TakenError] = {}
        for number, draft in enumerate(drafts):
            standing = None if number in results else self._reader.standing(draft.key)
            if standing is not None:
                found[number] = standing if ours.get(standing.commit) == number else TakenError(standing)
        return found

    def _hold(self, waits_for: WaitsFor | None) -> None:
        """Raise HeldFault where an intent is open that has to be waited for, on the tip that the next push names."""
        held = next(filter(waits_for, self._reader.standing_open()), None) if waits_for is not None else None
        if held is not None:
            raise HeldFault(held)

    def _push(self, drafts: Mapping[int, Draft], needed: Collection[int]) -> tuple[Batch, str]:
        """Move the branch from the tip that we know to new commits, or not at all; give the remote's words where it did not.

        Nothing is pushed where one of those that are needed cannot be recorded.
        """
        store = self._reader.store
        lease = f"--force-with-lease={store.ref}:{self._reader.chain.tip or ''}"
        batch = Batch()
        try:
            with store.objects() as source:
                batch = self._pen.write(drafts, self._reader.chain, source)
            if batch.links and batch.failed.keys().isdisjoint(needed):
                store.put(batch.objects)
                store.git(
                    "push",
                    "--porcelain",
                    "--quiet",
                    "--no-verify",
                    lease,
                    store.remote_url,
                    f"{batch.tip}:{store.ref}",
                    remote=True,
                )
        except GitFailed as failed:
            verdicts = [line for line in failed.stdout.decode(errors="replace").splitlines() if line.startswith("!")]
            return batch, scrub(
                verdicts[0].split("\t")[-1] if verdicts else failed.stderr, store.config.values()
            ) or "it said nothing"
        except GitFault as fault:
            return batch, str(fault)
        return batch, ""


def _wait(attempt: int, took: float) -> float:
    """Give seconds to wait: longer each time, and different for each writer, so that they do not meet again.

    `took` is how long the try before took: who waits for less than that meets the same others again.
    """
    return min(_LONGEST_WAIT, max(_FIRST_WAIT, took) * (1 << min(attempt, 8))) * secrets.randbelow(1000) / 1000
