"""Words for the record of who said yes: whose approvals counted, for what, and whose did not. Pure; `decide` says which do."""

from collections.abc import Iterable

from countersign.adapters.judge import Judgement
from countersign.domain.people import Approval

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
    """Name those whose approvals count, each with the team that it counts for."""
    counted = {person.id: need.team for need in judgement.decision.needs for person in need.filled_by}
    those = [approval for approval in judgement.evidence.approvals if approval.person.id in counted]
    return [item | {"team": counted[approval.person.id]} for approval, item in zip(those, given(those), strict=True)]
