"""Checks a long branch in stretches, in several processes, and puts together what they found.

Says either that everything is good, with the same meaning as when the chain says so, or that it does not know. Never says what
is wrong: the chain does (`slow.py`). Trees are computed, not read; that the clone's own copies of them are whole is for git.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from countersign.adapters.gitcmd import OFFLINE, run_git
from countersign.adapters.ledger.bulk import read_objects
from countersign.adapters.ledger.stretch import Found, Stretch, check_stretch
from countersign.attestation.checkpoint import Checkpoint, roots_by_size
from countersign.attestation.glance import DoubtError, Glance
from countersign.attestation.growing import Growing
from countersign.attestation.index import Keys, objection
from countersign.attestation.keys import TrustRoot
from countersign.attestation.layout import CHECKPOINT, GENESIS_FILES, RECORDS
from countersign.attestation.merkle import Frontier
from countersign.attestation.outline import Outline
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import Digest, Sha
from countersign.domain.outcomes import GitFault

_LONGEST, _SHORTEST, _TURNS = 2000, 100, 4
"""Records of a stretch: so many that every process has some turns, and none waits long for another's last."""

_LISTED = re.compile(rb"(?P<mode>[0-7]{6}) blob (?P<blob>[0-9a-f]{40})\t(?P<path>[^\0]+)")
_SECONDS = 600


def check_quickly(  # noqa: PLR0913 - keyword-only; what the chain takes, too
    repository: Path,
    tip: Sha,
    *,
    trust: TrustRoot,
    origin: str | None,
    seen: Sequence[Checkpoint],
    told: Callable[[Outline], object],
    processes: int = 2,
    length: int | None = None,
) -> TreeHead | None:
    """Give the head of the log where every record of the branch is good; None where the chain has to look.

    `told` is given each record, in order, up to where it becomes None. Without processes, this one does it all; `length` is how
    many records a stretch has, where that is to be said.
    """
    whole = Whole(origin, seen, told)
    try:
        stretches = list(_stretches(repository, tip, length, processes))
        if processes:
            with ProcessPoolExecutor(processes, get_context("spawn"), _begin, (trust,)) as pool:
                whole.take_all(stretches, pool.map(_check, stretches))
        else:
            glance = Glance(trust)
            whole.take_all(stretches, (check_stretch(stretch, glance) for stretch in stretches))
        return whole.head()
    except (DoubtError, GitFault, BrokenProcessPool):
        return None


class Whole:
    """Puts stretches together: links between them, Merkle roots, rules between records, and what somebody saw."""

    def __init__(self, origin: str | None, seen: Sequence[Checkpoint], told: Callable[[Outline], object]) -> None:
        """Begin before the first record."""
        self._origin = origin
        self._seen = roots_by_size(seen)
        self._told = told
        self._keys = Keys()
        self._frontier = Frontier()
        self._last: Found | None = None
        self._tip: str | None = None

    def take_all(self, stretches: Sequence[Stretch], found: Iterable[Found]) -> None:
        """Take in all stretches, in order.

        Raises:
            DoubtError: one does not follow.
        """
        for stretch, one in zip(stretches, found, strict=True):
            self.take(stretch, one)

    def take(self, stretch: Stretch, found: Found) -> None:
        """Take in the next stretch.

        Raises:
            DoubtError: it does not follow.
        """
        last = self._last
        first = found.outlines[0]
        follows = (found.parent, found.prev, first.seq) == (self._tip, None if last is None else last.digest, self._frontier.size)
        if not follows or found.origin != (self._origin or found.origin):
            raise DoubtError
        if last is not None and first.recorded < last.outlines[-1].recorded:
            raise DoubtError
        for leaf, root, one in zip(found.leaves, found.roots, found.outlines, strict=True):
            self._frontier = self._frontier.add(leaf)
            now = {Digest("sha256:" + root.hex())}
            if self._frontier.root != root or self._seen.get(self._frontier.size, now) != now:
                raise DoubtError
            if objection(self._keys, kind=one.kind, key=one.key, change=one.change, run=one.run) is not None:
                raise DoubtError
            self._keys.add(one)
            self._told(one)
        self._origin, self._last, self._tip = found.origin, found, stretch.commits[-1]

    def head(self) -> TreeHead:
        """Give the head of the log.

        Raises:
            DoubtError: the branch does not end where it should.
        """
        if self._last is None or not self._last.settled or max(self._seen, default=0) > self._frontier.size:
            raise DoubtError
        return TreeHead(self._last.origin, self._frontier.size, self._frontier.root)


def _stretches(repository: Path, tip: Sha, length: int | None, processes: int) -> Iterator[Stretch]:
    """List the branch and cut it up. Believes nothing of the list: a stretch checks what it is given."""
    commits = _git(repository, "rev-list", "--reverse", tip).decode().split()
    listed = [_LISTED.fullmatch(line) for line in _git(repository, "ls-tree", "-r", "-z", tip).split(b"\0") if line]
    files = {item["path"].decode(errors="replace"): (item["mode"], item["blob"].decode()) for item in listed if item is not None}
    pages = sorted(GENESIS_FILES & files.keys())
    records = sorted((path for path in files if path.startswith(RECORDS)), key=lambda path: path.rpartition("/")[2])
    if len(commits) != len(records) or len(listed) != len(records) + len(pages) + (CHECKPOINT in files):
        raise DoubtError
    if any(mode != b"100644" for mode, _ in files.values()):
        raise DoubtError
    for _ in read_objects(repository, [files[page][1] for page in pages], "blob"):
        pass  # they are there, and are what their names say
    entries = b"".join(b"100644 %b\0%b" % (page.encode(), bytes.fromhex(files[page][1])) for page in pages)
    blobs = [files[path][1] for path in records]
    length = length or cut_length(len(records), processes)
    growing, nth, hour = Growing(), 0, ""
    for at, path in enumerate(records):
        _, *folders, name = path.split("/")
        nth, hour = (nth + 1, hour) if hour == "/".join(folders[:4]) else (0, "/".join(folders[:4]))
        if at % length == 0:
            cut, before = slice(at, at + length), commits[at - 1] if at else None
            yield Stretch(repository, at, commits[cut], blobs[cut], records[cut], before, nth, growing.copy(), entries)
        growing.put([folder.encode() for folder in folders], name.encode(), bytes.fromhex(blobs[at]))


def cut_length(records: int, processes: int) -> int:
    """Say how many records a stretch has, so that the work of so many records is shared evenly by so many processes."""
    return min(_LONGEST, max(_SHORTEST, -(-records // (_TURNS * max(1, processes)))))


def _git(repository: Path, *args: str) -> bytes:
    return run_git(args, cwd=repository, env_extra={"GIT_ALLOW_PROTOCOL": "none"}, config=OFFLINE, timeout=_SECONDS)


class _Process:
    """What a process of the pool keeps between stretches."""

    glance: Glance


def _begin(trust: TrustRoot) -> None:
    _Process.glance = Glance(trust)


def _check(stretch: Stretch) -> Found:
    return check_stretch(stretch, _Process.glance)
