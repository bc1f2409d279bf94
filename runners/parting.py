"""Ends the questions of a change that was closed or merged, each with the approvals as they stood then.

Judged again by this runner, out of what the signed question holds, the policy's text at the commit that it names, and what the
forge says now; nothing is taken from the bot. Where it cannot be judged, the record says why and names the approvals all the same.
"""

from collections.abc import Mapping

from countersign.adapters.judge import Judgement, assessed_key, judge
from countersign.adapters.observe import House, Observation
from countersign.adapters.policies import Policies
from countersign.attestation.inputs import Unrecorded, enclosed
from countersign.attestation.ports import Ledger
from countersign.attestation.questions import unended
from countersign.attestation.record import Draft, Entry
from countersign.domain.heard import Heard
from countersign.domain.ids import MalformedError, sha
from countersign.domain.outcomes import AbsentFault, NoGroupFault, NoRepositoryFault, Refused
from countersign.domain.policy import Policy
from countersign.domain.ports import Change, ChangeState, Clock, Forge, Repository
from runners.questions import Stood, expired, record
from runners.veil import Veil

_GONE = {ChangeState.CLOSED: "was closed", ChangeState.MERGED: "was merged without us"}


def withdraw(  # noqa: PLR0913 - whoever judges needs all of it
    change: Change, repository: Repository, ledger: Ledger, forge: Forge, house: House, *, clock: Clock, veil: Veil
) -> None:
    """End the questions of a change that is no longer open.

    Raises:
        Fault: not all are ended yet: forge, git or ledger did not answer. Try again.
    """
    waiting = unended(ledger.of_change(change.ref))
    if not waiting:
        return
    repository.fetch()

    how: dict[str, object] = {
        "at": None if change.ended is None else change.ended.isoformat(),
        "head": change.head,
        "state": change.state.value,
    }

    def stood(question: Entry) -> Stood:
        found = _as_asked(question, change, repository, house.policies)
        if not isinstance(found, str):
            seen, asked = found
            try:
                judged = judge(seen, asked, forge=forge, ledger=ledger, clock=lambda: change.ended or clock())
                return Stood(judged.evidence.approvals, judged.heard, judged, ended=how)
            except NoGroupFault:  # nobody can correct a policy of the past
                found = "a group that the policy names is no longer there, or the runner may not see it"
        told = forge.approvals(change.ref)
        return Stood(told.given, Heard(told.versions, told.answers), unjudged=found, ended=how)

    def ended(question: Entry) -> Draft:
        return expired(question, why=f"the change {_GONE[change.state]}", now=clock(), stood=stood(question), veil=veil)

    record(ledger, *(ended(question) for question in waiting))


def _as_asked(question: Entry, change: Change, repository: Repository, policies: Policies) -> tuple[Observation, Judgement] | str:
    """Give what was observed when the question was put, and the question; or say in our own words why it cannot be had."""
    try:
        inputs = enclosed(question.body)
    except MalformedError:
        return "its inputs are of another version"
    if isinstance(inputs, Unrecorded):
        return inputs.why
    policy = _policy(question, repository, policies)
    if policy is None:
        return "the policy that it was asked under cannot be read any more"
    seen = Observation(change, policy, inputs.proposal)
    asked = Judgement.of(seen, inputs.evidence, at=inputs.now)
    if assessed_key(inputs.proposal, asked.decision) != question.key:
        return "this version of the runner would ask another question"
    return seen, asked


def _policy(question: Entry, repository: Repository, policies: Policies) -> Policy | None:
    told = question.body.get("policy")
    commit, digest = (told.get("commit"), told.get("digest")) if isinstance(told, Mapping) else (None, None)
    try:
        policy = policies.at(repository, sha(str(commit)))
    except (MalformedError, Refused, AbsentFault):  # all was fetched just now: what is absent is gone from every branch
        return None
    except NoRepositoryFault:  # of a floor that it extends: nobody can correct a policy of the past
        return None
    return policy if policy.digest == digest else None
