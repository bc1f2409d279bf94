"""Laws of tokens: what is planted does not survive, what was done is not done again, what is not looked for stays."""

import string

from hypothesis import assume, given
from hypothesis import strategies as st

from countersign.domain.tokens.finding import find
from countersign.domain.tokens.key import TokensKey
from countersign.domain.tokens.kinds import ALL, ALWAYS, ValueClass
from countersign.domain.tokens.placeholder import placeholders
from countersign.domain.tokens.tokenizer import Tokenizer
from tests.support.token_corpus import KEY, found, stays

KEYED = TokensKey(bytes(range(32)))
TOKENIZER = Tokenizer(KEYED, "acme/shop", ALL)
PART = 8
"""No more of a secret's characters may stand in a row."""

WORD = st.text(string.ascii_letters + string.digits, min_size=8, max_size=24).filter(lambda word: any(map(str.isdigit, word)))
SECRET = st.text(string.ascii_letters + string.digits + "!%*+-./:=@^_~", min_size=8, max_size=30).filter(
    lambda text: text[0].isalnum() and text[-1].isalnum() and text.isascii() and "//" not in text and any(map(str.isdigit, text))
)
PHRASE = st.lists(WORD, min_size=1, max_size=4).map(" ".join)
BYTE = st.integers(1, 254)
PLANTED = {
    "address": (ValueClass.HOST, st.tuples(st.integers(1, 126), BYTE, BYTE, BYTE).map(lambda four: ".".join(map(str, four)))),
    "ipv6": (
        ValueClass.HOST,
        st.integers(2**120, 2**128 - 1).map(lambda n: ":".join(f"{n >> 16 * k & 0xFFFF:x}" for k in range(7, -1, -1))),
    ),
    "name": (ValueClass.HOST, WORD.map(lambda word: f"{word.lower()}.prod.internal")),
    "mail": (ValueClass.PERSONAL, st.tuples(WORD, WORD).map(lambda two: f"{two[0]}@{two[1]}.example")),
    "mail in a URL": (ValueClass.PERSONAL, st.tuples(WORD, WORD).map(lambda two: f"{two[0]}%40{two[1]}.example")),
    "telephone": (ValueClass.PERSONAL, st.integers(10**9, 10**11).map(lambda number: f"+49{number}")),
    "account": (ValueClass.ACCOUNT, st.integers(10**11, 10**12 - 1).map(str)),
}
FRAMES = {"account": ["arn:aws:iam::{}:role/x", "account_id={}", '"AccountId": "{}"']}
QUOTED = [
    'password="{}"',
    "db_password: '{}'",
    '{{"api_token": "{}"}}',
    '{{\\"secret\\":\\"{}\\"}}',
    "IDENTIFIED BY '{}'",
    "PASSWORD $${}$$",
]
BARE = [
    "password={}",
    "PGPASSWORD={} psql",
    "export API_TOKEN={}",
    "--db-password {} --x",
    "Authorization: Bearer {}",
    "\x1b[1mpassword\x1b[0m=\x1b[31m{}\x1b[0m",
]
AROUND = st.text(st.sampled_from("ab zé9 \n\t.,;()[]{}<>='\"/-_+@:%\\#|ß中"), max_size=40)
TEXT = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.one_of(
            st.sampled_from(
                [case.text for case in found()] + stays() + [KEY, KEY[:200], KEY[200:], KEYED.token("a/b", ValueClass.HOST, "x")]
            ),
            st.sampled_from(
                [
                    "password=",
                    "token: ",
                    '"',
                    "'",
                    "\\",
                    "\n",
                    "@",
                    "://",
                    ":",
                    ".internal",
                    "-----",
                    "+49",
                    "%40",
                    "TK1_",
                    "=",
                    " ",
                    "bearer ",
                    "\x1b[1m",
                    "\x1b[",
                    "\\u001b[0m",
                    "''",
                    '""',
                    "$$",
                    "PASSWORD $$",
                    "\npassword: |\n  ",
                    "\npassword:\n",
                    "login a password ",
                    "ghp_abcdef",
                    "sk-",
                    "?sig=",
                    "\\u0022",
                    "\\u0040",
                ]
            ),
            AROUND,
        ),
        max_size=8,
    ).map("".join),
)


@given(TEXT)
def test_twice_is_once(text: str) -> None:
    once = TOKENIZER.tokenize(text)
    again = TOKENIZER.tokenize(once.text)
    assert (again.text, again.counts) == (once.text, {})


@given(TEXT)
def test_counts_are_the_placeholders_that_were_added(text: str) -> None:
    done = TOKENIZER.tokenize(text)
    before, after = len(list(placeholders(text))), len(list(placeholders(done.text)))
    assert sum(done.counts.values()) == after - before


@given(TEXT)
def test_where_nothing_is_found_nothing_changes(text: str) -> None:
    done = TOKENIZER.tokenize(text)
    assert done == TOKENIZER.tokenize(text)
    assert (done.text == text) is not bool(find(text, ALL))


@given(st.sampled_from(sorted(PLANTED)), AROUND, AROUND, st.data())
def test_no_planted_value_survives(what: str, before: str, after: str, data: st.DataObject) -> None:
    kind, values = PLANTED[what]
    value = data.draw(values)
    frame = data.draw(st.sampled_from(FRAMES.get(what, ["{}"])))
    assume(value not in before + after)
    text = f"{before}\n {frame.format(value)} \n{after}"
    done = Tokenizer(KEYED, "acme/shop", frozenset({kind})).tokenize(text)
    assert value not in done.text
    assert done.counts.get(kind.value, 0) + done.counts.get("secret", 0) >= 1


@given(st.sampled_from(QUOTED), PHRASE, AROUND, AROUND)
def test_no_part_of_a_quoted_secret_survives(frame: str, secret: str, before: str, after: str) -> None:
    assume(not parts_of(secret, before + after))
    done = Tokenizer(KEYED, "acme/shop", frozenset()).tokenize(f"{before}\n{frame.format(secret)}\n{after}")
    assert not parts_of(secret, done.text)


@given(st.sampled_from(BARE), SECRET, AROUND, AROUND)
def test_no_part_of_a_bare_secret_survives(frame: str, secret: str, before: str, after: str) -> None:
    assume(not parts_of(secret, before + after))
    done = Tokenizer(KEYED, "acme/shop", frozenset()).tokenize(f"{before}\n{frame.format(secret)}\n{after}")
    assert not parts_of(secret, done.text)


@given(st.integers(0, len(KEY) // 2), st.sampled_from(["\n", "\\n", "\\\\n", "\n+", "\n    ", "\r\n"]), AROUND)
def test_no_part_of_a_key_survives_wherever_it_is_cut(cut: int, ends: str, around: str) -> None:
    key = KEY.replace("\n", ends)
    for piece in (key[: len(key) - cut], key[cut:]):
        done = Tokenizer(KEYED, "acme/shop", frozenset()).tokenize(f"{around}\n{piece}\n")
        assert not parts_of(KEY.split("\n")[4], done.text)


@given(st.sampled_from([case for case in found() if case.kind is not ValueClass.SECRET and not case.hard]))
def test_a_class_that_is_not_asked_for_stays(case: object) -> None:
    text = getattr(case, "text", "")
    assert Tokenizer(KEYED, "acme/shop", ALWAYS).tokenize(text).text == text


def parts_of(secret: str, text: str) -> list[str]:
    return [part for at in range(len(secret) - PART + 1) if (part := secret[at : at + PART]) in text and " " not in part]
