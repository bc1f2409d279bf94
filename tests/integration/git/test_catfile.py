"""One running cat-file: it gives what git gives, and lives through what git does not."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countersign.adapters.catfile import CatFile
from countersign.adapters.gitcmd import run_git
from countersign.adapters.ledger.pack import Pack
from countersign.attestation.objects import Objects, object_name
from countersign.domain.ids import Sha
from countersign.domain.outcomes import GitFault

MISSING = Sha("0" * 40)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "repo.git"
    run_git(["init", "--quiet", "--bare", str(path)], cwd=tmp_path)
    return path


def blob(repo: Path, data: bytes) -> Sha:
    return Sha(run_git(["hash-object", "-w", "--stdin"], cwd=repo, input=data).decode().strip())


def test_objects_come_back_one_after_another(repo: Path) -> None:
    contents = [b"", b"\n", b"x" * 200_000, b"blob 3\nabc\n", b"\0\xff"]
    names = [blob(repo, data) for data in contents]
    with CatFile(repo) as source:
        for _ in range(2):
            assert [source.read(name) for name in names] == [("blob", data) for data in contents]
            assert source.read(MISSING) is None


@pytest.mark.parametrize("entries", [0, 1, 2500, 6000])
def test_git_takes_packs_with_trees_of_any_size(repo: Path, entries: int) -> None:
    inside = object_name("blob", b"x")
    tree = b"".join(b"100644 %06d\0%b" % (number, bytes.fromhex(inside)) for number in range(entries))
    objects: Objects = {inside: ("blob", b"x"), object_name("tree", tree): ("tree", tree)}
    run_git(["index-pack", "--stdin", "--strict", "--fsck-objects"], cwd=repo, input=Pack.of(objects).data)
    run_git(["fsck", "--full", "--strict"], cwd=repo)
    with CatFile(repo) as source:
        assert {name: source.read(name) for name in objects} == objects


def test_what_is_written_while_it_runs_is_seen(repo: Path) -> None:
    with CatFile(repo) as source:
        assert source.read(object_name("blob", b"later")) is None
        blob(repo, b"later")
        assert source.read(object_name("blob", b"later")) == ("blob", b"later")


def test_a_corrupt_object_is_not_there_and_the_next_one_is(repo: Path) -> None:
    first, second = blob(repo, b"first"), blob(repo, b"second")
    loose = repo / "objects" / first[:2] / first[2:]
    loose.chmod(0o600)
    loose.write_bytes(b"nonsense")
    with CatFile(repo) as source:
        assert source.read(first) is None
        assert source.read(second) == ("blob", b"second")


def test_an_object_above_the_limit_is_not_read(repo: Path) -> None:
    large, small = blob(repo, b"x" * 101), blob(repo, b"y" * 100)
    with CatFile(repo, limit=100) as source:
        assert source.read(large) is None
        assert source.read(small) == ("blob", b"y" * 100)


def test_many_are_given_in_order_whatever_is_wrong_with_some(repo: Path) -> None:
    names = [blob(repo, b"%d" % number) for number in range(150)]
    corrupt, large = blob(repo, b"corrupt"), blob(repo, b"x" * 101)
    place = repo / "objects" / corrupt[:2] / corrupt[2:]
    place.chmod(0o600)
    place.write_bytes(b"nonsense")
    asked = [*names[:70], corrupt, *names[70:80], MISSING, large, *names[80:], names[0]]
    with CatFile(repo, limit=100) as source:
        found = list(source.each(asked))
    wanted = {name: ("blob", b"%d" % number) for number, name in enumerate(names)}
    assert found == [wanted.get(name) for name in asked]


def test_nobody_else_gets_the_answers_that_are_under_way(repo: Path) -> None:
    first, second = blob(repo, b"first"), blob(repo, b"second")
    with CatFile(repo) as source:
        reading = source.each([first, second])
        assert next(reading) == ("blob", b"first")
        with pytest.raises(RuntimeError, match="not read to its end"):
            source.read(first)
        assert list(reading) == [("blob", b"second")]
        left = source.each([first, second])
        next(left)
        left.close()
        assert source.read(second) == ("blob", b"second")


def test_no_answer_in_time_is_a_fault(repo: Path) -> None:
    name = blob(repo, b"x")
    started = time.monotonic()
    with CatFile(repo, timeout=0) as source, pytest.raises(GitFault, match="did not answer within 0 s"):
        source.read(name)
    assert time.monotonic() - started < 5


def test_a_directory_without_repository_gives_nothing(tmp_path: Path) -> None:
    with CatFile(tmp_path) as source:
        assert source.read(MISSING) is None
    with CatFile(tmp_path / "nowhere") as source, pytest.raises(GitFault):
        source.read(MISSING)


@given(st.lists(st.sampled_from([0, 1, 15, 16, 17, 2046, 2047, 2048, 2049, 262_143, 262_144]), min_size=1, max_size=4))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_git_unpacks_what_we_pack(repo: Path, sizes: list[int]) -> None:
    objects: Objects = {}
    for number, size in enumerate(sizes):
        data = bytes([number]) * size
        objects[object_name("blob", data)] = ("blob", data)
    run_git(["unpack-objects", "-q", "--strict"], cwd=repo, input=Pack.of(objects).data)
    with CatFile(repo) as source:
        assert {name: source.read(name) for name in objects} == objects
