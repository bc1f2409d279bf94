import base64
import itertools
import json
import textwrap
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runners.sandbox.scrub import Scrubber, scrub_text

SECRET = "pw/9+Zq~k3!x Ü%7Lm=="
TOKEN = "IQoJb3JpZ2luX2VjEHAaCXVzLWVhc3QtMSJHMEUCIQDl" * 12
"""As long as a session token: its encodings span several lines."""

secrets = st.text(st.characters(codec="utf-8", min_codepoint=33, max_codepoint=0x2FF), min_size=8, max_size=40)


def scrub(written: bytes, *values: str, size: int = 10**9) -> bytes:
    scrubber = Scrubber(values)
    return b"".join(scrubber.feed(written[at : at + size]) for at in range(0, len(written), size)) + scrubber.finish()


def base64_at(offset: int, secret: str) -> bytes:
    return base64.b64encode(b"user:pass"[:offset] + secret.encode() + b" and more")


FORMS = {
    "as it is": SECRET.encode(),
    "base64": base64_at(0, SECRET),
    "base64, one byte before": base64_at(1, SECRET),
    "base64, two bytes before": base64_at(2, SECRET),
    "base64, three bytes before": base64_at(3, SECRET),
    "base64 for URLs": base64.urlsafe_b64encode(b"a" + SECRET.encode()),
    "hexadecimal": SECRET.encode().hex().encode(),
    "hexadecimal, upper": SECRET.encode().hex().upper().encode(),
    "percent-encoded": urllib.parse.quote(SECRET, safe="").encode(),
    "percent-encoded, slashes left": urllib.parse.quote(SECRET).encode(),
    "a form field": urllib.parse.urlencode({"p": SECRET}).encode(),
    "JSON": json.dumps({"p": SECRET}).encode(),
    "over two lines": SECRET[:9].encode() + b"\r\n" + SECRET[9:].encode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("size", [1, 2, 7, 4096])
def test_no_form_of_a_secret_gets_through_however_the_chunks_break(form: bytes, size: int) -> None:
    clean = scrub(b"before <" + form + b"> after\n", "another-secret", SECRET, size=size)
    assert b"[credential 2]" in clean
    assert clean.startswith(b"before <")
    assert clean.endswith(b"> after\n")
    assert b"[credential 1]" not in clean
    for whole in FORMS.values():
        assert whole not in clean


@pytest.mark.parametrize("width", [19, 64, 76])
def test_base64_in_lines_is_found(width: int) -> None:
    lines = "\n".join(textwrap.wrap(base64.b64encode(b"AWS_SESSION_TOKEN=" + TOKEN.encode()).decode(), width)).encode()
    clean = scrub(lines, TOKEN, size=50)
    assert b"[credential 1]" in clean
    assert not any(line in clean for line in lines.split(b"\n")[2:-2])


def test_each_line_of_a_key_counts() -> None:
    key = "-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIH\nq8yq2hLw7uIb2ms1bQ0T\n-----END KEY-----\n"
    assert scrub(b"> MC4CAQAwBQYDK2VwBCIEIH\n> other\n", key) == b"> [credential 1]\n> other\n"


def test_a_secret_within_another_leaves_nothing_of_the_longer_one() -> None:
    long, short = "prefix-secret-suffix-suffix", "prefix-secret"
    for size in range(1, 30):
        assert scrub(b"x" + long.encode() + b"y", long, short, size=size) == b"x[credential 1]y"
        assert scrub(b"x" + short.encode() + b"y", long, short, size=size) == b"x[credential 2]y"


def test_two_secrets_side_by_side_get_a_mark_each() -> None:
    assert scrub(b"secret-one!secret-two!", "secret-one!", "secret-two!", size=3) == b"[credential 1][credential 2]"


def test_short_values_are_left_alone() -> None:
    scrubber = Scrubber(["5432", ""])
    assert scrubber.feed(b"port 5432") + scrubber.finish() == b"port 5432"
    assert not scrubber.found


def test_a_short_text_is_scrubbed_at_once() -> None:
    assert scrub_text(f"{SECRET}.evil.example", [SECRET]) == ("[credential 1].evil.example", True)
    assert scrub_text("good.example", [SECRET]) == ("good.example", False)


@given(
    st.lists(secrets, min_size=1, max_size=3), st.lists(st.one_of(st.binary(max_size=12), st.integers(0, 2)), max_size=8), st.data()
)
@settings(max_examples=150)
def test_chunks_make_no_difference_and_secrets_never_show(
    values: list[str], pieces: list[bytes | int], data: st.DataObject
) -> None:
    written = b"".join(values[piece % len(values)].encode() if isinstance(piece, int) else piece for piece in pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=6)))
    scrubber = Scrubber(values)
    places = [0, *cuts, len(written)]
    clean = b"".join(scrubber.feed(written[start:end]) for start, end in itertools.pairwise(places)) + scrubber.finish()
    assert clean == scrub(written, *values)
    if not any(value in "[credential 123]" for value in values):
        assert not any(value.encode() in clean for value in values)
    assert scrubber.found == (clean != written)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_innocent_bytes_pass_unchanged(written: bytes, size: int) -> None:
    assert scrub(written, "no such secret in here, ever", size=size) == written
