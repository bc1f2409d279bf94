"""How fast a log is verified and extended: prints figures, and in the same run the peers' and the ceiling of raw Ed25519.

What is written is held against the same shelf of known records that a writer has. All that is read was read before (warm).
Small by itself. The full size: COUNTERSIGN_BENCH_RECORDS=100000 .venv/bin/pytest tests/bench/audit -s
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from countersign.adapters.catfile import CatFile
from countersign.adapters.gitcmd import run_git
from countersign.adapters.ledger.batch import Pen
from countersign.adapters.ledger.bulk import read_objects
from countersign.adapters.ledger.quick import check_quickly, cut_length
from countersign.adapters.ledger.shelf import Shelf
from countersign.adapters.ledger.store import Store
from countersign.attestation.chain import Chain, Point
from countersign.attestation.commit import parse
from countersign.attestation.glance import Glance, digests
from countersign.attestation.merkle import Frontier
from countersign.attestation.objects import parse_tree
from countersign.attestation.record import AUDIT_BRANCH, Draft, Entry
from countersign.attestation.statement import read
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import Digest, Sha
from tests.support.audit import ORIGIN, START, Remote, TickingClock, refused, signer, trust_line, trust_root
from tests.support.auditor import stock
from tests.support.disk import file_system
from tests.support.fastlog import FastLog
from tests.support.gitpeer import GitPeer
from tests.support.shelved import fill

RECORDS = int(os.environ.get("COUNTERSIGN_BENCH_RECORDS", "2500"))  # noqa: TID251 - how much to measure, nothing else
KEPT = os.environ.get("COUNTERSIGN_BENCH_LOG")  # noqa: TID251 - a log of so many records that `events` made in an earlier run
STEP = timedelta(seconds=150)
BATCH, SAMPLE, CORES, ROUNDS = 200, 25, 2, 21


@dataclass(frozen=True, slots=True)
class Log:
    """A branch with many records, all its commits and records' objects, and the place where it ends."""

    path: Path
    commits: list[str]
    blobs: list[str]
    point: Point


def made(number: int, when: datetime) -> Callable[[object], Draft]:
    return lambda _: refused(str(number), time=when)


def events() -> Iterator[tuple[datetime, Callable[[object], Draft]]]:
    for number in count():
        when = START + number * STEP
        yield when, made(number, when)


def show(what: str, number: float, seconds: float) -> None:
    print(f"  {what:<66} {number / seconds:>12,.0f}/s")


