"""Equal values have equal bytes; what has no one form is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.canonical import canonical_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4),
    max_leaves=16,
)


@given(VALUES)
def test_it_reads_back(value: object) -> None:
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(max_size=5), st.integers(), max_size=6))
def test_order_of_writing_has_no_meaning(value: dict[str, int]) -> None:
    assert canonical_json(value) == canonical_json(dict(reversed(value.items())))


@pytest.mark.parametrize("value", [1.5, float("nan"), b"x", {1: 2}, {"a": {1, 2}}, [object()]])
def test_what_has_no_one_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)
