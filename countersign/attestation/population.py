"""Shows that the log is complete by arithmetic: every question that was put ends in one way, or is still open.

A question is an `assessed` record. It ends as a run (and that as executed, failed or lost), or because it expired, or because a
later question of the same change took its place; else it is open. Refusals are counted beside: most come before a question. So are
promotions: each is in force, or was taken back.
Reads records one by one and keeps only what it needs. Checks no signature and no link.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from countersign.attestation.outline import Outline
from countersign.attestation.questions import binding_of
from countersign.attestation.record import GIVEN_UP, OUTCOMES, RecordKind
from countersign.domain.ids import ChangeRef, RunId

OPEN, RUNNING = "open", "running"
ENDS = (OPEN, RUNNING, *(kind.value for kind in (*sorted(OUTCOMES), *sorted(GIVEN_UP))))
"""Every way in which a question can stand."""


@dataclass(slots=True)
class Population:
    """Counts as it is given records, oldest first."""

    records: Counter[RecordKind] = field(default_factory=Counter)
    _questions: dict[str, str] = field(default_factory=dict)
    """How each question stands, by its binding."""
    _asked: dict[str, ChangeRef | None] = field(default_factory=dict)
    _open: dict[ChangeRef | None, str] = field(default_factory=dict)
    _runs: dict[RunId, str] = field(default_factory=dict)
    unasked: int = 0
    """Runs without a question, which no runner begins."""

    def add(self, entry: Outline) -> None:
        """Count the next record."""
        self.records[entry.kind] += 1
        if entry.kind is RecordKind.ASSESSED:
            self._ask(entry)
        elif entry.kind is RecordKind.INTENT:
            self._begin(entry)
        elif entry.kind in OUTCOMES and entry.run is not None:
            self._questions[self._runs.pop(entry.run)] = entry.kind.value
        elif entry.kind in GIVEN_UP:
            self._give_up(entry)

    @property
    def asked(self) -> int:
        """Count the questions, and the runs that had none."""
        return len(self._questions)

    def ends(self) -> Mapping[str, int]:
        """Count the questions by how they stand; the counts add up to `asked`."""
        found = Counter(self._questions.values())
        return {end: found[end] for end in ENDS}

    def __str__(self) -> str:
        """Write the sum."""
        told = " + ".join(f"{count} {end}" for end, count in self.ends().items() if count) or "0"
        refused = self.records[RecordKind.REFUSED]
        strange = f"; {self.unasked} runs without a question" if self.unasked else ""
        return f"{self.asked} questions = {told}; {refused} refusals{self._promotions()}{strange}"

    def _promotions(self) -> str:
        """Sum up what was promoted, if anything was: a promotion is taken back once at most, and only one that there was."""
        promoted, back = self.records[RecordKind.PROMOTED], self.records[RecordKind.DEMOTED]
        return f"; {promoted} promotions = {promoted - back} in force + {back} taken back" if promoted else ""

    def _ask(self, entry: Outline) -> None:
        binding = binding_of(entry.key)
        before = self._open.get(entry.change)
        if before is not None and self._questions[before] == OPEN:
            self._questions[before] = RecordKind.SUPERSEDED.value
        self._questions[binding] = OPEN
        self._open[entry.change] = binding
        self._asked[binding] = entry.change

    def _give_up(self, entry: Outline) -> None:
        """End the change's open question, and open the one again that takes its place, if that was given up before."""
        binding = binding_of(entry.key)
        if self._open.get(entry.change) == binding and self._questions[binding] == OPEN:
            self._questions[binding] = entry.kind.value
            del self._open[entry.change]
        again = entry.binding
        if again is not None and self._asked.get(again) == entry.change and self._questions[again] in GIVEN_UP:
            self._questions[again] = OPEN
            self._open[entry.change] = again

    def _begin(self, entry: Outline) -> None:
        if entry.run is None:
            return
        binding = entry.binding if entry.binding in self._questions else None
        binding = binding or f"unasked/{entry.run}"
        self.unasked += binding not in self._questions
        self._questions[binding] = RUNNING
        self._runs[entry.run] = binding
        if self._open.get(entry.change) == binding:
            del self._open[entry.change]