def timed(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    path = tmp_path_factory.mktemp("log") / "log.git" if KEPT is None else Path(KEPT)
    if KEPT is None:
        FastLog.make(path).write(events(), limit=RECORDS)
    run_git(["multi-pack-index", "write"], cwd=path, timeout=600)  # as a store has it, which puts its packs together
    commits = run_git(["rev-list", "--reverse", AUDIT_BRANCH], cwd=path, timeout=600).decode().split()
    listed = run_git(["ls-tree", "-r", AUDIT_BRANCH, "--", "records"], cwd=path, timeout=600).decode().splitlines()
    blobs = [line.split()[2] for line in sorted(listed, key=lambda line: line.rpartition("/")[2])]
    frontier, digest = replay(blobs_of(path, blobs))
    tip = parse(run_git(["cat-file", "commit", commits[-1]], cwd=path))
    tree = parse_tree(run_git(["cat-file", "tree", tip.tree], cwd=path))
    part = read(run_git(["cat-file", "blob", blobs[-1]], cwd=path)).predicate
    hour = sum(1 for line in listed if f"/{part.recorded_time:%Y/%m/%d/%H}/" in line)
    return Log(
        path, commits, blobs, Point(Sha(commits[-1]), digest, part.recorded_time, ORIGIN, tree, frontier, hour - 1, settled=True)
    )


@pytest.fixture(scope="module")
def known(log: Log, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Keep of every record of the log what a writer keeps."""
    shelf = Shelf(tmp_path_factory.mktemp("shelf") / "checked.sqlite", bound="bench")
    fill(shelf, log.commits, log.point)
    return shelf


def blobs_of(path: Path, blobs: Sequence[str]) -> Iterator[bytes]:
    """Read records, not all of them into memory at once."""
    for at in range(0, len(blobs), 5000):
        yield from read_objects(path, blobs[at : at + 5000], "blob")


def replay(records: Iterable[bytes]) -> tuple[Frontier, Digest]:
    """Follow digests and root over all records, in one process."""
    frontier, digest = Frontier(), ""
    for raw in records:
        assert not digest or digest.encode() in raw
        digest, leaf = digests(raw)
        frontier = frontier.add(leaf)
    return frontier, Digest(digest)


def signatures(path: Path, commits: list[str]) -> int:
    """Check form, signature and window of commits; one process of several."""
    glance = Glance(trust_root())
    return len([glance.commit(raw) for raw in read_objects(path, commits, "commit")])


def raw_ed25519(rounds: int) -> float:
    """Check one signature again and again, in one process; give seconds."""
    key = signer()
    message = b"m" * 120
    signature, public = key.sign_raw(message), Ed25519PublicKey.from_public_bytes(key.public.raw)
    return timed(lambda: [public.verify(signature, message) for _ in range(rounds)])


def raw_sha256(rounds: int) -> float:
    """Digest 1.2 KB again and again, in one process; give seconds."""
    data = b"d" * 1200
    return timed(lambda: [hashlib.sha256(data).digest() for _ in range(rounds)])


def test_verifying(log: Log, tmp_path: Path) -> None:
    print(f"\nverifying {RECORDS:,} records, {CORES} processes, warm: all of it was read before")
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(trust_line(signer()))
    told = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={allowed}")
    peer = timed(lambda: [stock("git", *told, "verify-commit", commit, cwd=log.path).returncode for commit in log.commits[:SAMPLE]])
    show(f"peer: stock git verify-commit, {SAMPLE} of them", SAMPLE, peer)
    show("ceiling: raw Ed25519, one core (the design's machine: 16,200)", 4000, raw_ed25519(4000))
    show("ceiling: SHA-256 of 1.2 KB (the design's machine: 1,250,000)", 20_000, raw_sha256(20_000))
    with ProcessPoolExecutor(CORES, get_context("spawn")) as pool:
        list(pool.map(signatures, [log.path] * CORES, [log.commits[:2]] * CORES))  # started, and everything imported
        length = cut_length(RECORDS, CORES)
        cuts = [log.commits[at : at + length] for at in range(0, RECORDS, length)]
        show("ceiling: raw Ed25519, both processes at once", 8000, timed(lambda: list(pool.map(raw_ed25519, [4000] * CORES))))
        seconds = timed(lambda: sum(pool.map(signatures, [log.path] * len(cuts), cuts)))
        show("every signature, in its window, and the form of every commit", RECORDS, seconds)
    show("digests and Merkle root, read from git, one process", RECORDS, timed(lambda: replay(blobs_of(log.path, log.blobs))))
    some = list(blobs_of(log.path, log.blobs[:10_000]))
    show("digests and Merkle root, in memory, one process", len(some), timed(lambda: replay(some)))
    heads: list[TreeHead | None] = []
    whole = timed(lambda: heads.append(quick(log)))
    show("everything: audit verify, with starting its processes", RECORDS, whole)
    assert heads[0] == TreeHead(ORIGIN, RECORDS, log.point.frontier.root)


def quick(log: Log) -> TreeHead | None:
    return check_quickly(log.path, Sha(log.commits[-1]), trust=trust_root(), origin=ORIGIN, seen=(), told=lambda _: None)


def extended(log: Log, tmp_path: Path, start: Point | None, shelf: Shelf, rounds: int) -> tuple[float, float]:
    """Compose, sign, check, store and remember batches; give seconds, and those of raw verifications.

    The latter in between, since a shared machine is twice as fast in one minute as in the next.
    """
    store = Store(remote_url=str(log.path), directory=tmp_path, branch=AUDIT_BRANCH, token=None, timeout=60)
    if start is not None:
        store.repository = log.path
    store.prepare()
    clock = TickingClock(START if start is None else start.recorded, STEP)
    pen, chain = Pen(ORIGIN, signer(), trust_root(), clock), Chain(trust=trust_root(), records=shelf, newest=start)
    took = raw = 0.0
    for number in range(rounds):
        raw += raw_ed25519(BATCH)
        drafts = {place: refused(f"more-{number}-{place}", time=clock.now) for place in range(BATCH)}
        begin = perf_counter()
        with store.objects() as source:
            batch = pen.write(drafts, chain, source)
        store.put(batch.objects)
        with shelf.turn():
            for link in batch.links.values():
                chain.accept(link)
            shelf.keep(batch.links[BATCH - 1].point)
        assert len(batch.links) == BATCH
        took += perf_counter() - begin
    return took, raw


def show_appended(what: str, records: int, seconds: tuple[float, float]) -> None:
    took, raw = seconds
    show(what, records, took)
    print(f"    to raw Ed25519 verifications in between (the design's machine: 2,500 to 16,200, 0.154) {raw / took:>14.3f}")


def test_appending(log: Log, known: Shelf, tmp_path: Path) -> None:
    print(f"\nappending in batches of {BATCH}, each with fsync, on {file_system(tmp_path)}, to a log on {file_system(log.path)}")
    show(f"peer: stock git commit-tree -S, core.fsync=all, {SAMPLE} of them", SAMPLE, timed(GitPeer.make(tmp_path, SAMPLE).commit))
    rounds = 6
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    empty = extended(log, tmp_path / "a", None, Shelf(tmp_path / "a.sqlite", bound="bench"), rounds)
    show_appended("to an empty log: signed, checked, stored, remembered", rounds * BATCH, empty)
    full = extended(log, tmp_path / "b", log.point, known, rounds)
    show_appended(f"to a log and a shelf of {RECORDS:,}, the same", rounds * BATCH, full)
    remote = Remote.make(tmp_path)
    remote.clock.step = STEP
    ledger = remote.writer()
    drafts = [refused(str(number)) for number in range(BATCH)]
    results: list[object] = []
    show("and pushed to a repository on this machine", BATCH, timed(lambda: results.extend(ledger.append_all(drafts))))
    assert all(isinstance(result, Entry) for result in results)


def test_one_more(log: Log, known: Shelf, tmp_path: Path) -> None:
    store = Store(remote_url="", directory=tmp_path, branch=AUDIT_BRANCH, token=None, timeout=60)
    store.repository = log.path
    clock = TickingClock(log.point.recorded, STEP)
    pinned = Chain(trust=trust_root(), records=known, newest=log.point)
    with store.objects() as source:
        batch = Pen(ORIGIN, signer(), trust_root(), clock).write({0: refused("one-more", time=clock.now)}, pinned, source)
    store.put(batch.objects)
    with CatFile(log.path) as source:
        took = []
        for _ in range(ROUNDS):
            read.cache_clear()  # the pen has read the record
            took.append(timed(lambda: pinned.ahead().check(batch.tip, source)) * 1000)
    print(
        f"\none more record after {RECORDS:,} on the shelf: first {took[0]:.2f} ms, then, warm, {median(took[1:]):.2f} ms (median)"
    )
