"""What the bot knows of an open change when it speaks: what it saw, what the policy says, what runners put on the record.

Pure. Gives the one word that label and headline agree on; `replies` writes the comment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.policy_review import PolicyReview
from bot.standing import head_of
from countersign.adapters.judge import Judgement, assessed_key
from countersign.adapters.observe import Observation
from countersign.attestation.record import OUTCOMES, Entry, RecordKind
from countersign.domain.decision import Decision, Effect
from countersign.domain.ids import run_id
from countersign.domain.outcomes import Refused
from countersign.domain.ports import Change


class Word(StrEnum):
    """Where an open change stands. Runners use the same words for labels, so the two never contradict one another."""

    APPLIED = "applied"
    FAILED = "failed"
    LOST = "lost"
    RUNNING = "running"
    REFUSED = "refused"
    FROZEN = "frozen"
    NOTIFY = "notify"
    APPROVE = "approve"
    AUTONOMOUS = "autonomous"
    NOTHING_TO_RUN = "nothing-to-run"


_ENDED = {RecordKind.EXECUTED: Word.APPLIED, RecordKind.FAILED: Word.FAILED, RecordKind.LOST: Word.LOST}


@dataclass(frozen=True, slots=True)
class Records:
    """The records that matter for one head of a change."""

    asked: Entry | None = None
    refused: Entry | None = None
    intent: Entry | None = None
    outcome: Entry | None = None

    @classmethod
    def of(cls, change: Change, entries: Sequence[Entry], *, key: str | None) -> "Records":
        """Pick them. `key` names the record that puts the question as it stands now."""
        run = run_id(change.ref, change.head)
        return cls(
            asked=next((entry for entry in entries if key is not None and entry.key == key), None),
            refused=next(
                (entry for entry in reversed(entries) if entry.kind is RecordKind.REFUSED and head_of(entry) == change.head), None
            ),
            intent=next((entry for entry in entries if entry.kind is RecordKind.INTENT and entry.run == run), None),
            outcome=next((entry for entry in entries if entry.kind in OUTCOMES and entry.run == run), None),
        )

    def word(self) -> Word | None:
        """Give where the change stands by the record alone: a run that began decides, whatever the policy says by now."""
        if self.outcome is not None:
            return _ENDED[self.outcome.kind]
        return Word.RUNNING if self.intent is not None else None


@dataclass(frozen=True, slots=True)
class Judged:
    """A change that the policy could judge."""

    observation: Observation
    judgement: Judgement
    records: Records
    review: PolicyReview | None = None

    @classmethod
    def of(cls, observation: Observation, judgement: Judgement, entries: Sequence[Entry]) -> "Judged":
        """Put together what is known."""
        key = assessed_key(observation.proposal, judgement.decision)
        return cls(observation, judgement, Records.of(observation.change, entries, key=key))

    @property
    def change(self) -> Change:
        """Give the change."""
        return self.observation.change

    @property
    def decision(self) -> Decision:
        """Give the decision."""
        return self.judgement.decision

    @property
    def word(self) -> Word:
        """Say where it stands."""
        recorded = self.records.word()
        if recorded is not None:
            return recorded
        if self.decision.satisfied and self.decision.plan is None:
            return Word.NOTHING_TO_RUN
        return _OF_EFFECT[self.decision.effect]

    @property
    def owed(self) -> bool:
        """Say whether a runner still has something to do now: to record, to run, to finish."""
        match self.word:
            case Word.REFUSED:
                return self.records.refused is None
            case Word.AUTONOMOUS | Word.RUNNING | Word.APPLIED:
                return True
            case Word.FAILED | Word.LOST:
                return False
            case Word.NOTHING_TO_RUN:
                return self.records.asked is None
            case _:
                return self.records.asked is None or self.decision.satisfied


_OF_EFFECT = {
    Effect.AUTONOMOUS: Word.AUTONOMOUS,
    Effect.APPROVE: Word.APPROVE,
    Effect.NOTIFY: Word.NOTIFY,
    Effect.FROZEN: Word.FROZEN,
    Effect.REFUSED: Word.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A change that cannot be judged as it is: a fork, a conflict, no valid policy."""

    change: Change
    refusal: Refused
    records: Records

    @property
    def word(self) -> Word:
        """Say where it stands."""
        return self.records.word() or Word.REFUSED

    @property
    def owed(self) -> bool:
        """Say whether a runner still has something to do now: to record the refusal, or to finish what began before it."""
        return self.word in {Word.RUNNING, Word.APPLIED} or (self.word is Word.REFUSED and self.records.refused is None)


View = Judged | Unjudged
