"""Holds a policy against scenarios: decides each, and names what is other than expected."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from countersign.domain.decide import decide
from countersign.domain.decision import Decision
from countersign.domain.inputs import Inputs
from countersign.domain.policy import Policy
from countersign.domain.scenarios.making import inputs_of
from countersign.domain.scenarios.reader import Written
from countersign.domain.scenarios.scenario import Expected


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that should be so and is otherwise."""

    what: str
    expected: str
    seen: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A scenario, what the policy says of it, and what of that is not as expected."""

    written: Written
    decision: Decision
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Say whether all is as expected."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class Trial:
    """A scenario made ready: its inputs are the same for every policy that it is held against."""

    written: Written
    inputs: Inputs

    @classmethod
    def of(cls, written: Written, policy: Policy) -> "Trial":
        """Make it ready. The policy says only which agents there are."""
        return cls(written, inputs_of(written.scenario, policy))

    def hold(self, policy: Policy) -> Verdict:
        """Decide, and compare."""
        decision = decide(policy, self.inputs.proposal, self.inputs.evidence, now=self.inputs.now)
        return Verdict(self.written, decision, tuple(differences(self.written.scenario.expect, decision)))


def differences(expect: Expected, decision: Decision) -> Iterator[Difference]:
    """Give what is other than expected; only what the scenario names is looked at."""
    for what, seen in _SEEN.items():
        wanted = getattr(expect, what)
        if wanted is not None and _text(wanted, ordered=False) != _text(seen(decision), ordered=False):
            yield Difference(what, _text(wanted, ordered=True), _text(seen(decision), ordered=True))
    if expect.until is not None and expect.until != decision.until:
        zone = expect.until.tzinfo
        seen_until = None if decision.until is None else decision.until.astimezone(zone)
        yield Difference("until", _moment(expect.until), _moment(seen_until))
    deciding = {reason.rule for reason in decision.deciding}
    for rule in expect.rule:
        if rule not in deciding:
            yield Difference("rule", rule, ", ".join(sorted(deciding)) or "none")
    named = {reason.rule for reason in decision.reasons}
    for rule in expect.reasons:
        if rule not in named:
            yield Difference("reasons", rule, ", ".join(sorted(named)) or "none")


_SEEN: dict[str, Callable[[Decision], object]] = {
    "outcome": lambda decision: decision.effect.word,
    "tier": lambda decision: decision.tier,
    "approvals": lambda decision: tuple(need.team for need in decision.needs for _ in range(need.count)),
    "runs": lambda decision: decision.satisfied and decision.plan is not None,
    "environment": lambda decision: decision.environment,
    "services": lambda decision: decision.services,
    "action": lambda decision: None if decision.plan is None else decision.plan.action,
    "credentials": lambda decision: () if decision.plan is None else tuple(scope.name for scope in decision.plan.scopes),
    "network": lambda decision: None if decision.plan is None else decision.plan.network,
}
"""Keys of `expect` that are compared as they are; lists without regard to order."""


def _text(value: object, *, ordered: bool) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(value if ordered else sorted(value)) or "none"
        case _:
            return str(value)


def _moment(value: datetime | None) -> str:
    return "none" if value is None else value.isoformat(timespec="minutes")
