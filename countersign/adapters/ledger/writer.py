"""Extends the audit branch by compare-and-swap: of several writers that push at once, one wins and the others try again.

A record is durable at the remote when `append` returns. Nothing is pushed that our own check of the chain would not accept.
Runners alone import this; the bot reads.
"""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from countersign.adapters.gitcmd import GitFailed, scrub
from countersign.adapters.ledger.pack import pack
from countersign.adapters.ledger.pages import genesis_pages
from countersign.adapters.ledger.reader import GitLedgerReader
from countersign.attestation import statement
from countersign.attestation.chain import ChainError, Link
from countersign.attestation.compose import compose
from countersign.attestation.keys import Signer, TrustRoot
from countersign.attestation.objects import Objects, Overlay
from countersign.attestation.ports import TakenError
from countersign.attestation.record import AUDIT_BRANCH, Draft, Entry
from countersign.domain.ids import ChangeRef, MalformedError, Sha
from countersign.domain.outcomes import GitFault, LedgerFault
from countersign.domain.ports import Clock

_TRIES = 40
_STUCK = 4
"""Tries in a row that fail though nobody else moved the branch: the remote does not want the record."""

_FIRST_WAIT, _LONGEST_WAIT = 0.02, 1.0
_SKEW = timedelta(minutes=5)


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
        self._trust = trust_root
        self._signer = signer
        self._origin = origin
        self._clock = clock
        self._sleep = sleep

    def find(self, key: str) -> Entry | None:
        """Give the record with this key."""
        return self._reader.find(key)

    def of_change(self, change: ChangeRef) -> tuple[Entry, ...]:
        """Give all records of a change, oldest first."""
        return self._reader.of_change(change)

    def emergencies(self) -> tuple[Entry, ...]:
        """Give the intents of runs that an emergency let through a freeze, oldest first."""
        return self._reader.emergencies()

    def open_intents(self) -> tuple[Entry, ...]:
        """Give the intents that no outcome follows yet, oldest first."""
        return self._reader.open_intents()

    def append(self, draft: Draft) -> Entry:
        """Sign the record and push it onto the tip.

        Raises:
            TakenError: a record with this key stands already, made by somebody else or by an earlier call.
            LedgerFault: not accepted within a bounded number of tries, or it cannot be recorded as it is. Where the remote
                went silent in the middle, the record may stand all the same: `find` tells, and so does the next `append`.
        """
        ours: set[Sha] = set()
        stuck, said = 0, ""
        for attempt in range(_TRIES):
            if attempt:
                self._sleep(_wait(attempt))
            before = self._reader.chain.tip
            self._reader.refresh()
            standing = self._reader.chain.index.find(draft.key)
            if standing is not None:
                if standing.commit in ours:  # the push had arrived, its answer had not
                    return standing
                raise TakenError(standing)
            stuck = stuck + 1 if attempt and before == self._reader.chain.tip else 0
            if stuck == _STUCK:
                break
            link, objects = self._next(draft)
            ours.add(link.entry.commit)
            refusal = self._push(link, objects)
            if refusal is None:
                self._reader.chain.accept(link)
                with suppress(LedgerFault):  # the record stands, whatever becomes of the pin; the next one moves it on
                    self._reader.keep_pin()
                return link.entry
            said = refusal
        raise LedgerFault(f"{draft.key} was not accepted by the remote after {attempt + 1} tries: {said}")

    def _next(self, draft: Draft) -> tuple[Link, Objects]:
        """Make the commit that would follow the tip, check it as any reader will, and give the objects to store."""
        chain = self._reader.chain
        recorded = self._moment(draft, chain.recorded)
        try:
            with self._reader.store.objects() as source:
                name, objects = compose(
                    draft,
                    chain=chain,
                    source=source,
                    origin=self._origin,
                    recorded=recorded,
                    signer=self._signer,
                    principal=self._principal(recorded),
                    pages=genesis_pages(self._origin) if chain.tip is None else (),
                )
                return chain.check(name, Overlay(objects, source)), objects
        except (MalformedError, ChainError, GitFault) as error:
            raise LedgerFault(f"{draft.key} cannot be recorded: {error}") from error

    def _moment(self, draft: Draft, newest: datetime | None) -> datetime:
        """Give the time of recording: now, but never before the newest record or what is recorded, whose clocks may differ."""
        now = self._clock()
        happened = statement.in_utc(draft.time)
        floor = happened if newest is None else max(happened, newest)
        if floor - now > _SKEW:
            raise LedgerFault(
                f"this machine's clock is {floor - now} behind the record's; set it right before anything is recorded"
            )
        return max(now, floor)

    def _principal(self, when: datetime) -> str:
        principals = self._trust.principals(self._signer.public, when)
        if len(principals) != 1:
            key = self._signer.public.fingerprint
            raise MalformedError(f"the trust root names {len(principals)} principals for the signing key {key} now; it must be one")
        return next(iter(principals))

    def _push(self, link: Link, objects: Objects) -> str | None:
        """Move the branch from the tip that we know to our commit, or not at all; give the remote's words where it did not."""
        store = self._reader.store
        expected = self._reader.chain.tip or ""
        lease, target = f"--force-with-lease={store.ref}:{expected}", f"{link.entry.commit}:{store.ref}"
        try:
            store.git("unpack-objects", "-q", data=pack(objects))
            store.git("push", "--porcelain", "--quiet", "--no-verify", lease, store.remote_url, target, remote=True)
        except GitFailed as failed:
            verdicts = [line for line in failed.stdout.decode(errors="replace").splitlines() if line.startswith("!")]
            return scrub(verdicts[0].split("\t")[-1] if verdicts else failed.stderr, store.config.values())
        except GitFault as fault:
            return str(fault)
        return None


def _wait(attempt: int) -> float:
    """Give seconds to wait: longer each time, and different for each writer, so that they do not meet again."""
    return min(_LONGEST_WAIT, _FIRST_WAIT * (1 << min(attempt, 8))) * (0.5 + secrets.randbelow(1000) / 1000)
