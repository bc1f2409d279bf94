"""JSON from strangers: bounded before it is parsed, and never in a way that costs more than reading it."""

import json
import time

import pytest

from bot.jsontext import MOST_VALUES, read_object
from countersign.domain.ids import MalformedError


def test_the_number_of_values_is_bounded() -> None:
    assert read_object(json.dumps({str(number): 0 for number in range(1000)}).encode())
    with pytest.raises(MalformedError, match="more than"):
        read_object(json.dumps({str(number): 0 for number in range(MOST_VALUES + 1)}).encode())


@pytest.mark.parametrize(
    "data",
    [b'{"' + b'\\"' * 500_000, b'"' * 1_000_000, b"\\" * 1_000_000, b'{"a":"' + b"\\\\" * 400_000, b"," * 40_000 + b'"' * 900_000],
    ids=["escapes", "quotes", "backslashes", "unended", "mixed"],
)
def test_no_text_takes_long(data: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(MalformedError):
        read_object(data)
    assert time.monotonic() - began < 2
