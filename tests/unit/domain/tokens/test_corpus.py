import pytest

from countersign.domain.tokens.finding import find
from countersign.domain.tokens.key import TokensKey
from countersign.domain.tokens.kinds import ALL
from countersign.domain.tokens.tokenizer import Tokenizer
from tests.support.token_corpus import Case, found, stays

TOKENIZER = Tokenizer(TokensKey(bytes(range(32))), "acme/shop", ALL)


@pytest.mark.parametrize("case", [case for case in found() if not case.hard], ids=lambda case: case.what)
def test_the_value_is_replaced_and_nothing_else_is(case: Case) -> None:
    done = TOKENIZER.tokenize(case.text)
    for value in case.values:
        assert value not in done.text
        assert value in "".join(case.text[finding.start : finding.end] for finding in find(case.text, {case.kind}))
    assert sum(done.counts.values()) >= len(case.values)
    assert TOKENIZER.tokenize(done.text).text == done.text


@pytest.mark.parametrize("case", [case for case in found() if case.hard], ids=lambda case: case.what)
def test_what_is_not_found_is_known(case: Case) -> None:
    """The threat model says so; one that is found one day is to be told there."""
    text = TOKENIZER.tokenize(case.text).text
    assert any(value in text for value in case.values)


@pytest.mark.parametrize("text", stays())
def test_this_stays(text: str) -> None:
    assert [text[finding.start : finding.end] for finding in find(text, ALL)] == []
