"""A mebibyte of what could take a pattern's time without end: each is looked through in about a second or two."""

from time import process_time

import pytest

from countersign.domain.tokens.finding import find
from countersign.domain.tokens.key import TokensKey
from countersign.domain.tokens.kinds import ALL
from countersign.domain.tokens.tokenizer import Tokenizer

SIZE = 2**20
SLOWEST = 8.0
"""Seconds of processor time; what takes quadratic time takes hours. The figures are in `tests/bench/tokens`."""

FILLERS = {
    "letters": "a",
    "digits": "1",
    "fours": "4",
    "upper case": "AZ",
    "at signs": "@",
    "at signs in lines": "@\n",
    "almost addresses": "a@b.",
    "addresses of mail": "a@b.co ",
    "dots": ".",
    "four numbers": "1.2.3.",
    "colons": ":",
    "groups": "a:b:",
    "dashes": "-----",
    "begun keys": "-----BEGIN PRIVATE KEY-----\n",
    "begun keys in a line": "-----BEGIN PRIVATE KEY-----",
    "ended keys": "-----END PRIVATE KEY-----",
    "ended keys in lines": "QUJD\n-----END PRIVATE KEY-----\n",
    "base64": "QUJD",
    "lines of base64": "QUJD" * 16 + "\n",
    "slashes": "://",
    "users": "://a:b",
    "assignments": "password=",
    "quoted assignments": 'token="',
    "escaped assignments": '\\"token\\":\\"',
    "blank assignments": "password ",
    "connection strings": ";password=a",
    "names of values": "name value:",
    "options": "--",
    "programs": "mysql -p",
    "programs in lines": "curl -u a:b\n",
    "web tokens": "eyJ",
    "web tokens with dots": "eyJaaaaaaaaa.",
    "headers": "authorization:",
    "bearers": "bearer ",
    "plus signs": "+1",
    "numbers in pieces": "4 ",
    "accounts": "DE00 ",
    "marked accounts": "account ",
    "resource names": "arn:aws:",
    "names": "a.internal",
    "names without end": "a.local.",
    "escapes": "\\n",
    "percent signs": "%40",
    "white space": " \t",
    "line ends": "\n",
    "nothing": "\0",
    "half placeholders": "TK1_HOST_",
    "quotes": "\"'",
    "keys of vendors": "sk-",
    "dotted capitals": "\u0130password=",
}


@pytest.mark.parametrize("what", FILLERS)
def test_no_filler_is_slow(what: str) -> None:
    text = (FILLERS[what] * (SIZE // len(FILLERS[what]) + 1))[:SIZE]
    begin = process_time()
    find(text, ALL)
    took = process_time() - begin
    assert took < SLOWEST, took


def test_a_text_that_takes_many_looks_is_hidden_whole() -> None:
    tokenizer = Tokenizer(TokensKey(bytes(range(32))), "acme/shop", ALL)
    text = "token=" * 50_000
    done = tokenizer.tokenize(text)
    assert tokenizer.tokenize(done.text).text == done.text
