"""Holds requests against GitLab's own OpenAPI description: what we send must mean something to a real GitLab.

The description lies beside the repository, not in it; where it is absent, tests that need it say so and are skipped.
"""

import gzip
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from tests.support.scripted_http import Asked

PLACE = Path(__file__).parents[3] / "shared" / "contracts" / "gitlab-openapi-v3.yaml.gz"
_PREFIX = "/api/v4"


class Description:
    """Paths, parameters and bodies as GitLab describes them."""

    def __init__(self, document: Mapping[str, object]) -> None:
        """Take the parsed document."""
        paths, components = document["paths"], document["components"]
        assert isinstance(paths, dict)
        self._components = components
        self._paths = [(_pattern(path), operations) for path, operations in sorted(paths.items(), key=_fixed_first)]

    def problems(self, asked: Iterable[Asked]) -> list[str]:
        """List what GitLab would not understand, one sentence each."""
        return [f"{one.verb} {one.path}: {problem}" for one in asked for problem in self._of(one)]

    def _of(self, asked: Asked) -> list[str]:
        for pattern, operations in self._paths:
            if pattern.fullmatch(_PREFIX + asked.path) and asked.verb.lower() in operations:
                operation = operations[asked.verb.lower()]
                return [*self._query(asked, operation), *self._body(asked, operation)]
        return ["no such operation"]

    def _query(self, asked: Asked, operation: Mapping[str, object]) -> list[str]:
        listed = operation.get("parameters", [])
        assert isinstance(listed, list)
        known = {parameter["name"]: parameter for parameter in listed if parameter["in"] == "query"}
        found = [f"unknown parameter {name!r}" for name in asked.query.keys() - known.keys()]
        missing = {name for name, parameter in known.items() if parameter.get("required")} - asked.query.keys()
        found += [f"parameter {name!r} is missing" for name in missing]
        for name in asked.query.keys() & known.keys():
            schema = known[name]["schema"]
            if not self._validator(schema).is_valid(_typed(asked.query[name], schema)):
                found.append(f"parameter {name!r} is not of its form")
        return found

    def _body(self, asked: Asked, operation: Mapping[str, object]) -> list[str]:
        described = operation.get("requestBody")
        if not isinstance(described, dict):
            return ["a body where none is described"] if asked.body else []
        schema = described["content"]["application/json"]["schema"]
        if not asked.body:
            return ["a body is missing"] if described.get("required") else []
        body = json.loads(asked.body)
        properties = self._resolved(schema).get("properties", {})
        assert isinstance(properties, dict)
        unknown = [f"unknown field {name!r}" for name in body.keys() - properties.keys()]
        return unknown + [error.message for error in self._validator(schema).iter_errors(body)]

    def _resolved(self, schema: Mapping[str, object]) -> Mapping[str, object]:
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        components = self._components
        assert isinstance(components, dict)
        found: Mapping[str, object] = components["schemas"][name] if name else schema
        return found

    def _validator(self, schema: Mapping[str, object]) -> jsonschema_rs.Draft7Validator:
        return jsonschema_rs.Draft7Validator(json.dumps(_null(self._resolved(schema))))


@cache
def description() -> Description:
    """Load the description, once (4 s); skips the test where it is not there."""
    if not PLACE.is_file():
        pytest.skip("GitLab's OpenAPI description is not beside this repository (../shared/contracts)")
    with gzip.open(PLACE) as file:
        return Description(yaml.load(file, Loader=yaml.CSafeLoader))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", path)))


def _fixed_first(item: tuple[str, object]) -> tuple[int, str]:
    return (item[0].count("{"), item[0])


def _typed(text: str, schema: Mapping[str, object]) -> object:
    """Read a parameter's text as its type says, as servers do."""
    if schema.get("type") == "integer" and text.isdecimal():
        return int(text)
    if schema.get("type") == "boolean" and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return text


def _null(schema: object) -> object:
    """Write OpenAPI's `nullable` as a type, which JSON Schema knows."""
    if isinstance(schema, list):
        return [_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: _null(value) for key, value in schema.items() if key != "nullable"}
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        changed["type"] = [schema["type"], "null"]
    return changed
