"""Files that a policy names beside itself: an organisation's floor, CODEOWNERS, session policies. Reads none; says which.

Whoever loads the policy hands their bytes in: those of the repository from the same commit as the policy, the floor by the
commit that pins it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from countersign.domain.canonical import canonical_json
from countersign.domain.ids import MalformedError
from countersign.domain.policy_forms import COMMIT, FLOOR_FILE, PROJECT
from countersign.domain.policy_values import Model

Where = tuple[str | int, ...]
_LONGEST_POLICY = 2048


class Extends(Model):
    """An organisation's floor: a policy elsewhere, by commit, under which this one can only be stricter."""

    project: Annotated[str, Field(pattern=PROJECT, max_length=255, description="Its full path.", examples=["acme/policies"])]
    commit: Annotated[str, Field(pattern=COMMIT, description="All 40 digits: a branch or a tag can be moved.")]
    file: Annotated[str, Field(pattern=FLOOR_FILE, max_length=255, description="Within that project.", examples=["floor.yaml"])]


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """One file: of the repository itself, or of another project at a commit."""

    path: str
    project: str = ""
    commit: str = ""

    def __str__(self) -> str:
        """Write it as places do."""
        return f"{self.project}@{self.commit[:12]}:{self.path}" if self.project else self.path


Found = Mapping[Source, bytes | None]
"""What was read. None: the file is not there."""


def session_policy(data: bytes) -> str:
    """Read a session policy as JSON and write it canonically.

    Raises:
        MalformedError: no JSON object with a Statement, a key twice, or too long. The text says which.
    """
    if len(data) > _LONGEST_POLICY * 8:
        raise MalformedError(f"more than {_LONGEST_POLICY} characters")
    try:
        document = json.loads(data, object_pairs_hook=_object)
        text = canonical_json(document).decode()
    except (ValueError, RecursionError, TypeError) as error:
        raise MalformedError(str(error) if isinstance(error, MalformedError) else "not JSON without fractions") from None
    if not isinstance(document, dict) or not document.get("Statement"):
        raise MalformedError("not a policy: an object with a Statement")
    if len(text) > _LONGEST_POLICY:
        raise MalformedError(f"more than {_LONGEST_POLICY} characters")
    return text


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("a key stands twice")
    return found
