"""Size, root and checkpoint of a log: bound by every commit, so that a thief of the key cannot quietly choose others."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.attestation import note
from countersign.attestation.chain import Chain
from countersign.attestation.checkpoint import Checkpoint, seen
from countersign.attestation.compose import compose
from countersign.attestation.history import catch_up
from countersign.attestation.index import LogIndex
from countersign.attestation.keys import TrustRoot
from countersign.attestation.layout import CHECKPOINT, FULL, record_path
from countersign.attestation.merkle import leaf_hash, tree_root
from countersign.attestation.note import Note
from countersign.attestation.objects import TreeEntry, format_tree, parse_tree
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import Digest, MalformedError, Sha
from tests.support.audit import ORIGIN, PRINCIPAL, START, refused, signer, trust_line, trust_root
from tests.support.chains import MemoryLog

NAMES = "abcde"
LOG = MemoryLog.of([refused(name) for name in NAMES])
LAST = len(NAMES) - 1
SEQS = st.integers(0, LAST)
THIEF = signer(66)


def copy() -> MemoryLog:
    fresh = replace(LOG, commits=list(LOG.commits), made=list(LOG.made), clock=replace(LOG.clock))
    fresh.source = replace(LOG.source, objects=dict(LOG.source.objects))
    return fresh


def tree_of(log: MemoryLog, seq: int) -> dict[str, TreeEntry]:
    return dict(parse_tree(log.source.objects[log.commit(seq).tree][1]))


def note_of(log: MemoryLog, seq: int) -> str:
    return log.source.objects[tree_of(log, seq)[CHECKPOINT].object][1].decode()


def with_note(log: MemoryLog, seq: int, text: bytes | None, *, mode: str = "100644") -> Sha:
    """Give a commit whose checkpoint is another, signed by the key."""
    tree = tree_of(log, seq)
    tree.pop(CHECKPOINT)
    if text is not None:
        tree[CHECKPOINT] = TreeEntry(mode, log.put("blob", text))
    return log.write(replace(log.commit(seq), tree=log.put("tree", format_tree(tree))), key=log.key)


def roots() -> list[bytes]:
    index = LogIndex()
    catch_up(Chain(trust=LOG.trust, records=index), LOG.source, LOG.commits[-1])
    leaves = [leaf_hash(entry.raw) for entry in index.entries]
    assert [entry.root for entry in index.entries] == ["sha256:" + tree_root(leaves[: n + 1]).hex() for n in range(len(leaves))]
    return [tree_root(leaves[: number + 1]) for number in range(len(leaves))]


@pytest.mark.parametrize("seq", range(LAST + 1))
def test_every_commit_says_size_and_root(seq: int) -> None:
    message = LOG.commit(seq).message
    assert f"\nCountersign-Size: {seq + 1}\n" in message
    assert f"\nCountersign-Root: sha256:{roots()[seq].hex()}\n" in message


@pytest.mark.parametrize("seq", range(LAST + 1))
def test_the_checkpoint_is_a_note_signed_under_the_logs_name(seq: int) -> None:
    read = note.parse(note_of(LOG, seq))
    head = TreeHead.parse(read.text)
    assert head == TreeHead(ORIGIN, seq + 1, roots()[seq])
    assert read.signers([head.key(LOG.key.public)]) == {head.key(LOG.key.public)}


@given(SEQS, st.sampled_from(["Size", "Root"]))
def test_another_size_or_root_signed_by_the_key_is_found(seq: int, trailer: str) -> None:
    log = copy()
    commit = log.commit(seq)
    before, mark, after = commit.message.partition(f"\nCountersign-{trailer}: ")
    changed = before + mark + ("9" + after if trailer == "Size" else after.replace(after[7], "0" if after[7] != "0" else "1", 1))
    assert changed != commit.message
    forged = log.write(replace(commit, message=changed), key=log.key)
    problem = log.problem(log.onto(forged, range(seq + 1, LAST + 1), key=log.key))
    assert problem is not None
    assert (problem.seq, "root over all records" in problem.why) == (seq, True)


@given(st.data(), SEQS)
@settings(max_examples=200, deadline=None)
def test_any_byte_of_a_checkpoint_changed_under_a_good_commit_is_found(data: st.DataObject, seq: int) -> None:
    log = copy()
    old = note_of(log, seq).encode()
    place = data.draw(st.integers(0, len(old) - 1))
    changed = old[:place] + bytes([old[place] ^ data.draw(st.integers(1, 255))]) + old[place + 1 :]
    problem = log.problem(log.onto(with_note(log, seq, changed), ()))
    assert problem is not None
    assert problem.seq == seq


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "'checkpoint' was removed"),
        (b"", "note"),
        (b"\xff", "not text"),
        (note_of(LOG, 0).encode(), "not of this log, size and root"),
        (str(TreeHead("https://other.example", 4, roots()[3]).sign(LOG.key.public, LOG.key.sign_raw)).encode(), "not of this log"),
        (str(TreeHead(ORIGIN, 4, roots()[3]).sign(THIEF.public, THIEF.sign_raw)).encode(), "not signed by the key"),
        (str(TreeHead(ORIGIN, 4, roots()[2]).sign(LOG.key.public, LOG.key.sign_raw)).encode(), "not of this log, size and root"),
    ],
)
def test_a_checkpoint_that_is_gone_or_another_is_found(text: bytes | None, why: str) -> None:
    log = copy()
    problem = log.problem(with_note(log, 3, text))
    assert problem is not None
    assert (problem.seq, why in problem.why) == (3, True), problem


def test_a_checkpoint_that_is_no_plain_file_is_found() -> None:
    log = copy()
    problem = log.problem(with_note(log, 2, note_of(log, 2).encode(), mode="120000"))
    assert problem is not None
    assert (problem.seq, "not that of a plain file" in problem.why) == (2, True)


def test_a_batch_cut_in_the_middle_is_found_without_any_pin() -> None:
    log = copy()
    chain = Chain(trust=log.trust, records=LogIndex())
    catch_up(chain, log.source, log.commits[-1])
    for name, settle in (("f", False), ("g", True)):
        commit, objects = compose(
            refused(name),
            chain=chain,
            source=log.source,
            origin=ORIGIN,
            recorded=log.clock(),
            signer=log.key,
            principal=PRINCIPAL,
            settle=settle,
        )
        log.source.objects.update(objects)
        log.commits.append(commit)
        chain.extend(commit, log.source)
    assert log.problem() is None
    problem = log.problem(log.commits[-2])
    assert problem is not None
    assert (problem.seq, "a batch goes on after it; the tail was cut off" in problem.why) == (LAST + 2, True)


@given(SEQS)
def test_a_whole_log_written_anew_with_the_real_key_is_found_through_a_second_place(seq: int) -> None:
    """What a merge request's comment, or a copied checkpoint, says of the log that was there before."""
    forged = MemoryLog.of([refused(name, summary="Refused, says who forges") for name in NAMES])
    assert forged.problem() is None, "the log alone does not show it"
    for left in (f"{seq + 1}@sha256:{roots()[seq].hex()}", note_of(LOG, seq)):
        found, _ = seen(left, LOG.trust)
        assert LOG.problem(seen=found) is None
        problem = forged.problem(seen=found)
        assert problem is not None
        assert (problem.seq, "rewritten here or earlier" in problem.why) == (seq, True)


