"""Makes a commit from a unified diff against a named base, and pushes it as a branch. Never a work tree, never half a diff.

The diff is read and applied by `countersign.domain.patches`; here are only git's objects and an index that is thrown away.
The same inputs give the same commit, so handing a diff in twice makes one branch.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from countersign.adapters.git import GitRepository
from countersign.adapters.gitdiff import compare
from countersign.adapters.gitmirror import Mirror
from countersign.domain.branches import is_branch_name
from countersign.domain.ids import MalformedError, Sha
from countersign.domain.outcomes import GitFault
from countersign.domain.patches.apply import apply_hunks
from countersign.domain.patches.model import USUAL, Bounds, FilePatch, Mode, PatchError
from countersign.domain.patches.reader import read_diff

__all__ = ["Identity", "PatchBranches", "PatchError"]

_ENTRY = re.compile(rb"([0-7]{6}) (?:blob|commit) ([0-9a-f]{40})\t(.*)", re.DOTALL)
_KINDS = {"120000": "a symlink", "160000": "a submodule"}
_GONE = f"0 {'0' * 40}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a commit names as author or committer."""

    name: str
    email: str

    def __post_init__(self) -> None:
        """Refuse what would break out of its line.

        Raises:
            MalformedError: empty, or with a character that ends the field or the line.
        """
        for part in (self.name, self.email):
            if not part.strip(" .,:;\"'\\") or any(sign in part for sign in "<>\n\r\0"):
                raise MalformedError("a name or address in a commit must be plain text without < > and line breaks")


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: str
    blob: Sha


class PatchBranches:
    """Turns diffs into branches below one prefix of one project, with the repository's own token."""

    def __init__(self, repository: GitRepository, *, prefix: str = "proposals/", bounds: Bounds = USUAL) -> None:
        """Name the repository, already fetched, and the prefix that this hand may write below."""
        self._repository = repository
        self._mirror = repository.mirror
        self._prefix = prefix
        self._bounds = bounds

    def apply_diff(  # noqa: PLR0913 - keyword-only; a commit has as many parts
        self,
        base: Sha,
        diff: bytes,
        *,
        message: str,
        author: Identity,
        committer: Identity,
        when: datetime,
    ) -> Sha:
        """Make a commit on top of the base. Nothing refers to it until it is pushed.

        Raises:
            PatchError: the diff is malformed, does not apply to the letter, leaves the tree, makes or touches what is no plain
                file, is binary, above a bound, or changes nothing.
            MalformedError: the message holds a NUL byte.
            GitFault: git failed, or the base was not fetched.
        """
        if "\0" in message or not message.strip():
            raise MalformedError("a commit message must not be empty or hold NUL bytes")
        patches = read_diff(diff, bounds=self._bounds)
        entries = _entries(self._mirror, base)
        wanted = self._wanted(patches, entries)
        tree = _write(self._mirror, base, wanted)
        changed = {change.path for change in compare(self._mirror, base, tree)}
        if not changed:
            raise PatchError("the diff changes nothing: the base is so already")
        if not changed <= wanted.keys():
            raise GitFault("git changed other paths than the diff names")
        return _commit(self._mirror, base, tree, message, _people(author, committer, when))

    def push(self, commit: Sha, branch: str) -> None:
        """Push a commit as a branch. Pushing the same again is no error; a branch is never forced.

        Raises:
            MalformedError: the name is none, or not below the prefix.
            GitFault: the forge does not take it.
        """
        if not branch.startswith(self._prefix) or not is_branch_name(branch):
            raise MalformedError(f"a proposal's branch must be named {self._prefix}…")
        self._mirror.push(commit, branch)

    def _wanted(self, patches: tuple[FilePatch, ...], entries: Mapping[str, _Entry]) -> dict[str, tuple[Mode, bytes] | None]:
        """Compute each touched path's mode and bytes; None where it is to be gone. All is computed before anything is written."""
        wanted: dict[str, tuple[Mode, bytes] | None] = {}
        for patch in patches:
            mode, data = Mode.REGULAR, b""
            if patch.old is not None:
                mode, data = self._before(patch, patch.old, entries)
                wanted[patch.old] = None
            if patch.new is not None and patch.new != patch.old and patch.new in entries:
                raise PatchError("the file is there already at the base", file=patch.new, line=patch.line)
            result = apply_hunks(patch, data, bounds=self._bounds)
            if patch.new is not None:
                wanted[patch.new] = (patch.new_mode or mode, result)
        _no_clash(patches, wanted, entries)
        return wanted

    def _before(self, patch: FilePatch, path: str, entries: Mapping[str, _Entry]) -> tuple[Mode, bytes]:
        entry = entries.get(path)
        if entry is None:
            raise PatchError("the file is not there at the base", file=path, line=patch.line)
        if entry.mode in _KINDS:
            raise PatchError(f"the path is {_KINDS[entry.mode]} at the base; those are not changed", file=path, line=patch.line)
        mode = Mode(entry.mode)
        if patch.old_mode not in {None, mode}:
            raise PatchError(f"the file has mode {mode} at the base", file=path, line=patch.line)
        return mode, self._repository.blob(entry.blob, limit=self._bounds.file_size)


