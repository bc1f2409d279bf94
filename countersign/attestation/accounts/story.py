"""One change from the first question to the last outcome, as its records tell it. Puts together; draws and judges nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from countersign.attestation.accounts.account import Account, account
from countersign.attestation.accounts.plain import Plain, part, parts, text
from countersign.attestation.accounts.runs import Run, all_runs
from countersign.attestation.record import DECIDING

_APPROVED = frozenset({"allowed", "intent", "expired"})


def tells_approvals(kind: str | None, body: Plain) -> bool:
    """Say whether a record tells whose approvals counted: the end of a question that nobody could judge tells nothing of it."""
    return kind in _APPROVED and not text(body, "unjudged")


@dataclass(frozen=True, slots=True)
class Story:
    """A change. `records` are its records in order, each beside its body."""

    change: str
    records: tuple[tuple[Account, Plain], ...]
    runs: tuple[Run, ...]

    @property
    def last(self) -> Account:
        """Give the newest record."""
        return self.records[-1][0]

    @property
    def decided(self) -> tuple[Account, Plain] | None:
        """Give the newest record that holds a decision."""
        found = [(told, body) for told, body in self.records if told.kind in DECIDING and part(body, "decision")]
        return found[-1] if found else None

    @property
    def decision(self) -> Plain:
        """Give the newest decision; empty where the policy never spoke."""
        return {} if self.decided is None else part(self.decided[1], "decision")

    @property
    def rationale(self) -> str | None:
        """Give the newest words of the agent's that a record holds; None in older records."""
        found = [words for _, body in self.records if (words := text(body, "rationale", "text"))]
        return found[-1] if found else None

    @property
    def approvals(self) -> tuple[Plain, ...]:
        """Give the approvals that counted last: for a run, for merging by people, or as they stood when the question ended."""
        found = [body for told, body in self.records if tells_approvals(told.kind, body)]
        return parts(found[-1], "actor", "approvers") if found else ()

    @property
    def unjudged(self) -> str:
        """Give the reason why nobody can tell which approvals counted when the change ended; empty where that was judged."""
        found = [body for told, body in self.records if told.kind in _APPROVED]
        return text(found[-1], "unjudged") or "" if found else ""

    @property
    def discounted(self) -> tuple[Plain, ...]:
        """Give the approvals that did not count, of the newest record that judged any."""
        judged = [
            body for told, body in self.records if told.kind in DECIDING | _APPROVED and "discounted" in part(body, "decision")
        ]
        return parts(judged[-1], "decision", "discounted") if judged else ()

    @property
    def about(self) -> Plain:
        """Give what the newest record says of the change itself: head, base, branches, address."""
        found = [part(body, "change") for _, body in self.records if part(body, "change")]
        return found[-1] if found else {}


def tell(predicates: Iterable[Mapping[str, object]]) -> Story | None:
    """Tell the story of one change from its records; None where there are none."""
    found = sorted(predicates, key=lambda predicate: account(predicate).seq)
    if not found:
        return None
    runs = all_runs(found)
    intents = {run.intent.run: run.intent for run in runs}
    records = []
    for predicate in found:
        told = account(predicate)
        intent = intents.get(told.run)
        records.append((told if intent is None or told.kind == "intent" else told.after(intent), part(predicate, "body")))
    return Story(records[0][0].change or "no change", tuple(records), runs)
