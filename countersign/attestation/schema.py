"""The record's JSON Schema, generated from the types that records are read and written by: for independent readers (ADR 4)."""

import json
from collections.abc import Iterator

from pydantic.json_schema import models_json_schema

from countersign.attestation.bodies.kinds import BODIES, BY_FIELD
from countersign.attestation.bodies.part import Part
from countersign.attestation.record import PREDICATE_TYPE, RecordKind
from countersign.attestation.statement import Statement

RECORD_SCHEMA = "audit-record.v1.schema.json"
_ID = f"https://countersign.dev/schemas/{RECORD_SCHEMA}"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BODY = "What was decided or done; which fields it has depends on the kind, as `allOf` below says."
_REF = "#/$defs/{model}"
Schema = dict[str, object]


def record_schema() -> str:
    """Give the schema as text, the same for the same types. Unknown fields are allowed: readers ignore them."""
    schema = Statement.model_json_schema(by_alias=True, mode="validation")
    predicate = schema["$defs"]["Predicate"]
    predicate["properties"]["body"]["description"] = _BODY
    predicate["allOf"] = [
        {"if": {"properties": {"kind": {"const": kind.value}}}, "then": {"properties": {"body": _body(kind)}}} for kind in BODIES
    ]
    schema["$defs"] |= parts()
    schema |= {
        "$schema": _DIALECT,
        "$id": _ID,
        "title": "Countersign audit record",
        "description": f"An in-toto Statement v1 with predicate {PREDICATE_TYPE}: one record of the branch countersign/audit.",
    }
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def parts() -> dict[str, Schema]:
    """Give the schema of every body and of every object in one, by name."""
    _, whole = models_json_schema([(form, "validation") for form in forms()], ref_template=_REF)
    found: dict[str, Schema] = whole["$defs"]
    return {name: {key: value for key, value in part.items() if key != "additionalProperties"} for name, part in found.items()}


def forms() -> Iterator[type[Part]]:
    """Give every type that a body has."""
    for kind, form in BODIES.items():
        yield form
        yield from BY_FIELD.get(kind, {}).values()


def _body(kind: RecordKind) -> Schema:
    found: Schema = {"$ref": _REF.format(model=BODIES[kind].__name__)}
    for field, form in reversed(list(BY_FIELD.get(kind, {}).items())):
        found = {"if": {"required": [field]}, "then": {"$ref": _REF.format(model=form.__name__)}, "else": found}
    return found
