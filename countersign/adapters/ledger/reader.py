"""Reads the audit branch at its remote and checks every record before it gives one out.

Keeps what it checked in memory; each call reads and checks only what is new. Writes nothing to the remote.
"""

from pathlib import Path

from countersign.adapters.ledger.store import Store
from countersign.attestation.chain import Chain, ChainError
from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.history import catch_up
from countersign.attestation.keys import TrustRoot
from countersign.attestation.record import AUDIT_BRANCH, Entry
from countersign.domain.ids import ChangeRef
from countersign.domain.outcomes import GitFault, LedgerFault


class GitLedgerReader:
    """The LedgerReader port over git. Not for several threads; several readers may share a directory."""

    def __init__(  # noqa: PLR0913 - keyword-only; wiring names each
        self,
        *,
        remote_url: str,
        directory: Path,
        trust_root: TrustRoot,
        origin: str,
        token: str | None = None,
        branch: str = AUDIT_BRANCH,
        timeout: float = 60,
    ) -> None:
        """Read the branch at `remote_url`.

        `directory` keeps objects and the pin, which must outlive restarts: it is what shows that the branch was cut short.
        `origin` is the name that every record of this log must bear. `token` is a forge token for git over HTTP.
        """
        self.store = Store(remote_url=remote_url, directory=directory, branch=branch, token=token, timeout=timeout)
        self.chain = Chain(trust=trust_root, origin=origin)
        self._branch = branch
        self._pinned = False

    def find(self, key: str) -> Entry | None:
        """Give the record with this key."""
        self.refresh()
        return self.chain.index.find(key)

    def of_change(self, change: ChangeRef) -> tuple[Entry, ...]:
        """Give all records of a change, oldest first."""
        self.refresh()
        return self.chain.index.of_change(change)

    def emergencies(self) -> tuple[Entry, ...]:
        """Give the intents of runs that an emergency let through a freeze, oldest first."""
        self.refresh()
        return self.chain.index.emergencies()

    def open_intents(self) -> tuple[Entry, ...]:
        """Give the intents that no outcome follows yet, oldest first."""
        self.refresh()
        return self.chain.index.open_intents()

    def refresh(self) -> None:
        """Read and check what is new at the remote.

        Raises:
            LedgerFault: it cannot be read, a record is wrong, or the branch is not the one that was seen before.
        """
        try:
            self.store.prepare()
            self._catch_up()
        except GitFault as fault:
            raise LedgerFault(f"the audit branch {self._branch} cannot be read: {fault}") from fault
        except ChainError as error:
            raise LedgerFault(f"the audit branch {self._branch} is wrong: {error.problem}") from error

    def keep_pin(self) -> None:
        """Remember the newest checked record on disk.

        Raises:
            LedgerFault: it cannot be kept.
        """
        seen = Checkpoint.of(self.chain.index)
        if seen is not None:
            self.store.pin.advance(seen)

    def _catch_up(self) -> None:
        pinned = None if self._pinned else self.store.pin.read()
        tip, known = self.store.remote_tip(), self.chain.tip
        if tip is None:
            if known is not None or pinned is not None:
                raise LedgerFault(f"the audit branch {self._branch} is gone from the remote, though it was seen before")
            return
        if tip != known:
            self.store.fetch()
            with self.store.objects() as source:
                catch_up(self.chain, source, tip)
            self.store.remember(tip)
        if pinned is not None:
            problem = pinned.problem(self.chain.index)
            if problem is not None:
                raise ChainError(problem)
        self._pinned = True
        if tip != known:
            self.keep_pin()
