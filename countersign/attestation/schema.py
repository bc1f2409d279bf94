"""The record's JSON Schema, generated from the types that read records: for independent readers. Never written by hand (ADR 4)."""

import json

from countersign.attestation.record import PREDICATE_TYPE
from countersign.attestation.statement import Statement

RECORD_SCHEMA = "audit-record.v1.schema.json"
_ID = f"https://countersign.dev/schemas/{RECORD_SCHEMA}"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BODY = (
    "What was decided or done; which fields it has depends on the kind. FORMAT.md on the branch and the auditor's guide name them."
)


def record_schema() -> str:
    """Give the schema as text, the same for the same types. Unknown fields are allowed: readers ignore them."""
    schema = Statement.model_json_schema(by_alias=True, mode="validation")
    schema["$defs"]["Predicate"]["properties"]["body"]["description"] = _BODY
    schema |= {
        "$schema": _DIALECT,
        "$id": _ID,
        "title": "Countersign audit record",
        "description": f"An in-toto Statement v1 with predicate {PREDICATE_TYPE}: one record of the branch countersign/audit.",
    }
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
