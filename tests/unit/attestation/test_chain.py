"""Tampering with a log: whatever is done to it, the check finds it and names the first wrong record (attack 43)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.attestation.chain import Chain
from countersign.attestation.checkpoint import Checkpoint
from countersign.attestation.history import catch_up
from countersign.attestation.index import LogIndex
from countersign.attestation.keys import TrustRoot
from countersign.attestation.objects import TreeEntry, format_tree, parse_tree
from countersign.attestation.ocsf import ocsf
from countersign.attestation.problem import ChainError
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.domain.ids import Sha
from tests.support.audit import ORIGIN, PRINCIPAL, intent, outcome, refused, signer, trust_line
from tests.support.chains import MemoryLog

DRAFTS = (refused("a"), intent(), outcome(), refused("b"), refused("c"), refused("d"))
LAST = len(DRAFTS) - 1
LOG = MemoryLog.of(DRAFTS)
THIEF = signer(66)
SEQS = st.integers(0, LAST)


@pytest.fixture
def log() -> MemoryLog:
    return copy()


def copy() -> MemoryLog:
    fresh = replace(LOG, commits=list(LOG.commits), made=list(LOG.made), clock=replace(LOG.clock))
    fresh.source = replace(LOG.source, objects=dict(LOG.source.objects))
    return fresh


def test_an_untouched_log_is_good(log: MemoryLog) -> None:
    assert log.problem() is None


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_byte_changed_in_place_is_found_where_it_is(data: st.DataObject) -> None:
    log, seq = copy(), data.draw(SEQS)
    name = data.draw(st.sampled_from(sorted(log.made[seq])))
    kind, old = log.source.objects[name]
    place = data.draw(st.integers(0, len(old) - 1))
    new = old[:place] + bytes([old[place] ^ data.draw(st.integers(1, 255))]) + old[place + 1 :]
    log.source.objects[name] = (kind, new)
    problem = log.problem()
    assert problem is not None
    if name == log.commits[LAST]:
        assert (problem.seq, problem.commit) == (None, name), "of a tip that cannot be read, no number is known"
    else:
        assert problem.seq == seq


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_byte_of_a_commit_changed_and_named_anew_is_found_where_it_is(data: st.DataObject) -> None:
    log, seq = copy(), data.draw(SEQS)
    old = log.source.objects[log.commits[seq]][1]
    place = data.draw(st.integers(0, len(old) - 1))
    changed = log.put("commit", old[:place] + bytes([old[place] ^ data.draw(st.integers(1, 255))]) + old[place + 1 :])
    problem = log.problem(log.onto(changed, range(seq + 1, LAST + 1)))
    assert problem is not None
    number_itself_changed = b"Countersign-Seq: %d\n" % seq not in log.source.objects[changed][1]
    assert number_itself_changed or problem.seq == seq
    assert problem.commit == changed


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_any_byte_of_a_record_changed_and_signed_by_a_stolen_key_is_found(data: st.DataObject) -> None:
    log, seq = copy(), data.draw(SEQS)
    commit, path = log.commit(seq), _path(log, seq)
    raw = _blob(log, seq)
    place = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:place] + bytes([raw[place] ^ data.draw(st.integers(1, 255))]) + raw[place + 1 :]
    forged = log.write(replace(commit, tree=_with_blob(log, commit.tree, path, changed)), key=log.key)
    problem = log.problem(log.onto(forged, range(seq + 1, LAST + 1), key=log.key))
    assert problem is not None
    assert problem.seq == seq


@given(st.integers(1, LAST - 1))
def test_a_dropped_record_is_found(seq: int) -> None:
    for key in (None, LOG.key):  # signatures left as they are, and made anew by a thief of the key
        log = copy()
        problem = log.problem(log.onto(log.commits[seq - 1], range(seq + 1, LAST + 1), key=key))
        assert problem is not None
        assert problem.seq == seq


@given(st.lists(SEQS, min_size=2, max_size=2, unique=True))
def test_swapped_records_are_found(pair: list[int]) -> None:
    low, high = sorted(pair)
    log = copy()
    order = list(range(LAST + 1))
    order[low], order[high] = order[high], order[low]
    first = log.write(replace(log.commit(order[0]), parent=None), key=log.key)
    problem = log.problem(log.onto(first, order[1:], key=log.key))
    assert problem is not None
    assert problem.seq == low


@given(SEQS)
def test_a_duplicated_record_is_found(seq: int) -> None:
    log = copy()
    problem = log.problem(log.onto(log.commits[seq], range(seq, LAST + 1), key=log.key))
    assert problem is not None
    assert problem.seq == seq + 1


@given(SEQS)
def test_a_commit_inserted_by_hand_is_found(seq: int) -> None:
    log = copy()
    by_hand = log.write(replace(log.commit(seq), parent=log.commits[seq], message="Tidy up\n"), key=THIEF)
    problem = log.problem(log.onto(by_hand, range(seq + 1, LAST + 1)))
    assert problem is not None
    assert (problem.seq, problem.commit) == (seq + 1, by_hand)


@pytest.mark.parametrize("seq", range(LAST + 1))
def test_a_log_that_begins_later_is_found(log: MemoryLog, seq: int) -> None:
    tip = log.write(replace(log.commit(seq), parent=None), key=log.key)
    problem = log.problem(log.onto(tip, range(seq + 1, LAST + 1), key=log.key))
    assert (None if problem is None else problem.why) == (f"it is missing: the log begins with record {seq}" if seq else None)


def _next(log: MemoryLog, draft: Draft) -> Sha:
    """Append a record that is right in everything, to be spoiled."""
    chain = Chain(trust=log.trust, records=LogIndex())
    catch_up(chain, log.source, log.commits[-1])
    log.add(chain, draft)
    return log.commits[-1]


def test_an_unsigned_commit_is_found(log: MemoryLog) -> None:
    _next(log, refused("e"))
    problem = log.problem(log.write(replace(log.commit(LAST + 1), signature=None)))
    assert problem is not None
    assert (problem.seq, problem.why) == (LAST + 1, "it is not signed")


def test_a_commit_signed_by_another_key_is_found(log: MemoryLog) -> None:
    _next(log, refused("e"))
    problem = log.problem(log.write(log.commit(LAST + 1), key=THIEF))
    assert problem is not None
    assert problem.seq == LAST + 1
    assert THIEF.public.fingerprint in problem.why
    assert "does not name" in problem.why


def test_a_signature_used_again_on_another_record_is_found(log: MemoryLog) -> None:
    _next(log, refused("e"))
    problem = log.problem(log.write(replace(log.commit(LAST + 1), signature=log.commit(LAST).signature)))
    assert problem is not None
    assert (problem.seq, problem.why) == (LAST + 1, "the signature is not over these bytes")


def test_another_trusted_persons_key_does_not_sign_for_this_one(log: MemoryLog) -> None:
    _next(log, refused("e"))
    trust = TrustRoot.parse(trust_line(log.key) + trust_line(THIEF, principal="other@countersign.example"))
    problem = log.problem(log.write(log.commit(LAST + 1), key=THIEF), trust=trust)
    assert problem is not None
    assert problem.why.endswith(f"which is not {PRINCIPAL}'s key")


def test_a_whole_log_signed_anew_by_a_stranger_is_found_at_its_first_record(log: MemoryLog) -> None:
    first = log.write(log.commit(0), key=THIEF)
    problem = log.problem(log.onto(first, range(1, LAST + 1), key=THIEF))
    assert problem is not None
    assert problem.seq == 0


def test_a_key_counts_within_its_window_only(log: MemoryLog) -> None:
    when = log.commit(3).when
    before = TrustRoot.parse(trust_line(log.key, before=f"{when - timedelta(seconds=1):%Y%m%d%H%M%S}Z"))
    after = TrustRoot.parse(trust_line(log.key, after=f"{when:%Y%m%d%H%M%S}Z"))
    for trust, seq in ((before, 3), (after, 0)):
        problem = log.problem(trust=trust)
        assert problem is not None
        assert problem.seq == seq
        assert "was not valid at" in problem.why


def test_backdating_into_an_expired_keys_time_is_found(log: MemoryLog) -> None:
    """A thief of an old key can choose the committer date, but not one before the record that stands."""
    old, new = THIEF, log.key
    trust = TrustRoot.parse(trust_line(new) + trust_line(old, before="20260301Z"))
    log.clock.now -= timedelta(days=2)
    chain = Chain(trust=trust, records=LogIndex())
    catch_up(chain, log.source, log.commits[-1])
    log.key = old
    with pytest.raises(ChainError, match="it was recorded before the record before it"):
        log.add(chain, refused("e"))


def test_a_log_that_ran_backwards_is_found_though_the_key_is_good(log: MemoryLog) -> None:
    log.clock.now -= timedelta(hours=1)
    with pytest.raises(ChainError, match="recorded before"):
        _next(log, replace(refused("e"), time=log.clock.now))


def test_a_record_of_the_future_is_found(log: MemoryLog) -> None:
    with pytest.raises(ChainError, match="recorded before it happened"):
        _next(log, refused("e", time=log.clock.now + timedelta(minutes=1)))


def test_a_commit_with_another_time_than_its_record_is_found(log: MemoryLog) -> None:
    _next(log, refused("e"))
    commit = log.commit(LAST + 1)
    problem = log.problem(log.write(replace(commit, when=commit.when + timedelta(seconds=1)), key=log.key))
    assert problem is not None
    assert problem.why == "the commit has another time than the record"


@pytest.mark.parametrize("old", ["Refused e", "Countersign-Key: refused/e", "Countersign-Origin: https"])
def test_a_message_that_says_something_else_is_found(log: MemoryLog, old: str) -> None:
    _next(log, refused("e"))
    commit = log.commit(LAST + 1)
    assert old in commit.message
    problem = log.problem(log.write(replace(commit, message=commit.message.replace(old, old + "x")), key=log.key))
    assert problem is not None
    assert "trailers" in problem.why


@pytest.mark.parametrize(
    ("path", "mode", "why"),
    [
        ("keys", "100644", "adds 'keys', which is no record"),
        ("records/more.json", "100644", "adds 2 records, not one"),
        ("README.md", "100644", "'README.md' was changed"),
        ("\x1b[2J\u202ex\n", "100644", r"adds '\x1b[2J\u202ex\n', which is no record"),
        ("records/2026/x", "40000", "'records/2026/x' is an empty folder"),
    ],
)
def test_a_commit_that_touches_anything_else_is_found(log: MemoryLog, path: str, mode: str, why: str) -> None:
    _next(log, refused("e"))
    commit = log.commit(LAST + 1)
    blob = log.put("blob", b"x") if mode != "40000" else log.put("tree", b"")
    tree = _with_entry(log, commit.tree, path, TreeEntry(mode, blob))
    problem = log.problem(log.write(replace(commit, tree=tree), key=log.key))
    assert problem is not None
    assert (problem.seq, why in problem.why) == (LAST + 1, True), problem


@pytest.mark.parametrize("mode", ["100755", "120000", "160000", "100664"])
def test_a_record_that_is_no_plain_file_is_found(log: MemoryLog, mode: str) -> None:
    _next(log, refused("e"))
    commit, path = log.commit(LAST + 1), _path(log, LAST + 1)
    blob = log.put("blob", _blob(log, LAST + 1))
    tree = _with_entry(log, commit.tree, path, TreeEntry(mode, blob))
    problem = log.problem(log.write(replace(commit, tree=tree), key=log.key))
    assert problem is not None
    assert "not that of a plain file" in problem.why


def test_a_record_taken_away_is_found(log: MemoryLog) -> None:
    _next(log, refused("e"))
    commit = log.commit(LAST + 1)
    root = dict(parse_tree(log.source.objects[commit.tree][1]))
    del root["README.md"]
    problem = log.problem(log.write(replace(commit, tree=log.put("tree", format_tree(root))), key=log.key))
    assert problem is not None
    assert problem.why == "'README.md' was removed"


def test_a_second_parent_is_found(log: MemoryLog) -> None:
    raw = log.commit(LAST).payload.replace(b"author", b"parent " + b"0" * 40 + b"\nauthor", 1)
    problem = log.problem(log.put("commit", raw))
    assert problem is not None
    assert (problem.seq, "more than one parent" in problem.why) == (LAST, True)


def test_a_log_of_another_origin_is_refused(log: MemoryLog) -> None:
    with pytest.raises(ChainError, match=f"belongs to the log {ORIGIN}, not to https://forge.example/other"):
        catch_up(Chain(trust=log.trust, records=LogIndex(), origin="https://forge.example/other"), log.source, log.commits[-1])


def test_a_checked_chain_follows_only_its_own_descendants(log: MemoryLog) -> None:
    chain = Chain(trust=log.trust, records=LogIndex())
    catch_up(chain, log.source, log.commits[3])
    for tip in (log.commits[2], log.write(replace(log.commit(3), email="x@y"), key=log.key)):
        with pytest.raises(ChainError, match="does not descend"):
            catch_up(chain, log.source, tip)
    catch_up(chain, log.source, log.commits[-1])
    assert chain.size == len(DRAFTS)


def test_a_chain_takes_no_commit_that_stands_on_another_though_all_else_is_right(log: MemoryLog) -> None:
    """Whoever gives it one by name, without the way from a tip."""
    chain = _until(log, LAST - 1)
    astray = log.write(replace(log.commit(LAST), parent=log.commits[1]), key=log.key)
    with pytest.raises(ChainError, match=f"its parent is {log.commits[1]}, not {log.commits[LAST - 1]}"):
        chain.check(astray, log.source)
    assert chain.extend(log.commits[LAST], log.source).seq == LAST


def test_pages_belong_to_the_first_commit_alone(log: MemoryLog) -> None:
    newest = _until(log, LAST - 1).newest
    assert newest is not None
    without = replace(newest, tree={name: entry for name, entry in newest.tree.items() if name != "README.md"})
    Chain(trust=log.trust, records=LogIndex(), newest=newest).check(log.commits[LAST], log.source)
    with pytest.raises(ChainError, match=r"it adds 'README\.md', which is no record"):
        Chain(trust=log.trust, records=LogIndex(), newest=without).check(log.commits[LAST], log.source)


@pytest.mark.parametrize("mode", ["100755", "120000", "160000"])
def test_a_page_that_is_no_plain_file_is_found(log: MemoryLog, mode: str) -> None:
    commit = log.commit(0)
    page = parse_tree(log.source.objects[commit.tree][1])["README.md"]
    first = log.write(replace(commit, tree=_with_entry(log, commit.tree, "README.md", page._replace(mode=mode))), key=log.key)
    problem = log.problem(log.onto(first, range(1, LAST + 1), key=log.key))
    assert problem is not None
    assert (problem.seq, problem.why) == (0, f"'README.md' has mode {mode}, not that of a plain file")


def seen_of(log: MemoryLog, seq: int) -> Checkpoint:
    """Give what somebody saw who looked when this record was the newest."""
    seen = Checkpoint.of(_until(log, seq).head)
    assert seen is not None
    return Checkpoint.parse(str(seen))


@given(SEQS.filter(lambda seq: seq > 0))
def test_a_tail_cut_off_is_found_with_a_checkpoint_alone(seq: int) -> None:
    seen = [seen_of(LOG, LAST)]
    assert LOG.problem(seen=seen) is None
    problem = LOG.problem(LOG.commits[seq - 1], seen=seen)
    assert problem is not None
    assert (problem.seq, "tail was cut off" in problem.why) == (seq, True)


@given(SEQS, SEQS)
def test_a_log_written_anew_by_the_key_holder_is_found_with_a_checkpoint_alone(changed: int, seen: int) -> None:
    log = copy()
    drafts = list(DRAFTS)
    drafts[changed] = replace(drafts[changed], body={**drafts[changed].body, "ocsf": ocsf(RecordKind.SHRED)})
    other = MemoryLog.of(drafts)
    assert other.problem() is None
    problem = other.problem(seen=[seen_of(log, seen)])
    if seen < changed:
        assert problem is None, "what was seen still stands"
    else:
        assert problem is not None
        assert (problem.seq, "rewritten" in problem.why) == (seen, True)


def _until(log: MemoryLog, seq: int) -> Chain:
    chain = Chain(trust=log.trust, records=LogIndex())
    catch_up(chain, log.source, log.commits[seq])
    return chain


def _entry(log: MemoryLog, seq: int) -> Entry:
    index = LogIndex()
    catch_up(Chain(trust=log.trust, records=index), log.source, log.commits[seq])
    assert index.last is not None
    return index.last


def _path(log: MemoryLog, seq: int) -> str:
    return _entry(log, seq).path


def _blob(log: MemoryLog, seq: int) -> bytes:
    return _entry(log, seq).raw


def _with_blob(log: MemoryLog, tree: Sha, path: str, data: bytes) -> Sha:
    return _with_entry(log, tree, path, TreeEntry("100644", log.put("blob", data)))


def _with_entry(log: MemoryLog, tree: Sha, path: str, entry: TreeEntry) -> Sha:
    first, _, rest = path.partition("/")
    entries = dict(parse_tree(log.source.objects[tree][1]))
    if rest:
        entry = TreeEntry("40000", _with_entry(log, entries[first].object, rest, entry))
    return log.put("tree", format_tree(entries | {first: entry}))