def _entries(mirror: Mirror, base: Sha) -> dict[str, _Entry]:
    """List every file of the base's tree. Paths that are not UTF-8 are kept apart: no diff can name them."""
    found: dict[str, _Entry] = {}
    for record in mirror.run(["ls-tree", "-r", "-z", "--full-tree", f"{base}^{{commit}}"]).split(b"\0")[:-1]:
        entry = _ENTRY.fullmatch(record)
        if entry is None:
            raise GitFault("git ls-tree answers what is not an entry of a tree")
        found[entry[3].decode(errors="surrogateescape")] = _Entry(entry[1].decode(), Sha(entry[2].decode()))
    return found


def _no_clash(
    patches: tuple[FilePatch, ...], wanted: Mapping[str, tuple[Mode, bytes] | None], entries: Mapping[str, _Entry]
) -> None:
    """Refuse a new path that would need a file, a symlink or a submodule to be a directory, or the other way round."""
    stays = {path for path in {*entries, *wanted} if wanted.get(path, entries.get(path)) is not None}
    folders = {path[:at] for path in stays for at, sign in enumerate(path) if sign == "/"}
    for patch in patches:
        path = patch.new
        if path is None:
            continue
        above = [path[:at] for at, sign in enumerate(path) if sign == "/"]
        blocking = next((folder for folder in above if folder in stays), None)
        if blocking is not None:
            raise PatchError(f"{blocking!r} is not a directory", file=path, line=patch.line)
        if path in folders:
            raise PatchError("the path is also a directory", file=path, line=patch.line)


def _write(mirror: Mirror, base: Sha, wanted: Mapping[str, tuple[Mode, bytes] | None]) -> Sha:
    records: list[bytes] = []
    for path, after in wanted.items():
        entry = _GONE
        if after is not None:
            mode, data = after
            blob = mirror.run(["hash-object", "-w", "--no-filters", "--stdin"], stdin=data).decode().strip()
            entry = f"{mode} {blob}"
        records.append(f"{entry}\t{path}\0".encode())
    with TemporaryDirectory(prefix="countersign-") as place:
        index = {"GIT_INDEX_FILE": str(Path(place) / "index")}
        mirror.run(["read-tree", base], env=index)
        mirror.run(["update-index", "-z", "--index-info"], stdin=b"".join(records), env=index)
        return Sha(mirror.run(["write-tree"], env=index).decode().strip())


def _commit(mirror: Mirror, base: Sha, tree: Sha, message: str, people: Mapping[str, str]) -> Sha:
    text = message.rstrip("\n") + "\n"
    return Sha(mirror.run(["commit-tree", tree, "-p", base], stdin=text.encode(), env=people).decode().strip())


def _people(author: Identity, committer: Identity, when: datetime) -> dict[str, str]:
    date = f"{int(when.timestamp())} +0000"
    return {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_NAME": committer.name,
        "GIT_COMMITTER_EMAIL": committer.email,
        "GIT_COMMITTER_DATE": date,
    }