def test_a_note_left_elsewhere_must_be_signed_by_a_trusted_key() -> None:
    stranger = str(TreeHead(ORIGIN, 3, roots()[2]).sign(THIEF.public, THIEF.sign_raw))
    with pytest.raises(MalformedError, match="not signed by a key that the trust root names"):
        seen(stranger, trust_root())
    both = Note(note.parse(stranger).text, note.parse(stranger).signatures + note.parse(note_of(LOG, 2)).signatures)
    assert seen(str(both), trust_root()) == ([Checkpoint(3, Digest("sha256:" + roots()[2].hex()))], ORIGIN)
    empty = str(TreeHead(ORIGIN, 0, roots()[2]).sign(signer().public, signer().sign_raw))
    with pytest.raises(MalformedError, match="a checkpoint of an empty log shows nothing"):
        seen(empty, trust_root())
    expired = TrustRoot.parse(trust_line(signer(), before="20200101Z"))
    assert seen(note_of(LOG, 2), expired)[0][0].size == 3, "a note bears no time; what it shows is that the key signed"


@pytest.mark.parametrize("text", ["", "0@sha256:" + "0" * 64, "3", "3@sha256:00", "nonsense\nmore\n"])
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        seen(text, trust_root())


def test_an_hours_folder_holds_only_so_many() -> None:
    assert record_path(START, 7, "ID", FULL - 1) == "records/2026/03/01/12/0000000007-ID.json"
    assert record_path(START, 7, "ID", FULL) == "records/2026/03/01/12/more-000001/0000000007-ID.json"
    assert record_path(START, 7, "ID", 3 * FULL - 1) == "records/2026/03/01/12/more-000002/0000000007-ID.json"
