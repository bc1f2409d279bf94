"""Stock git and ssh-keygen accept what we sign, we accept what they sign, and where they refuse so do we."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from countersign.attestation import commit as commits
from countersign.attestation import sshsig
from countersign.attestation.commit import Commit
from countersign.attestation.keys import KeySigner, TrustRoot
from countersign.domain.ids import ChangeRef, MalformedError, Sha
from tests.support.audit import PRINCIPAL, START, Remote, intent, outcome, pem, refused, signer, trust_line
from tests.support.auditor import Auditor, stock

OTHER = "other@countersign.example"
DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    remote = Remote.make(tmp_path)
    remote.fill([refused("a"), intent(), outcome(), refused("b", summary="Refused b: ü 日本, acme/shop!7")])
    return remote


@pytest.fixture
def auditor(remote: Remote, tmp_path: Path) -> Auditor:
    return Auditor.of(remote.path, tmp_path, trust_line(signer()))


def test_git_verifies_every_commit_and_finds_nothing_odd_in_the_objects(auditor: Auditor) -> None:
    assert len(auditor.commits()) == 4
    for commit in auditor.commits():
        done = auditor.git("verify-commit", commit)
        assert done.returncode == 0
        assert f'Good "git" signature for {PRINCIPAL}'.encode() in done.stderr
    checked = auditor.git("fsck", "--strict", "--full")
    assert checked.returncode == 0, checked.stderr
    assert b"error" not in checked.stderr + checked.stdout


def test_git_log_reads_as_a_story_with_trailers(auditor: Auditor) -> None:
    shown = auditor.git(
        "log", "--reverse", "--format=%G? %s|%(trailers:key=Countersign-Kind,valueonly,separator=%x2C)", "origin/countersign/audit"
    )
    assert shown.stdout.decode().splitlines()[:3] == [
        "G Refused a: the policy says no, acme/shop!7|refused",
        "G Will run migrate, acme/shop!7|intent",
        "G Applied migrate, acme/shop!7|executed",
    ]
    found = auditor.git("log", "--format=%s", "--grep", "Countersign-Kind: intent", "origin/countersign/audit")
    assert found.stdout.decode().splitlines() == ["Will run migrate, acme/shop!7"]


@pytest.mark.parametrize("name", ["Agent: shop-agent", "Environment: staging", "Approver: wanda"])
def test_git_log_finds_records_by_whom_and_what_they_name(auditor: Auditor, name: str) -> None:
    found = auditor.git("log", "--reverse", "--format=%s", "--grep", f"^Countersign-{name}$", "origin/countersign/audit")
    assert found.stdout.decode().splitlines() == ["Will run migrate, acme/shop!7", "Applied migrate, acme/shop!7"]
    nobody = f"^Countersign-{name.partition(':')[0]}: none$"
    found = auditor.git("log", "--format=%s", "--grep", nobody, "origin/countersign/audit")
    assert b"Refused a: the policy says no, acme/shop!7" in found.stdout


def test_git_log_finds_the_records_of_one_change_and_of_no_other(tmp_path: Path) -> None:
    """As the guide has it: a number that begins alike is another change."""
    remote = Remote.make(tmp_path)
    remote.fill([refused("a"), replace(refused("b"), change=ChangeRef("acme/shop", 70)), intent()])
    auditor = Auditor.of(remote.path, tmp_path, trust_line(signer()))
    (asked,) = re.findall(r"git log --grep '(.+?)' origin", (DOCS / "auditor-guide.md").read_text())
    found = auditor.git("log", "--reverse", "--format=%s", "--grep", asked.replace("!41", "!7"), "origin/countersign/audit")
    assert found.stdout.decode().splitlines() == ["Refused a: the policy says no, acme/shop!7", "Will run migrate, acme/shop!7"]


def test_ssh_keygen_verifies_the_signature_over_the_commits_own_bytes(auditor: Auditor, tmp_path: Path) -> None:
    raw = auditor.git("cat-file", "commit", auditor.commits()[-1]).stdout
    commit = commits.parse(raw)
    assert commit.signature is not None
    (tmp_path / "sig").write_text(commit.signature)
    arguments = ("-Y", "verify", "-f", str(auditor.trust_file), "-I", PRINCIPAL, "-n", "git", "-s", str(tmp_path / "sig"))
    assert stock("ssh-keygen", *arguments, cwd=tmp_path, data=commit.payload).returncode == 0
    assert stock("ssh-keygen", *arguments, cwd=tmp_path, data=commit.payload + b"\n").returncode != 0


@pytest.mark.parametrize("options", [(), ("-O", "hashalg=sha256")])
def test_what_ssh_keygen_signs_we_accept(tmp_path: Path, options: tuple[str, ...]) -> None:
    key = tmp_path / "key"
    key.write_bytes(pem(signer(9)))
    key.chmod(0o600)
    signed = stock("ssh-keygen", "-Y", "sign", *options, "-f", str(key), "-n", "git", "-", cwd=tmp_path, data=b"payload")
    found = sshsig.parse(signed.stdout.decode())
    assert found.key == signer(9).public
    assert found.check(b"payload")


def test_a_commit_that_stock_git_signed_is_accepted_if_it_has_our_form(auditor: Auditor, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(pem(signer()))
    key.chmod(0o600)
    dates = {f"GIT_{who}_DATE": f"{int(START.timestamp())} +0000" for who in ("AUTHOR", "COMMITTER")}
    settings = {"gpg.format": "ssh", "user.signingKey": str(key), "user.name": "Countersign", "user.email": PRINCIPAL}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    signing = (*options, "commit-tree", "-S", "-m", "By stock git", _tree(auditor))
    made = stock("git", *signing, cwd=auditor.clone, environment=dates)
    assert made.returncode == 0, made.stderr
    commit = commits.parse(auditor.git("cat-file", "commit", made.stdout.decode().strip()).stdout)
    assert _ours(TrustRoot.parse(trust_line(signer())), commit)


def _window(key: KeySigner, **window: timedelta) -> str:
    bounds = {name: f"{START + offset:%Y%m%d%H%M%S}Z" for name, offset in window.items()}
    return trust_line(key, after=bounds.get("after", ""), before=bounds.get("before", ""))


SECOND = timedelta(seconds=1)
CASES = {
    "good": (trust_line(signer()), signer(), True),
    "unknown key": (trust_line(signer(2)), signer(), False),
    "one of two keys": (trust_line(signer(2)) + trust_line(signer()), signer(), True),
    "not yet": (_window(signer(), after=SECOND), signer(), False),
    "just begun": (_window(signer(), after=timedelta()), signer(), True),
    "just ending": (_window(signer(), before=timedelta()), signer(), True),
    "over": (_window(signer(), before=-SECOND), signer(), False),
    "second window": (_window(signer(), before=-SECOND) + _window(signer(), after=timedelta()), signer(), True),
    "between windows": (_window(signer(), before=-SECOND) + _window(signer(), after=SECOND), signer(), False),
    "unsigned": (trust_line(signer()), None, False),
}


@pytest.mark.parametrize("case", CASES)
def test_our_verdict_on_a_signature_is_stock_gits(auditor: Auditor, case: str) -> None:
    trust, key, good = CASES[case]
    auditor.trust_file.write_text(trust)
    commit = Commit(_tree(auditor), None, PRINCIPAL, START.replace(microsecond=0), "Subject\n", None)
    signed = commit if key is None else replace(commit, signature=key.sign(commit.payload))
    assert _stock(auditor, signed) is good
    assert _ours(TrustRoot.parse(trust), signed) is good


@pytest.mark.parametrize("changed", ["tree", "message", "time", "email", "signature of another"])
def test_our_verdict_on_a_changed_commit_is_stock_gits(auditor: Auditor, changed: str) -> None:
    commit = Commit(_tree(auditor), None, PRINCIPAL, START.replace(microsecond=0), "Subject\n", None)
    signed = replace(commit, signature=signer().sign(commit.payload))
    spoiled = {
        "tree": replace(signed, tree=Sha("1" * 40)),
        "message": replace(signed, message="Subject \n"),
        "time": replace(signed, when=signed.when + SECOND),
        "email": replace(signed, email=OTHER),
        "signature of another": replace(signed, signature=signer().sign(b"something else")),
    }[changed]
    assert not _stock(auditor, spoiled)
    assert not _ours(TrustRoot.parse(trust_line(signer())), spoiled)


def test_we_ask_for_more_than_stock_git_who_must_sign_for_whom(auditor: Auditor) -> None:
    trust = trust_line(signer()) + trust_line(signer(2), principal=OTHER)
    auditor.trust_file.write_text(trust)
    commit = Commit(_tree(auditor), None, PRINCIPAL, START.replace(microsecond=0), "Subject\n", None)
    signed = replace(commit, signature=signer(2).sign(commit.payload))
    assert _stock(auditor, signed), "git is content with anybody on the list"
    assert not _ours(TrustRoot.parse(trust), signed)


def _tree(auditor: Auditor) -> Sha:
    return Sha(auditor.git("mktree").stdout.decode().strip())


def _stock(auditor: Auditor, commit: Commit) -> bool:
    made = auditor.git("hash-object", "-t", "commit", "-w", "--stdin", data=commit.raw)
    assert made.returncode == 0, made.stderr
    return auditor.git("verify-commit", made.stdout.decode().strip()).returncode == 0


def _ours(trust: TrustRoot, commit: Commit) -> bool:
    try:
        trust.check(payload=commit.payload, signature=commit.signature, principal=commit.email, at=commit.when)
    except MalformedError:
        return False
    return True
