"""Remembers the log's size and root as seen last, across restarts: without it a shortened branch looks as good as a whole one.

One line in a file, replaced at once and on disk when `advance` returns. Several processes may share it.
"""

import os
from pathlib import Path

from countersign.adapters.files import locked, sync_folder
from countersign.attestation.checkpoint import Checkpoint
from countersign.domain.ids import MalformedError
from countersign.domain.outcomes import LedgerFault

_LIMIT = 200


class Pin:
    """The last checkpoint seen of one log."""

    def __init__(self, path: Path) -> None:
        """Keep it in this file; its folder must be there."""
        self._path = path

    def read(self) -> Checkpoint | None:
        """Give what was seen last; None where nothing was seen yet.

        Raises:
            LedgerFault: the file cannot be read. It is never taken for "nothing seen".
        """
        try:
            with self._path.open("rb") as file:
                text = file.read(_LIMIT).decode("ascii")
            return Checkpoint.parse(text.removesuffix("\n"))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, MalformedError) as error:
            why = f"the pin of the audit branch cannot be read ({type(error).__name__}); verify the branch by hand, then remove it"
            raise LedgerFault(why) from None

    def advance(self, seen: Checkpoint) -> None:
        """Remember a newer checkpoint; an older one changes nothing.

        Raises:
            LedgerFault: it cannot be kept.
        """
        try:
            with locked(self._path.with_suffix(".lock")):
                known = self.read()
                if known is None or known.size < seen.size:
                    self._replace(f"{seen}\n".encode())
        except OSError as error:
            raise LedgerFault(f"the pin of the audit branch cannot be kept: {error.strerror}") from None

    def _replace(self, data: bytes) -> None:
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        sync_folder(self._path.parent)
