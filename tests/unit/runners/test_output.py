from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.ids import digest_of
from runners.sandbox.output import Output

SECRET = "s3cr3t-value-of-a-run"


def kept(*chunks: bytes, limit: int = 100, secrets: tuple[str, ...] = (SECRET,)) -> Output:
    output = Output(secrets, limit=limit)
    for chunk in chunks:
        output.feed(chunk)
    output.finish()
    return output


def test_what_fits_is_kept_whole() -> None:
    output = kept(b"one\n", b"two\n")
    assert (output.text, output.tainted, output.digest) == ("one\ntwo\n", False, digest_of(b"one\ntwo\n"))


def test_beginning_and_end_are_kept_and_the_gap_is_named() -> None:
    output = kept(b"a" * 30, b"b" * 1000, b"c" * 30, limit=20)
    assert output.text == "a" * 10 + "\n[1040 bytes left out]\n" + "c" * 10
    assert output.digest == digest_of(b"a" * 30 + b"b" * 1000 + b"c" * 30)


def test_a_secret_is_replaced_before_digest_and_cut() -> None:
    output = kept(b"password=s3cr3t-val", b"ue-of-a-run\n", limit=24)
    assert output.text == "password=[credential 1]\n"
    assert output.tainted
    assert output.digest == digest_of(b"password=[credential 1]\n")


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert kept(b"\xff\xfe ok").text == "\ufffd\ufffd ok"


@given(st.lists(st.binary(max_size=40), max_size=10), st.integers(0, 60))
def test_never_more_than_the_limit_and_never_a_wrong_digest(chunks: list[bytes], limit: int) -> None:
    output = kept(*chunks, limit=limit)
    whole = b"".join(chunks)
    assert output.digest == digest_of(whole)
    if len(whole) <= limit:
        assert output.text == whole.decode("utf-8", "replace")
    else:
        assert f"[{len(whole) - limit} bytes left out]" in output.text
