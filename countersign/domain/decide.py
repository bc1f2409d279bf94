"""May this change run? Pure: policy, proposal, evidence and the time in; a Decision with every reason out.

Every rule is tried; the order in the file has no meaning, and the strictest answer wins. Anything that goes wrong inside
refuses. What is always so, whatever a policy says, is written in `always` and `counting`.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime

from countersign.domain import always, ruling
from countersign.domain.approval import NOTHING_YET, Evidence
from countersign.domain.asking import A_DAY, owners_unknown, slots
from countersign.domain.autonomy import counts_as, covering, step_down
from countersign.domain.counting import count
from countersign.domain.decision import Decision, Effect, Plan, Reason
from countersign.domain.flooring import as_floor_sees, strictest
from countersign.domain.lifting import lifted
from countersign.domain.matching import touched
from countersign.domain.planning import plan
from countersign.domain.policy import Policy
from countersign.domain.proposal import Proposal
from countersign.domain.resting import Rest
from countersign.domain.templates import NoPlanError


@dataclass(frozen=True, slots=True)
class _Case:
    """What is judged. `agents` are the accounts that agents use."""

    proposal: Proposal
    evidence: Evidence
    agents: AbstractSet[str]
    now: datetime


_EFFECT = {"autonomous": Effect.AUTONOMOUS, "approve": Effect.APPROVE, "notify": Effect.NOTIFY}


def decide(policy: Policy, proposal: Proposal, evidence: Evidence = NOTHING_YET, *, now: datetime) -> Decision:
    """Decide. Total: it always answers, and an error of ours is a refusal."""
    try:
        case = _Case(proposal, evidence, frozenset(entry.account for entry in policy.agents.values()), now)
        own = _decide(policy, case)
        floor = policy.beside.floor
        if floor is None:
            return own
        return strictest(own, _decide(floor, replace(case, evidence=as_floor_sees(policy, evidence)), own=False), policy)
    except Exception:  # noqa: BLE001 - fail closed; the details stay inside (incident 26: a gate that logged and returned ok)
        reason = Reason(
            "always: errors refuse", "the change could not be judged: this is a fault of ours", Effect.REFUSED, decides=True
        )
        return Decision(Effect.REFUSED, None, None, (), None, (reason,), (), (), policy.digest)


def teams_asked(decision: Decision) -> frozenset[str]:
    """Give the teams whose membership the decision depends on."""
    return frozenset(need.team for need in decision.needs)


def _decide(policy: Policy, case: _Case, *, own: bool = True) -> Decision:
    """Decide by one document. A floor that another one extends is not `own`: who speaks for whom and what runs is not its say."""
    proposal, now = case.proposal, case.now
    touch = touched(policy, proposal.facts)
    of_rules = list(ruling.rules(policy, touch))
    kind = counts_as(policy, proposal, touch, case.evidence)
    covered = covering(policy, kind, case.evidence, now)
    steps = list(step_down(policy, touch, of_rules, covered))
    reasons = [*always.always(policy, proposal, touch), *ruling.floors(policy, touch)]
    would_run: Plan | None = None
    if own:
        reasons.extend(always.principals(policy, proposal))
        try:
            would_run = plan(policy, touch)
        except NoPlanError as error:
            reasons.append(Reason("always: one change, one meaning", str(error), Effect.REFUSED, to_pass=error.to_pass))
        reasons.extend(always.claims(policy, proposal, touch, would_run))
    instead = [reason for reason in steps if reason.tier is not None]
    asked = [reason.tier for reason in (*reasons, *(instead or of_rules)) if reason.tier is not None]
    reasons += [*of_rules, *steps]
    if not asked and all(reason.effect is not Effect.REFUSED for reason in reasons):
        reasons.append(
            Reason("always: emptiness is no yes", "no tier applies to this change", Effect.REFUSED, to_pass="add a rule")
        )
    mildest = max(asked, key=policy.ranks.__getitem__, default=list(policy.ranks)[-1])
    tier, lifts = lifted(policy, proposal, mildest)
    reasons.extend(lifts)
    effect = _EFFECT[policy.document.tiers[tier].mode]
    tier_slots = slots(policy, touch, tier)
    if effect is Effect.APPROVE:
        reasons.extend(always.strangers(proposal))
        reasons.extend(owners_unknown(policy, touch, tier, tier_slots))
    rest = Rest.of(policy, touch, proposal, case.evidence, now)
    counted = count((*tier_slots, *rest.slots), case.agents, proposal, case.evidence, now=now)
    emergency = rest.lifted(counted, now)
    reasons.extend(rest.reasons(emergency))
    effect = max([effect, *(reason.effect for reason in reasons if reason.effect is not None)])
    return Decision(
        effect=effect,
        tier=tier,
        environment=next(iter(touch.environments), None),
        services=tuple(sorted(touch.services)),
        plan=would_run,
        reasons=_marked(reasons, effect, tier),
        needs=counted.needs,
        discounted=counted.discounted,
        policy_digest=policy.digest,
        until=rest.until if effect is Effect.FROZEN else None,
        expires=policy.document.tiers[tier].expires or (A_DAY if tier_slots else None),
        emergency=emergency,
        beside_digest=policy.beside.digest,
        promotions=tuple(found for _, found in covered),
        counts_as=tuple(kind.items()),
    )


def _marked(reasons: list[Reason], effect: Effect, tier: str) -> tuple[Reason, ...]:
    """Mark the reasons that reached the final answer; order them so that equal inputs give equal bytes."""
    strict = effect in {Effect.REFUSED, Effect.FROZEN}
    marked = [
        Reason(
            reason.rule,
            reason.text,
            reason.effect,
            reason.tier,
            reason.place,
            reason.path,
            decides=reason.effect is effect if strict else reason.tier == tier,
            to_pass=reason.to_pass,
        )
        for reason in reasons
    ]
    return tuple(sorted(marked, key=lambda reason: (not reason.decides, reason.rule, reason.path or "", reason.text)))
