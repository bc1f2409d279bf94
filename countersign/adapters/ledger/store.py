"""Where a reader keeps the audit branch's objects, and how it gets them from the remote. Believes nothing: readers check.

A bare repository of its own. Several readers and writers, in threads or processes, may share one directory.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from countersign.adapters.catfile import CatFile
from countersign.adapters.files import locked
from countersign.adapters.gitcmd import run_git, token_config
from countersign.adapters.ledger.pack import Pack
from countersign.adapters.ledger.pin import Pin
from countersign.attestation.objects import Objects
from countersign.domain.ids import Sha
from countersign.domain.outcomes import GitFault, LedgerFault

_PACKED = 64
"""Objects from which on a pack of their own is worth its file."""

_SEEN = "refs/countersign/seen"
_LINE = re.compile(r"(?P<commit>[0-9a-f]{40})\t(?P<ref>\S+)")


class Store:
    """One audit branch: at the remote and here. Every method raises GitFault when git fails."""

    def __init__(  # noqa: PLR0913 - keyword-only; wiring names each
        self, *, remote_url: str, directory: Path, branch: str, token: str | None, timeout: float, tidy_after: int = 256
    ) -> None:
        """Keep objects below this directory, which is made if need be. `timeout` is in seconds a git command.

        After so many fetches and puts the objects are put together, so that a long log is read as quickly as a short one.
        """
        self.remote_url = remote_url
        self.ref = f"refs/heads/{branch}"
        self.config = {} if token is None else token_config(remote_url, token)
        self.timeout = timeout
        self.home = directory
        self.repository = directory / "objects.git"
        self.pin = Pin(directory / "pin")
        self._tidy_after = tidy_after
        self._untidy = 0

    def prepare(self) -> None:
        """Make directory and repository if they are not there.

        Raises:
            LedgerFault: they cannot be made.
        """
        if (self.repository / "HEAD").is_file():
            return
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            with locked(self.home / "init.lock"):
                self.git("init", "--quiet", "--bare", str(self.repository), cwd=self.home)
        except OSError as error:
            raise LedgerFault(f"no place for the audit branch: {error.strerror}") from None

    def remote_tip(self) -> Sha | None:
        """Ask the remote for the branch's tip; None where it has no such branch."""
        for line in self.git("ls-remote", "--quiet", self.remote_url, self.ref, remote=True).decode(errors="replace").splitlines():
            found = _LINE.fullmatch(line)
            if found is None:
                raise GitFault("the remote lists its branches in a form that is not git's")
            if found["ref"] == self.ref:
                return Sha(found["commit"])
        return None

    def fetch(self) -> None:
        """Get the branch's new objects. Moves no reference: other readers share this directory."""
        self.git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", self.remote_url, self.ref, remote=True)
        self._tidy()

    def remember(self, tip: Sha) -> None:
        """Point a reference at what was read and checked, so that the next fetch asks for what is newer only."""
        with suppress(GitFault):  # another reader is at it; the next fetch is larger, that is all
            self.git("update-ref", _SEEN, tip)

    def put(self, objects: Objects) -> None:
        """Store objects that we made: few of them one by one, many as one pack, which costs one wait for the disk."""
        made = Pack.of(objects)
        if len(objects) < _PACKED:
            self.git("unpack-objects", "-q", data=made.data)
        else:
            try:
                made.store(self.repository / "objects" / "pack")
            except OSError as error:
                raise GitFault(f"the pack cannot be stored: {error.strerror}") from None
        self._tidy()

    def _tidy(self) -> None:
        """Now and then, tidy up: loose objects and small packs go into packs each twice the size of the next (git-repack(1))."""
        self._untidy += 1
        if self._untidy < self._tidy_after:
            return
        self._untidy = 0
        with suppress(GitFault, OSError), locked(self.home / "tidy.lock"):  # the next time will do; nothing depends on it
            self.git("repack", "-d", "-q", "--geometric=2", "--write-midx")

    @contextmanager
    def objects(self) -> Iterator[CatFile]:
        """Read objects, for as long as the context lasts."""
        with CatFile(self.repository, timeout=self.timeout) as source:
            yield source

    def git(self, *args: str, cwd: Path | None = None, remote: bool = False, data: bytes | None = None) -> bytes:
        """Run git here; with the token only where it talks to the remote."""
        return run_git(args, cwd=cwd or self.repository, input=data, config=self.config if remote else None, timeout=self.timeout)
