"""`countersign audit packet` and `verify PACKET`: a folder that proves itself, to our program and to stock tools."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from countersign.adapters.packet import read_packet
from countersign.attestation.keys import KeySigner
from countersign.attestation.packets import form
from countersign.attestation.packets.check import check
from countersign.attestation.packets.problem import PacketError
from countersign.attestation.record import RecordKind
from countersign.cli.main import main
from countersign.domain.policy_yaml import POLICY_FILE
from tests.support.audit import CHANGE, ORIGIN, PRINCIPAL, RUN, Remote, intent, outcome, refused, signer, trust_line, trust_root
from tests.support.auditor import Auditor
from tests.support.bodies import body
from tests.support.packets import applied, relisted, sealed, told
from tests.support.shelf import Shell

Verify = Callable[..., tuple[int, str, str]]


@pytest.fixture
def verify(
    packet: Path, auditor: Auditor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Verify:
    """Verify from a folder that is no repository."""
    monkeypatch.chdir(tmp_path)

    def run(folder: Path = packet, *args: str, trust: bool = True) -> tuple[int, str, str]:
        more = ("--trust-root", str(auditor.trust_file)) if trust else ()
        status = main(["audit", "verify", str(folder), *args, *more])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_a_packet_proves_itself_without_a_repository(verify: Verify, packet: Path) -> None:
    status, out, err = verify()
    assert status == 0
    assert f"in the log {ORIGIN}, of " in out, "the same keys may be trusted for other logs"
    assert out.splitlines()[-1] == f"verified: 3 records, {len(read_packet(packet))} files, 0 problems"
    assert f"signed by: {PRINCIPAL} {signer().public.fingerprint}" in out
    assert "no further record" in err
    document = json.loads(verify(packet, "--format", "json")[1])
    assert (document["log"], document["problem"]) == (ORIGIN, None)
    assert len(document["records"]) == 3


def test_a_public_key_alone_is_enough(verify: Verify, packet: Path, tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_text(f"{signer().public.line} audit key of 2026\n")
    assert verify(packet, "--public-key", str(tmp_path / "key.pub"), trust=False)[0] == 0
    (tmp_path / "other.pub").write_text(signer(2).public.line)
    status, out, _ = verify(packet, "--public-key", str(tmp_path / "other.pub"), trust=False)
    assert status == 2, "it may be another one's key, or one that the reader did not get: not judged"
    assert f"signed by a key that you did not give: {signer().public.fingerprint} (give it with another --public-key" in out
    assert out.endswith("NOT verified\n")
    assert "first wrong" not in out
    assert verify(packet, trust=False)[0] == 2
    (tmp_path / "none.pub").write_text("hello")
    assert verify(packet, "--public-key", str(tmp_path / "none.pub"), trust=False)[0] == 2


def keys_of(home: Path, *keys: KeySigner) -> list[str]:
    """Write public keys into files, and give the options that name them."""
    for number, key in enumerate(keys):
        (home / f"{number}.pub").write_text(key.public.line)
    return [word for number in range(len(keys)) for word in ("--public-key", str(home / f"{number}.pub"))]


@pytest.mark.parametrize("rotated", [False, True], ids=["two runners", "a rotation"])
def test_every_key_that_signed_is_needed_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, rotated: bool
) -> None:
    """One change, in a log with two keys: of two environments' runners that take turns, or an old one and then its successor."""
    old, new = signer(1), signer(2)
    remote, trust = Remote.make(tmp_path), trust_root(old, new)
    writers = {key: remote.writer(key=key, trust=trust) for key in (old, new)}
    order = (old, old, old, new) if rotated else (new, old, old, new)
    writers[order[0]].append(refused("a"))
    announced = writers[order[1]].append(intent())
    named = {"digest": announced.digest, "seq": announced.seq}
    writers[order[2]].append(replace(outcome(), body=body(RecordKind.EXECUTED, intent=named)))
    writers[order[3]].append(refused("b"))
    run = Shell(Auditor.of(remote.path, tmp_path, trust_line(old) + trust_line(new)), capsys)
    packet = tmp_path / "packet"
    assert run("packet", RUN, "--out", str(packet))[0] == 0
    monkeypatch.chdir(tmp_path)
    assert run("verify", str(packet), repo=False)[0] == 0
    assert run("verify", str(packet), *keys_of(tmp_path, old, new), repo=False, trust=False)[0] == 0
    for mine, other in ((old, new), (new, old)):
        status, out, _ = run("verify", str(packet), *keys_of(tmp_path, mine), repo=False, trust=False)
        assert status == 2
        assert f"signed by a key that you did not give: {other.public.fingerprint} " in out
        _, out, _ = run("verify", str(packet), *keys_of(tmp_path, mine), "--format", "json", repo=False, trust=False)
        problem = json.loads(out)["problem"]
        assert problem["key_not_given"] == other.public.fingerprint
    files = read_packet(packet)
    fingerprints = {key.public.fingerprint: [PRINCIPAL] for key in (old, new)}
    assert told(files)["keys"] == fingerprints
    assert all(f"    {key} of {PRINCIPAL}\n" in files["README.txt"].decode() for key in fingerprints)
    assert "FOLDER --public-key key1.pub --public-key key2.pub\n" in files["README.txt"].decode()


def test_it_holds_everything_about_the_change(packet: Path) -> None:
    files = read_packet(packet)
    assert {
        "README.txt",
        "SHA256SUMS",
        "approvals.json",
        "decision.json",
        "diff.patch",
        "index.html",
        "manifest.json",
        "plan.json",
        "policy.yaml",
    } <= files.keys()
    assert json.loads(files["approvals.json"])["counted"]
    assert json.loads(files["decision.json"])["reasons"]
    assert b"+ALTER TABLE orders ADD COLUMN note text;" in files["diff.patch"]
    assert b"teams:" in files["policy.yaml"]
    assert told(files)["missing"] == {}


