"""Keeps the result of a command on disk until the outcome record stands. Holds no secret: results are scrubbed."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault


class FileOutbox:
    """One small file a run, written whole or not at all: temporary file, fsync, rename, fsync of the directory."""

    def __init__(self, directory: Path) -> None:
        """Use a private directory, made where it is missing."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory

    def put(self, run: RunId, result: Mapping[str, object]) -> None:
        """Keep the result.

        Raises:
            Fault: the disk refused; nothing was kept.
        """
        partial = self._directory / f"{run}.partial"
        try:
            with partial.open("wb") as file:
                file.write(json.dumps(result, sort_keys=True).encode())
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path(run))
            self._sync()
        except OSError as error:
            raise Fault(f"the outbox could not keep the result: {error.strerror}") from error

    def get(self, run: RunId) -> Mapping[str, object] | None:
        """Give what was kept; None where nothing was, or not whole.

        Raises:
            Fault: the disk cannot be read. That is never taken for "nothing was kept".
        """
        try:
            document = json.loads(self._path(run).read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        except OSError as error:
            raise Fault(f"the outbox cannot be read: {error.strerror}") from error
        return document if isinstance(document, dict) else None

    def drop(self, run: RunId) -> None:
        """Forget it. What cannot be removed stays without harm: its outcome is on the record, and nobody asks for it again."""
        with suppress(OSError):
            self._path(run).unlink(missing_ok=True)
            self._sync()

    def _path(self, run: RunId) -> Path:
        return self._directory / f"{run}.json"

    def _sync(self) -> None:
        descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
