"""Packets that somebody changed: every list in them written anew, since whoever changes a file writes the lists anew, too."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countersign.adapters.packet import read_packet
from countersign.attestation.accounts import plain
from countersign.attestation.keys import TrustRoot
from countersign.attestation.packets.check import Verdict, check
from countersign.attestation.packets.problem import EarlierFormError, PacketError
from countersign.attestation.packets.signed import KeysAlone
from countersign.attestation.record import RecordKind
from countersign.cli.main import main
from countersign.domain.ids import ChangeRef
from tests.support import bodies
from tests.support.audit import PRINCIPAL, Remote, intent, outcome, refused, signer, trust_line, trust_root
from tests.support.auditor import Auditor
from tests.support.packets import relisted, sealed, told
from tests.support.shelf import Shell

TRUST = trust_root()
KEYS = [signer().public, signer(9).public]
UNSIGNED = {"index.html", "diff.patch"}
"""What `verify` names under "not shown", whatever is in it."""


@pytest.fixture(scope="session")
def files(packet: Path) -> dict[str, bytes]:
    return read_packet(packet)


def judged(files: Mapping[str, bytes]) -> Verdict:
    return check(files, TRUST, KEYS)


def wrong(files: Mapping[str, bytes], match: str | None = None) -> None:
    with pytest.raises(PacketError, match=match):
        judged(files)


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_byte_changed_is_found_even_with_new_lists(files: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    at = data.draw(st.integers(0, len(files[name]) - 1))
    changed = bytearray(files[name])
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    tampered = files | {name: bytes(changed)}
    wrong(tampered)
    if name not in {*UNSIGNED, "SHA256SUMS"}:
        wrong(relisted(tampered))


def test_what_is_missing_added_or_swapped_is_found(files: dict[str, bytes]) -> None:
    judged(files)
    for name in files:
        rest = {other: data for other, data in files.items() if other != name}
        wrong(rest, "is missing")
        if name not in {"SHA256SUMS", "diff.patch", "policy.yaml"}:
            wrong(relisted(rest))
    wrong(files | {"policies/x.yaml": b"{}"}, "policies/x.yaml: is not in SHA256SUMS")
    first, second = sorted(name for name in files if name.startswith("records/"))[:2]
    wrong(relisted(files | {first: files[second], second: files[first]}))
    wrong(relisted({name: data for name, data in files.items() if not name.startswith("records/")}))


@pytest.mark.parametrize("name", ["diff.patch", "policy.yaml"])
def test_what_a_packet_may_lack_is_named_where_it_lacks_it(files: dict[str, bytes], name: str) -> None:
    rest = relisted({other: data for other, data in files.items() if other != name})
    assert f"{name} is not here: the manifest does not say why" in judged(rest).unproved
    said = judged(relisted(rest, missing={name: "lost\n\x1b[2Jverified: all"})).unproved
    assert f"{name} is not here: lost ⟨U+001B⟩[2Jverified: all" in said, "its maker's words, on one line of what can be seen"


@pytest.mark.parametrize(
    "name",
    [
        *("AUDITOR-OPINION.txt", "approvals-full.json", "decision-final.json", "index.htm", "manifest.json.bak", "sha256sums"),
        *("proofs/x.sig", "proofs/0000099999.commit", "proofs/0000099999.sig", "proofs/head.sig", "proofs/more/x"),
        *("RECORDS/0000000001.json", "records/1.json", "records/0000000001.JSON", "records\\0000000001.json", "records/x/y"),
        *("policies/x.yaml", "beside/x", "envelopes/x", "envelopes/0000099999.dsse.json", "records", "x\n\x1b[31m\u202e"),
    ],
)
def test_a_file_that_packets_do_not_have_is_wrong_wherever_it_lies(files: dict[str, bytes], name: str) -> None:
    with pytest.raises(PacketError) as caught:
        judged(relisted(files | {name: b"We audited this, and it is fine.\n"}))
    assert caught.value.name == (name if name.isprintable() else "x ⟨U+001B⟩[31m⟨U+202E⟩")
    assert caught.value.why.startswith(("has no place in a packet", "is named by no record"))


def test_a_record_of_another_number_needs_all_that_proves_it(files: dict[str, bytes]) -> None:
    wrong(relisted(files | {"records/0000099999.json": b"{}"}), r"proofs/0000099999\.commit: is missing")


def test_a_readme_that_tells_something_else_is_wrong(files: dict[str, bytes]) -> None:
    text = files["README.txt"].decode()
    for changed in (
        text.replace("Countersign", "").replace(signer().public.fingerprint, signer(2).public.fingerprint),
        text.replace("--trust-root allowed_signers", "--trust-root ./proofs/allowed_signers"),
        text + "Audited by KPMG.\n",
        "",
    ):
        assert changed != text
        wrong(relisted(files | {"README.txt": changed.encode()}), r"README\.txt: is not what goes with these records and keys")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("size", 999_999),
        ("size", True),
        ("change", "acme/shop!1"),
        ("log", "https://elsewhere.example/x.git"),
        ("records", [0]),
        ("keys", {signer(2).public.fingerprint: [PRINCIPAL]}),
        ("missing", []),
        ("missing", {"policy.yaml": "it is secret"}),
        ("missing", {"diff.patch": ""}),
        ("missing", {"OPINION.txt": "not here"}),
        ("note", "CERTIFIED"),
    ],
)
def test_a_manifest_that_says_something_else_is_wrong(files: dict[str, bytes], field: str, value: object) -> None:
    wrong(relisted(files, **{field: value}), rf"manifest\.json: .*\b{'missing' if field == 'missing' else field}\b")


def test_a_list_of_sums_is_written_in_one_way(files: dict[str, bytes]) -> None:
    lines = files["SHA256SUMS"].decode().splitlines(keepends=True)
    for changed in (lines[::-1], [*lines, lines[0]], [*lines, "# fine\n"], [line.replace("  ", " *") for line in lines], lines[1:]):
        wrong(files | {"SHA256SUMS": "".join(changed).encode()}, "SHA256SUMS")


def test_a_signature_over_other_bytes_is_wrong_whoevers_key_it_is(files: dict[str, bytes]) -> None:
    raw = files["proofs/head.commit"]
    forged = files | {"proofs/head.commit": raw.replace(b"Countersign-Size: ", b"Countersign-Size: 1")}
    with pytest.raises(PacketError, match="not over these bytes"):
        check(relisted(forged), KeysAlone(frozenset({signer(2).public})), [])


def test_a_key_that_was_not_valid_then_is_refused(files: dict[str, bytes]) -> None:
    late = TrustRoot.parse(trust_line(signer(), after="20270101Z"))
    with pytest.raises(PacketError, match="not valid at"):
        check(files, late, [])


def test_an_envelope_that_claims_a_known_key_must_be_signed_by_it(files: dict[str, bytes]) -> None:
    name = next(name for name in files if name.startswith("envelopes/"))
    document = json.loads(files[name])
    document["signatures"][0]["sig"] = "A" * 86 + "=="
    document = {name: document[name] for name in sorted(document)}
    forged = relisted(files | {name: json.dumps(document, indent=2).encode() + b"\n"})
    wrong(forged, "keys that it names")
    said = check(forged, TRUST, [signer().public])
    assert said.sealed == ()
    assert "envelopes/: signed by a key that is not among those given" in said.unproved


def test_a_packet_of_an_earlier_form_is_not_judged_and_it_is_said_what_to_do(
    files: dict[str, bytes], auditor: Auditor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = relisted(files, type="https://countersign.dev/packet/v1")
    with pytest.raises(EarlierFormError):
        judged(earlier)
    packet = sealed(auditor, tmp_path)
    (packet / "manifest.json").write_bytes(earlier["manifest.json"])
    capsys.readouterr()
    assert main(["audit", "verify", str(packet), "--trust-root", str(auditor.trust_file)]) == 2
    assert "make it anew from the branch, with `countersign audit packet`" in capsys.readouterr().err
    wrong(relisted(files, type="https://countersign.dev/packet/v3"), "is not of type")
    assert told(files)["type"] == "https://countersign.dev/packet/v2"


def test_a_folder_with_nothing_in_it_is_in_no_packet(auditor: Auditor, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packet = sealed(auditor, tmp_path)
    (packet / "APPROVED").mkdir()
    assert main(["audit", "verify", str(packet), "--trust-root", str(auditor.trust_file)]) == 2
    assert "APPROVED is empty" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["refused", "outcome"])
def test_a_record_whose_body_is_about_another_change_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Signed as it is, so by whoever holds a runner's key."""
    remote, other = Remote.make(tmp_path), ChangeRef("acme/other", 999)
    if kind == "refused":
        remote.fill([replace(refused("a"), change=other)])
    else:
        remote.fill([intent()])
        [begun] = remote.reader().open_intents()
        named = {"digest": begun.digest, "seq": begun.seq}
        about = {**plain.part(begun.body, "change"), "iid": 999}
        remote.fill([replace(outcome(), body=bodies.body(RecordKind.EXECUTED, intent=named, change=about))])
    run = Shell(Auditor.of(remote.path, tmp_path, trust_line(signer())), capsys)
    seq = 0 if kind == "refused" else 1
    assert run("packet", str(seq), "--out", str(tmp_path / "packet"))[0] == 0
    monkeypatch.chdir(tmp_path)
    status, out, _ = run("verify", str(tmp_path / "packet"), repo=False)
    assert status == 1
    assert f"first wrong: records/000000000{seq}.json: its body is about another change" in out
