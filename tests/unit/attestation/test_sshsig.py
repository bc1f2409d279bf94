"""SSH signatures against what ssh-keygen (OpenSSH 9.2) wrote for the same key and message, and against every change of a byte."""

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.attestation import sshsig
from countersign.attestation.sshsig import PublicKey
from countersign.domain.ids import MalformedError
from tests.support import ed25519
from tests.support.audit import signer

MESSAGE = b"tree 0\n\nHello.\n"
LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
FINGERPRINT = "SHA256:fe85JkIjo8VPe+XqXJGH5Mau1EMFdK1OdKvJUFicyA8"


def armored(*lines: str) -> str:
    return "\n".join(("-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""))


SHA512 = armored(
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgiojj3XQJ8ZX9UtstPLpdcspnCb",
    "8dlBIb83SIAbQPb1wAAAADZ2l0AAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1lZDI1NTE5",
    "AAAAQHRIKI6+JgwlaTsl6vb4iGe10JNW0q6L3fN2+aWbo+duAPEhzhuMH0gHh8aSizczYr",
    "1zsWzdLajnb6Y2hi0pQgw=",
)
SHA256 = armored(
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgiojj3XQJ8ZX9UtstPLpdcspnCb",
    "8dlBIb83SIAbQPb1wAAAADZ2l0AAAAAAAAAAZzaGEyNTYAAABTAAAAC3NzaC1lZDI1NTE5",
    "AAAAQHs9opXcI7rlIrsx/8ULemBdYk7WSh3BYCdSgHxATWg+YLoAY1ZON7bb5brpC3d9KL",
    "YQGm5iIN1fxxhfrD9WcQ8=",
)
FOR_FILES = armored(
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgiojj3XQJ8ZX9UtstPLpdcspnCb",
    "8dlBIb83SIAbQPb1wAAAAEZmlsZQAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gtZWQyNTUx",
    "OQAAAEBUaUqv2708DXK1ZEJ1UcVKhdfqWE9bFQNvf3jf0UweitcQRkiBw04JJ+IS/PAJFv",
    "eoBgFpm/n1feQDjsXqtwkN",
)
ECDSA = armored(
    "U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE",
    "EExgZUiXtz94VJgv7gX9+YLIKtYdzhi0RAobFA8/2eqVd1W5/Yx9iwWpAlQOYM79X8Rk4x",
    "d8I/Mq1yRfa2ybpGaQAAAANnaXQAAAAAAAAABnNoYTUxMgAAAGQAAAATZWNkc2Etc2hhMi",
    "1uaXN0cDI1NgAAAEkAAAAhAO62GFGeQgb+Un3e5/T8ABY0PFsO7o/bwBQg4JDjqX9vAAAA",
    "IBcJrifoIqo+8m2b7RFeRNWYs3IYuj3bKpeQyIpVUJKy",
)


def test_a_key_is_written_as_ssh_keygen_writes_it() -> None:
    assert signer().public.line == LINE
    assert signer().public.fingerprint == FINGERPRINT


def test_a_signature_is_the_one_that_ssh_keygen_makes() -> None:
    assert signer().sign(MESSAGE) == SHA512


@pytest.mark.parametrize("text", [SHA512, SHA256])
def test_ssh_keygens_signature_is_accepted(text: str) -> None:
    found = sshsig.parse(text)
    assert found.key == signer().public
    assert found.check(MESSAGE)
    assert not found.check(MESSAGE + b"\n")


@pytest.mark.parametrize(("text", "why"), [(FOR_FILES, "another use than git"), (ECDSA, "only Ed25519")])
def test_other_uses_and_other_keys_are_refused(text: str, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        sshsig.parse(text)


def test_another_key_does_not_check() -> None:
    found = sshsig.parse(SHA512)
    assert not sshsig.Signature(signer(2).public, found.hash_name, found.signature).check(MESSAGE)


@given(st.integers(0, len(SHA512) - 1), st.characters(codec="latin-1"))
def test_no_character_of_a_signature_can_be_changed(place: int, character: str) -> None:
    changed = SHA512[:place] + character + SHA512[place + 1 :]
    if changed == SHA512:
        return
    try:
        found = sshsig.parse(changed)
    except MalformedError:
        return
    assert found.key != signer().public or not found.check(MESSAGE)


@given(st.integers(0, 200), st.binary(max_size=3), st.integers(0, 3))
def test_no_byte_of_a_signature_can_be_changed_added_or_taken_away(place: int, fresh: bytes, gone: int) -> None:
    blob = base64.b64decode("".join(SHA512.split("\n")[1:-2]))
    changed = blob[:place] + fresh + blob[place + gone :]
    if changed == blob:
        return
    text = base64.b64encode(changed).decode()
    wrapped = armored(*(text[at : at + 70] for at in range(0, len(text), 70)))
    try:
        found = sshsig.parse(wrapped)
    except MalformedError:
        return
    assert found.key != signer().public or not found.check(MESSAGE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        SHA512.strip(),
        SHA512 + "\n",
        "\n" + SHA512,
        SHA512.replace("\n", "\r\n"),
        SHA512.replace("LOQ", "").replace("\n", "", 2),
        armored(*SHA512.split("\n")[1:-2], ""),
        armored(),
        armored("é"),
        armored("A" * 8000),
    ],
)
def test_what_is_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        sshsig.parse(text)


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_any_bytes_are_a_key_or_refused(blob: bytes) -> None:
    try:
        assert PublicKey.from_blob(blob).blob == blob
    except MalformedError:
        return


@given(st.binary(max_size=500))
def test_what_is_signed_checks_and_is_read_as_it_was_written(message: bytes) -> None:
    assert sshsig.parse(signer(3).sign(message)).check(message)


RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
"""Public key, message and signature, from section 7.1 of the RFC."""


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_a_bare_signature_is_the_one_of_the_rfc(key: str, message: str, signature: str) -> None:
    public, said, signed = PublicKey(bytes.fromhex(key)), bytes.fromhex(message), bytes.fromhex(signature)
    assert public.verify(signed, said)
    assert not public.verify(signed, said + b"x")
    other = int.from_bytes(signed[32:], "little") + ed25519.ORDER
    assert not public.verify(signed[:32] + other.to_bytes(32, "little"), said), "there is one way to write it"


@pytest.mark.parametrize("cut", [-1, 1])
def test_no_byte_goes_over_from_the_message_to_the_signature_or_back(cut: int) -> None:
    key = signer(4)
    whole = key.sign_raw(b"message") + b"message"
    assert key.public.verify(whole[:64], whole[64:])
    assert not key.public.verify(whole[: 64 + cut], whole[64 + cut :])


def test_a_key_that_fits_many_signatures_is_no_key() -> None:
    """The neutral element: with it, OpenSSL takes this for a signature over every message."""
    neutral = bytes([1, *[0] * 31])
    assert not PublicKey(neutral).verify(neutral + bytes(32), b"anything")


def openssl(key: PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, message)
    except InvalidSignature:
        return False
    return True


SECRET, NONCE = 2**200 + 8, 2**199 + 7


@pytest.mark.parametrize("many", range(8))
def test_a_signature_that_is_good_but_for_a_point_of_small_order_is_refused(many: int) -> None:
    """A check that multiplies by the cofactor takes it; git and OpenSSL do not. Releases of libsodium may do either."""
    key, beside = PublicKey(ed25519.written(ed25519.times(SECRET, ed25519.base()))), ed25519.times(many, ed25519.of_order_eight())
    made = ed25519.signature(SECRET, NONCE, MESSAGE, beside=beside)
    r, number = made[:32], int.from_bytes(made[32:], "little")
    right = ed25519.add(
        ed25519.add(ed25519.times(NONCE, ed25519.base()), beside),
        ed25519.times(ed25519.hashed(r, key.raw, MESSAGE) * SECRET, ed25519.base()),
    )
    left = ed25519.times(number, ed25519.base())
    assert ed25519.written(ed25519.times(8, left)) == ed25519.written(ed25519.times(8, right)), "as a laxer check sees it"
    assert key.verify(made, MESSAGE) is openssl(key, made, MESSAGE) is (many == 0)


def test_one_whose_point_is_of_small_order_is_refused_though_others_take_it() -> None:
    key, made = PublicKey(ed25519.written(ed25519.times(SECRET, ed25519.base()))), ed25519.signature(SECRET, 0, MESSAGE)
    assert openssl(key, made, MESSAGE)
    assert not key.verify(made, MESSAGE)


@given(st.binary(max_size=50), st.integers(0, 95), st.integers(0, 255))
@settings(max_examples=100)
def test_libsodium_says_what_openssl_says(message: bytes, place: int, byte: int) -> None:
    key = signer(5)
    whole = bytearray(key.sign_raw(message) + key.public.raw)
    whole[place] = byte
    signature, public = bytes(whole[:64]), PublicKey(bytes(whole[64:]))
    assert public.verify(signature, message) is openssl(public, signature, message)
