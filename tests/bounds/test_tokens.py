"""A quarter of a mebibyte of what could take a pattern's time without end: each is hidden in about a second or two."""

import pytest

from countersign.domain.tokens.key import TokensKey
from countersign.domain.tokens.kinds import ALL
from countersign.domain.tokens.tokenizer import Tokenizer

SIZE = 2**18
"""Four times what a runner keeps of an output, and thirteen times what it looks at of a rationale."""

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
    "values without end": "authorization: a\n",
    "users with passwords": "://a:b@",
    "groups after percent signs": "%:1:",
    "quotes": "\"'",
    "keys of vendors": "sk-",
    "dotted capitals": "\u0130password=",
}


TOKENIZER = Tokenizer(TokensKey(bytes(range(32))), "acme/shop", ALL)


@pytest.mark.timeout(120)  # what is linear takes a second or two, what is quadratic takes minutes
@pytest.mark.parametrize("what", FILLERS)
def test_no_filler_takes_the_time_of_its_square(what: str) -> None:
    text = (FILLERS[what] * (SIZE // len(FILLERS[what]) + 1))[:SIZE]
    done = TOKENIZER.tokenize(text)
    assert (sum(done.counts.values()) > 0) == (done.text != text)
