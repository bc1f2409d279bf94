"""The quick reading of a record's bytes against the patient one of its document: one account, whatever the bytes are."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.attestation.accounts.account import account
from countersign.attestation.accounts.leaves import LEAVES, Kind, Leaf
from countersign.attestation.accounts.raw import raw_account
from countersign.attestation.readable import dump

TEXTS = st.sampled_from(["", "a", "b", "dead", "intent", '"}],\n      "inputs": {\n', "\u202e\x00ä", "2026-06-02T23:48:42.102750Z"])
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "username", "body", "0", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def right(leaf: Leaf) -> st.SearchStrategy[Any]:
    """Give what our writer puts there."""
    match leaf.kind:
        case Kind.TEXT:
            return st.none() | TEXTS
        case Kind.NUMBER:
            return st.none() | NUMBERS
        case Kind.TRUTH:
            return st.booleans()
        case Kind.TEXTS:
            return st.lists(TEXTS, max_size=3)
        case Kind.OBJECTS:
            return st.lists(objects(leaf.inner, right), max_size=3)


def wrong(leaf: Leaf) -> st.SearchStrategy[Any]:
    """Give anything else now and then."""
    items = st.lists(PLAIN | objects(leaf.inner, wrong), max_size=3) if leaf.inner else st.lists(PLAIN, max_size=3)
    return st.one_of(right(leaf), right(leaf), PLAIN, items)


@st.composite
def objects(draw: st.DrawFn, leaves: Mapping[str, Leaf], value: Any) -> dict[str, Any]:  # noqa: ANN401 - a strategy of any leaf
    """Draw an object that has some of these leaves, and what nobody reads beside them."""
    made: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(sorted(leaves)), unique=True)) if leaves else ():
        *path, last = leaves[name].path
        inside = made
        for step in path:
            inside = inside.setdefault(step, {})
        inside[last] = draw(value(leaves[name]))
    return made | draw(st.sampled_from([{}, {"inputs": {"id": "not this"}}, {"v": 1, "zz": [None]}]))


def slow(raw: bytes) -> object:
    """Read the document."""
    return account(json.loads(raw)["predicate"])


@given(objects(LEAVES, right), NUMBERS)
def test_a_record_as_we_write_it_is_never_read_whole(predicate: dict[str, Any], seq: int) -> None:
    raw = dump({"predicate": predicate | {"seq": seq}, "subject": [], "_type": "x"})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("countersign.attestation.accounts.raw.account", None)
        told = raw_account(raw)
    assert told == slow(raw)


@given(objects(LEAVES, wrong), st.sampled_from([None, 0, 3]), st.booleans())
def test_a_record_that_holds_other_things_or_is_written_otherwise(
    predicate: dict[str, Any],
    indent: int | None,
    ascii_only: bool,
) -> None:
    for cut in (predicate, {**predicate, "body": None}, {**predicate, "seq": 1, "change": ["repository"]}):
        raw = json.dumps({"predicate": cut}, indent=indent, ensure_ascii=ascii_only).encode()
        assert raw_account(raw) == slow(raw)


@pytest.mark.parametrize(
    "predicate",
    [
        '{"seq": 1, "seq": 2}',
        '{"seq": 1, "seq": "2"}',
        '{"seq": 1.0, "id": 1.5, "kind": true}',
        '{"seq": 99999999999999999999999999}',
        '{"id": "\\u0061\\ud83d\\ude00", "summary": "\\/"}',
        '{"body": {"why": "first"}, "body": {"fault": "second"}}',
        '{"body": {"actor": [{"agent": {"id": "x"}}], "decision": "plan"}}',
        '{"body": {"result": {"tainted": 1}, "grants": [{"proof": "dead", "proof": null}]}}',
        '{"body": {"result": {"tainted": null}, "grants": {}, "leases": [null, [], {"handle": 7}]}}',
        '{"body": {"decision": {"reasons": [{"decides": "true", "rule": "x"}, {"decides": true, "rule": 4, "text": {}}]}}}',
        '{"body": {"change": {"paths": ["a", 1, null]}, "inputs": {"a": {\n      }, "change": {"head": "no"}}}}',
        '{"id": "\\ufeff", "summary": "\\u0000"}',
        "{}",
    ],
)
def test_a_record_that_means_to_mislead(predicate: str) -> None:
    for raw in (f'{{"predicate": {predicate}}}'.encode(), f'\n{{"x": [], "predicate":\t{predicate} }} '.encode()):
        assert raw_account(raw) == slow(raw)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"{}", b'"x"', b'{"predicate": {}', b'{"predicate": {}} x', b'{"predicate": "\xff"}']
)
def test_what_is_no_statement_is_refused(raw: bytes) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        raw_account(raw)
