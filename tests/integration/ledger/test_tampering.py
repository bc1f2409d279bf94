"""Tampering with a real repository, on disk and by force: a reader and an auditor find it (attack 43)."""

import shutil
from pathlib import Path

import pytest

from countersign.adapters.gitcmd import run_git
from countersign.adapters.ledger.clone import find_branch
from countersign.adapters.ledger.slow import check_branch
from countersign.attestation.chain import Chain
from countersign.attestation.index import Keys
from countersign.attestation.problem import ChainError, Problem
from countersign.attestation.record import AUDIT_BRANCH
from countersign.domain.ids import Sha
from countersign.domain.outcomes import LedgerFault
from tests.support.audit import CHANGE, REF, Remote, intent, outcome, refused, signer, trust_root

DRAFTS = (refused("a"), intent(), outcome(), refused("b"), refused("c"))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Remote:
    remote = Remote.make(tmp_path_factory.mktemp("original"))
    remote.fill(DRAFTS)
    return remote


@pytest.fixture
def remote(original: Remote, tmp_path: Path) -> Remote:
    return Remote(Path(shutil.copytree(original.path, tmp_path / "remote.git")), tmp_path)


def verify(repository: Path) -> Problem | None:
    try:
        check_branch(find_branch(repository, AUDIT_BRANCH), Chain(trust=trust_root(), records=Keys()))
    except ChainError as error:
        return error.problem
    return None


def made_by(repository: Path) -> dict[Sha, int]:
    """Tell for each object with which record it came."""
    found: dict[Sha, int] = {}
    for seq, commit in enumerate(run_git(["rev-list", "--reverse", REF], cwd=repository).decode().split()):
        for name in run_git(["rev-list", "--objects", "--no-object-names", commit], cwd=repository).decode().split():
            found.setdefault(Sha(name), seq)
    return found


def test_an_object_swapped_for_another_under_its_name_is_found(remote: Remote) -> None:
    """What a SHA-1 collision, or somebody with a shell on the server, could do."""
    origin = made_by(remote.path)
    kinds = {name: remote.git("cat-file", "-t", name).decode().strip() for name in origin}
    blobs = sorted((seq, name) for name, seq in origin.items() if kinds[name] == "blob" and seq > 0)
    (_, first), (_, second) = blobs[0], blobs[1]
    objects = remote.path / "objects"
    shutil.copyfile(objects / second[:2] / second[2:], objects / first[:2] / first[2:])
    problem = verify(remote.path)
    assert problem is not None
    assert problem.seq == origin[first]


def test_a_replace_reference_does_not_deceive(remote: Remote) -> None:
    commits = remote.commits()
    remote.git("update-ref", f"refs/replace/{commits[2]}", commits[3])
    assert verify(remote.path) is None, "the bytes are whole; the replacement is not looked at"
    (remote.path / "info").mkdir(exist_ok=True)
    (remote.path / "info" / "grafts").write_text(f"{commits[3]} {commits[1]}\n")
    assert verify(remote.path) is None


def test_a_commit_pushed_by_hand_stops_reader_and_writer(remote: Remote) -> None:
    reader, writer = remote.reader(), remote.writer()
    assert len(reader.of_change(CHANGE)) == len(DRAFTS)
    tip = remote.tip()
    tree = remote.git("rev-parse", f"{tip}^{{tree}}").decode().strip()
    people = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    by_hand = run_git(["commit-tree", tree, "-p", tip, "-m", "Tidy up"], cwd=remote.path, env_extra=people).decode().strip()
    remote.point(Sha(by_hand))
    for _ in range(2):
        with pytest.raises(LedgerFault, match=rf"record {len(DRAFTS)} \(commit {by_hand}\)"):
            reader.find("refused/a")
        with pytest.raises(LedgerFault, match=rf"record {len(DRAFTS)} \(commit {by_hand}\)"):
            writer.append(refused("more"))
    assert remote.tip() == by_hand, "nothing is built on a wrong record"


def test_a_forced_push_is_seen_by_a_reader_that_runs(remote: Remote) -> None:
    reader, commits = remote.reader(), remote.commits()
    assert reader.find("refused/c")
    remote.point(commits[-2])
    with pytest.raises(LedgerFault, match=r"record 4: it is missing: .* tail was cut off"):
        reader.find("refused/a")


