"""May this change run? Pure: policy, proposal, evidence and the time in; a Decision with every reason out.

Every rule is tried; the order in the file has no meaning, and the strictest answer wins. Anything that goes wrong inside
refuses. What is always so, whatever a policy says, is written here and in `counting`: docs/policy-guide.md lists it.
"""

from collections.abc import Iterator
from datetime import datetime

from countersign.domain.analysers.terraform import is_state
from countersign.domain.approval import NOTHING_YET, Evidence
from countersign.domain.counting import Asked, Slots, count
from countersign.domain.decision import Decision, Effect, Plan, Reason
from countersign.domain.freezes import frozen_until
from countersign.domain.ids import MalformedError
from countersign.domain.lifting import lifted
from countersign.domain.matching import Touched, touched
from countersign.domain.paths import check_path
from countersign.domain.planning import NoPlanError, plan
from countersign.domain.policy import Policy
from countersign.domain.policy_check import OWNER, REFUSE
from countersign.domain.proposal import Proposal
from countersign.domain.several import more, several

_EFFECT = {"autonomous": Effect.AUTONOMOUS, "approve": Effect.APPROVE, "notify": Effect.NOTIFY}


def decide(policy: Policy, proposal: Proposal, evidence: Evidence = NOTHING_YET, *, now: datetime) -> Decision:
    """Decide. Total: it always answers, and an error of ours is a refusal."""
    try:
        return _decide(policy, proposal, evidence, now)
    except Exception:  # noqa: BLE001 - fail closed; the details stay inside (incident 26: a gate that logged and returned ok)
        reason = Reason(
            "always: errors refuse", "the change could not be judged: this is a fault of ours", Effect.REFUSED, decides=True
        )
        return Decision(Effect.REFUSED, None, None, (), None, (reason,), (), (), policy.digest)


def teams_asked(decision: Decision) -> frozenset[str]:
    """Give the teams whose membership the decision depends on."""
    return frozenset(need.team for need in decision.needs)


def _decide(policy: Policy, proposal: Proposal, evidence: Evidence, now: datetime) -> Decision:
    touch = touched(policy, proposal.facts)
    reasons = [*_always(policy, proposal, touch), *_rules(policy, touch), *_floors(policy, touch)]
    would_run: Plan | None = None
    try:
        would_run = plan(policy.document, touch)
    except NoPlanError as error:
        reasons.append(Reason("always: one change, one meaning", str(error), Effect.REFUSED, to_pass=error.to_pass))
    reasons.extend(_claims(policy, proposal, touch, would_run))
    order = list(policy.document.tiers)
    asked = [reason.tier for reason in reasons if reason.tier is not None]
    if not asked and all(reason.effect is not Effect.REFUSED for reason in reasons):
        reasons.append(Reason("always: emptiness is no yes", "no tier applies to this change", Effect.REFUSED))
    tier, lifts = lifted(policy, proposal, max(asked, key=order.index, default=order[-1]))
    reasons.extend(lifts)
    slots = _slots(policy, touch, tier)
    effect = _EFFECT[policy.document.tiers[tier].mode]
    if effect is Effect.APPROVE:
        reasons.extend(_strangers(proposal))
        if not slots:
            why = "the tier asks the owner, and no service with an owner is touched"
            reasons.append(Reason("always: somebody must be asked", why, Effect.REFUSED, to_pass="name a service for these paths"))
    until = None
    for reason, end in _freezes(policy, touch, now):
        reasons.append(reason)
        until = end if until is None else max(until, end)
    effect = max([effect, *(reason.effect for reason in reasons if reason.effect is not None)])
    expires = policy.document.tiers[tier].expires
    needs, discounted = count(Asked(slots, expires), policy, proposal, evidence, now=now)
    return Decision(
        effect=effect,
        tier=tier,
        environment=next(iter(touch.environments), None),
        services=tuple(sorted(touch.services)),
        plan=would_run,
        reasons=_marked(reasons, effect, tier),
        needs=needs,
        discounted=discounted,
        policy_digest=policy.digest,
        until=until if effect is Effect.FROZEN else None,
        expires=expires,
    )


def _always(policy: Policy, proposal: Proposal, touch: Touched) -> Iterator[Reason]:
    """Give what refuses whatever the policy says."""
    files = proposal.facts.files
    if not files:
        yield Reason("always: emptiness is no yes", "the change changes nothing", Effect.REFUSED, to_pass="push a commit")
    for why in sorted({why for file in files if (why := _malformed(file.path))}):
        yield Reason("always: paths mean what they show", why, Effect.REFUSED, to_pass="rename the file")
    states, left = several((file for file in files if is_state(file.path)), most=1)
    for file in states:
        why = f"Terraform's state and finished plans never come with a change{more(left)}"
        yield Reason("always: state stays where it is", why, Effect.REFUSED, path=file.path, to_pass="take the file out")
    doubts, left = several((*proposal.facts.unclear, *touch.missing))
    for unclear in doubts:
        why = f"{unclear.path}:{unclear.line}: {unclear.why}{more(left) if unclear is doubts[-1] else ''}"
        yield Reason(
            "always: a missing fact refuses", why, Effect.REFUSED, path=unclear.path, to_pass="write it so that it can be analysed"
        )
    if len(touch.environments) > 1:
        names = ", ".join(sorted(touch.environments))
        yield Reason("always: one environment a change", f"touches {names}", Effect.REFUSED, to_pass="split the change")
    if touch.policy_paths:
        strictest = list(policy.document.tiers)[-1]
        path = touch.policy_paths[0]
        yield Reason("always: a policy change is the strictest", "changes what judges changes", tier=strictest, path=path)
        if len(touch.policy_paths) < len(files):
            yield Reason(
                "always: a policy change stands alone",
                "other files change with it",
                Effect.REFUSED,
                path=path,
                to_pass="split it off",
            )
    yield from _principals(policy, proposal)


