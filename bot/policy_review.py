"""What a change of the policy would mean, for the people who are asked about it: past decisions under the policy that it brings.

Reads the policy that the change would leave on the protected branch; nothing is judged by it. Bounded: the newest records only.
"""

from dataclasses import dataclass

from countersign.adapters.observe import Observation
from countersign.adapters.policies import Policies
from countersign.attestation.past import Past
from countersign.attestation.ports import LedgerReader
from countersign.domain.outcomes import GitFault, Refused
from countersign.domain.policy_diff import PolicyDiff, compare
from countersign.domain.policy_yaml import POLICY_FILE, PolicyError
from countersign.domain.ports import Repository
from countersign.domain.yaml_guard import LARGEST

RECORDS = 500
"""Looked at, the newest ones. `countersign policy diff` looks at all."""


@dataclass(frozen=True, slots=True)
class PolicyReview:
    """Either what would be otherwise, or why the policy that the change brings is none: then everything would be refused."""

    diff: PolicyDiff | None
    missing: int = 0
    problem: str | None = None


def review(observation: Observation, repository: Repository, ledger: LedgerReader, policies: Policies) -> PolicyReview | None:
    """Hold the change's policy against the newest records; None where the change leaves the policy as it is.

    Raises:
        LedgerFault: the audit branch cannot be read.
    """
    file = next((file for file in observation.proposal.facts.files if file.path == POLICY_FILE), None)
    if file is None:
        return None
    if file.new_blob is None:
        return PolicyReview(None, problem=f"the change deletes {POLICY_FILE}")
    try:
        new = policies.compiled(repository.blob(file.new_blob, limit=LARGEST), repository, observation.proposal.head)
    except PolicyError as error:
        return PolicyReview(None, problem=str(error))
    except (GitFault, Refused) as fault:
        return PolicyReview(None, problem=str(fault))
    past = Past.of(ledger.latest(RECORDS))
    return PolicyReview(compare(observation.policy, new, past.inputs), missing=sum(count for _, count in past.missing))
