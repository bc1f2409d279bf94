"""The quick look at a record passes nothing that the slow one refuses, and reads of it what the slow one reads."""

import json
import re
import string
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.attestation import naming, questions, readable, statement
from countersign.attestation.chain import Chain
from countersign.attestation.commit import Commit
from countersign.attestation.glance import DoubtError, Glance, Told
from countersign.attestation.index import Keys
from countersign.attestation.place import Place, record_id
from countersign.attestation.record import MAX_RECORD, Draft, RecordKind
from countersign.domain.ids import Digest, MalformedError, Sha
from tests.support.audit import CHANGE, ORIGIN, PRINCIPAL, START, intent, outcome, refused, signer, trust_root
from tests.support.bodies import body

Document = dict[str, Any]
PREV = Digest("sha256:" + "0" * 64)
BINDING, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def superseded() -> Draft:
    told = body(RecordKind.SUPERSEDED, by=f"assessed/{OTHER}", actor={"by": f"assessed/{BINDING}"})
    return Draft(RecordKind.SUPERSEDED, f"superseded/{BINDING}", "Superseded", CHANGE, None, START, told)


def announced() -> Draft:
    return replace(intent(), body=body(RecordKind.INTENT, binding=BINDING))


DRAFTS = [refused("a"), announced(), outcome(), superseded(), intent()]
RECORDS = [statement.write(draft, Place(ORIGIN, number + 1, PREV, START)) for number, draft in enumerate(DRAFTS)]
GLANCE = Glance(trust_root())


def quick(raw: bytes) -> Told | None:
    try:
        return GLANCE.record(raw)
    except DoubtError:
        return None


def agrees(raw: bytes) -> bool:
    """Say whether the quick look passed it; where it did, the slow one must, and must read the same."""
    told = quick(raw)
    if told is None:
        return False
    part = statement.read(raw).predicate
    assert (told.seq, told.key, told.kind, told.prev, told.log) == (part.seq, part.key, part.kind.value, part.prev, part.log)
    assert (told.id, told.run, told.summary, told.recorded) == (part.id, part.run_id, part.summary, part.recorded_time)
    assert told.binding == questions.named(part.kind, part.body)
    assert told.named == naming.named(part.body)
    return True


@pytest.mark.parametrize("raw", RECORDS)
def test_what_we_write_is_passed(raw: bytes) -> None:
    assert agrees(raw)


def test_the_question_that_is_named_is_read_from_the_body_alone() -> None:
    named = [told.binding for told in map(quick, RECORDS) if told is not None]
    assert named == [None, BINDING, None, OTHER, BINDING]


def spread(document: Document) -> None:
    """Let the predicate hold its body alone, and another object beside it the rest."""
    whole = document["predicate"]
    document["predicate"] = {"body": whole.pop("body")}
    document["predicateA"] = whole


def enlarge(document: Document) -> None:
    document["predicate"]["body"]["text"] = "x" * MAX_RECORD


def bury(document: Document) -> None:
    """Let the body hold no binding, and an object after it one that looks the same."""
    document["predicate"]["body"].pop("binding", None)
    document["predicate"]["bz"] = {"binding": OTHER, "by": f"assessed/{BINDING}"}


def empty(document: Document) -> None:
    """Leave nothing in the body, and put beside it what stands in one."""
    document["predicate"]["bz"] = document["predicate"]["body"] | {"environment": "production"}
    document["predicate"]["body"] = {}


@pytest.mark.parametrize("spoil", [spread, enlarge, bury, empty])
@pytest.mark.parametrize("raw", RECORDS)
def test_what_only_looks_like_one_is_left_to_the_slow_look(raw: bytes, spoil: Callable[[Document], None]) -> None:
    document = json.loads(raw)
    spoil(document)
    spoiled = readable.dump(document)
    if spoil not in {bury, empty}:
        with pytest.raises(MalformedError):
            statement.read(spoiled)
        assert quick(spoiled) is None
    else:
        agrees(spoiled)


COMMIT = Commit(Sha("1" * 40), None, PRINCIPAL, START.replace(microsecond=0), "Subject\n\nTrailer: x\n", None)
SIGNED = replace(COMMIT, signature=signer().sign(COMMIT.payload)).raw
END = b"=\n -----END"


def test_a_commits_signature_is_over_it_and_written_in_one_way() -> None:
    assert GLANCE.commit(SIGNED).message == COMMIT.message.encode()
    last = SIGNED.index(END) - 1  # the last digit of the signature: some of its bits are in no byte
    digits = [SIGNED[:last] + digit.encode() + SIGNED[last + 1 :] for digit in string.ascii_letters + string.digits + "+/"]
    digits.remove(SIGNED)
    padded = [SIGNED.replace(END, END.replace(b"=", padding)) for padding in (b"", b"==")]
    for raw in [*digits, *padded, SIGNED.replace(b"Subject", b"Another")]:
        with pytest.raises(MalformedError):
            Chain(trust=trust_root(), records=Keys()).vouch(raw)
        with pytest.raises(DoubtError):
            GLANCE.commit(raw)


