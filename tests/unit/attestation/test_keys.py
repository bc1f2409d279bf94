"""Trust roots and signing keys: what is not understood is refused, with the line named."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countersign.attestation.keys import TrustRoot, load_signer
from countersign.domain.ids import MalformedError
from tests.support.audit import PRINCIPAL, pem, signer, trust_line

KEY = signer().public
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_a_file_as_ssh_keygen_takes_it() -> None:
    second = trust_line(signer(2), principal="two@b.example").strip()
    root = TrustRoot.parse(f"# signers of the log\n\n{trust_line(signer())}\r\n  {second} since 2026\n")
    assert [trusted.principal for trusted in root.keys] == [PRINCIPAL, "two@b.example"]
    assert root.principals(KEY, NOW) == {PRINCIPAL}
    assert root.principals(signer(3).public, NOW) == frozenset()


def test_windows_hold_their_ends_as_ssh_keygen_does() -> None:
    root = TrustRoot.parse(trust_line(signer(), after="20260601Z", before="20260601120000Z"))
    end = NOW + timedelta(hours=12)
    second = timedelta(seconds=1)
    assert [bool(root.principals(KEY, at)) for at in (NOW - second, NOW, end, end + second)] == [False, True, True, False]


def test_a_key_may_have_several_windows() -> None:
    root = TrustRoot.parse(trust_line(signer(), before="20260101Z") + trust_line(signer(), after="20260701Z"))
    assert root.principals(KEY, NOW) == frozenset()
    assert root.principals(KEY, NOW + timedelta(days=60)) == {PRINCIPAL}


@pytest.mark.parametrize("text", ["", "\n", "# nobody\n"])
def test_a_root_that_trusts_nobody_is_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="names no key"):
        TrustRoot.parse(text)


@pytest.mark.parametrize(
    "line",
    [
        f"{PRINCIPAL} {KEY.line}",
        f'{PRINCIPAL} namespaces="file" {KEY.line}',
        f'{PRINCIPAL} namespaces="git,file" {KEY.line}',
        f"{PRINCIPAL} namespaces=git {KEY.line}",
        f'{PRINCIPAL} namespaces="git", {KEY.line}',
        f'{PRINCIPAL} cert-authority,namespaces="git" {KEY.line}',
        f'{PRINCIPAL} namespaces="git",namespaces="git" {KEY.line}',
        f'{PRINCIPAL} namespaces="git",verify-required="yes" {KEY.line}',
        f'{PRINCIPAL} namespaces="git"valid-after="20260101Z" {KEY.line}',
        f'{PRINCIPAL} namespaces="git",valid-after="20260101" {KEY.line}',
        f'{PRINCIPAL} namespaces="git",valid-after="2026Z" {KEY.line}',
        f'{PRINCIPAL} namespaces="git",valid-after="20261301Z" {KEY.line}',
        f'{PRINCIPAL} namespaces="git",valid-after="\u0662\u0660\u0662\u0666\u0660\u0661\u0660\u0661Z" {KEY.line}',
        f'{PRINCIPAL} namespaces="git",valid-after="20260102Z",valid-before="20260101Z" {KEY.line}',
        f'* namespaces="git" {KEY.line}',
        f'*@example.com namespaces="git" {KEY.line}',
        f'a@b.example,c@d.example namespaces="git" {KEY.line}',
        f'"a b"@c.example namespaces="git" {KEY.line}',
        f'{PRINCIPAL} namespaces="git" ssh-rsa AAAAB3NzaC1yc2E=',
        f'{PRINCIPAL} namespaces="git" ssh-ed25519 AAAA',
        f'{PRINCIPAL} namespaces="git" ssh-ed25519 !!!!',
        f'{PRINCIPAL} namespaces="git" {KEY.line}AAAA',
        f'{PRINCIPAL} namespaces="git" ssh-ed25519',
    ],
)
def test_what_is_not_understood_is_refused_and_the_line_named(line: str) -> None:
    with pytest.raises(MalformedError, match=r"^trust root, line 2: "):
        TrustRoot.parse(f"{trust_line(signer(2))}{line}\n")


def test_a_private_key_is_loaded_and_never_shown() -> None:
    key = load_signer(pem(signer(5)))
    assert key.public == signer(5).public
    assert key.sign(b"x") == signer(5).sign(b"x")
    assert "05050505" not in repr(key)


def _openssh(key: object, encryption: serialization.KeySerializationEncryption) -> bytes:
    assert hasattr(key, "private_bytes")
    data = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, encryption)
    assert isinstance(data, bytes)
    return data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a key",
        pem(signer())[:100],
        _openssh(generate_private_key(SECP256R1()), serialization.NoEncryption()),
        Ed25519PrivateKey.from_private_bytes(b"\1" * 32).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    ],
    ids=["empty", "nonsense", "cut", "ecdsa", "pkcs8"],
)
def test_another_private_key_is_refused_and_says_how_to_make_one(data: bytes) -> None:
    with pytest.raises(MalformedError, match="ssh-keygen -t ed25519") as caught:
        load_signer(data)
    assert "AQEBAQ" not in str(caught.value)