def test_the_same_records_give_the_same_bytes(
    packet: Path, auditor: Auditor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever makes it, whether he verified the branch, and whatever clone of it he has."""
    assert read_packet(sealed(auditor, tmp_path)) == read_packet(packet)
    other = tmp_path / "other"
    shutil.copytree(auditor.clone, other)
    (other / ".git/info").mkdir(exist_ok=True)
    (other / ".git/info/attributes").write_text("*.sql binary\n")
    run = Shell(replace(auditor, clone=other), capsys)
    assert run("packet", applied(auditor), "--out", str(tmp_path / "theirs"), "--seal", str(tmp_path / "seal"), trust=False)[0] == 0
    assert read_packet(tmp_path / "theirs") == read_packet(packet)


def test_the_policy_is_looked_for_where_it_is_read() -> None:
    assert form.POLICY_PLACE == POLICY_FILE


def test_every_name_of_a_record_leads_to_its_change(run: Shell, tmp_path: Path) -> None:
    (line,) = run("query", "--kind", "executed", "-n", "1", "--format", "json")[1].splitlines()
    part = json.loads(line)["record"]["predicate"]
    whole = f"{part['change']['repository']}!{part['change']['iid']}"
    for number, name in enumerate((str(part["seq"]), part["id"], part["key"], part["run_id"], whole, f"!{part['change']['iid']}")):
        assert run("packet", name, "--out", str(tmp_path / str(number)))[0] == 0
        assert read_packet(tmp_path / str(number)) == read_packet(tmp_path / "0")


def test_what_cannot_be_made_or_read_is_said(run: Shell, verify: Verify, packet: Path, tmp_path: Path) -> None:
    status, _, err = run("packet", "!999999", "--out", str(tmp_path / "x"))
    assert (status, (tmp_path / "x").exists()) == (2, False)
    assert "no record of !999999" in err
    assert "not empty" in run("packet", "0", "--out", str(packet))[2]
    assert "no folder" in verify(tmp_path / "nowhere")[2]
    shutil.copytree(packet, tmp_path / "linked")
    (tmp_path / "linked" / "more").symlink_to("/etc/passwd")
    assert "no plain file" in verify(tmp_path / "linked")[2]
    (tmp_path / "empty").mkdir()
    status, out, _ = verify(tmp_path / "empty")
    assert status == 1
    assert "manifest.json: is missing" in out


@pytest.mark.parametrize("kind", ["a link", "an empty folder", "a file"])
def test_no_name_in_a_folder_reaches_the_terminal_as_it_is(verify: Verify, packet: Path, tmp_path: Path, kind: str) -> None:
    hostile = shutil.copytree(packet, tmp_path / "hostile")
    painted = hostile / "\x1b[2K\x1b[1A\x1b[2K verified: 3 records, 28 files, 0 problems\x1b[8m"
    match kind:
        case "a link":
            painted.symlink_to("/etc/passwd")
        case "an empty folder":
            painted.mkdir()
        case _:
            painted.touch()
    status, out, err = verify(hostile)
    assert status in {1, 2}
    assert "⟨U+001B⟩[2K" in out + err
    assert "\x1b" not in out + err


@pytest.mark.parametrize("place", ["", "records", "policies"])
def test_a_name_that_is_not_utf8_is_refused(verify: Verify, packet: Path, tmp_path: Path, place: str) -> None:
    hostile = shutil.copytree(packet, tmp_path / "hostile")
    (hostile / place).mkdir(exist_ok=True)
    (hostile / place / "a\udcff").touch()
    status, out, err = verify(hostile)
    assert (status, out) == (2, "")
    assert "a⟨U+DCFF⟩ has a name that is not UTF-8" in err
    assert verify(shutil.copytree(packet, tmp_path / "packet\udcff"))[0] == 0, "the folder's own name is the reader's"
    assert verify(tmp_path / "nowhere\udcff")[0] == 2


def test_a_packet_of_a_branch_that_the_real_writer_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remote = Remote.make(tmp_path)
    remote.fill([refused("a"), intent()])
    [begun] = remote.reader().open_intents()
    named = {"digest": begun.digest, "seq": begun.seq}
    remote.fill([replace(outcome(), body=body(RecordKind.EXECUTED, intent=named)), refused("b")])
    run = Shell(Auditor.of(remote.path, tmp_path, trust_line(signer())), capsys)
    status, out, _ = run("packet", RUN, "--out", str(tmp_path / "packet"))
    assert status == 0
    assert "note: policy.yaml is not in it: " in out, "the clone lacks the commit that the records name"
    status, out, err = run("verify", str(tmp_path / "packet"), repo=False)
    assert status == 0, out + err
    assert "verified: 4 records" in out, "all records of the change, not of the run alone"


def test_a_packet_of_refusals_that_came_before_the_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remote = Remote.make(tmp_path)
    remote.fill([refused("a"), refused("b")])
    run = Shell(Auditor.of(remote.path, tmp_path, trust_line(signer())), capsys)
    status, out, _ = run("packet", str(CHANGE), "--out", str(tmp_path / "packet"))
    assert status == 0
    assert "note: policy.yaml is not in it: the records name no policy" in out
    files = read_packet(tmp_path / "packet")
    planted = relisted(files | {"policy.yaml": b"version: 1\n"}, missing={})
    with pytest.raises(PacketError, match="is named by no record"):
        check(planted, trust_root(), [])
