"""Which past decisions another policy would have made otherwise: each recorded input is decided again under both. Pure.

Compares what people would notice: outcome, tier, whose approvals are asked, and what would run. Whether approvals were given is
left out: a team that was not asked then was not looked up then.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from countersign.domain.autonomy import promotions
from countersign.domain.decide import decide
from countersign.domain.decision import Decision, Effect
from countersign.domain.ids import ChangeRef, Digest
from countersign.domain.inputs import Inputs
from countersign.domain.policy import Policy

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Turn(StrEnum):
    """Where a decision goes."""

    LOOSER = "looser"
    STRICTER = "stricter"
    OTHER = "otherwise"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision as people notice it. `asked` has a team for each approval; `plan` names exactly what would run."""

    effect: Effect
    tier: str | None
    asked: tuple[str, ...]
    plan: Digest | None

    @classmethod
    def of(cls, decision: Decision) -> "Outcome":
        """Take it from a decision."""
        asked = tuple(sorted(need.team for need in decision.needs for _ in range(need.count)))
        refused = decision.effect is Effect.REFUSED
        return cls(
            effect=decision.effect,
            tier=decision.tier,
            asked=() if refused else asked,
            plan=None if decision.plan is None or refused else decision.plan.digest(),
        )

    @property
    def words(self) -> str:
        """Write it in one line."""
        parts = [self.effect.word]
        parts += [self.tier] if self.tier is not None and self.effect is not Effect.REFUSED else []
        return " · ".join([*parts, *([" + ".join(self.asked)] if self.asked else [])])


@dataclass(frozen=True, slots=True)
class Turned:
    """A past decision that would be another one."""

    change: ChangeRef
    at: datetime
    old: Outcome
    new: Outcome
    rules: tuple[str, ...]
    """What the new outcome rests on."""

    @property
    def turn(self) -> Turn:
        """Say where it goes. Of equal outcomes the one that asks more people is the stricter."""
        before, after = (self.old.effect, len(self.old.asked)), (self.new.effect, len(self.new.asked))
        return Turn.OTHER if before == after else Turn.STRICTER if after > before else Turn.LOOSER

    @property
    def words(self) -> str:
        """Say what becomes of it, in a word or two: what a count counts."""
        if self.old.effect is not self.new.effect:
            return f"{self.old.effect.word} -> {self.new.effect.word}"
        if (self.old.tier, self.old.asked) != (self.new.tier, self.new.asked):
            return f"{self.old.effect.word}: {'another tier' if self.old.tier != self.new.tier else 'other approvals'}"
        return "runs otherwise"


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """What came of it, newest first."""

    compared: int
    turned: tuple[Turned, ...]

    def counts(self) -> Mapping[str, int]:
        """Count by what becomes of them, the loosened ones first."""
        order = list(Turn)
        counted = Counter((order.index(turned.turn), turned.words) for turned in self.turned)
        return {words: number for (_, words), number in sorted(counted.items())}

    def turns(self, turn: Turn) -> int:
        """Count those that go there."""
        return sum(turned.turn is turn for turned in self.turned)


def compare(old: Policy, new: Policy, past: Iterable[Inputs]) -> PolicyDiff:
    """Decide each anew under both policies. Of one head of a change only the newest input counts."""
    newest: dict[tuple[ChangeRef, str], Inputs] = {}
    for inputs in past:
        key = (inputs.proposal.change, inputs.proposal.head)
        if key not in newest or newest[key].now <= inputs.now:
            newest[key] = inputs
    assumed, backed = _as_if_backed(old, new)
    turned = [found for inputs in newest.values() if (found := _turned(old, assumed, inputs, backed)) is not None]
    return PolicyDiff(len(newest), tuple(sorted(turned, key=lambda one: (one.at, one.change), reverse=True)))


def _as_if_backed(old: Policy, new: Policy) -> tuple[Policy, frozenset[str]]:
    """Give the new policy as if what it promotes anew had been promoted long ago, and what the record would have to back."""
    known = {found.name for _, found in promotions(old)}
    fresh = {where for where, found in promotions(new) if found.name not in known}
    ways = [
        way.model_copy(
            update={
                "earned": tuple(
                    earned.model_copy(update={"since": _LONG_AGO}) if ("autonomy", number, "earned", place) in fresh else earned
                    for place, earned in enumerate(way.earned)
                )
            }
        )
        for number, way in enumerate(new.document.autonomy)
    ]
    assumed = new.holding(new.document.model_copy(update={"autonomy": tuple(ways)}))
    return assumed, frozenset(found.name for where, found in promotions(assumed) if where in fresh)


def _turned(old: Policy, new: Policy, inputs: Inputs, backed: frozenset[str]) -> Turned | None:
    before = decide(old, inputs.proposal, inputs.evidence, now=inputs.now)
    evidence = replace(inputs.evidence, backed=inputs.evidence.backed | backed)
    after = decide(new, inputs.proposal, evidence, now=inputs.now)
    was, would_be = Outcome.of(before), Outcome.of(after)
    if was == would_be:
        return None
    rules = tuple(sorted({reason.rule for reason in after.deciding}))
    return Turned(inputs.proposal.change, inputs.now, was, would_be, rules)
