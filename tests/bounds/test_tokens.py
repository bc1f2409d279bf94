"""A quarter of a mebibyte of what could take a pattern's time without end: each is hidden in about a second or two."""

import pytest

from countersign.domain.tokens.key import TokensKey
from countersign.domain.tokens.kinds import ALL, ValueClass
from countersign.domain.tokens.tokenizer import Tokenizer

SIZE = 2**18
"""Four times what a runner keeps of an output, and thirteen times what it looks at of a rationale."""

KEY = TokensKey(bytes(range(32)))
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
    "colours": "\x1b[1m",
    "begun colours": "\x1b[",
    "escaped colours": "\\u001b[1m",
    "bells": "\x07\x1b]8;;",
    "doubled quotes": "password='' ",
    "quotes without end": "password=''",
    "dollar quotes": "password $a$",
    "dollars": "password $",
    "names in lines": "password:\n",
    "names in longer lines": "  a.b.password.password:\n",
    "blocks of YAML": "password: |\n",
    "deeper blocks of YAML": "".join(f"{' ' * depth}password: |\n" for depth in range(80)),
    "deeper blocks of nothing": "".join(f"{' ' * depth}password: |\n{' ' * depth} <\n" for depth in range(80)),
    "logins": "login a password ",
    "machines": "machine a login b ",
    "schemes": "authorization basic ",
    "signatures": "?sig=",
    "sentences": "cookie: a a a a a a a a a a a\n",
    "a sentence": "a a ",
    "requirements": "foo>=10.2.3.4 ",
    "compared addresses": "a_a_a_a_ip>=10.2.3.4 ",
    "attributes": 'key="password" value=',
    "keys around placeholders": "ghp_a" + KEY.token("acme/shop", ValueClass.HOST, "10.2.3.4"),
    "lines that begin with plus signs": "+1700000000\n",
    "dotted capitals": "\u0130password=",
}


TOKENIZER = Tokenizer(KEY, "acme/shop", ALL)


@pytest.mark.timeout(120)  # what is linear takes a second or two, what is quadratic takes minutes
@pytest.mark.parametrize("what", FILLERS)
def test_no_filler_takes_the_time_of_its_square(what: str) -> None:
    text = (FILLERS[what] * (SIZE // len(FILLERS[what]) + 1))[:SIZE]
    done = TOKENIZER.tokenize(text)
    assert (sum(done.counts.values()) > 0) == (done.text != text)