def _malformed(path: str) -> str:
    try:
        check_path(path)
    except MalformedError as error:
        return str(error)
    return ""


def _principals(policy: Policy, proposal: Proposal) -> Iterator[Reason]:
    """Give what refuses because of who asks."""
    if proposal.agent is not None:
        if proposal.agent.id not in policy.agents:
            why = f"the policy does not know the agent {proposal.agent.id[:60]!r}"
            yield Reason("always: agents are named", why, Effect.REFUSED, to_pass="add it under `agents`, in a change of its own")
        if proposal.sponsor is None:
            yield Reason(
                "always: an agent has a sponsor", "nobody is named who asked for this", Effect.REFUSED, to_pass="name the sponsor"
            )


def _rules(policy: Policy, touch: Touched) -> Iterator[Reason]:
    for hit in touch.hits:
        rule, place = hit.rule, policy.place("rules", hit.number)
        if rule.deny is not None:
            what = rule.deny if hit.what is None else f"{rule.deny} ({hit.what})"
            to_pass = f"leave {hit.path} out of the change"
            yield Reason(rule.name, what, Effect.REFUSED, place=place, path=hit.path, to_pass=to_pass)
        if rule.alone and hit.number not in touch.whole:
            why = "must not come together with other changes"
            yield Reason(rule.name, why, Effect.REFUSED, place=place, path=hit.path, to_pass="split the change")
        if rule.tier is not None:
            yield Reason(rule.name, rule.because or "a rule of the policy", tier=rule.tier, place=place, path=hit.path)
    if touch.unnamed:
        unmatched, place = policy.document.unmatched, policy.place("unmatched")
        why = "no rule names this path"
        if unmatched == REFUSE:
            yield Reason("unmatched", why, Effect.REFUSED, place=place, path=touch.unnamed[0], to_pass="add a rule for it")
        else:
            yield Reason("unmatched", why, tier=unmatched, place=place, path=touch.unnamed[0])


def _floors(policy: Policy, touch: Touched) -> Iterator[Reason]:
    for kind, parts, found in (
        ("environment", policy.document.environments, touch.environments),
        ("service", policy.document.services, touch.services),
    ):
        for name, path in sorted(found.items()):
            floor = parts[name].at_least
            if floor is not None:
                place = policy.place(f"{kind}s", name, "at_least")
                yield Reason(f"{kind} {name}", "at_least", tier=floor, place=place, path=path)


def _claims(policy: Policy, proposal: Proposal, touch: Touched, would_run: Plan | None) -> Iterator[Reason]:
    """List what is said against what is seen. Nothing here can lower anything."""
    environment = next(iter(touch.environments), None)
    said = proposal.claims
    if said.environment is not None and said.environment != environment:
        yield Reason("said and seen differ", f"says environment {said.environment[:60]!r}; the paths say {environment!r}")
    action = None if would_run is None else would_run.action
    if said.action is not None and said.action != action:
        if said.action not in policy.document.actions:
            why = f"asks for the action {said.action[:60]!r}, which this policy does not have"
            yield Reason(
                "always: only the policy's actions",
                why,
                Effect.REFUSED,
                to_pass="leave the action out, or name one of the policy's",
            )
        else:
            yield Reason("said and seen differ", f"says action {said.action[:60]!r}; the paths say {action!r}")


def _strangers(proposal: Proposal) -> Iterator[Reason]:
    """Refuse to count approvals as independent while somebody unknown has a commit in the change (attack 26)."""
    for contributor in proposal.contributors:
        if contributor.person is None:
            why = f"commit {contributor.commit[:12]} is by an address that no account owns"
            yield Reason("always: committers are known", why, Effect.REFUSED, to_pass="commit with an address of your account")
            return


def _slots(policy: Policy, touch: Touched, tier: str) -> Slots:
    """Give the tier's slots; `owner` becomes one slot for every touched service's owner."""
    owners = sorted({policy.document.services[name].owner for name in touch.services})
    slots: list[tuple[str, int]] = []
    for slot in policy.document.tiers[tier].approvals:
        slots.extend((owner, slot.count) for owner in owners) if slot.from_ == OWNER else slots.append((slot.from_, slot.count))
    return tuple(slots)


def _freezes(policy: Policy, touch: Touched, now: datetime) -> Iterator[tuple[Reason, datetime]]:
    for environment in sorted(touch.environments):
        for name in sorted(policy.document.environments[environment].freezes):
            end = frozen_until(policy.document.freezes[name], now)
            if end is not None:
                why = f"{environment} is frozen until {end:%Y-%m-%d %H:%M} UTC"
                place = policy.place("freezes", name)
                yield Reason(f"freeze {name}", why, Effect.FROZEN, place=place, to_pass=f"wait until {end:%Y-%m-%d %H:%M} UTC"), end


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