def named_as_another(raw: bytes) -> bytes:
    return re.sub(rb'"id": "(.{25}).', rb'"id": "\g<1>' + (b"0" if b'0",\n    "key"' not in raw else b"1"), raw, count=1)


def out_of_order(raw: bytes) -> bytes:
    return raw.replace(b'"body": {', b'"body": {\n      "~": 1,', 1)


def with_two_blanks(raw: bytes) -> bytes:
    return raw.replace(b'"summary": "', b'"summary": "Two  blanks ')


def with_a_user(raw: bytes) -> bytes:
    """Let the log's name hold who logs in there, in a record whose id follows from that."""
    place = statement.read(raw).predicate.place
    document = json.loads(raw)
    document["predicate"]["log"] = ORIGIN.replace("://", "://wanda@")
    document["predicate"]["id"] = record_id(replace(place, origin=document["predicate"]["log"]), document["predicate"]["key"])
    return readable.dump(document)


@pytest.mark.parametrize("spoil", [named_as_another, out_of_order, with_two_blanks, with_a_user])
@pytest.mark.parametrize("raw", RECORDS)
def test_a_record_that_is_wrong_in_one_thing_is_left_to_the_slow_look(raw: bytes, spoil: Callable[[bytes], bytes]) -> None:
    spoiled = spoil(raw)
    assert spoiled != raw
    with pytest.raises(MalformedError):
        statement.read(spoiled)
    assert quick(spoiled) is None


WORDS = st.sampled_from(["actor", "agent", "approvers", "decision", "environment", "id", "username", "zz", 'a"b', "é"])
TEXTS = st.one_of(
    WORDS, st.sampled_from(["wanda", "", "a b", 'x"y', "\\", "none", "n" * 101, '\n      "environment": "x"', "\t", "[bot]"])
)
NESTED = st.recursive(
    st.one_of(TEXTS, st.none(), st.booleans(), st.integers(0, 9)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=5)),
    max_leaves=12,
)
PEOPLE = st.lists(st.one_of(st.fixed_dictionaries({"username": TEXTS}), NESTED), max_size=30)
ACTORS = st.fixed_dictionaries({}, optional={"agent": st.one_of(st.fixed_dictionaries({"id": TEXTS}), NESTED), "approvers": PEOPLE})
BODIES = st.fixed_dictionaries(
    {}, optional={"actor": st.one_of(ACTORS, NESTED), "decision": NESTED, "environment": TEXTS, "outcome": NESTED}
)


@given(st.sampled_from(RECORDS), BODIES)
@settings(max_examples=300)
def test_bytes_and_body_name_the_same_people_and_places(raw: bytes, told: Document) -> None:
    document = json.loads(raw)
    document["predicate"]["body"] = told
    agrees(readable.dump(document))


def test_names_that_no_trailer_could_hold_are_not_written_into_one() -> None:
    people = [{"username": name} for name in ["wanda", "lea", "wanda", "a b", "x\nCountersign-Root: y", *map(str, range(30))]]
    told = naming.named({"actor": {"agent": {"id": "dependabot[bot]"}, "approvers": people}, "decision": {"environment": 7}})
    assert (told.agent, told.environment) == ("dependabot[bot]", "none")
    assert told.approvers == ("wanda", "lea", "?", *map(str, range(17)))
    assert naming.named({}).trailers == "Countersign-Agent: none\nCountersign-Environment: none\nCountersign-Approver: none\n"


PLACES = ("", "predicate", "predicate/body", "predicate/change", "subject/0", "subject/0/digest")
NAMES = st.sampled_from(
    [
        "_type",
        "a",
        "body",
        "change",
        "id",
        "key",
        "kind",
        "log",
        "predicate",
        "predicateType",
        "prev",
        "seq",
        "subject",
        "v",
        "zz",
        "iid",
    ]
)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-1, 9), st.sampled_from(["", "x", "é", "a\nb", BINDING, "2026-03-01"]))


@given(
    st.sampled_from(RECORDS),
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(["set", "drop", "move", "copy"]), NAMES, NAMES, VALUES), max_size=4
    ),
)
def test_no_rebuilt_record_is_passed_that_the_slow_look_refuses(raw: bytes, edits: list[tuple[str, str, str, str, object]]) -> None:
    document = json.loads(raw)
    for place, what, name, other, value in edits:
        at: Any = document
        for step in filter(None, place.split("/")):
            at = at[int(step)] if isinstance(at, list) else at.get(step, {}) if isinstance(at, dict) else {}
        if not isinstance(at, dict):
            continue
        if what == "set":
            at[name] = value
        elif what == "drop":
            at.pop(name, None)
        elif name in at:
            document[other] = deepcopy(at[name]) if what == "copy" else at.pop(name)
    agrees(readable.dump(document))
