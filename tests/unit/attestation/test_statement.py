"""Records as bytes: one way to write each, and nothing read that was not written so."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.attestation import readable, statement
from countersign.attestation.place import Place, record_id
from countersign.attestation.record import MAX_RECORD, Draft, RecordKind
from countersign.domain.ids import Digest, MalformedError
from countersign.domain.neutral import hidden
from countersign.domain.outcomes import LedgerFault
from tests.support.audit import CHANGE, ORIGIN, RUN, START, intent, refused
from tests.support.bodies import HASH, body, refused_by_policy

PREV = Digest("sha256:" + "a" * 64)
PLACE = Place(ORIGIN, 7, PREV, START)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_data_comes_back_as_it_was(value: object) -> None:
    try:
        written = readable.dump(value)
    except MalformedError:
        json.dumps(value).encode("ascii")
        assert "\\ud" in json.dumps(value), "only half a surrogate pair is refused"
        return
    assert readable.load(written) == value
    assert json.loads(written) == value
    assert not any(hidden(character) for character in written.decode())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"{ }\n",
        b'{"a":1}\n',
        b'{\n  "a": 1,\n  "a": 1\n}\n',
        b'{\n  "b": 1,\n  "a": 1\n}\n',
        b'{\n  "a": 1.0\n}\n',
        b'{\n  "a": 1e2\n}\n',
        b'{\n  "a": NaN\n}\n',
        b'{\n  "a": "\\u0041"\n}\n',
        b'{\n  "a": "\\ud800"\n}\n',
        b'{\n  "a": 9007199254740992\n}\n',
        b'{\n  "a": ' + b"9" * 5000 + b"\n}\n",
        b"\xef\xbb\xbf{}\n",
        b'"\xff"\n',
        '"\u202e"\n'.encode(),
        b"[" * 40_000 + b"]" * 20_000,
        b"{}\r\n",
    ],
)
def test_the_same_written_otherwise_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        readable.load(raw)


def test_a_record_is_an_in_toto_statement_that_people_can_read() -> None:
    raw = statement.write(intent(), PLACE)
    document = json.loads(raw)
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["predicateType"] == "https://countersign.dev/audit/v1"
    assert document["subject"], "a statement is about something"
    assert document["predicate"] == {
        "body": body(RecordKind.INTENT),
        "change": {"iid": 7, "repository": "acme/shop"},
        "id": "01KJMMA2QT27EZWT3QVMZE9FHV",
        "key": f"intent/{RUN}",
        "kind": "intent",
        "log": ORIGIN,
        "prev": PREV,
        "recorded_time": "2026-03-01T12:00:00.250000Z",
        "run_id": RUN,
        "seq": 7,
        "summary": "Will run migrate, acme/shop!7",
        "time": "2026-03-01T12:00:00.250000Z",
        "v": 1,
    }
    assert raw.endswith(b"\n}\n")
    assert b'\n    "kind": "intent",\n' in raw


def test_times_are_written_in_utc_to_the_microsecond() -> None:
    local = datetime(2026, 3, 1, 13, 0, 0, 1, tzinfo=timezone(timedelta(hours=1)))
    part = statement.read(statement.write(refused("a", time=local), PLACE)).predicate
    assert part.time == local
    assert part.time.tzinfo is UTC


def test_an_id_is_a_ulid_of_the_time_and_of_everything_that_gives_the_record_its_place() -> None:
    first = record_id(PLACE, "refused/a")
    assert len(first) == 26
    assert set(first) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    milliseconds = 0
    for character in first[:10]:
        milliseconds = milliseconds * 32 + alphabet.index(character)
    assert milliseconds == int(START.timestamp() * 1000)
    others = [
        record_id(Place("other", 7, PREV, START), "refused/a"),
        record_id(Place(ORIGIN, 8, PREV, START), "refused/a"),
        record_id(Place(ORIGIN, 7, None, START), "refused/a"),
        record_id(PLACE, "refused/b"),
    ]
    assert len({first, *others}) == 5
    assert all(other[:10] == first[:10] for other in others)
    assert record_id(Place(ORIGIN, 7, PREV, START + timedelta(seconds=1)), "refused/a") > first


def test_ids_know_their_first_and_last_moment() -> None:
    assert record_id(Place(ORIGIN, 0, None, datetime(1970, 1, 1, tzinfo=UTC)), "a/b").startswith("0000000000")
    assert record_id(Place(ORIGIN, 0, None, datetime(9999, 12, 31, tzinfo=UTC)), "a/b") < "8"


def test_what_is_unknown_is_ignored_and_what_is_known_is_checked() -> None:
    document = json.loads(statement.write(refused("a"), PLACE))
    document["predicate"] |= {"v": 2, "replay": {"engine": "x"}}
    document["predicate"]["change"]["host"] = "forge"
    document["later"] = True
    assert statement.read(readable.dump(document)).predicate.v == 2
    broken_fields: tuple[tuple[str, object], ...] = (
        ("v", 0),
        ("v", True),
        ("seq", -1),
        ("seq", "7"),
        ("seq", 8),
        ("log", "with blank"),
        ("log", "https://me:pw@forge/x"),
        ("prev", "sha256:A"),
        ("time", "2026-03-01T12:00:00Z"),
        ("time", "2026-02-30T12:00:00.000000Z"),
        ("recorded_time", "2026-03-01T12:00:00.251000Z"),
        ("kind", "approved"),
        ("kind", []),
        ("key", "Refused/a"),
        ("key", "refused/a\n"),
        ("run_id", "run-1"),
        ("change", {"repository": "acme", "iid": 7}),
        ("change", {"repository": "acme/shop", "iid": True}),
        ("change", []),
        ("summary", "two\nlines"),
        ("summary", ""),
        ("body", []),
        ("id", "01"),
    )
    for field, wrong in broken_fields:
        broken = json.loads(json.dumps(document))
        broken["predicate"][field] = wrong
        with pytest.raises(MalformedError):
            statement.read(readable.dump(broken))
        del broken["predicate"][field]
        with pytest.raises(MalformedError):
            statement.read(readable.dump(broken))


@pytest.mark.parametrize("field", ["_type", "predicateType", "subject", "predicate"])
def test_a_statement_of_another_type_is_refused(field: str) -> None:
    document = json.loads(statement.write(refused("a"), PLACE))
    wrongs: tuple[object, ...] = ("https://in-toto.io/Statement/v0.1", [], {}, None)
    for wrong in wrongs:
        with pytest.raises(MalformedError):
            statement.read(readable.dump(document | {field: wrong}))


@given(st.dictionaries(st.text(max_size=8), PLAIN, max_size=3), st.text(min_size=1, max_size=300))
@settings(max_examples=60)
def test_whatever_is_written_can_be_read(document: dict[str, object], summary: str) -> None:
    whole = refused_by_policy(inputs={"digest": HASH, "document": document})
    try:
        raw = statement.write(Draft(RecordKind.REFUSED, "refused/a", summary, CHANGE, None, START, whole), PLACE)
    except LedgerFault:
        return
    part = statement.read(raw).predicate
    assert part.body == whole
    assert "\n" not in part.summary


@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        statement.read(raw)


def test_a_record_has_a_size() -> None:
    def draft(size: int) -> Draft:
        return Draft(RecordKind.REFUSED, "refused/a", "No", CHANGE, None, START, body(RecordKind.REFUSED, why="x" * size))

    room = MAX_RECORD - len(statement.write(draft(0), PLACE))
    assert len(statement.write(draft(room), PLACE)) == MAX_RECORD
    with pytest.raises(LedgerFault, match="65537 bytes are more than a record may have; name large evidence by digest"):
        statement.write(draft(room + 1), PLACE)


def test_depth_is_bounded() -> None:
    nested: object = "x"
    for _ in range(40):
        nested = [nested]
    with pytest.raises(LedgerFault, match="nested deeper than 32"):
        statement.write(
            Draft(RecordKind.REFUSED, "refused/a", "No", CHANGE, None, START, body(RecordKind.REFUSED, why=nested)), PLACE
        )
