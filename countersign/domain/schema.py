"""The policy's JSON Schema, generated from its types: for editors and for independent readers. Never written by hand (ADR 4)."""

import json

from countersign.domain.policy import Document

POLICY_SCHEMA = "policy.v1.schema.json"
_ID = "https://countersign.dev/schemas/policy.v1.schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def policy_schema() -> str:
    """Give the schema as text, the same for the same types."""
    schema = Document.model_json_schema(by_alias=True, mode="validation")
    schema |= {
        "$schema": _DIALECT,
        "$id": _ID,
        "title": "Countersign policy",
        "description": "What agents may change, who has to say yes, and what a runner may do. Lives at .countersign/policy.yaml.",
    }
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
