"""Words for the record of who said yes: whose approvals counted, for what, and whose did not. Pure; `decide` says which do."""

from collections.abc import Callable, Iterable

from countersign.adapters.judge import Judgement
from countersign.domain.canonical import canonical_json
from countersign.domain.heard import Heard
from countersign.domain.ids import Digest, digest_of
from countersign.domain.people import Approval
from countersign.domain.versions import telling

MOST_ANSWERS = 50
"""Named in a record: approvals and versions first, then a page for every hundred members of each group. Beyond these, a digest."""

Item = dict[str, object]


def given(approvals: Iterable[Approval]) -> list[Item]:
    """Name the approvals that the forge holds, whether they count or not."""
    return [
        {
            "at": approval.at.isoformat(),
            "head": approval.head,
            "id": approval.person.id,
            "username": approval.person.username,
        }
        for approval in approvals
    ]


def approvers(judgement: Judgement) -> list[Item]:
    """Name those whose approvals count, each with the team that it counts for and by which name of the policy's one is in that."""
    counted = {person.id: need.team for need in judgement.decision.needs for person in need.filled_by}
    those = [approval for approval in judgement.evidence.approvals if approval.person.id in counted]
    return [
        item
        | {
            "member_by": judgement.heard.by(counted[approval.person.id], approval.person),
            "team": counted[approval.person.id],
        }
        for approval, item in zip(those, given(those), strict=True)
    ]


def evidence(heard: Heard, approvals: Iterable[Approval], sealed: Callable[[Digest], Digest]) -> Item:
    """Name what approvals and membership were taken from: answers of the forge by digest, and versions that tell the heads.

    `sealed` makes of a digest one that confirms no guess: answers hold texts that the record hides.
    """
    told = telling(heard.versions, [approval.at for approval in approvals])
    answers = [{"digest": sealed(answer.digest), "path": answer.path} for answer in heard.answers]
    rest = answers[MOST_ANSWERS:]
    return {
        "answers": answers[:MOST_ANSWERS],
        **({"answers_left_out": {"count": len(rest), "digest": digest_of(canonical_json(rest))}} if rest else {}),
        "versions": [{"created": version.created.isoformat(), "head": version.head} for version in told],
        "versions_total": len(heard.versions),
    }
