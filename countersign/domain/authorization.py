"""Proof that a run may begin. There is one place that makes it, and no other way to obtain one."""

from dataclasses import dataclass
from datetime import datetime

from countersign.domain.canonical import canonical_json
from countersign.domain.decision import Decision, Plan
from countersign.domain.ids import Digest, RunId, digest_of, run_id
from countersign.domain.outcomes import Refused
from countersign.domain.proposal import Proposal

_SEAL = object()


def binding(proposal: Proposal, decision: Decision) -> Digest:
    """Give the digest that an approval is valid for: change, head, plan, policy, action (policy.md, rule 6).

    It holds neither time nor approvals, so it is the same before and after people have said yes.
    """
    plan = decision.plan
    return digest_of(
        canonical_json(
            {
                "action": None if plan is None else plan.action,
                "beside": decision.beside_digest,
                "tier": decision.tier,
                "head": proposal.head,
                "iid": proposal.change.iid,
                "plan": None if plan is None else plan.digest(),
                "policy": decision.policy_digest,
                "project": proposal.change.project,
                "target": proposal.target_branch,
            },
        ),
    )


@dataclass(frozen=True, slots=True)
class Authorization:
    """One run of one plan. Only `authorize` can make it; whoever holds one may mint."""

    run: RunId
    proposal: Proposal
    decision: Decision
    plan: Plan
    binding: Digest
    at: datetime
    seal: object

    def __post_init__(self) -> None:
        """Refuse to exist unless `authorize` made it.

        Raises:
            TypeError: somebody else tried.
        """
        if self.seal is not _SEAL:
            message = "only authorize() makes an Authorization"
            raise TypeError(message)


def authorize(proposal: Proposal, decision: Decision, *, now: datetime) -> Authorization:
    """Turn a decision that allows a run into the proof that mint and run ask for.

    Raises:
        Refused: the decision allows nothing now, or there is nothing to run.
    """
    if not decision.satisfied:
        raise Refused("approval", f"the decision is {decision.effect.word}; nothing may run")
    if decision.plan is None:
        raise Refused("policy", "no action takes this change; nothing is run or minted")
    return Authorization(
        run=run_id(proposal.change, proposal.head),
        proposal=proposal,
        decision=decision,
        plan=decision.plan,
        binding=binding(proposal, decision),
        at=now,
        seal=_SEAL,
    )
