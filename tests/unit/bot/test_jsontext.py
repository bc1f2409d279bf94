"""JSON from strangers: bounded in depth, and whatever it is, an object or an objection."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jsontext import DEEPEST, read_object
from countersign.domain.ids import MalformedError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_an_object_comes_out_as_it_went_in(value: dict[str, object]) -> None:
    assert read_object(json.dumps(value).encode()) == value


@given(st.binary(max_size=300))
def test_any_bytes_give_an_object_or_an_objection(data: bytes) -> None:
    try:
        assert isinstance(read_object(data), dict)
    except MalformedError as error:
        assert str(error).startswith("the document ")  # noqa: PT017 - either way is fine, nothing else is


def test_depth_is_bounded_and_brackets_in_strings_do_not_count() -> None:
    assert read_object(b'{"a": ' + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1) + b"}")
    assert read_object(b'{"a": "' + b"[" * 1000 + b'\\""}')
    with pytest.raises(MalformedError, match="nested"):
        read_object(b'{"a": ' + b"[" * DEEPEST + b"]" * DEEPEST + b"}")
    with pytest.raises(MalformedError, match="nested"):
        read_object(b"[" * 1_000_000)
