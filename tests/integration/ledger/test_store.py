"""What a reader keeps stays small in number, however long it runs, and can be read all the while."""

from pathlib import Path

import pytest

from countersign.adapters.catfile import CatFile
from countersign.adapters.gitcmd import run_git
from countersign.adapters.ledger.store import Store
from countersign.attestation.objects import Objects, object_name
from countersign.attestation.record import AUDIT_BRANCH
from tests.support.audit import Remote, refused

EVERY = 8


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(remote_url="", directory=tmp_path / "store", branch=AUDIT_BRANCH, token=None, timeout=60, tidy_after=EVERY)
    made.prepare()
    return made


def blobs(number: int, count: int) -> Objects:
    texts = [b"%d/%d" % (number, each) for each in range(count)]
    return {object_name("blob", text): ("blob", text) for text in texts}


def counted(store: Store) -> dict[str, int]:
    lines = run_git(["count-objects", "-v"], cwd=store.repository).decode().splitlines()
    return {name: int(value) for name, value in (line.split(": ") for line in lines)}


@pytest.mark.parametrize("each", [3, 70])
def test_loose_objects_and_small_packs_are_put_together(store: Store, each: int) -> None:
    kept: Objects = {}
    with CatFile(store.repository) as reader:
        for number in range(EVERY * 4):
            made = blobs(number, each)
            store.put(made)
            kept |= made
            assert reader.read(next(iter(kept))) is not None, "who began to read before is not disturbed"
        found = counted(store)
        assert found["count"] < EVERY * each
        assert found["packs"] <= 4
        assert {name: reader.read(name) for name in kept} == kept
    run_git(["fsck", "--full", "--strict"], cwd=store.repository)


def test_a_store_that_cannot_be_tidied_works_on(store: Store) -> None:
    (store.home / "tidy.lock").mkdir()
    for number in range(EVERY + 1):
        store.put(blobs(number, 1))
    assert counted(store)["count"] == EVERY + 1


def test_a_writer_tidies_as_it_goes_and_every_record_stands(tmp_path: Path) -> None:
    remote = Remote.make(tmp_path)
    ledger = remote.writer(directory=tmp_path / "w")
    ledger.append(refused("first"))
    store = Store(remote_url=str(remote.path), directory=tmp_path / "w", branch=AUDIT_BRANCH, token=None, timeout=60, tidy_after=1)
    store.fetch()
    assert counted(store)["count"] == 0
    assert ledger.append(refused("second")).seq == 1
    assert remote.reader().find("refused/first") is not None
