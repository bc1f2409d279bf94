"""The quick look at a long branch and the slow one agree: what the chain refuses is never passed; what we write is not doubted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.adapters.catfile import CatFile
from countersign.adapters.ledger.quick import check_quickly
from countersign.attestation.chain import Chain
from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.commit import parse
from countersign.attestation.history import catch_up
from countersign.attestation.index import Keys
from countersign.attestation.keys import KeySigner, TrustRoot
from countersign.attestation.objects import Objects, Overlay, TreeEntry, format_tree, object_name, parse_tree
from countersign.attestation.outline import Outline, outline
from countersign.attestation.problem import ChainError
from countersign.attestation.record import Entry
from countersign.attestation.rotation import rotation
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import Sha
from tests.support.audit import ORIGIN, START, Remote, intent, outcome, refused, signer, trust_line, trust_root

THIEF = signer(66)
BOTH = trust_root(signer(), signer(2))
BATCHES = [
    [refused("a")],
    [intent(), refused("b", summary="Refused b: ü 日本, \x1b[2J"), outcome()],
    [rotation(signer().public, signer(2).public, now=START)],
    [refused(f"c{number}") for number in range(30)],
    *([refused(f"d{number}")] for number in range(6)),
]
COUNT = sum(map(len, BATCHES))


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Remote:
    remote = Remote.make(tmp_path_factory.mktemp("quick"))
    for number, batch in enumerate(BATCHES):
        key = signer(1 if number < 3 else 2)
        remote.clock.step = timedelta(seconds=7) if number != 3 else timedelta(milliseconds=1)
        results = remote.writer(key=key, trust=BOTH, directory=remote.home / "w").append_all(batch)
        assert all(isinstance(result, Entry) for result in results), results
    return remote


def quick(
    remote: Remote, tip: Sha | None = None, *, trust: TrustRoot = BOTH, length: int = 100, processes: int = 0, **more: object
) -> TreeHead | None:
    told: Callable[[Outline], object] = more.pop("told", lambda _: None)  # type: ignore[assignment]  # a callable
    seen = more.pop("seen", ())
    origin = more.pop("origin", None)
    assert not more
    return check_quickly(
        remote.path,
        tip or remote.tip(),
        trust=trust,
        origin=origin,  # type: ignore[arg-type]  # text or None
        seen=seen,  # type: ignore[arg-type]  # checkpoints
        told=told,
        processes=processes,
        length=length,
    )


@pytest.fixture(scope="module")
def prefix(remote: Remote) -> Chain:
    """Check everything but the last few records, once."""
    chain = Chain(trust=BOTH, records=Keys())
    with CatFile(remote.path) as source:
        catch_up(chain, source, remote.commits()[COUNT - 5])
    return chain


def slow(remote: Remote, tip: Sha, *, trust: TrustRoot = BOTH, prefix: Chain | None = None) -> TreeHead | None:
    chain = Chain(trust=trust, records=Keys()) if prefix is None else prefix.ahead()
    with CatFile(remote.path) as source:
        try:
            catch_up(chain, source, tip)
        except ChainError:
            return None
    return chain.head


@pytest.mark.parametrize("length", [1, 7, 100, 10_000])
def test_a_good_branch_is_good_at_a_glance_however_it_is_cut(remote: Remote, length: int) -> None:
    assert quick(remote, length=length) == slow(remote, remote.tip()) is not None


def test_several_processes_see_what_one_sees(remote: Remote) -> None:
    assert quick(remote, processes=2) == quick(remote)


def test_it_tells_of_each_record_what_the_chain_tells(remote: Remote) -> None:
    told: list[Outline] = []
    other: list[Outline | None] = []
    assert quick(remote, told=told.append) is not None
    with CatFile(remote.path) as source:
        catch_up(Chain(trust=BOTH, records=Keys()), source, remote.tip(), told=lambda link: other.append(outline(link)))
    assert told == other
    assert len(told) == COUNT


def test_it_looks_at_origin_and_at_what_was_seen(remote: Remote) -> None:
    head = quick(remote, origin=ORIGIN)
    assert head is not None
    seen = Checkpoint.of(head)
    assert quick(remote, seen=[seen]) == head
    assert quick(remote, origin="https://forge.example/other") is None
    for wrong in (Checkpoint(3, seen.root), Checkpoint(COUNT + 1, seen.root)) if seen else ():
        assert quick(remote, seen=[wrong]) is None


def test_keys_count_within_their_windows_only(remote: Remote) -> None:
    ends = remote.clock.now + timedelta(days=1)
    good = trust_line(signer(), before=f"{ends:%Y%m%d%H%M%S}Z") + trust_line(signer(2))
    assert quick(remote, trust=TrustRoot.parse(good)) is not None
    for wrong in (
        trust_line(signer(2)),
        trust_line(signer()),
        trust_line(signer(), before="20260301115959Z") + trust_line(signer(2)),
        trust_line(signer()) + trust_line(signer(2), after="20270101Z"),
        trust_line(signer()) + trust_line(signer(2), principal="other@example.com"),
    ):
        assert quick(remote, trust=TrustRoot.parse(wrong)) is None
        assert slow(remote, remote.tip(), trust=TrustRoot.parse(wrong)) is None


def put(remote: Remote, objects: Objects) -> None:
    for kind, data in objects.values():
        remote.git("hash-object", "-w", "--literally", "-t", kind, "--stdin", data=data)


def rewritten(remote: Remote, at: int, change: Callable[[bytes], bytes], *, key: KeySigner | None) -> Sha:
    """Give a branch whose commit at this place is another; it and those after it signed anew where there is a key."""
    objects: Objects = {}
    parent: Sha | None = None
    commits = remote.commits()
    for number, name in enumerate(commits[at:], start=at):
        raw = remote.git("cat-file", "commit", name)
        commit = parse(raw)
        if number > at:
            commit = replace(commit, parent=parent)
            raw = commit.raw
        if number == at:
            raw = change(raw)
        if key is not None:
            unsigned = replace(parse(raw), signature=None)
            raw = replace(unsigned, signature=key.sign(unsigned.payload)).raw
        parent = object_name("commit", raw)
        objects[parent] = ("commit", raw)
    put(remote, objects)
    assert parent is not None
    return parent


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_any_byte_of_the_newest_commits_changed_is_not_passed(remote: Remote, prefix: Chain, data: st.DataObject) -> None:
    at = data.draw(st.integers(COUNT - 4, COUNT - 1))
    raw = remote.git("cat-file", "commit", remote.commits()[at])
    place, bits = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(1, 255))
    changed = raw[:place] + bytes([raw[place] ^ bits]) + raw[place + 1 :]
    name = object_name("commit", changed)
    put(remote, {name: ("commit", changed)})
    assert slow(remote, name, prefix=prefix) is None
    assert quick(remote, name) is None


MESSAGES: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("size", lambda raw: raw.replace(b"-Size: ", b"-Size: 1")),
    ("root", lambda raw: raw[:-2] + (b"0" if raw[-2:-1] != b"0" else b"1") + b"\n"),
    ("time", lambda raw: raw.replace(b" +0000\ncommitter", b"0 +0000\ncommitter")),
    ("zone", lambda raw: raw.replace(b"+0000", b"+0100")),
    ("subject", lambda raw: raw.replace(b"\n\nRefused", b"\n\nAllowed")),
    ("more", lambda raw: raw + b"more\n"),
    ("header", lambda raw: raw.replace(b"\ngpgsig", b"\nencoding UTF-8\ngpgsig")),
]


CASES = [
    (name, change, signed)
    for name, change in MESSAGES
    for signed in ((False,) if name in {"zone", "time", "header"} else (True, False))
]
"""What is not written as a commit of ours cannot be signed anew as one."""


@pytest.mark.parametrize(("change", "signed"), [case[1:] for case in CASES], ids=[f"{name}-{signed}" for name, _, signed in CASES])
def test_a_commit_that_says_something_else_is_not_passed(
    remote: Remote, prefix: Chain, change: Callable[[bytes], bytes], signed: bool
) -> None:
    def apply(raw: bytes) -> bytes:
        changed = change(raw)
        assert changed != raw
        return changed

    tip = rewritten(remote, COUNT - 3, apply, key=signer(2) if signed else None)
    assert slow(remote, tip, prefix=prefix) is None
    assert quick(remote, tip) is None


def test_a_commit_signed_by_a_stranger_is_not_passed(remote: Remote, prefix: Chain) -> None:
    tip = rewritten(remote, COUNT - 3, lambda raw: raw, key=THIEF)
    assert slow(remote, tip, prefix=prefix) is None
    assert quick(remote, tip) is None


@pytest.mark.parametrize("spoil", ["file", "mode", "gone", "checkpoint", "old checkpoint"])
def test_a_tree_that_holds_something_else_is_not_passed_though_the_next_one_is_well(
    remote: Remote, prefix: Chain, spoil: str
) -> None:
    """In the middle of the branch, and put right again after it: the tip's tree shows nothing."""
    objects: Objects = {}

    def change(raw: bytes) -> bytes:
        commit = parse(raw)
        tree = dict(parse_tree(remote.git("cat-file", "tree", commit.tree)))
        if spoil == "file":
            tree["more"] = tree["README.md"]
        elif spoil == "mode":
            tree["README.md"] = TreeEntry("100755", tree["README.md"].object)
        elif spoil == "gone":
            del tree["FORMAT.md"]
        elif spoil == "checkpoint":
            tree["checkpoint"] = tree["README.md"]
        else:
            older = remote.git("rev-parse", f"{remote.commits()[COUNT - 5]}:checkpoint").decode().strip()
            tree["checkpoint"] = TreeEntry("100644", Sha(older))  # a true one, by the key that signs the commit
        data = format_tree(tree)
        objects[object_name("tree", data)] = ("tree", data)
        return replace(commit, tree=object_name("tree", data)).raw

    tip = rewritten(remote, COUNT - 3, change, key=signer(2))
    put(remote, objects)
    assert slow(remote, tip, prefix=prefix) is None
    for length in (1, 100, 1000):
        assert quick(remote, tip, length=length) is None


