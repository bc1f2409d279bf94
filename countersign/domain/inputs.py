"""Everything that a decision was made from, as one value that can be recorded and decided again. Decides nothing itself.

With the policy, which the record names by commit and digest, `decide` gives the same answer from it at any later time.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from countersign.domain.analysers.invisible import invisible
from countersign.domain.approval import Evidence
from countersign.domain.canonical import canonical_json
from countersign.domain.ids import Digest, digest_of
from countersign.domain.plain import from_plain, to_plain
from countersign.domain.proposal import Proposal

_NO_WAY_BACK = "none"
"""What of a way back the decision reads: that there is none."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The arguments of one call of `decide`, but for the policy."""

    proposal: Proposal
    evidence: Evidence
    now: datetime

    @classmethod
    def read(cls, document: object) -> Self:
        """Read what `document` gave.

        Raises:
            MalformedError: it is not of this form, or knows a field that this version does not know. The text names the field.
        """
        return from_plain(cls, document, name="inputs")

    def document(self) -> object:
        """Give the inputs as plain data, exactly."""
        return to_plain(self)

    def digest(self) -> Digest:
        """Give the digest that stands for inputs which are too large for a record."""
        return digest_of(canonical_json(self.document()))

    def without_words(self) -> "Inputs":
        """Leave out what the decision does not read and a log that is never rewritten should not keep: prose and addresses.

        Of prose, the characters that nobody would see are left, since they raise the tier; values in structured files are in
        git already. What is decided from it is the same; a property test holds `decide` to that.
        """
        proposal, claims = self.proposal, self.proposal.claims
        return replace(
            self,
            proposal=replace(
                proposal,
                title=_unseen(proposal.title),
                agent=None if proposal.agent is None else replace(proposal.agent, model=""),
                facts=replace(proposal.facts, keys=()),
                contributors=tuple(replace(contributor, email="") for contributor in proposal.contributors),
                claims=replace(
                    claims,
                    rationale=_unseen(claims.rationale),
                    emergency=None if claims.emergency is None else _unseen(claims.emergency),
                    rollback=claims.rollback if claims.rollback in {None, _NO_WAY_BACK} else _unseen(claims.rollback or ""),
                    tests=_all_unseen(claims.tests),
                    not_sure=_all_unseen(claims.not_sure),
                ),
            ),
        )


def _unseen(text: str) -> str:
    """Give the characters of a text that must be told of, kept apart so that none belongs to another."""
    told = [character for line in text.split("\n") for character in invisible(line.replace("\t", " "))]
    return ".".join(["", *told, ""]) if told else ""


def _all_unseen(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(unseen for text in texts if (unseen := _unseen(text)))
