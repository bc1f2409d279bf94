"""What agents can ask for over HTTP, without the HTTP: who speaks, what is handed in, how it stands.

Every failure is a Problem or a Fault. Answers are facts and fixed words, never text that other people wrote.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from bot.agents import AgentEntry, Agents
from bot.asks import Ask, MisaskedError
from bot.jsontext import read_object
from bot.ports import Keys
from bot.problems import Problem
from bot.proposals import Desk, Proposed
from bot.standing import Standing
from countersign.domain.ids import ChangeRef, MalformedError

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Reception:
    """Serves agents. May be shared between threads: `desk` makes a new one for each proposal."""

    agents: Agents
    keys: Keys
    desk: Callable[[str], Desk]
    standing: Callable[[ChangeRef], Standing]

    def identify(self, authorization: str | None) -> AgentEntry:
        """Tell which agent speaks.

        Raises:
            Problem: 401; the answer does not say what is wrong with the token.
        """
        agent = self.agents.speaking(authorization)
        if agent is None:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "token",
                "send the agent's token: Authorization: Bearer …",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return agent

    def propose(self, agent: AgentEntry, body: bytes, *, key: str | None) -> Proposed:
        """Take a proposal. `key` is the header `Idempotency-Key`.

        Raises:
            Problem: the request is wrong; the answer says where and what would be right.
            Fault: could not; the same request may be sent again.
        """
        ask = _read(body)
        if key is not None:
            self._claim(agent, ask, key)
        if ask.project not in agent.projects:
            raise _not_yours()
        return self.desk(ask.project).propose(agent, ask)

    def look(self, agent: AgentEntry, project: str, iid: int) -> Standing:
        """Tell how a change stands.

        Raises:
            Problem: the agent may not see the project.
            Fault: could not find out.
        """
        try:
            change = ChangeRef(project, iid)
        except MalformedError as error:
            raise Problem(HTTPStatus.NOT_FOUND, "not-found", str(error)) from None
        if project not in agent.projects:
            raise _not_yours()
        return self.standing(change)

    def _claim(self, agent: AgentEntry, ask: Ask, key: str) -> None:
        if not _KEY.fullmatch(key):
            raise Problem(HTTPStatus.BAD_REQUEST, "idempotency-key", "the Idempotency-Key must be 1 to 255 printable characters")
        if not self.keys.claim(agent.id, key, ask.digest(agent.id)):
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "idempotency-key",
                "this Idempotency-Key was used for another proposal",
                more={"to_pass": "use a new key for a new proposal"},
            )


def _read(body: bytes) -> Ask:
    try:
        return Ask.read(read_object(body))
    except MisaskedError as error:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "fields",
            "fields are missing, unknown or not of their form",
            more={"fields": error.fields},
        ) from None
    except MalformedError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "json", str(error)) from None


def _not_yours() -> Problem:
    return Problem(HTTPStatus.FORBIDDEN, "project", "this agent has nothing to do with that project, or there is none of that name")
