"""What README.txt tells to type works with stock programs, also long after keys were retired."""

from dataclasses import replace
from pathlib import Path

import pytest

from countersign.attestation.record import RecordKind
from tests.support.audit import PRINCIPAL, RUN, Remote, intent, outcome, refused, signer, trust_line
from tests.support.auditor import Auditor, stock
from tests.support.bodies import body
from tests.support.shelf import Shell

OLD, NEW = signer(1), signer(2)
RETIRED = trust_line(OLD, before="20260302Z") + trust_line(NEW)
"""Records bear times of 2026-03-01, and it is later than that whenever this runs."""


@pytest.fixture
def packet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A packet with records of a key that was retired since, beside the list of keys."""
    remote = Remote.make(tmp_path)
    announced = None
    for draft in (refused("a"), intent()):
        announced = remote.writer(key=OLD).append(draft)
    assert announced is not None
    named = {"digest": announced.digest, "seq": announced.seq}
    remote.writer(key=OLD).append(replace(outcome(), body=body(RecordKind.EXECUTED, intent=named)))
    run = Shell(Auditor.of(remote.path, tmp_path, RETIRED), capsys)
    assert run("packet", RUN, "--out", str(tmp_path / "packet"))[0] == 0
    assert run("verify", str(tmp_path / "packet"), repo=False)[0] == 0
    return tmp_path / "packet"


def typed(packet: Path, program: str) -> list[str]:
    """Give the lines of README.txt that a reader would type."""
    lines = [line.strip() for line in (packet / "README.txt").read_text().splitlines() if line.startswith(f"    {program} ")]
    assert lines
    return lines


def test_ssh_keygen_accepts_records_of_a_retired_key_as_the_readme_says(packet: Path) -> None:
    commands = typed(packet, "ssh-keygen")
    assert len(commands) == 3, "one for each record"
    for command in commands:
        done = stock("sh", "-c", command, cwd=packet)
        assert done.returncode == 0, done.stderr
        assert f'Good "git" signature for {PRINCIPAL} with ED25519 key {OLD.public.fingerprint}' in done.stdout.decode()
        now = " ".join(word for word in command.split() if not word.startswith("-Overify-time="))
        assert stock("sh", "-c", now, cwd=packet).returncode != 0, "the key is retired, so the time is needed"


def test_ssh_keygen_refuses_another_payload_and_a_key_that_was_retired_before(packet: Path) -> None:
    command = typed(packet, "ssh-keygen")[0]
    (packet.parent / "allowed_signers").write_text(trust_line(OLD, before="20260228Z") + trust_line(NEW))
    assert stock("sh", "-c", command, cwd=packet).returncode != 0
    (packet.parent / "allowed_signers").write_text(RETIRED)
    payload = packet / command.rpartition("< ")[2]
    payload.write_bytes(payload.read_bytes() + b"\n")
    assert stock("sh", "-c", command, cwd=packet).returncode != 0


def test_sha256sum_checks_every_file_as_the_readme_says(packet: Path) -> None:
    check, records = typed(packet, "sha256sum")
    done = stock("sh", "-c", check, cwd=packet)
    assert done.returncode == 0, done.stderr
    there = {path.relative_to(packet).as_posix() for path in packet.rglob("*") if path.is_file()}
    assert {line.removesuffix(": OK") for line in done.stdout.decode().splitlines()} == there - {"SHA256SUMS"}
    (signed,) = typed(packet, "grep")
    sums = [line.split()[0] for line in stock("sh", "-c", records, cwd=packet).stdout.decode().splitlines()]
    bound = stock("sh", "-c", signed, cwd=packet).stdout.decode().splitlines()
    assert [line.rpartition("sha256:")[2] for line in bound] == sums
    (packet / "index.html").write_text("another page")
    assert stock("sh", "-c", check, cwd=packet).returncode != 0
