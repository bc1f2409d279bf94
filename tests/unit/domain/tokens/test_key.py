import base64
import copy
import pickle

import pytest

from countersign.domain.ids import MalformedError
from countersign.domain.tokens.key import TokensKey
from countersign.domain.tokens.kinds import ALL, ValueClass, strictest
from countersign.domain.tokens.placeholder import placeholders
from countersign.domain.tokens.tokenizer import Tokenizer, total

KEY = TokensKey(bytes(range(32)))
TOKENIZER = Tokenizer(KEY, "acme/shop", ALL)


def test_the_same_value_has_the_same_token_in_one_project_class_and_epoch() -> None:
    token = KEY.token("acme/shop", ValueClass.HOST, "10.0.0.1")
    assert token == TokensKey(bytes(range(32))).token("acme/shop", ValueClass.HOST, "10.0.0.1")
    others = [
        KEY.token("acme/web", ValueClass.HOST, "10.0.0.1"),
        KEY.token("acme/shop", ValueClass.ACCOUNT, "10.0.0.1"),
        TokensKey(bytes(range(32)), 2).token("acme/shop", ValueClass.HOST, "10.0.0.1"),
        TokensKey(bytes(range(1, 33))).token("acme/shop", ValueClass.HOST, "10.0.0.1"),
    ]
    assert len({token, *others}) == 5
    assert len(token) == len("TK1_HOST_") + 16 + 3


def test_it_does_not_show_itself() -> None:
    assert repr(KEY) == str(KEY) == "<TokensKey of epoch 1>"
    for act in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            act(KEY)


@pytest.mark.parametrize(
    "text", ["", "short", base64.b64encode(bytes(range(31))).decode(), base64.b64encode(bytes(32)).decode(), "ä" * 50]
)
def test_what_is_no_key_is_refused_with_a_way_to_make_one(text: str) -> None:
    with pytest.raises(MalformedError, match="openssl rand -base64 32"):
        TokensKey.parse(text)


def test_an_epoch_is_a_number_from_one_on() -> None:
    with pytest.raises(MalformedError, match="epoch"):
        TokensKey(bytes(range(32)), 0)
    assert TokensKey.parse(base64.b64encode(bytes(range(32))).decode() + "\n", epoch=3).epoch == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rosa@Mail.Example.com", "rosa%40mail.example.COM"),
        ("+49 30 901820", "+4930901820"),
        ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("4111 1111 1111 1111", "4111-1111-1111-1111"),
        ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
        ("Wiki.ACME.internal", "wiki.acme.internal"),
        ("account 1234-5678-9012", "account 123456789012"),
    ],
)
def test_one_value_written_in_two_ways_has_one_token(one: str, other: str) -> None:
    assert TOKENIZER.tokenize(one).text == TOKENIZER.tokenize(other).text


def test_a_placeholder_is_protected_and_a_look_alike_is_not() -> None:
    real = KEY.token("acme/shop", ValueClass.SECRET, "x")
    assert TOKENIZER.tokenize(f"password={real}").text == f"password={real}"
    assert list(placeholders(real)) == [(0, len(real))]
    wrong = real[:-1] + ("A" if real[-1] != "A" else "B")
    assert list(placeholders(wrong)) == []
    assert wrong not in TOKENIZER.tokenize(f"password={wrong}").text


def test_what_stands_beside_a_placeholder_is_not_protected() -> None:
    real = KEY.token("acme/shop", ValueClass.SECRET, "x")
    assert "teaKettle9" not in TOKENIZER.tokenize(f"password={real}teaKettle9").text


def test_overlaps_become_one_of_the_strictest_class() -> None:
    done = TOKENIZER.tokenize("mail: x\npassword: rosa@mail.example.com at 10.0.0.7\n")
    assert done.counts == {"secret": 1}
    assert strictest([ValueClass.HOST, ValueClass.PERSONAL, ValueClass.ACCOUNT]) is ValueClass.PERSONAL


def test_counts_are_summed() -> None:
    assert total([{"host": 1}, {}, {"host": 2, "secret": 1}, {"account": 0}]) == {"host": 3, "secret": 1}


class Stumbling(TokensKey):
    """Stands for a rule of ours that stumbles: nothing but a whole text has a token."""

    def token(self, project: str, kind: ValueClass, normal: str) -> str:
        if kind is not ValueClass.SECRET:
            raise IndexError(normal)
        return super().token(project, kind, normal)


def test_a_text_that_a_rule_stumbles_over_is_hidden_whole() -> None:
    done = Tokenizer(Stumbling(bytes(range(32))), "acme/shop", frozenset(ValueClass)).tokenize("from 10.20.30.40, they say")
    assert done.text.startswith("TK1_SECRET_")
    assert (len(done.text), done.counts) == (len("TK1_SECRET_") + 19, {"secret": 1})
