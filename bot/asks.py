"""What an agent hands in: a diff against a named base, and what it says about it. A document from outside, checked on entry.

Nothing said here can lower anything. It becomes a commit with trailers and the description of a merge request, as quotation.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from countersign.domain.canonical import canonical_json
from countersign.domain.ids import ChangeRef, Digest, Sha, digest_of
from countersign.domain.neutral import code, hidden, inline, quote
from countersign.domain.tokens.finding import find
from countersign.domain.tokens.kinds import ALWAYS

PREFIX = "proposals/"
"""Where the bot pushes; it has no business with any other branch."""

_COAUTHOR = re.compile(r"\s*co-authored-by\s*:.*", re.IGNORECASE)
_DIGITS = 12
LONGEST_LINE = 200


class MisaskedError(Exception):
    """The document is not of its form. `fields` names each field that is wrong, with what would be right."""

    def __init__(self, fields: dict[str, str]) -> None:
        """Keep the fields."""
        super().__init__(", ".join(fields))
        self.fields = fields


def _line(text: str) -> str:
    if any(hidden(character) or character in "\n\t" for character in text):
        raise ValueError("must be one line without control or invisible characters")
    if text != text.strip():
        raise ValueError("must not begin or end with a blank")
    return text


def _no_secret(text: str) -> str:
    if find(text, ALWAYS):
        raise ValueError("must be a name; this looks like a secret")
    return text


def _title(text: str) -> str:
    if _COAUTHOR.fullmatch(text):
        raise ValueError("must not name authors; the commit does")
    return text


def _project(text: str) -> str:
    return ChangeRef(text, 1).project


_Line = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_LINE), AfterValidator(_line)]
_Name = Annotated[str, StringConstraints(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z"), AfterValidator(_no_secret)]
_Lines = Annotated[tuple[_Line, ...], Field(max_length=20)]


class Ask(BaseModel):
    """One proposal. `environment` and `action` are claims, compared with what the diff does; `skill` names a way of working."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: Annotated[str, AfterValidator(_project)]
    base: Annotated[Sha, StringConstraints(pattern=r"\A[0-9a-f]{40}\z")]
    diff: Annotated[str, StringConstraints(min_length=1)]
    title: Annotated[_Line, AfterValidator(_title)]
    rationale: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    sponsor: Annotated[str, StringConstraints(pattern=r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}\z")]
    environment: _Name | None = None
    action: _Name | None = None
    skill: _Name | None = None
    rollback: _Line | None = None
    tests: _Lines = ()
    not_sure: _Lines = ()
    assisted_by: _Line | None = None

    @classmethod
    def read(cls, document: dict[str, object]) -> "Ask":
        """Check a document.

        Raises:
            MisaskedError: a field is missing, unknown or not of its form.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            wrong = error.errors(include_input=False, include_url=False, include_context=False)
            named = {".".join(str(part)[:64] for part in item["loc"]): item["msg"].removeprefix("Value error, ") for item in wrong}
            raise MisaskedError(dict(sorted(named.items())[:20])) from None

    def digest(self, agent: str) -> Digest:
        """Name the content: the same from the same agent is the same proposal."""
        return digest_of(canonical_json({"agent": agent, "ask": self.model_dump(mode="json")}))

    def branch(self, agent: str) -> str:
        """Give the branch that this proposal becomes."""
        return f"{PREFIX}{agent}/{self.digest(agent).removeprefix('sha256:')[:_DIGITS]}"

    def message(self, agent: str) -> str:
        """Write the commit's message: the title and, as its last paragraph, trailers alone."""
        trailers = [
            ("Countersign-Agent", agent),
            ("Countersign-Sponsor", self.sponsor),
            ("Countersign-Environment", self.environment),
            ("Countersign-Action", self.action),
            ("Countersign-Skill", self.skill),
            ("Countersign-Rollback", self.rollback),
            *(("Countersign-Test", test) for test in self.tests),
            *(("Countersign-Not-Sure", doubt) for doubt in self.not_sure),
            ("Assisted-by", self.assisted_by),
        ]
        return "\n".join([self.title, "", *(f"{name}: {value}" for name, value in trailers if value is not None)]) + "\n"

    def description(self, agent: str) -> str:
        """Write the merge request's description: what the agent says, as quotation and nothing else."""
        parts = [f"Proposed by agent {code(agent)}, asked by {code(self.sponsor)}. The agent's words, unverified:"]
        if self.not_sure:
            parts.append("**Not sure about**\n\n" + "\n".join(f"- {inline(doubt)}" for doubt in self.not_sure))
        parts.append(quote(self.rationale))
        said = [("environment", self.environment), ("action", self.action), ("skill", self.skill), ("rollback", self.rollback)]
        lines = [f"- {name}: {inline(value)}" for name, value in said if value is not None]
        lines += [f"- test, by its own account: {inline(test)}" for test in self.tests]
        if lines:
            parts.append("\n".join(lines))
        return "\n\n".join(parts) + "\n"
