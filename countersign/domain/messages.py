"""What travels over the queue: references, never conclusions.

There is no field that says "approved", so there is none to forge. Unknown fields are refused.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from countersign.domain.ids import ChangeRef, MalformedError


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
            fields = sorted({".".join(str(part) for part in item["loc"]) or "message" for item in error.errors()})
            message = "run request refused: " + ", ".join(
                f"field {field[:64]!r} is not allowed or not of its form" for field in fields
            )
            raise MalformedError(message) from None
