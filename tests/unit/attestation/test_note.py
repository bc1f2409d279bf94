"""Signed notes and checkpoints against the vectors of Go's sumdb/note and of C2SP, and against every change of a byte."""

import base64
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.attestation import note
from countersign.attestation.keys import KeySigner
from countersign.attestation.merkle import leaf_hash
from countersign.attestation.note import Note, NoteKey
from countersign.attestation.tree_head import TreeHead
from countersign.domain.ids import MalformedError
from tests.support.audit import ORIGIN, signer

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SAID = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""
EXAMPLE = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_SAID = """\
This is an example message.

\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
SOFA = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""
HEAD = TreeHead(ORIGIN, 42, leaf_hash(b"all"))


def signed(key: KeySigner | None = None) -> Note:
    key = key or signer()
    return HEAD.sign(key.public, key.private.sign)


@pytest.mark.parametrize(("key", "text"), [(PETER, SAID), (EXAMPLE, EXAMPLE_SAID)])
def test_the_notes_of_the_specifications_are_good(key: str, text: str) -> None:
    read, known = note.parse(text), NoteKey.parse(key)
    assert read.signers([known]) == {known}
    assert (str(read), str(known)) == (text, key)


def test_a_key_signs_as_the_specification_says() -> None:
    """The private key of the Go example: what it signs is, being Ed25519, the same to the byte."""
    private = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
    key = KeySigner(Ed25519PrivateKey.from_private_bytes(private))
    assert str(note.sign(SAID.partition("\n\n")[0] + "\n", NoteKey("PeterNeumann", key.public), key.private.sign)) == SAID


def test_the_specifications_checkpoint_is_read() -> None:
    head = TreeHead.parse(note.parse(SOFA).text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert base64.b64encode(head.root).decode() == "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    assert head.text == note.parse(SOFA).text


def test_a_checkpoint_is_signed_under_the_logs_name() -> None:
    read = note.parse(str(signed()))
    assert TreeHead.parse(read.text) == HEAD
    assert read.signers([HEAD.key(signer().public), HEAD.key(signer(2).public)]) == {HEAD.key(signer().public)}


def test_signatures_of_witnesses_are_passed_over() -> None:
    witness = NoteKey("witness.example/w1", signer(9).public)
    both = Note(HEAD.text, signed().signatures + note.sign(HEAD.text, witness, signer(9).private.sign).signatures)
    read = note.parse(str(both))
    assert read.signers([HEAD.key(signer().public)]) == {HEAD.key(signer().public)}
    assert read.signers([witness]) == {witness}


def test_a_false_signature_under_a_known_name_spoils_the_note() -> None:
    [good] = signed().signatures
    forged = Note(HEAD.text, (note.Signature(good.name, good.hash, bytes(64)), good))
    with pytest.raises(MalformedError, match="is not over its text"):
        forged.signers([HEAD.key(signer().public)])


@given(st.data())
@settings(max_examples=300)
def test_any_byte_changed_leaves_no_good_note(data: st.DataObject) -> None:
    raw = str(signed()).encode()
    place = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:place] + bytes([raw[place] ^ data.draw(st.integers(1, 255))]) + raw[place + 1 :]
    key = HEAD.key(signer().public)
    try:
        found = note.parse(changed.decode()).signers([key])
    except (MalformedError, UnicodeDecodeError):
        return
    assert found == frozenset(), "its name or hash was changed, so it is a stranger's signature"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "\n\n",
        "text\n",
        "text\n\n",
        "text\n\nnothing\n",
        SAID.removesuffix("\n"),
        SAID + "\n",
        SAID.replace("\u2014", "-"),
        SAID.replace("If", "\x1b[2J"),
        SAID.replace("\n", "\r\n"),
        SAID.replace("PeterNeumann ", "Peter Neumann "),
        "\n" + SAID[SAID.index("\n\n") + 1 :],
        SAID + SAID.splitlines()[-1] * 2,
        "text\n\n\u2014 name AAAA\n",
        "a" * 70_000 + SAID,
        SAID.replace("BwJnAM=", "BwJnAN="),  # the same bytes: the last digit's lower bits are not looked at
    ],
)
def test_what_is_no_note_is_refused(raw: str) -> None:
    with pytest.raises(MalformedError):
        note.parse(raw)


@pytest.mark.parametrize("text", ["", "no newline", "\n", "tab\there\n", "half \ud800\n"])
def test_what_cannot_be_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(MalformedError):
        note.sign(text, NoteKey("name", signer().public), signer().private.sign)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\u00a0b", "x" * 256])
def test_a_key_has_a_name_without_blanks_and_plus_signs(name: str) -> None:
    with pytest.raises(MalformedError):
        NoteKey(name, signer().public)


@pytest.mark.parametrize("text", ["", PETER[:-4], PETER.replace("c74f", "c74e"), PETER.replace("+AR", "+BR"), PETER + "="])
def test_what_is_no_note_key_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        NoteKey.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n1\n",
        "log\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "log\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "lo g\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "lo+g\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nmore\n",
        "log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        TreeHead.parse(text)


@pytest.mark.parametrize(("origin", "size", "root"), [("a b", 1, bytes(32)), ("a", -1, bytes(32)), ("a", 1, bytes(31))])
def test_a_checkpoint_that_cannot_be_written_is_not_made(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(MalformedError):
        TreeHead(origin, size, root)


def test_two_heads_never_share_a_text() -> None:
    heads = [HEAD, TreeHead(ORIGIN, 43, HEAD.root), TreeHead(ORIGIN + "x", 42, HEAD.root), TreeHead(ORIGIN, 42, bytes(32))]
    assert all(one.text != other.text for one, other in pairwise(heads))
