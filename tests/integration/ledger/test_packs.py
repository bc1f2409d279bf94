"""Packs that we write with their index: git reads them as if it had made them, and a disk that is full leaves nothing of one."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from countersign.adapters.catfile import CatFile
from countersign.adapters.gitcmd import run_git
from countersign.adapters.ledger.pack import Pack
from countersign.adapters.ledger.store import Store
from countersign.attestation.objects import Objects, object_name
from countersign.attestation.record import AUDIT_BRANCH
from countersign.domain.outcomes import GitFault
from tests.support.disks import disk

MEGABYTE, BLOCK = 1 << 20, 4096


def blobs(texts: list[bytes]) -> Objects:
    return {object_name("blob", text): ("blob", text) for text in texts}


def made(directory: Path) -> Store:
    store = Store(remote_url="", directory=directory, branch=AUDIT_BRANCH, token=None, timeout=60)
    store.prepare()
    return store


def packs(store: Store) -> list[Path]:
    return sorted((store.repository / "objects" / "pack").iterdir())


@given(st.lists(st.binary(max_size=40), max_size=400))
@example([b"%d" % number for number in range(5000)])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_index_is_the_one_that_git_writes(tmp_path: Path, texts: list[bytes]) -> None:
    ours = Pack.of(blobs(texts))
    file = tmp_path / "some.pack"
    file.write_bytes(ours.data)
    file.with_suffix(".idx").unlink(missing_ok=True)
    run_git(["index-pack", "--no-rev-index", str(file)], cwd=tmp_path)
    assert ours.index == file.with_suffix(".idx").read_bytes()


def test_what_many_were_stored_together_git_finds_whole(tmp_path: Path) -> None:
    store, kept = made(tmp_path), blobs([b"%d" % number for number in range(100)])
    with CatFile(store.repository) as reader:
        store.put(kept)
        store.put(kept)  # as after a push that was refused: the same again is no harm
        assert {name: reader.read(name) for name in kept} == kept
    assert [file.suffix for file in packs(store)] == [".idx", ".pack"]
    assert {file.stat().st_mode & 0o777 for file in packs(store)} == {0o444}
    run_git(["fsck", "--full", "--strict"], cwd=store.repository)


def test_a_full_disk_leaves_nothing_of_a_pack(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", size=4 * MEGABYTE) as small:
        store, dice = made(small.path / "store"), random.Random(7)  # noqa: S311 - bytes, no secret
        kept = blobs([dice.randbytes(100) for _ in range(300)])
        pack = -(-len(Pack.of(kept).data) // BLOCK)
        index = -(-len(Pack.of(kept).index) // BLOCK)
        for blocks in range(pack + index):  # each write of both is hit
            with small.filled(but=blocks), pytest.raises(GitFault, match="the pack cannot be stored: No space left on device"):
                store.put(kept)
            assert [file.suffix for file in packs(store)] == [".pack"] * (blocks >= pack), "no index, so nothing to git"
            for file in packs(store):
                file.unlink()
        store.put(kept)
        with CatFile(store.repository) as reader:
            assert {name: reader.read(name) for name in kept} == kept
