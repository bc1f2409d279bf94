"""How an explanation looks: headline, reasons, what would run and with which power, and what would make it milder."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from countersign.cli.policy import reasons
from countersign.cli.table import Brush, Style
from countersign.domain.decision import Decision, Effect, Plan
from countersign.domain.milder import Milder, milder
from countersign.domain.neutral import visible
from countersign.domain.policy import Policy

_STATUS = {Effect.AUTONOMOUS: 0, Effect.APPROVE: 10, Effect.NOTIFY: 10, Effect.FROZEN: 11, Effect.REFUSED: 20}
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"))


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision, the policy that it rests on, and what was looked at."""

    policy: Policy
    decision: Decision
    looked_at: str


def tell(answer: Answer, style: str) -> int:
    """Print the answer; give the exit status."""
    if style == "json":
        print(json.dumps(_document(answer), sort_keys=True))
    else:
        brush = Brush.of(sys.stdout)
        print("\n".join(_lines(answer, brush)))
    return _STATUS[answer.decision.effect]


def tell_refusal(why: str, style: str) -> int:
    """Print a refusal that came before the policy could speak."""
    if style == "json":
        print(json.dumps({"decision": None, "outcome": Effect.REFUSED.word, "why": why}, sort_keys=True))
    else:
        brush = Brush.of(sys.stdout)
        print(f"{brush.paint('refused', Style.BAD)}\n  {visible(why)}")
    return _STATUS[Effect.REFUSED]


def _document(answer: Answer) -> dict[str, object]:
    decision, less = answer.decision, milder(answer.policy, answer.decision)
    return {
        "decision": decision.document(),
        "looked_at": answer.looked_at,
        "milder": None if less is None else {"change": list(less.change), "policy": list(less.policy), "tier": less.tier},
        "outcome": decision.effect.word,
        "to_pass": sorted({reason.to_pass for reason in decision.deciding if reason.to_pass is not None}),
        "why": None,
    }


def _lines(answer: Answer, brush: Brush) -> Iterator[str]:
    decision = answer.decision
    yield _headline(decision, brush)
    yield from reasons.table(decision, answer.policy, brush)
    yield from (f"  {visible(line)}" for line in _plan(decision.plan))
    if decision.effect in {Effect.REFUSED, Effect.FROZEN}:
        for to_pass in sorted({reason.to_pass for reason in decision.deciding if reason.to_pass is not None}):
            yield f"  to pass: {visible(to_pass)}"
    less = milder(answer.policy, decision)
    if less is not None:
        yield f"  to make this {less.tier}: {visible(_way(less, answer.policy))}"
    yield brush.paint(f"  looked at: {visible(answer.looked_at)}", Style.FAINT)


def _headline(decision: Decision, brush: Brush) -> str:
    look = reasons.outcome(decision).style
    word = {
        Effect.AUTONOMOUS: "would run" if decision.plan is not None else "nothing to run: people may merge it",
        Effect.APPROVE: "needs approval",
        Effect.NOTIFY: "for people to do: nothing runs",
        Effect.FROZEN: "frozen" if decision.until is None else f"frozen until {decision.until:%Y-%m-%d %H:%M} UTC",
        Effect.REFUSED: "refused",
    }[decision.effect]
    parts = [brush.paint(word, look)]
    if decision.effect is not Effect.REFUSED:
        parts.append(f"tier {decision.tier}")
        needs = [need.team if need.count == 1 else f"{need.count} of {need.team}" for need in decision.needs]
        parts += [" + ".join(needs)] if needs else []
        parts += [duration(decision.expires)] if decision.expires is not None and needs else []
    return " · ".join(parts)


def _plan(plan: Plan | None) -> Iterator[str]:
    if plan is None:
        yield "action  none: nothing would be run, nothing minted"
        return
    minted = []
    for scope in plan.scopes:
        told = [value for name, value in sorted(scope.parameters.items()) if name != "session_policy"]
        minted.append(f"{scope.name} ({', '.join([scope.provider, *told, duration(scope.ttl)])})")
    allow = f" ({', '.join(map(str, plan.allow))})" if plan.allow else ""
    region = f", region {plan.region}" if plan.region is not None else ""
    yield f"action  {plan.action}  -> credentials {', '.join(minted) or 'none'}, network {plan.network}{allow}{region}"
    yield f"runs    {' '.join(plan.argv)}"


def _way(less: Milder, policy: Policy) -> str:
    strictest = list(policy.document.tiers)[-1]
    steps = list(less.change)
    if less.policy:
        steps.append(f"{' and '.join(less.policy)} (a change to the policy, {strictest})")
    return ", and ".join(steps)


def duration(seconds: int) -> str:
    """Write a duration as policies do."""
    return next((f"{seconds // size} {unit}" for size, unit in _UNITS if seconds % size == 0), f"{seconds} s")
