r"""What colours a terminal is seen through, is never part of a value, and changes no token."""

import pytest

from countersign.domain.tokens.colours import blanked
from countersign.domain.tokens.key import TokensKey
from countersign.domain.tokens.kinds import ALL
from countersign.domain.tokens.placeholder import placeholders
from countersign.domain.tokens.tokenizer import Tokenizer
from tests.support.token_corpus import KEY

TOKENIZER = Tokenizer(TokensKey(bytes(range(32))), "acme/shop", ALL)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[1mpassword\x1b[0m", "    password    "),
        ("\\u001b[1mx\\x1b[mx\\033[0;31mx^[[1mx", " " * 9 + "x" + " " * 6 + "x" + " " * 10 + "x" + " " * 5 + "x"),
        ("\x1b]8;;https://x.example\x1b\\x\x07", "     https://x.example  x "),
        ("\x9b1mx\x1b(Bx", "   x   x"),
        ("no [1m and no \\u0041", "no [1m and no \\u0041"),
    ],
)
def test_it_is_blanked_at_its_length(text: str, seen: str) -> None:
    assert blanked(text) == seen
    assert len(seen) == len(text)


@pytest.mark.parametrize("value", ["10.20.30.40", "+4930901820", "hunter2xx", "rosa@mail.example.com"])
def test_a_value_in_colour_has_the_token_of_the_plain_one(value: str) -> None:
    plain = TOKENIZER.tokenize(f"password={value}").text
    assert (
        TOKENIZER.tokenize(f"\x1b[1mpassword\x1b[0m=\x1b[31m{value}\x1b[0m").text
        == plain.replace("password=", "\x1b[1mpassword\x1b[0m=\x1b[31m") + "\x1b[0m"
    )


def test_a_key_in_a_diff_in_colour_is_the_key() -> None:
    diff = "\n".join(f"\x1b[32m+\x1b[m\x1b[32m{line}\x1b[m" for line in KEY.splitlines())
    tokens = []
    for text in (diff, KEY):
        done = TOKENIZER.tokenize(text).text
        tokens += [done[start:end] for start, end in placeholders(done)]
    assert len(tokens) == 2
    assert len(set(tokens)) == 1


def test_a_placeholder_is_never_taken_for_the_end_of_a_colour() -> None:
    token = TOKENIZER.tokenize("10.20.30.40").text
    assert TOKENIZER.tokenize(f"\x1b[{token}").text == f"\x1b[{token}"
