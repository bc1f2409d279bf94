"""Whoever holds the key can lie in one thing and be right in all else. Both looks refuse it, each thing for itself.

The quick look's word is final on a long branch, so it is held to each single check of the chain, wherever a stretch ends.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from countersign.adapters.gitcmd import run_git
from countersign.attestation.commit import Commit
from countersign.attestation.layout import FULL, record_path
from countersign.attestation.merkle import Frontier
from countersign.attestation.rotation import rotation
from countersign.domain.ids import Digest, Sha, run_id
from tests.support.audit import CHANGE, START, outcome, refused
from tests.support.lying import TwoFaced, lie, recorded
from tests.support.rewriting import COUNT, NEW, OLD, THIEF, Branch, patient, quick

LENGTHS = (1, 4, 100)
"""Of stretches: each record for itself, some together, and all."""

MOMENT = timedelta(microseconds=1)
NO_RUN = run_id(CHANGE, Sha("c" * 40))
ROTATES = rotation(NEW.public, THIEF.public, now=START)


@pytest.fixture(scope="module")
def branch(tmp_path_factory: pytest.TempPathFactory) -> Branch:
    return Branch.make(tmp_path_factory.mktemp("branch"))


def other_root(branch: Branch) -> Frontier:
    """Give the Merkle tree of another log of this size."""
    frontier = branch.chains[-1].frontier
    return Frontier(frontier.size, (bytes(32),) * len(frontier.hashes))


def larger(branch: Branch) -> SimpleNamespace:
    """Give a Merkle tree that claims one leaf more than it has: for a checkpoint that hides the gap in the numbers."""
    frontier = branch.chains[-1].frontier

    def add(leaf: bytes) -> SimpleNamespace:
        grown = frontier.add(leaf)
        return SimpleNamespace(size=grown.size + 1, root=grown.root)

    return SimpleNamespace(add=add)


def a_second_on(commit: Commit) -> Commit:
    return replace(commit, when=commit.when + timedelta(seconds=1))


LIES: dict[str, tuple[str, Callable[[Branch], Sha]]] = {
    "number": ("says that it is number 17", lambda branch: lie(branch, size=COUNT + 1)),
    "number, in its checkpoint too": ("is number 17", lambda branch: lie(branch, size=COUNT + 1, frontier=larger(branch))),
    "record before": ("name the digest of the record before", lambda branch: lie(branch, digest=Digest("sha256:" + "0" * 64))),
    "no record before": ("name the digest of the record before", lambda branch: lie(branch, digest=None)),
    "place": ("it is kept as", lambda branch: lie(branch, path=lambda part: record_path(START, part.seq, part.id, 0))),
    "place in the hour": (
        "it is kept as",
        lambda branch: lie(branch, path=lambda part: record_path(part.recorded_time, part.seq, part.id, FULL)),
    ),
    "log": ("it belongs to the log", lambda branch: lie(branch, origin="https://forge.example/other")),
    "root": ("not the root over all records", lambda branch: lie(branch, frontier=other_root(branch))),
    "time of the commit": ("another time than the record", lambda branch: lie(branch, bent=a_second_on)),
    "recorded earlier": ("recorded before the record before it", lambda branch: lie(branch, later=-MOMENT)),
    "happened later": (
        "recorded before it happened",
        lambda branch: lie(branch, refused("more", time=recorded(branch, later=MOMENT)), later=timedelta()),
    ),
    "happened later, in other letters": (
        "recorded before it happened",
        lambda branch: lie(branch, refused("more", time=recorded(branch, later=MOMENT), summary="É"), later=timedelta()),
    ),
    "key": ("is already that of record 0", lambda branch: lie(branch, refused("a"))),
    "outcome of no run": ("no open intent for the outcome", lambda branch: lie(branch, outcome(NO_RUN))),
    "new key, announced by an old one": (
        "signed by another",
        lambda branch: lie(branch, rotation(OLD.public, THIEF.public, now=START)),
    ),
    "new key that is the old one": (
        "or the same once more",
        lambda branch: lie(branch, rotation(OLD.public, OLD.public, now=START), key=OLD),
    ),
    "name of the new key": (
        "announces another key than it names",
        lambda branch: lie(branch, replace(ROTATES, key=f"key_rotation/sha256:{'0' * 64}")),
    ),
    "key of the checkpoint": (
        "not signed by the key that signed the commit",
        lambda branch: lie(branch, key=TwoFaced(NEW, notes=OLD)),
    ),
    "a record": ("it adds 0 records", lambda branch: branch.moved(branch.commits[-1], branch.commits[-1], NEW)),
}


@pytest.mark.parametrize("what", LIES)
def test_one_lie_of_the_key_holder_is_refused_by_both_looks(branch: Branch, what: str) -> None:
    why, write = LIES[what]
    tip = write(branch)
    problem, good = patient(branch.path, tip)
    assert problem is not None
    assert (problem.seq, problem.commit, good) == (COUNT, tip, COUNT)
    assert why in problem.why
    for length in LENGTHS:
        assert not quick(branch.path, tip, length=length)[0]


def test_the_same_without_a_lie_is_good(branch: Branch) -> None:
    for tip in (lie(branch), lie(branch, ROTATES), lie(branch, later=timedelta()), lie(branch, bent=lambda commit: commit)):
        assert patient(branch.path, tip) == (None, COUNT + 1)
        for length in LENGTHS:
            assert quick(branch.path, tip, length=length) == (True, COUNT + 1)


def test_a_commit_that_a_graft_hides_is_found(branch: Branch, tmp_path: Path) -> None:
    """git leaves it out of its lists; what follows it names it as its parent all the same."""
    other = copied(branch, tmp_path)
    hidden = other.moved(branch.commits[-2], branch.commits[-2], NEW)
    tip = other.moved(branch.commits[-1], hidden, NEW)
    (other.path / "info").mkdir(exist_ok=True)
    (other.path / "info" / "grafts").write_text(f"{tip} {branch.commits[-2]}\n")
    problem, _ = patient(other.path, tip)
    assert problem is not None
    assert (problem.seq, problem.commit) == (COUNT - 1, hidden)
    for length in LENGTHS:
        assert not quick(other.path, tip, length=length)[0]


@pytest.mark.parametrize("page", ["README.md", "FORMAT.md"])
def test_a_page_that_is_not_there_is_missed(branch: Branch, tmp_path: Path, page: str) -> None:
    other = copied(branch, tmp_path)
    blob = run_git(["rev-parse", f"{branch.commits[0]}:{page}"], cwd=other.path).decode().strip()
    (other.path / "objects" / blob[:2] / blob[2:]).unlink()
    problem, _ = patient(other.path, branch.commits[-1])
    assert problem is not None
    assert (problem.seq, "is missing or cannot be read" in problem.why) == (0, True)
    for length in LENGTHS:
        assert not quick(other.path, branch.commits[-1], length=length)[0]


def copied(branch: Branch, home: Path) -> Branch:
    return replace(branch, path=Path(shutil.copytree(branch.path, home / "other.git")))
