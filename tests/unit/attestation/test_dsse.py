"""DSSE envelopes against the specification's own vector, and against an implementation by others (securesystemslib)."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer._crypto_signer import CryptoSigner
from securesystemslib.signer._key import SSlibKey

from countersign.attestation import dsse
from countersign.attestation.keys import KeySigner
from countersign.attestation.sshsig import PublicKey
from countersign.domain.ids import MalformedError
from tests.support.audit import signer

PAYLOAD, TYPE = b"hello world", "http://example.com/HelloWorld"
SPECIFIED = "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="
X = 46950820868899156662930047687818585632848591499744589407958293238635476079160
Y = 5640078356564379163099075877009565129882514886557779369047442380624545832820


def theirs(key: PublicKey) -> SSlibKey:
    return SSlibKey(key.fingerprint, "ed25519", "ed25519", {"public": key.raw.hex()})


def sealed(payload: bytes = PAYLOAD, key: KeySigner | None = None) -> dsse.Envelope:
    key = key or signer()
    return dsse.seal(payload, key.public, key.private.sign)


def test_the_encoding_is_that_of_the_specification() -> None:
    assert dsse.pae(TYPE, PAYLOAD) == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_the_specifications_signature_is_over_our_encoding() -> None:
    raw = base64.b64decode(SPECIFIED)
    signature = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key = ec.EllipticCurvePublicNumbers(X, Y, ec.SECP256R1()).public_key()
    key.verify(signature, dsse.pae(TYPE, PAYLOAD), ec.ECDSA(hashes.SHA256()))


def test_the_specifications_envelope_is_read() -> None:
    document = {"payload": "aGVsbG8gd29ybGQ=", "payloadType": TYPE, "signatures": [{"keyid": "66301bbf", "sig": SPECIFIED}]}
    envelope = dsse.load(json.dumps(document).encode())
    assert (envelope.payload, envelope.payload_type) == (PAYLOAD, TYPE)
    assert envelope.signatures == (("66301bbf", base64.b64decode(SPECIFIED)),)


@given(st.text(max_size=40), st.binary(max_size=40))
def test_type_and_payload_cannot_run_into_each_other(kind: str, payload: bytes) -> None:
    rest = dsse.pae(kind, payload).removeprefix(b"DSSEv1 ")
    length, _, rest = rest.partition(b" ")
    assert rest[: int(length)].decode() == kind
    length, _, rest = rest[int(length) + 1 :].partition(b" ")
    assert (int(length), rest) == (len(payload), payload)


@given(st.binary(max_size=200))
def test_what_we_seal_others_verify(payload: bytes) -> None:
    envelope = TheirEnvelope.from_dict(json.loads(sealed(payload).dump()))
    key = theirs(signer().public)
    assert envelope.verify([key], 1) == {key.keyid: key}
    with pytest.raises(VerificationError):
        envelope.verify([theirs(signer(2).public)], 1)


def test_what_others_seal_we_verify() -> None:
    key = signer(5)
    envelope = TheirEnvelope(PAYLOAD, TYPE, {})
    envelope.sign(CryptoSigner(key.private, theirs(key.public)))
    read = dsse.load(json.dumps(envelope.to_dict()).encode())
    assert read.signers([key.public, signer(6).public]) == {key.public}


def test_an_envelope_is_read_as_it_was_written() -> None:
    assert dsse.load(sealed().dump()) == sealed()
    assert sealed().signatures[0][0] == signer().public.fingerprint


@given(st.data())
def test_a_changed_payload_type_or_signature_has_no_signer(data: st.DataObject) -> None:
    envelope = sealed()
    place = data.draw(st.integers(0, len(PAYLOAD) - 1))
    changed = PAYLOAD[:place] + bytes([PAYLOAD[place] ^ data.draw(st.integers(1, 255))]) + PAYLOAD[place + 1 :]
    [(name, signature)] = envelope.signatures
    at = data.draw(st.integers(0, len(signature) - 1))
    spoiled = signature[:at] + bytes([signature[at] ^ data.draw(st.integers(1, 255))]) + signature[at + 1 :]
    for other in (
        dsse.Envelope(changed, envelope.payload_type, envelope.signatures),
        dsse.Envelope(PAYLOAD, TYPE, envelope.signatures),
        dsse.Envelope(PAYLOAD, envelope.payload_type, ((name, spoiled),)),
    ):
        assert other.signers([signer().public]) == frozenset()


def test_the_name_of_a_key_is_not_believed() -> None:
    [(_, signature)] = sealed(key=signer(66)).signatures
    forged = dsse.Envelope(PAYLOAD, dsse.IN_TOTO, ((signer().public.fingerprint, signature),))
    assert forged.signers([signer().public]) == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "\xff",
        '{"payload":"","payloadType":"t","signatures":[]}',
        '{"payload":"","payloadType":"","signatures":[{"sig":""}]}',
        '{"payload":"","payloadType":"t","signatures":[1]}',
        '{"payload":"","payloadType":"t","signatures":[{"keyid":1,"sig":""}]}',
        '{"payload":"","payloadType":"t","signatures":[{"keyid":"a"}]}',
        '{"payload":"*","payloadType":"t","signatures":[{"sig":""}]}',
        '{"payloadType":"t","signatures":[{"sig":""}]}',
        "[" * 100_000,
        " " * 2_000_000,
    ],
)
def test_what_is_no_envelope_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        dsse.load(text.encode("latin-1"))
