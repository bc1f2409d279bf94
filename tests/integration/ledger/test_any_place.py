"""Anything dropped, swapped, duplicated, inserted or flipped, anywhere in a real branch with batches and two keys, is found.

Both verifiers find it, and the message names the first bad place. Where no place can be told, the cases below say why.
"""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.adapters.catfile import CatFile
from countersign.attestation.checkpoint import Checkpoint
from countersign.domain.ids import Sha
from tests.support.audit import refused
from tests.support.rewriting import BOTH, COUNT, DRAFTS, ENDS, THIEF, Branch, key_at, patient, quick, repack

PLACES, SIGNED = st.integers(0, COUNT - 1), st.booleans()
"""Signed: the thief of the keys signs anew whatever moves; else the signatures are left as they were."""

PROFILE = settings.get_current_profile_name()
often = settings(max_examples=500 if PROFILE == "fuzz" else 30, deadline=None)
seldom = settings(often, max_examples=often.max_examples // 3)


@pytest.fixture(scope="module")
def branch(tmp_path_factory: pytest.TempPathFactory) -> Branch:
    return Branch.make(tmp_path_factory.mktemp("branch"))


@pytest.fixture(scope="module")
def packed(branch: Branch, tmp_path_factory: pytest.TempPathFactory) -> Branch:
    path = Path(shutil.copytree(branch.path, tmp_path_factory.mktemp("packed") / "packed.git"))
    repack(path)
    return Branch(path, branch.commits)


@pytest.fixture(scope="module")
def loose(branch: Branch, tmp_path_factory: pytest.TempPathFactory) -> Branch:
    """Give one that nothing was put into beside what the writer did."""
    return Branch(Path(shutil.copytree(branch.path, tmp_path_factory.mktemp("loose") / "loose.git")), branch.commits)


def checkpoint(branch: Branch, size: int) -> Checkpoint:
    """Give what somebody saw of the branch when it had so many records."""
    head = branch.chains[size].head
    seen = None if head is None else Checkpoint.of(head)
    assert seen is not None
    return seen


def found(branch: Branch, made: list[Sha], kept: int, place: int | None, *, seen: int = 0) -> None:
    """Expect the first bad place (None: nothing bad) of the branch's first `kept` commits with those behind them."""
    commits = branch.commits[:kept] + made
    tip, what = commits[-1], [checkpoint(branch, seen)] if seen else []
    problem, good = patient(branch.path, tip, what)
    passed, told = quick(branch.path, tip, what, length=3 + kept % 3)
    assert passed == (problem is None), "both say the same"
    if place is None:
        assert problem is None, problem
        assert good == told == len(commits)
        return
    assert problem is not None
    if place == 0 and problem.seq != 0:  # a first commit that claims another number and is not signed so: its claim is told
        assert problem.commit == commits[0]
    else:
        assert problem.seq == place
    assert str(problem).startswith(f"record {problem.seq}")
    assert problem.commit in {None, *commits[place : place + 1]}, "the commit that is named stands in that place"
    assert good == place
    assert told <= place, "nothing from the first bad place on was told of as good"


def test_the_branch_is_good_and_ends_where_pushes_end(branch: Branch) -> None:
    found(branch, [], COUNT, None, seen=COUNT)
    for kept in range(1, COUNT):
        found(branch, [], kept, None if kept - 1 in ENDS else kept)


@given(st.data())
@often
def test_a_dropped_record_is_found_in_its_place(branch: Branch, data: st.DataObject) -> None:
    place, sign, seen = data.draw(PLACES), data.draw(SIGNED), data.draw(st.sampled_from([0, COUNT]))
    made = branch.onto(branch.commits[place - 1] if place else None, range(place + 1, COUNT), sign=sign)
    ended = place == COUNT - 1 and place - 1 in ENDS and not seen  # a tail that ends where a push did: only who saw it knows
    found(branch, made, place, None if ended else place, seen=seen)


@given(st.lists(PLACES, min_size=2, max_size=2, unique=True), SIGNED)
@often
def test_swapped_records_are_found_at_the_first(branch: Branch, pair: list[int], sign: bool) -> None:
    low, high = sorted(pair)
    order = list(range(COUNT))
    order[low], order[high] = order[high], order[low]
    found(branch, branch.onto(branch.commits[low - 1] if low else None, order[low:], sign=sign), low, low)


@given(PLACES, st.integers(0, COUNT), SIGNED)
@often
def test_a_record_that_stands_elsewhere_too_is_found_there(branch: Branch, record: int, place: int, sign: bool) -> None:
    made = branch.onto(branch.commits[place - 1] if place else None, [record, *range(place, COUNT)], sign=sign)
    found(branch, made, place, place + (place == record))


@given(st.integers(0, COUNT), SIGNED)
@often
def test_a_record_that_a_stranger_inserts_is_found_there(branch: Branch, place: int, sign: bool) -> None:
    inserted = branch.after(place, [refused("more")], key=THIEF)
    found(branch, [*inserted, *branch.onto(inserted[0], range(place, COUNT), sign=sign)], place, place)


@given(st.integers(0, COUNT), st.integers(0, COUNT), SIGNED)
@often
def test_a_good_record_in_another_place_is_found(branch: Branch, place: int, meant: int, sign: bool) -> None:
    """Signed with the key, and right in everything but where it stands; where it is right there too, what follows is not."""
    [inserted] = branch.after(meant, [refused("more")])
    key = key_at(min(meant, COUNT - 1)) if sign else None
    moved = inserted if place == meant else branch.moved(inserted, branch.commits[place - 1] if place else None, key)
    made = [moved, *branch.onto(moved, range(place, COUNT), sign=sign)]
    right = place + 1 if place < COUNT else None  # at the end, it is what any writer may do
    found(branch, made, place, right if place == meant else place)


@given(st.integers(0, COUNT - 1), st.integers(1, COUNT))
@seldom
def test_a_tail_written_anew_with_the_keys_is_found_by_what_was_seen_alone(branch: Branch, place: int, seen: int) -> None:
    made = branch.after(place, [refused(f"new-{number}") for number in range(place, COUNT)])
    found(branch, made, place, None)
    found(branch, made, place, None if seen <= place else seen - 1, seen=seen)


@given(st.data(), st.integers(0, 1 << 20), st.integers(1, 255))
@often
def test_any_byte_of_any_loose_object_is_found(loose: Branch, data: st.DataObject, place: int, bits: int) -> None:
    name = data.draw(st.sampled_from(sorted(loose.made_by())))
    flipped(loose, loose.path / "objects" / name[:2] / name[2:], place, bits)


@given(st.integers(0, 1 << 20), st.integers(1, 255))
@often
def test_any_byte_of_a_pack_is_found(packed: Branch, place: int, bits: int) -> None:
    [pack] = (packed.path / "objects" / "pack").glob("*.pack")
    flipped(packed, pack, place, bits)


def flipped(branch: Branch, file: Path, place: int, bits: int) -> None:
    """Change one byte of a file; expect the first object that cannot be read any more, or reads otherwise, to be named."""
    origin, tip = branch.made_by(), branch.commits[-1]
    names, old = sorted(origin), file.read_bytes()
    before = contents(branch, names)
    file.chmod(0o600)
    file.write_bytes(old[: place % len(old)] + bytes([old[place % len(old)] ^ bits]) + old[place % len(old) + 1 :])
    try:
        wrong = [name for name, one, other in zip(names, before, contents(branch, names), strict=True) if one != other]
        (problem, good), (passed, told) = patient(branch.path, tip), quick(branch.path, tip, length=4)
    finally:
        file.write_bytes(old)
    commits = [origin[name][0] for name in wrong if origin[name][1] == "commit"]
    if not wrong:  # a byte that means nothing: padding of the compression, a checksum that no reader needs
        assert problem is None
    elif tip in wrong:
        assert problem is not None
        assert (problem.seq, problem.commit) == (None, tip), "of a tip that cannot be read, no number is known"
    else:  # the way back from the tip ends at the newest commit that cannot be read: what is older cannot be reached
        assert problem is not None
        assert problem.seq == (max(commits) if commits else min(origin[name][0] for name in wrong))
    if any(origin[name][1] != "tree" for name in wrong):  # trees, the quick look computes; that git's own are whole is for git
        assert not passed
        assert told <= good


def contents(branch: Branch, names: list[Sha]) -> list[tuple[str, bytes] | None]:
    with CatFile(branch.path) as source:
        return [source.read(name) for name in names]


def test_the_examples_are_of_many_kinds() -> None:
    assert len({draft.kind for draft in DRAFTS}) >= 7
    assert len(BOTH.keys) == 2
    assert len(ENDS) < COUNT
