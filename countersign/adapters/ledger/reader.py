"""Reads the audit branch at its remote and checks every record before it gives one out.

Keeps on disk what it checked (`shelf.py`); each call reads and checks only what is new. Writes nothing to the remote.
"""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from countersign.adapters.ledger.shelf import Shelf, Shelved
from countersign.adapters.ledger.store import Store
from countersign.attestation import statement
from countersign.attestation.chain import Chain, Link
from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.history import catch_up
from countersign.attestation.index import Keys
from countersign.attestation.keys import TrustRoot
from countersign.attestation.objects import read_object
from countersign.attestation.problem import ChainError
from countersign.attestation.record import AUDIT_BRANCH, Entry
from countersign.domain.ids import ChangeRef, MalformedError
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

        `directory` keeps objects, what was checked, and the pin, which must outlive restarts: it is what shows that the branch
        was cut short. `origin` is the name that every record of this log must bear. `token` is a forge token for git over HTTP.
        """
        self.store = Store(remote_url=remote_url, directory=directory, branch=branch, token=token, timeout=timeout)
        self.chain = Chain(trust=trust_root, records=Keys(), origin=origin)
        self._trust = trust_root
        self._origin = origin
        self._branch = branch
        self._shelf: Shelf | None = None

    def find(self, key: str) -> Entry | None:
        """Give the record with this key."""
        self.refresh()
        return self.standing(key)

    def find_all(self, keys: Collection[str]) -> dict[str, Entry]:
        """Give those records that there are of these keys, by key."""
        self.refresh()
        kept = self._kept()
        found = [shelved for key in sorted(set(keys)) if (shelved := kept.find(key)) is not None]
        return {entry.key: entry for entry in self._entries(found)}

    def of_change(self, change: ChangeRef) -> tuple[Entry, ...]:
        """Give all records of a change, oldest first."""
        self.refresh()
        return self._entries(self._kept().of_change(change))

    def open_intents(self) -> tuple[Entry, ...]:
        """Give the intents that no outcome follows yet, oldest first."""
        self.refresh()
        return self.standing_open()

    def open_questions(self) -> tuple[Entry, ...]:
        """Give the questions that have no end yet, oldest first."""
        self.refresh()
        return self._entries(self._kept().open_questions())

    def latest(self, count: int) -> tuple[Entry, ...]:
        """Give so many records, the newest, oldest first."""
        self.refresh()
        return self._entries(self._kept().latest(count))

    def standing(self, key: str) -> Entry | None:
        """Give the record with this key among those that the last refresh saw."""
        found = self._kept().find(key)
        return None if found is None else self._entries([found])[0]

    def standing_open(self) -> tuple[Entry, ...]:
        """Give the open intents among the records that the last refresh saw."""
        return self._entries(self._kept().open_intents())

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
        """Remember size and root of what was checked on disk.

        Raises:
            LedgerFault: it cannot be kept.
        """
        seen = Checkpoint.of(self.chain.head)
        if seen is not None:
            self.store.pin.advance(seen)

    def take_in(self, links: Iterable[Link]) -> None:
        """Take in what this process has just put onto the branch itself.

        Raises:
            LedgerFault: the disk does not take it. The next refresh finds it at the remote.
        """
        shelf = self._kept()
        with shelf.turn():
            chain = self._resumed(shelf)
            if chain.tip == self.chain.tip:  # else somebody who shares the directory was here first
                for link in links:
                    chain.accept(link)
                self._keep(shelf, chain)
        self.chain = chain
        self.keep_pin()

    def _catch_up(self) -> None:
        tip, known = self.store.remote_tip(), self.chain.tip
        if tip is not None and tip != known:
            self.store.fetch()
        shelf = self._kept()
        with shelf.turn():
            chain = self._resumed(shelf)
            if chain.tip not in {tip, known}:  # somebody who shares the directory went on; only now can the remote not be behind
                tip = self.store.remote_tip()
                if tip is not None:
                    self.store.fetch()
            if tip is None and (chain.tip is not None or self.store.pin.read() is not None):
                raise LedgerFault(f"the audit branch {self._branch} is gone from the remote, though it was seen before")
            if tip is not None and tip != chain.tip:
                with self.store.objects() as source:
                    try:
                        catch_up(chain, source, tip)
                    except ChainError as error:
                        raise shelf.cut_off(tip) or error from None
                self._keep(shelf, chain)
        self.chain = chain
        if tip is not None and tip != known:
            self.store.remember(tip)
            self.keep_pin()

    def _resumed(self, shelf: Shelf) -> Chain:
        """Give the chain as far as it was checked by whoever shares the directory."""
        pinned = self.store.pin.read()
        newest = shelf.newest(pinned)
        seen = () if pinned is None or (newest is not None and newest.frontier.size >= pinned.size) else (pinned,)
        return Chain(trust=self._trust, records=shelf, origin=self._origin, seen=seen, newest=newest)

    def _keep(self, shelf: Shelf, chain: Chain) -> None:
        if chain.newest is not None:
            shelf.keep(chain.newest)

    def _kept(self) -> Shelf:
        if self._shelf is None:
            self._shelf = Shelf(self.store.home / "checked.sqlite", bound=self._trust.fingerprint)
        return self._shelf

    def _entries(self, found: Sequence[Shelved]) -> tuple[Entry, ...]:
        """Read records from their objects, whose names were computed from checked bytes."""
        if not found:
            return ()
        try:
            with self.store.objects() as source:
                read = [(item, read_object(source, item.object, "blob")) for item in found]
            return tuple(statement.read(raw).entry(raw, commit=item.commit, path=item.path, root=item.root) for item, raw in read)
        except (GitFault, MalformedError) as error:
            raise LedgerFault(f"a record that was checked cannot be read again: {error}") from error
