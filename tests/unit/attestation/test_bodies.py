"""Each kind of record has a form: what runners write has it, anything else is not written, and readers can check it."""

import json
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.attestation import statement
from countersign.attestation.bodies.kinds import BODIES, BY_FIELD, check
from countersign.attestation.bodies.part import Question, Repeats
from countersign.attestation.fields import FIELD_PAGE, field_page
from countersign.attestation.place import Place
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.attestation.rotation import rotation
from countersign.attestation.schema import forms, parts, record_schema
from countersign.attestation.statement import Statement
from countersign.domain.ids import MalformedError, RunId
from countersign.domain.outcomes import LedgerFault
from runners import unjudged
from runners.upkeep import heartbeat
from tests.support import bodies
from tests.support.audit import CHANGE, ORIGIN, START, intent, refused, signer, stands
from tests.support.history import History

DOCS = Path(__file__).parents[3] / "docs"
Document = dict[str, Any]
WRITTEN: list[tuple[RecordKind, Document]] = [
    *((kind, bodies.body(kind)) for kind in BODIES if kind is not RecordKind.KEY_ROTATION),
    (RecordKind.KEY_ROTATION, dict(rotation(signer().public, signer(2).public, now=START).body)),
    (RecordKind.REFUSED, bodies.refused_by_policy()),
    (RecordKind.ANNOTATION, bodies.found_since()),
    *(
        (draft.kind, dict(draft.body))
        for draft in (
            unjudged.turned_away(bodies.HASH, 7, why="not JSON", now=START),
            unjudged.more_turned_away(3, bodies.HASH, why="a flood", now=START),
            heartbeat(open_runs=1, now=START),
        )
    ),
]


def recorded() -> Iterator[tuple[RecordKind, Document]]:
    """Give what runners write about a shop: the first few of each kind."""
    intents: dict[RunId, Entry] = {}
    seen = Counter[RecordKind]()
    for _, make in History(120).events():
        draft = make(intents)
        if draft.run is not None and draft.kind is RecordKind.INTENT:
            intents[draft.run] = stands(draft)
        seen[draft.kind] += 1
        if seen[draft.kind] <= 5:
            yield draft.kind, json.loads(json.dumps(draft.body))


WRITTEN += recorded()
REPEATED = {"actor", "change", "policy", "promotion"}
"""What some records repeat from others: its form was checked when those were written."""


OPTIONAL = {
    ("why", True, False),
    ("evidence", False, True),
    ("connections_left_out", False, False),
    ("answers_left_out", False, False),
}
"""Fields that are not always there, told apart by what stands beside them: the document of inputs, the binding of a decision."""


@cache
def reader() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads(record_schema()))


def fits(kind: RecordKind, body: Document) -> bool:
    """Ask an independent reader."""
    document = json.loads(statement.write(refused("a"), Place(ORIGIN, 7, None, START)))
    document["predicate"] |= {"kind": kind.value, "body": body}
    return reader().is_valid(document)


def passes(kind: RecordKind, body: Document) -> bool:
    try:
        check(kind, body)
    except MalformedError:
        return False
    return True


def objects(kind: RecordKind, value: object, *, top: bool = True) -> Iterator[Document]:
    """Give every object whose fields have names of ours."""
    if isinstance(value, list):
        for item in value:
            yield from objects(kind, item, top=False)
    if isinstance(value, dict):
        yield value
        free = {"parameters", "combination", "counts", "counts_as", "document"} | (repeated(kind) if top else set())
        for name, inner in value.items():
            if name not in free:
                yield from objects(kind, inner, top=False)


def repeated(kind: RecordKind) -> set[str]:
    found = BODIES[kind].model_fields.items()
    return {name for name, field in found if any(isinstance(item, Repeats) for item in field.metadata)}


def test_every_kind_but_one_has_a_form_and_every_form_is_tried() -> None:
    assert set(RecordKind) - BODIES.keys() == {RecordKind.SHRED}
    assert {kind for kind, _ in WRITTEN} == set(BODIES)
    assert len(list(forms())) == len(BODIES) + sum(map(len, BY_FIELD.values()))


