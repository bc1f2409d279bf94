"""Writing to a remote that races, refuses or goes silent: nothing is lost, nothing is written twice, tries are bounded."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from countersign.adapters.ledger.quick import check_quickly
from countersign.adapters.ledger.writer import GitLedger
from countersign.attestation.keys import KeySigner, TrustRoot
from countersign.attestation.ports import TakenError
from countersign.attestation.record import Draft, Entry
from countersign.attestation.statement import read
from countersign.domain.ids import Sha, run_id
from countersign.domain.outcomes import LedgerFault, TooLargeFault
from tests.support.audit import CHANGE, ORIGIN, REF, RUN, Remote, intent, outcome, refused, signer, trust_line, trust_root


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote.make(tmp_path)


def writer(
    remote: Remote,
    *,
    waits: list[float] | None = None,
    key: KeySigner | None = None,
    trust: TrustRoot | None = None,
    timeout: float = 60,
    directory: str = "w",
) -> GitLedger:
    return GitLedger(
        remote_url=remote.path.as_uri(),
        directory=remote.home / directory,
        trust_root=trust or trust_root(),
        signer=key or signer(),
        origin=ORIGIN,
        clock=remote.clock,
        timeout=timeout,
        sleep=(waits if waits is not None else []).append,
    )


def hook(remote: Remote, name: str, script: str) -> Path:
    """Let the remote's side run a script on a push, as a forge does."""
    path = remote.path / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_branch_is_an_orphan_that_explains_itself(remote: Remote) -> None:
    remote.fill([refused("a"), refused("b")])
    first, second = remote.commits()
    assert remote.git("rev-list", "--parents", "-1", first).split() == [first.encode()]
    names = remote.git("ls-tree", "-r", "--name-only", second).decode().splitlines()
    assert names[:3] == ["FORMAT.md", "README.md", "checkpoint"]
    assert [name[:33] for name in names[3:]] == ["records/2026/03/01/12/0000000000-"[:33], "records/2026/03/01/12/0000000001-"[:33]]
    readme = remote.git("cat-file", "blob", f"{second}:README.md").decode()
    assert ORIGIN in readme
    assert "git log --show-signature" in readme
    assert "tamper-evident" in readme


def test_a_remote_that_refuses_is_asked_a_few_times_and_its_words_are_kept(remote: Remote) -> None:
    declined = hook(remote, "pre-receive", "exit 1")
    waits: list[float] = []
    ledger = writer(remote, waits=waits)
    with pytest.raises(
        LedgerFault,
        match=r"refused/a was not accepted by the remote after 5 tries: \[remote rejected\] \(pre-receive hook declined\)",
    ):
        ledger.append(refused("a"))
    assert len(waits) == 4
    assert remote.git("for-each-ref", REF) == b""
    declined.unlink()
    assert ledger.append(refused("a")).seq == 0, "what was left of the failed tries is in nobody's way"


def test_a_push_whose_answer_is_lost_is_found_to_have_arrived(remote: Remote) -> None:
    remote.fill([refused("a")])
    slow = hook(remote, "post-receive", "sleep 30")
    entry = writer(remote, timeout=1.5).append(intent())
    slow.unlink()
    assert entry.seq == 1
    assert len(remote.commits()) == 2
    with pytest.raises(TakenError):
        writer(remote, directory="other").append(intent())


def test_a_push_that_hangs_is_tried_once(remote: Remote) -> None:
    remote.fill([refused("a")])
    hook(remote, "pre-receive", "sleep 30")
    with pytest.raises(
        LedgerFault, match=r"refused/b was not accepted by the remote after 2 tries: git push did not end within 1\.5 s"
    ):
        writer(remote, timeout=1.5).append(refused("b"))


def overtaken(remote: Remote, by: Draft) -> GitLedger:
    """Give a writer that another overtakes once: after it looked at the tip, before it pushes (then it asks the clock)."""
    other, waiting = remote.writer(), [by]

    def clock() -> datetime:
        while waiting:
            other.append(waiting.pop())
        return remote.clock()

    return GitLedger(
        remote_url=remote.path.as_uri(),
        directory=remote.home / "overtaken",
        trust_root=trust_root(),
        signer=signer(),
        origin=ORIGIN,
        clock=clock,
    )


def test_a_lost_race_is_run_again_on_the_new_tip(remote: Remote) -> None:
    remote.fill([refused("a")])
    entry = overtaken(remote, refused("other")).append(intent())
    assert entry.seq == 2
    assert [one.key for one in remote.reader().of_change(CHANGE)] == ["refused/a", "refused/other", intent().key]


def test_a_lost_race_for_the_first_record_leaves_one_log(remote: Remote) -> None:
    entry = overtaken(remote, refused("other")).append(intent())
    assert entry.seq == 1
    assert len(remote.commits()) == 2


def test_a_lost_race_for_one_key_is_told(remote: Remote) -> None:
    remote.fill([refused("a")])
    with pytest.raises(TakenError) as taken:
        overtaken(remote, intent()).append(intent())
    assert taken.value.entry.seq == 1
    assert len(remote.commits()) == 2, "one runner wins; there is one intent"


