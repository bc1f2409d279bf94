"""What the types of bodies are made of. Strict where we write: nothing unknown, nothing of another type; readers stay lenient."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

Question = Literal[
    "who connects", "what they can reach", "how traffic gets there", "what data crosses", "what they did", "who said yes"
]
"""What is asked of every access. Each is answered by a field of some kind; a test says so."""


class Part(BaseModel):
    """A body, or an object in one, as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


def told(text: str, answers: Question | None = None) -> FieldInfo:
    """Say what a field tells, and which of the six questions it answers; both go into the schema and the table of fields."""
    field: FieldInfo = Field(description=text, json_schema_extra=None if answers is None else {"x-answers": answers})
    return field


@dataclass(frozen=True, slots=True)
class Repeats:
    """Marks what a record repeats from an earlier one, word for word, so that whoever searches finds both.

    It may stem from another version, so its writer is not asked for its form again. The schema shows the form that it has here.
    """

    form: type[Part]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check what the annotation says: an object."""
        return handler(source)

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Show the form."""
        self.form.model_rebuild()
        return handler(self.form.__pydantic_core_schema__)


Moment = Annotated[
    str,
    Field(
        pattern=r"^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$",
        json_schema_extra={"format": "date-time"},
    ),
]
"""A time with its zone, ISO 8601."""

Hash = Annotated[str, Field(pattern="^sha256:[0-9a-f]{64}$")]
Commit = Annotated[str, Field(pattern="^[0-9a-f]{40}$")]
"""A git object's name: a commit, a tree or a blob."""

Count = Annotated[int, Field(ge=0)]
Plain = dict[str, object]


class LeftOut(Part):
    """A part for which the record had no room."""

    bytes: Annotated[Count, told("Its size.")]
    count: Annotated[Count | None, told("How many items it has; left out where it is no list.")] = None
    digest: Annotated[Hash, told("Of the part in canonical JSON.")]
    part: Annotated[str, told("Which part.")]
