"""Which agents may hand in changes: a file of the deployer's, with a digest of each agent's token and never the token.

Says who speaks. What an agent may change is the policy's business, and the runner reads that for itself.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bot.jsontext import read_object
from countersign.domain.ids import ChangeRef, MalformedError

_BEARER = re.compile(r"Bearer ([A-Za-z0-9._~+/=-]{16,1024})", re.IGNORECASE)

_Name = Annotated[str, StringConstraints(pattern=r"\A[a-z0-9][a-z0-9-]{0,39}\z")]
_Account = Annotated[str, StringConstraints(pattern=r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}\z")]
_Sha256 = Annotated[str, StringConstraints(pattern=r"\A[0-9a-f]{64}\z")]


class AgentEntry(BaseModel):
    """One agent: its id in the policy, where it may propose, and the people on whose behalf."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: _Name
    token_sha256: _Sha256
    projects: Annotated[tuple[str, ...], Field(min_length=1)]
    sponsors: Annotated[tuple[_Account, ...], Field(min_length=1)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    agents: tuple[AgentEntry, ...]


@dataclass(frozen=True, slots=True)
class Agents:
    """The agents of this installation. With none, nobody may propose over HTTP."""

    entries: tuple[AgentEntry, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> "Agents":
        """Read the agents file.

        Raises:
            MalformedError: not of its form, a project's name is none, or two entries share an id or a token.
        """
        try:
            entries = _File.model_validate(read_object(data)).agents
        except ValidationError as error:
            fields = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False)})
            raise MalformedError(f"not of its form: {', '.join(fields)}") from None
        for entry in entries:
            for project in entry.projects:
                ChangeRef(project, 1)
        for what in ("id", "token_sha256"):
            values = [getattr(entry, what) for entry in entries]
            if len(set(values)) != len(values):
                raise MalformedError(f"two agents share one {what}")
        return cls(entries)

    def speaking(self, authorization: str | None) -> AgentEntry | None:
        """Give the agent whose token the header `Authorization` bears. Every digest is compared: time tells nothing (attack 2)."""
        bearer = _BEARER.fullmatch(authorization or "")
        given = hashlib.sha256((bearer[1] if bearer else "").encode()).hexdigest()
        found: AgentEntry | None = None
        for entry in self.entries:
            if hmac.compare_digest(given, entry.token_sha256) and bearer is not None:
                found = entry
        return found
