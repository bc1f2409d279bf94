"""The quick look at a record's bytes agrees with the slow one: whatever it accepts, reading and writing again gives back."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.attestation import readable, statement
from countersign.attestation.place import Place
from tests.support.audit import ORIGIN, START, intent, outcome, refused

KEYS = st.text('aZ09_.@/-": ,0\\\n', max_size=5)
TEXTS = st.text('aZ09": ,{}[]\\\n\x7f\x00\u202eü', max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.integers(-99, 99) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)
SNIPPETS = st.sampled_from(
    [
        *(b'"', b'": ', b"0", b"00", b"-0", b"01", b" ", b"  ", b"\n", b",", b"{", b"}", b"[", b"]", b"\\", b'\\"', b"\\n"),
        *(b"\\u0041", b"true", b"1.0", b"1e5", b'"a": ', b'"x"', b'"x""y"', b"\x7f", b"\xc3\xbc", b"\t"),
        *(b"9007199254740993", b"999999999999999", b'"x",\n', b" 7\n", b' "x",\n'),
    ]
)


def slow(raw: bytes) -> bool:
    """Read and write again, without any short cut."""
    try:
        value = json.loads(raw.decode())
        return readable.dump(value) == raw and "." not in str([part for part in _numbers(value) if isinstance(part, float)])
    except (ValueError, RecursionError):
        return False


def _numbers(value: object) -> list[object]:
    if isinstance(value, dict):
        return [part for item in value.values() for part in _numbers(item)]
    if isinstance(value, list):
        return [part for item in value for part in _numbers(item)]
    return [value]


@given(st.data(), PLAIN)
@settings(max_examples=600, deadline=None)
def test_what_the_quick_look_accepts_is_canonical(data: st.DataObject, value: object) -> None:
    raw = readable.dump(value)
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(raw)))
        end = min(len(raw), start + data.draw(st.integers(0, 3)))
        raw = raw[:start] + data.draw(SNIPPETS) + raw[end:]
    if readable.is_plain(raw):
        assert slow(raw)
    if not slow(raw):
        assert not readable.is_plain(raw)


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_any_byte_of_a_record_changed_is_judged_as_the_slow_look_does(data: st.DataObject) -> None:
    raw = statement.write(data.draw(st.sampled_from([refused("a"), intent(), outcome()])), Place(ORIGIN, 7, None, START))
    place = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:place] + bytes([data.draw(st.integers(0, 255))]) + raw[place + 1 :]
    assert not readable.is_plain(changed) or slow(changed)


def test_records_pass_the_quick_look() -> None:
    for draft in (refused("a"), intent(), outcome()):
        assert readable.is_plain(statement.write(draft, Place(ORIGIN, 7, None, START)))


@pytest.mark.parametrize("value", [{"b": {"a": [1, "x", [], {}]}}, [], [7, "x"], None, {"a": 'line\nline\t"quoted" \\'}])
def test_plain_values_pass_the_quick_look(value: object) -> None:
    assert readable.is_plain(readable.dump(value))


@pytest.mark.parametrize(
    "raw",
    [
        b'{\n  "a": 012\n}\n',
        b'{\n  "a": -0\n}\n',
        b'{\n  "a": "x""y"\n}\n',
        b'{\n  "a": \n}\n',
        b'{\n  "a": 0true\n}\n',
        b'{\n  "b": 1,\n  "a": 1\n}\n',
        b'{\n  "a": 1,\n  "a": 1\n}\n',
        b'{\n   "a": 1\n}\n',
        b'{\n  "a":1\n}\n',
        b'{\n  "a": "\\x"\n}\n',
        b'{\n  "a": "\\/"\n}\n',
        b'{\n  "a": "\n"\n}\n',
        b'{\n  "a": 9007199254740993\n}\n',
        b'{\n  "a": 1\n}',
        b'{\n  "a": 1\n}\n\n',
        b'{\n  "a": 1\r\n}\n',
        b'[\n  "a", "b"\n]\n',
        b'[\n  "a"\n  "b"\n]\n',
        b'[\n   "a"\n]\n',
        b'["a"\n]\n',
        b'1"x"\n',
        b'[\n  1"x"\n]\n',
        b'[\n  -"x"\n]\n',
        b'{\n  "a": 1"x"\n}\n',
        b'{\n  "a"\n: 0\n}\n',
        b'{\n  "a": 0, "b": 0\n}\n',
        b'{\n  "a": "x", "b": "y"\n}\n',
        b'{\n  "a": "b": 0\n}\n',
    ],
)
def test_what_is_not_canonical_never_passes_the_quick_look(raw: bytes) -> None:
    assert not readable.is_plain(raw)