@pytest.mark.parametrize(("kind", "body"), WRITTEN, ids=lambda part: part.value if isinstance(part, RecordKind) else "")
def test_what_is_written_is_read(kind: RecordKind, body: Document) -> None:
    check(kind, body)
    assert fits(kind, body)


@given(st.data())
def test_no_field_can_be_renamed_dropped_or_of_another_type(data: st.DataObject) -> None:
    kind, whole = data.draw(st.sampled_from(WRITTEN))
    body = deepcopy(whole)
    place = data.draw(st.sampled_from(list(objects(kind, body))))
    name = data.draw(st.sampled_from(sorted(place)))
    optional = (name, "document" in place, "binding" in place) in OPTIONAL
    what = data.draw(st.sampled_from(["rename", "drop", "type"]))
    if what == "type":
        any_object = (place is body and name in repeated(kind)) or name == "document"  # judged where they come from
        place[name] = data.draw(st.sampled_from([0.5, ["x", 1], b"", *([] if any_object else [{"x": {}}])]))
        assert not passes(kind, body)
        assert isinstance(place[name], bytes) or not fits(kind, body)
        return
    value = place.pop(name)
    if what == "rename":
        place[f"{name}_"] = value
    assert passes(kind, body) == (optional and what == "drop")
    assert fits(kind, body) == optional, "a reader ignores what it does not know, and misses what it does"


@given(st.sampled_from(WRITTEN), st.text(min_size=1, max_size=9))
def test_what_is_unknown_is_not_written_but_read(one: tuple[RecordKind, Document], name: str) -> None:
    kind, body = one
    if name not in body:
        later = body | {f"{name}_": "x"}
        assert not passes(kind, later)
        assert fits(kind, later), "a record of a later version says more"


def test_a_writer_is_told_the_field_and_never_the_value() -> None:
    body = bodies.body(RecordKind.INTENT)
    body["leases"][0]["scope"]["ttl"] = "hunter2"  # type: ignore[index]  # it is one
    draft = intent()
    wrong = Draft(draft.kind, draft.key, draft.summary, CHANGE, draft.run, START, body)
    with pytest.raises(LedgerFault, match=r"body\.leases\.0\.scope\.ttl") as fault:
        statement.write(wrong, Place(ORIGIN, 7, None, START))
    assert "hunter2" not in str(fault.value)
    with pytest.raises(LedgerFault, match=r"no program writes records of the kind shred"):
        statement.write(Draft(RecordKind.SHRED, "shred/a", "Shred", None, None, START, {}), Place(ORIGIN, 7, None, START))


def test_what_is_repeated_from_a_record_of_another_version_does_not_stop_the_writer() -> None:
    for kind in (RecordKind.EXPIRED, RecordKind.SUPERSEDED, RecordKind.EXECUTED, RecordKind.DEMOTED):
        assert repeated(kind) <= REPEATED
        for name in repeated(kind):
            check(kind, bodies.body(kind, **{name: {"of": "another version"}}))


def test_every_field_says_what_it_tells_and_all_six_questions_are_answered() -> None:
    fields = [(name, field) for part in parts().values() for name, field in part.get("properties", {}).items()]  # type: ignore[attr-defined]
    assert [name for name, field in fields if not field.get("description", "").endswith(".")] == []
    answered = {field["x-answers"] for _, field in fields if "x-answers" in field}
    assert answered == set(get_args(Question))


def test_no_two_parts_have_one_name() -> None:
    assert not any("__" in name for name in parts()), "namesakes are told apart by their modules, which is nothing for a reader"
    assert not parts().keys() & Statement.model_json_schema()["$defs"].keys()


def test_the_page_of_fields_is_fresh() -> None:
    assert (DOCS / FIELD_PAGE).read_text() == field_page(), "run `make schema`"