def test_a_tail_cut_off_while_nobody_ran_is_seen_by_the_pin(remote: Remote) -> None:
    home, commits = remote.home / "state", remote.commits()
    remote.reader(directory=home).refresh()
    remote.point(commits[-2])
    for _ in range(2):
        restarted = remote.reader(directory=home)
        with pytest.raises(LedgerFault, match=r"record 4: it is missing: the log ends at record 3, but record 4 was seen before"):
            restarted.find("refused/a")
    with pytest.raises(LedgerFault, match="tail was cut off"):
        remote.writer(directory=home).append(refused("more"))
    assert remote.reader().find("refused/a"), "without the pin nothing shows it: keep the pin"


def test_a_tail_written_anew_with_the_key_is_seen_by_the_pin(remote: Remote) -> None:
    home, commits = remote.home / "state", remote.commits()
    remote.reader(directory=home).refresh()
    remote.point(commits[-2])
    remote.fill([refused("other")])
    with pytest.raises(LedgerFault, match=r"does not descend from .* rewritten"):
        remote.reader(directory=home).find("refused/a")


def test_a_branch_that_is_gone_is_not_an_empty_log(remote: Remote) -> None:
    home = remote.home / "state"
    running = remote.reader(directory=home)
    running.refresh()
    remote.git("update-ref", "-d", REF)
    with pytest.raises(LedgerFault, match="is gone from the remote"):
        running.find("refused/a")
    with pytest.raises(LedgerFault, match="is gone from the remote"):
        remote.writer(directory=home).append(refused("more"))
    assert remote.git("for-each-ref", REF) == b"", "no new log is begun in its place"


@pytest.mark.parametrize("text", ["", "nonsense\n", "4@sha256:0\n", "\xff", "4@sha256:" + "0" * 64 + "\nmore"])
def test_a_pin_that_cannot_be_read_is_not_nothing_seen(remote: Remote, text: str) -> None:
    home = remote.home / "state"
    remote.reader(directory=home).refresh()
    (home / "pin").write_text(text, encoding="latin-1")
    with pytest.raises(LedgerFault, match="pin of the audit branch cannot be read"):
        remote.reader(directory=home).find("refused/a")


def test_a_pin_never_goes_back(remote: Remote) -> None:
    home, commits = remote.home / "state", remote.commits()
    reader = remote.reader(directory=home)
    reader.refresh()
    newest = (home / "pin").read_text()
    remote.point(commits[0])
    with pytest.raises(LedgerFault):
        remote.reader(directory=home).refresh()
    remote.point(commits[-1])
    remote.reader(directory=home).refresh()
    assert (home / "pin").read_text() == newest


def test_a_remote_that_is_away_is_a_fault_and_heals(remote: Remote) -> None:
    reader, writer = remote.reader(), remote.writer()
    away = remote.path.rename(remote.path.with_suffix(".away"))
    with pytest.raises(LedgerFault, match="cannot be read"):
        reader.find("refused/a")
    with pytest.raises(LedgerFault, match="cannot be read"):
        writer.append(refused("more"))
    away.rename(remote.path)
    assert reader.find("refused/a")
    assert writer.append(refused("more")).seq == len(DRAFTS)


def test_only_what_is_new_is_checked(remote: Remote) -> None:
    """A restart believes what was checked before: no older commit is read again."""
    home = remote.home / "state"
    remote.reader(directory=home).refresh()
    old, store = remote.commits(), home / "objects.git"
    remote.fill([refused("more")])
    for name in old[:-1]:
        (store / "objects" / name[:2] / name[2:]).unlink()
    restarted = remote.reader(directory=home)
    assert [entry.seq for entry in restarted.of_change(CHANGE)] == list(range(len(DRAFTS) + 1))


@pytest.mark.parametrize("what", ["pin", "trust", "state", "other state"])
def test_what_was_checked_is_believed_with_its_pin_and_trust_root_only(remote: Remote, what: str) -> None:
    home, trust = remote.home / "state", trust_root()
    remote.reader(directory=home).refresh()
    old, store = remote.commits(), home / "objects.git"
    if what == "pin":
        (home / "pin").unlink()
    elif what == "trust":
        trust = trust_root(signer(), signer(2))
    elif what == "state":
        for file in home.glob("checked.sqlite*"):
            file.write_bytes(b"no database")
    else:
        (home / "pin").write_text(f"5@sha256:{'0' * 64}\n")
    (store / "objects" / old[1][:2] / old[1][2:]).unlink()
    with pytest.raises(LedgerFault, match=f"commit {old[1]} is missing"):
        remote.reader(directory=home, trust=trust).refresh()


def test_a_revoked_key_unverifies_what_was_checked_before(remote: Remote) -> None:
    home = remote.home / "state"
    remote.reader(directory=home).refresh()
    with pytest.raises(LedgerFault, match=r"record 0 .* a key that the trust root does not name"):
        remote.reader(directory=home, trust=trust_root(signer(2))).refresh()
