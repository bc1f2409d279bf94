"""Makes the commits for several drafts at once: one commit each, in a row, to be stored and pushed together.

Each is checked as any reader will check it before it is let out. Does not store or push (`writer.py`).
"""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from countersign.adapters.ledger.pages import genesis_pages
from countersign.attestation import statement
from countersign.attestation.chain import Chain, Link
from countersign.attestation.compose import compose
from countersign.attestation.keys import Signer, TrustRoot
from countersign.attestation.objects import Objects, Overlay, Source
from countersign.attestation.problem import ChainError
from countersign.attestation.record import Draft
from countersign.domain.ids import MalformedError, Sha
from countersign.domain.outcomes import GitFault, LedgerFault
from countersign.domain.ports import Clock

_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Batch:
    """Commits in a row, by the place of their drafts, and the drafts that cannot be recorded."""

    links: dict[int, Link] = field(default_factory=dict)
    objects: Objects = field(default_factory=dict)
    failed: dict[int, LedgerFault] = field(default_factory=dict)

    @property
    def tip(self) -> Sha:
        """Give the newest commit."""
        return max(self.links.values(), key=lambda link: link.entry.seq).entry.commit


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes for one log, with one key."""

    origin: str
    signer: Signer
    trust: TrustRoot
    clock: Clock

    def write(self, drafts: Mapping[int, Draft], chain: Chain, source: Source) -> Batch:
        """Make the commits that would follow the chain's newest, the last with a checkpoint. The chain stays as it is.

        A draft whose key comes twice is made once: the second will find the first standing. One whose key stands already fails.
        """
        with _no_search_for_garbage():
            return self._write(drafts, chain, source)

    def _write(self, drafts: Mapping[int, Draft], chain: Chain, source: Source) -> Batch:
        batch, ahead = Batch(), chain.ahead()
        overlay, keys = Overlay(batch.objects, source), set[str]()
        for number, draft in drafts.items():
            if draft.key in keys:
                continue
            try:
                link, objects = self._commit(draft, ahead, overlay, settle=number == max(drafts))
            except LedgerFault as fault:
                batch.failed[number] = fault
                continue
            ahead.accept(link)
            keys.add(draft.key)
            batch.objects.update(objects)
            batch.links[number] = link
        if batch.links and (ahead.newest is None or not ahead.newest.settled):  # the last one was left out
            again = self._write({number: drafts[number] for number in batch.links}, chain, source)
            return replace(again, failed=batch.failed | again.failed)
        return batch

    def _commit(self, draft: Draft, chain: Chain, source: Source, *, settle: bool) -> tuple[Link, Objects]:
        try:
            recorded = self._moment(draft, chain.recorded)
            name, objects = compose(
                draft,
                chain=chain,
                source=source,
                origin=self.origin,
                recorded=recorded,
                signer=self.signer,
                principal=self._principal(recorded),
                pages=genesis_pages(self.origin) if chain.tip is None else (),
                settle=settle,
            )
            return chain.check(name, Overlay(objects, source)), objects
        except (MalformedError, ChainError, GitFault) as error:
            raise LedgerFault(f"{draft.key} cannot be recorded: {error}") from error

    def _moment(self, draft: Draft, newest: datetime | None) -> datetime:
        """Give the time of recording: now, but never before the newest record or what is recorded, whose clocks may differ."""
        now = self.clock()
        happened = statement.in_utc(draft.time)
        floor = happened if newest is None else max(happened, newest)
        if floor - now > _SKEW:
            raise LedgerFault(
                f"this machine's clock is {floor - now} behind the record's; set it right before anything is recorded"
            )
        return max(now, floor)

    def _principal(self, when: datetime) -> str:
        principals = self.trust.principals(self.signer.public, when)
        if len(principals) != 1:
            key = self.signer.public.fingerprint
            raise MalformedError(f"the trust root names {len(principals)} principals for the signing key {key} now; it must be one")
        return next(iter(principals))


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """Keep Python from looking for cycles: what a batch is made of lives until it is stored, and looking takes a tenth of it."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
