"""What is always so, whatever a policy says: docs/policy-guide.md lists it. What concerns approvals is in `counting`."""

from collections.abc import Iterator, Sequence

from countersign.domain.analysers.terraform import is_state
from countersign.domain.decision import Effect, Plan, Reason
from countersign.domain.ids import MalformedError
from countersign.domain.matching import Touched
from countersign.domain.paths import check_path
from countersign.domain.policy import Policy
from countersign.domain.proposal import Proposal
from countersign.domain.several import more, several


def always(policy: Policy, proposal: Proposal, touch: Touched) -> Iterator[Reason]:
    """Give what refuses whatever the policy says."""
    files = proposal.facts.files
    if not files:
        yield Reason("always: emptiness is no yes", "the change changes nothing", Effect.REFUSED, to_pass="push a commit")
    if not touch.ordinary:
        yield from _paths(touch.paths)
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


def _paths(paths: Sequence[str]) -> Iterator[Reason]:
    """Refuse paths that could be read in two ways, and state."""
    for why in sorted({why for path in paths if (why := _malformed(path))}):
        yield Reason("always: paths mean what they show", why, Effect.REFUSED, to_pass="rename the file")
    states, left = several((path for path in paths if is_state(path)), most=1)
    for path in states:
        why = f"Terraform's state and finished plans never come with a change{more(left)}"
        yield Reason("always: state stays where it is", why, Effect.REFUSED, path=path, to_pass="take the file out")


def _malformed(path: str) -> str:
    try:
        check_path(path)
    except MalformedError as error:
        return str(error)
    return ""


def principals(policy: Policy, proposal: Proposal) -> Iterator[Reason]:
    """Give what refuses because of who asks."""
    if proposal.agent is not None:
        if proposal.agent.id not in policy.agents:
            why = f"the policy does not know the agent {proposal.agent.id[:60]!r}"
            yield Reason("always: agents are named", why, Effect.REFUSED, to_pass="add it under `agents`, in a change of its own")
        if proposal.sponsor is None:
            yield Reason(
                "always: an agent has a sponsor", "nobody is named who asked for this", Effect.REFUSED, to_pass="name the sponsor"
            )


def claims(policy: Policy, proposal: Proposal, touch: Touched, would_run: Plan | None) -> Iterator[Reason]:
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


def strangers(proposal: Proposal) -> Iterator[Reason]:
    """Refuse to count approvals as independent while somebody unknown has a commit in the change (attack 26)."""
    for contributor in proposal.contributors:
        if contributor.person is None:
            why = f"commit {contributor.commit[:12]} is by an address that no account owns"
            yield Reason("always: committers are known", why, Effect.REFUSED, to_pass="commit with an address of your account")
            return