def test_a_clock_that_is_a_little_behind_does_not_run_the_log_backwards(remote: Remote) -> None:
    ledger = writer(remote)
    ahead = ledger.append(refused("a"))
    remote.clock.now -= timedelta(minutes=4)
    behind = ledger.append(refused("b"))
    assert read(behind.raw).predicate.recorded_time == read(ahead.raw).predicate.recorded_time
    assert behind.path > ahead.path


def test_a_clock_that_is_far_behind_stops_the_writer(remote: Remote) -> None:
    ledger = writer(remote)
    ledger.append(refused("a"))
    remote.clock.now -= timedelta(hours=1)
    with pytest.raises(LedgerFault, match=r"clock is .* behind"):
        ledger.append(refused("b"))
    assert len(remote.commits()) == 1


@pytest.mark.parametrize(
    ("trust", "why"),
    [
        (trust_line(signer(2)), "names 0 principals"),
        (trust_line(signer(), before="20250101Z"), "names 0 principals"),
        (trust_line(signer()) + trust_line(signer(), principal="b@b.example"), "names 2 principals"),
    ],
)
def test_a_key_that_readers_would_not_believe_writes_nothing(remote: Remote, trust: str, why: str) -> None:
    with pytest.raises(LedgerFault, match=why):
        writer(remote, trust=TrustRoot.parse(trust)).append(refused("a"))
    assert remote.git("for-each-ref", REF) == b""


def test_a_new_key_goes_on_where_the_old_one_ended(remote: Remote) -> None:
    writer(remote).append(refused("a"))
    trust = TrustRoot.parse(trust_line(signer(), before=f"{remote.clock.now:%Y%m%d%H%M%S}Z") + trust_line(signer(2)))
    with pytest.raises(LedgerFault, match="names 0 principals"):
        writer(remote, trust=trust, directory="old").append(refused("b"))
    assert writer(remote, trust=trust, key=signer(2), directory="new").append(refused("b")).seq == 1
    assert len(remote.reader(trust=trust).of_change(CHANGE)) == 2


def test_many_writers_and_readers_may_share_a_directory(remote: Remote) -> None:
    home = remote.home / "shared"
    names = [[f"{number}-{step}" for step in range(4)] for number in range(4)]

    def write(mine: list[str]) -> int:
        ledger, reader = remote.writer(directory=home), remote.reader(directory=home)
        for name in mine:
            ledger.append(refused(name))
            assert reader.find(f"refused/{name}")
        return len(mine)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(write, names)) == 16
    assert [entry.seq for entry in remote.reader(directory=home).of_change(CHANGE)] == list(range(16))
    assert (home / "pin").read_text().startswith("16@sha256:")


def test_a_place_that_cannot_be_made_is_a_fault(remote: Remote) -> None:
    (remote.home / "file").write_text("in the way")
    with pytest.raises(LedgerFault, match="no place for the audit branch"):
        writer(remote, directory="file/inside").append(refused("a"))


def test_a_batch_is_one_push_with_one_checkpoint_at_its_end(remote: Remote) -> None:
    ledger = remote.writer()
    ledger.append(refused("first"))
    results = ledger.append_all([refused(name) for name in "abcdef"])
    assert [entry.seq for entry in results if isinstance(entry, Entry)] == list(range(1, 7))
    commits = remote.commits()
    notes = [remote.git("rev-parse", f"{commit}:checkpoint").decode() for commit in commits]
    assert len(set(notes)) == 2
    assert notes[0] == notes[5] != notes[6]
    assert len(remote.reader().of_change(CHANGE)) == 7


def test_in_a_batch_each_draft_has_its_own_answer(remote: Remote) -> None:
    ledger = remote.writer()
    ledger.append(refused("taken"))
    large = replace(refused("large"), body={"text": "x" * 70_000})
    drafts = [refused("a"), refused("taken"), large, refused("a"), intent(), outcome(), outcome(run_id(CHANGE, Sha("2" * 40)))]
    results = ledger.append_all(drafts)
    assert [type(result) for result in results] == [Entry, TakenError, TooLargeFault, TakenError, Entry, Entry, LedgerFault]
    assert [entry.key for entry in remote.reader().of_change(CHANGE)] == [
        "refused/taken",
        "refused/a",
        f"intent/{RUN}",
        f"outcome/{RUN}",
    ]


def test_nothing_to_append_writes_nothing(remote: Remote) -> None:
    assert remote.writer().append_all([]) == []
    assert remote.git("for-each-ref", REF) == b""


def test_an_hour_with_many_records_has_small_folders(remote: Remote) -> None:
    remote.clock.step = timedelta(microseconds=1)
    ledger = remote.writer()
    for start in range(0, 520, 260):
        results = ledger.append_all([refused(str(number)) for number in range(start, start + 260)])
        assert all(isinstance(result, Entry) for result in results)
    listed = remote.git("ls-tree", "--name-only", f"{REF}:records/2026/03/01/12").decode().split()
    assert (len(listed), listed[-2:]) == (256 + 2, ["more-000001", "more-000002"])
    assert remote.reader().find("refused/519")
    head = check_quickly(remote.path, remote.tip(), trust=trust_root(), origin=ORIGIN, seen=(), told=lambda _: None, processes=0)
    assert head is not None
    assert head.size == 520