def test_records_dropped_or_cut_off_are_not_passed(remote: Remote) -> None:
    commits = remote.commits()
    assert quick(remote, commits[-2]) is not None, "the end of a batch of one"
    for tip in (commits[20], rewritten(remote, COUNT - 2, lambda raw: replace(parse(raw), parent=commits[-4]).raw, key=signer(2))):
        assert slow(remote, tip) is None
        assert quick(remote, tip) is None


@given(place=st.integers(0, 1 << 20), bits=st.integers(1, 255))
@settings(max_examples=15, deadline=None)
def test_any_byte_of_a_record_changed_on_disk_is_not_passed(remote: Remote, place: int, bits: int) -> None:
    """With a body that git inflates well: the name is computed anew."""
    path = remote.git("diff-tree", "--no-commit-id", "--name-only", "-r", remote.tip(), "--", "records").decode().strip()
    blob = remote.git("rev-parse", f"{remote.tip()}:{path}").decode().strip()
    raw = remote.git("cat-file", "blob", blob)
    place %= len(raw)
    changed = raw[:place] + bytes([raw[place] ^ bits]) + raw[place + 1 :]
    wrong = remote.git("hash-object", "-w", "--stdin", data=changed).decode().strip()
    file = remote.path / "objects" / blob[:2] / blob[2:]
    good = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes((remote.path / "objects" / wrong[:2] / wrong[2:]).read_bytes())
    try:
        assert quick(remote) is None
    finally:
        file.write_bytes(good)


def test_overlays_remember_trees_by_name_only(remote: Remote) -> None:
    with CatFile(remote.path) as source:
        tip = parse(remote.git("cat-file", "commit", remote.tip()))
        overlay = Overlay({}, source)
        assert overlay.folder(tip.tree).tree == parse_tree(remote.git("cat-file", "tree", tip.tree))
        assert Overlay({}, overlay).folder(tip.tree) is overlay.folder(tip.tree)
