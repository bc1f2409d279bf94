"""A bare copy of one project's objects: where it is, how to talk to its remote, what may never be in it.

The copy can be thrown away at any time; the forge has everything. Does not interpret objects: `git.py` and `patch.py` do.
"""

import fcntl
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from countersign.adapters.gitcmd import GitFailed, run_git, token_config
from countersign.domain.outcomes import GitFault, NoRepositoryFault

HEADS = "refs/forge/heads/"
CHANGES = "refs/forge/merge-requests/"
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_ATTRIBUTES = (
    "* !diff !merge !text !eol !crlf !ident !filter !working-tree-encoding !whitespace !conflict-marker-size !export-subst\n"
)
"""Stands above every .gitattributes: none that a change brings along decides how it is shown or merged (attack 36)."""

_PARTIAL = ("shallow", "info/grafts", "objects/info/alternates", "objects/info/http-alternates")
_CHECKED = {
    "fetch.fsckObjects": "true",
    "fetch.fsck.badTimezone": "ignore",  # these three stand in old histories and hurt nobody; forges let them in as well
    "fetch.fsck.missingSpaceBeforeDate": "ignore",
    "fetch.fsck.zeroPaddedFilemode": "ignore",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "merge.renormalize": "false",
}

_GONE = re.compile(r"fatal: (?:repository '[^\n]*' not found|unable to access [^\n]*: The requested URL returned error: 30[18])")
"""git's own line where a server answers 404, or that the repository has moved for good. What servers say begins with `remote:`."""


class Mirror:
    """One project's objects in a directory. Several processes may share it; fetching is one at a time."""

    def __init__(
        self,
        *,
        url: str,
        directory: Path,
        token: str | None = None,
        timeout: float = 120,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Name the remote and the directory; nothing is touched before `prepare`. `timeout` is in seconds, for each command.

        `environment` goes to every command: `CloneRepository` keeps git off the network and off the clone with it.
        """
        self._url = url
        self._directory = directory.absolute()
        self._remote = token_config(url, token) if token else {}
        self._timeout = timeout
        self._more = dict(environment or {})

    def run(self, args: Sequence[str], *, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        """Run a git command on the local objects; give its standard output.

        Raises:
            GitFault: it failed, or did not end in time.
        """
        return run_git(args, cwd=self._directory, input=stdin, env_extra=self._env(env), config=_CHECKED, timeout=self._timeout)

    def fetch(self) -> None:
        """Bring branches and change heads up to date; what is gone at the remote goes here.

        Raises:
            NoRepositoryFault: the remote answers that it has no such repository, or has it under another name now.
            GitFault: the remote does not answer, hands out malformed objects, or the copy is shallow or partial.
        """
        self.prepare()
        with self._alone():
            self._remote_run(
                [
                    *("fetch", "--quiet", "--force", "--prune", "--no-tags", "--no-auto-gc"),
                    *("--no-recurse-submodules", "--no-write-fetch-head"),
                    *("--update-shallow", self._url),  # else git leaves out, without a word, what a shallow remote lacks
                    *(f"+refs/heads/*:{HEADS}*", f"+refs/merge-requests/*/head:{CHANGES}*"),
                ]
            )
            self._refuse_partial()

    def push(self, commit: str, branch: str) -> None:
        """Make a branch at the remote, or move it forward. Never forces.

        Raises:
            GitFault: refused by the remote, or it does not answer.
        """
        self._remote_run(["push", "--quiet", "--no-verify", self._url, f"{commit}:refs/heads/{branch}"])

    def prepare(self) -> None:
        """Make the directory a bare repository if it is none yet.

        Raises:
            GitFault: it cannot be made, or what is there is shallow, partial or leans on another repository.
        """
        with _usable():
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone():
            if not (self._directory / "HEAD").is_file():
                run_git(["init", "--quiet", "--bare", "--template=", "."], cwd=self._directory, timeout=self._timeout)
            attributes = self._directory / "info" / "attributes"
            attributes.parent.mkdir(exist_ok=True)
            if not attributes.is_file() or attributes.read_text() != _ATTRIBUTES:
                attributes.write_text(_ATTRIBUTES)
            self._refuse_partial()

    def _remote_run(self, args: Sequence[str]) -> bytes:
        settings = _CHECKED | self._remote
        try:
            return run_git(args, cwd=self._directory, env_extra=self._env(None), config=settings, timeout=self._timeout)
        except GitFailed as failed:
            if any(_GONE.fullmatch(line) for line in failed.stderr.splitlines()):
                raise NoRepositoryFault("the remote has no such repository, or has it under another name now") from None
            raise

    def _env(self, more: Mapping[str, str] | None) -> dict[str, str]:
        """Read attributes from nowhere (newer gits look into HEAD's tree), take paths literally, and be in this repository."""
        fixed = {"GIT_DIR": str(self._directory), "GIT_ATTR_SOURCE": _EMPTY_TREE, "GIT_LITERAL_PATHSPECS": "1"}
        return fixed | self._more | dict(more or {})

    def _refuse_partial(self) -> None:
        missing = [name for name in _PARTIAL if (self._directory / name).exists()]
        missing += [path.name for path in (self._directory / "objects" / "pack").glob("*.promisor")]
        if missing:
            raise GitFault(f"the copy of the project is shallow or partial ({missing[0]}); remove its directory, it is made anew")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the directory against other processes. Locks that a killed git left behind are taken away meanwhile."""
        with _usable(), (self._directory / "countersign.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for name in ("packed-refs.lock", "config.lock", "HEAD.lock"):
                (self._directory / name).unlink(missing_ok=True)
            for stale in (self._directory / "refs").rglob("*.lock"):
                stale.unlink(missing_ok=True)
            yield


@contextmanager
def _usable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GitFault(f"the directory of the project's objects cannot be used: {error.strerror}") from None
