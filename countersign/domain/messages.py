"""What travels over the queue: references, never conclusions.

There is no field that says "approved", so there is none to forge. Unknown fields are refused. What such a request travels in is
`envelope.py`.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from countersign.domain.ids import ChangeRef, MalformedError

RUN_TASK = "runners.run"
"""The one thing that a runner may be asked to do: look at a change."""

RUN_QUEUES = "runs."
"""And the name of an environment: its runners read that queue."""

NO_ENVIRONMENT = "none"
"""In its place, for changes that name no environment. Every runner reads that queue."""

_NAMED = 5
"""Fields that a complaint names; whoever sends a thousand wrong ones does not get a thousand lines."""


def _project(text: str) -> str:
    return ChangeRef(text, 1).project


class RunRequest(BaseModel):
    """Please look at this change. Whoever receives it finds out for himself what, if anything, is to be done."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    v: Literal[1] = 1
    project: Annotated[str, AfterValidator(_project)]
    iid: Annotated[int, Field(ge=1, lt=2**31)]

    @property
    def change(self) -> ChangeRef:
        """Give the change that is meant."""
        return ChangeRef(self.project, self.iid)

    @classmethod
    def read(cls, value: object) -> "RunRequest":
        """Read a message as it came from the queue.

        Raises:
            MalformedError: a field is missing, unknown or not of its form. The text names fields, never values.
        """
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise MalformedError(complaint("run request", error)) from None


def complaint(what: str, error: ValidationError) -> str:
    """Say which fields of a message are wrong: the first few, cut short, never a value."""
    fields = sorted({".".join(str(part) for part in item["loc"])[:64] or "message" for item in error.errors()})
    named = ", ".join(f"field {field!r} is not allowed or not of its form" for field in fields[:_NAMED])
    return f"{what} refused: {named}" + (f", and {len(fields) - _NAMED} more" if len(fields) > _NAMED else "")
