"""The page that names every field of every body, for auditors: written from the schema, never by hand (ADR 4)."""

from collections.abc import Mapping
from typing import get_args

from countersign.attestation.bodies.kinds import BODIES, BY_FIELD
from countersign.attestation.bodies.part import Commit, Hash, Moment, Question
from countersign.attestation.schema import Schema, forms, parts

FIELD_PAGE = "record.md"
_HEAD = """\
# What a record says

Written by `make schema` from the types of records; do not edit it. `countersign audit schema` prints the same as a JSON Schema.
Writers are held to it, but for outcomes, which nothing may keep from the record: tests hold those to it. A field is always there,
null where there is nothing to tell, unless it says that it may be left out. A later version may say more: ignore what you do not
know. The fields around the body are in `FORMAT.md`, on the branch.

## Six questions
"""
_PATTERNS = {
    str(get_args(form)[1].metadata[0].pattern): word for form, word in ((Hash, "digest"), (Commit, "git object"), (Moment, "time"))
}


def field_page() -> str:
    """Give the page as text, the same for the same types."""
    found = parts()
    bodies = {form.__name__ for form in forms()}
    lines = [_HEAD, "| question | answered by |", "|---|---|"]
    for question in get_args(Question):
        answers = [
            f"`{name}.{field}`"
            for name, part in found.items()
            for field, told in _fields(part)
            if told.get("x-answers") == question and "[" not in _form(told)  # a part's own fields answer for it
        ]
        lines.append(f"| {question} | {', '.join(answers)} |")
    lines += ["", "## Bodies, by kind"]
    for kind, form in BODIES.items():
        for other in (form, *BY_FIELD.get(kind, {}).values()):
            lines += _section(other.__name__, found[other.__name__], f"`{kind.value}`: ")
    lines += ["", "## Parts"]
    for name, part in found.items():
        if name not in bodies:
            lines += _section(name, part, "")
    return "\n".join(lines) + "\n"


def _fields(part: Schema) -> list[tuple[str, Schema]]:
    fields = part.get("properties")
    return sorted(fields.items()) if isinstance(fields, dict) else []


def _section(name: str, part: Schema, before: str) -> list[str]:
    said = str(part.get("description", "")).partition("\n")[0]
    lines = ["", f"### {name}", "", before + said, ""]
    if not _fields(part):
        return [*lines[:-1], "", f"One of {_form(part)}."]
    rows = [f"| `{field}` | {_form(told)} | {told['description']} |" for field, told in _fields(part)]
    return [*lines, "| field | form | tells |", "|---|---|---|", *rows]


def _form(told: Mapping[str, object]) -> str:
    """Write a form in a few words."""
    match told:
        case {"$ref": str(ref)}:
            name = ref.rpartition("/")[2]
            said = f"[{name}](#{name.lower()})"
        case {"anyOf": list(forms)} | {"oneOf": list(forms)}:
            said = " or ".join(_form(form) for form in forms)
        case {"enum": list(words)}:
            said = ", ".join(f"`{word}`" for word in words)
        case {"const": word}:
            said = f"`{word}`"
        case {"type": "array", "items": Mapping() as item}:
            said = f"list of {_form(item)}"
        case {"type": "object", "additionalProperties": Mapping() as item}:
            said = f"{_form(item)} by name"
        case {"type": "string", "pattern": str(pattern)}:
            said = _PATTERNS[pattern]
        case _:
            word = str(told["type"])
            said = {"string": "text", "integer": "number", "boolean": "true or false"}.get(word, word)
    return said
