"""How a change stands, as one digest: what a decision depends on, so that "nothing new" can be told without deciding. Pure.

Time is not in it, nor membership of teams: marks expire instead.
"""

from collections.abc import Iterable

from countersign.domain.canonical import canonical_json
from countersign.domain.ids import Digest, Sha, digest_of
from countersign.domain.people import Approval
from countersign.domain.ports import Change


def stood(change: Change, approvals: Iterable[Approval], tip: Sha | None) -> Digest:
    """Give the digest for a change, the approvals that stand, and the tip of the protected branch."""
    return digest_of(
        canonical_json(
            {
                "approvals": sorted([approval.person.id, approval.at.isoformat(), approval.head] for approval in approvals),
                "description": digest_of(change.description.encode(errors="replace")),
                "draft": change.draft,
                "head": change.head,
                "head_seen": change.head_seen.isoformat(),
                "state": change.state.value,
                "target": change.target_branch,
                "tip": tip,
                "title": digest_of(change.title.encode(errors="replace")),
            }
        )
    )
