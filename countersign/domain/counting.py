"""Which approvals count, and which slots they fill. Every approval that does not count says why.

Always, whatever a policy says: no bot, no agent, no machine of ours, not the author, not the sponsor, nobody with a commit in
the change; only approvals of exactly this head, given after the question was put, and not older than the tier allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from countersign.domain.approval import Evidence
from countersign.domain.decision import Discounted, Need
from countersign.domain.people import Approval, Person
from countersign.domain.policy import Policy
from countersign.domain.proposal import Proposal

Slots = tuple[tuple[str, int], ...]
"""Team and count, in the order of the policy."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a tier asks for: slots, and how many seconds an approval lives."""

    slots: Slots
    expires: int | None


def count(
    asked: Asked, policy: Policy, proposal: Proposal, evidence: Evidence, *, now: datetime
) -> tuple[tuple[Need, ...], tuple[Discounted, ...]]:
    """Fill the slots with as many people as can be; give them, and the approvals that do not count."""
    slots = asked.slots
    approvers: dict[int, Person] = {}
    discounted: list[Discounted] = []
    teams = {team for team, _ in slots}
    for approval in sorted(evidence.approvals, key=lambda item: (item.person.id, item.at)):
        why = _why_not(approval, policy, proposal, evidence) or _when_not(approval, proposal, evidence, asked.expires, now)
        if why is None and not any(_is_in(approval.person, team, evidence) for team in teams):
            why = f"is in none of the teams that are asked ({', '.join(sorted(teams))})"
        if why is not None:
            discounted.append(Discounted(approval.person, why))
        else:
            approvers[approval.person.id] = approval.person
    filled = _assign(slots, [approvers[number] for number in sorted(approvers)], evidence)
    return tuple(Need(team, wanted, people) for (team, wanted), people in zip(slots, filled, strict=True)), tuple(discounted)


def _why_not(approval: Approval, policy: Policy, proposal: Proposal, evidence: Evidence) -> str | None:
    """Say why this person can never approve this change."""
    person = approval.person
    contributors = {contributor.person.id for contributor in proposal.contributors if contributor.person is not None}
    agents = {entry.account for entry in policy.agents.values()}
    always = (
        (person.bot, "is a bot"),
        (person.id in {machine.id for machine in evidence.machines}, "is an account of this installation"),
        (person.username in agents, "is an agent"),
        (person.id == proposal.author.id, "opened the change"),
        (proposal.sponsor is not None and person.id == proposal.sponsor.id, "is the sponsor: asked the agent for this change"),
        (person.id in contributors, "has a commit in the change"),
    )
    return next((why for holds, why in always if holds), None)


def _when_not(approval: Approval, proposal: Proposal, evidence: Evidence, expires: int | None, now: datetime) -> str | None:
    """Say why this approval, by somebody who may approve, is not one of what is asked now."""
    if approval.head != proposal.head:
        shown = "a state of the change that cannot be proved" if approval.head is None else f"another head ({approval.head[:12]})"
        return f"approved {shown}"
    if evidence.asked is None or approval.at <= evidence.asked:
        since = "" if evidence.asked is None else f" ({approval.at:%H:%M:%S}, on the record since {evidence.asked:%H:%M:%S} UTC)"
        return f"approved before the question was on the record{since}"
    if approval.at > now:
        return "approved in the future: the clocks disagree"
    if expires is not None and approval.at + timedelta(seconds=expires) <= now:
        return "approved too long ago; approvals of this tier have expired"
    return None


def _is_in(person: Person, team: str, evidence: Evidence) -> bool:
    return any(member.id == person.id for member in evidence.members.get(team, frozenset()))


def _assign(slots: Slots, people: Sequence[Person], evidence: Evidence) -> list[tuple[Person, ...]]:
    """Give each person at most one slot so that as many as possible are filled (augmenting paths; not greedy)."""
    seats = [number for number, (_, wanted) in enumerate(slots) for _ in range(wanted)]
    taken: dict[int, Person] = {}

    def seat(person: Person, tried: set[int]) -> bool:
        for place, number in enumerate(seats):
            if place in tried or not _is_in(person, slots[number][0], evidence):
                continue
            tried.add(place)
            if place not in taken or seat(taken[place], tried):
                taken[place] = person
                return True
        return False

    for person in people:
        seat(person, set())
    return [
        tuple(sorted(taken[place] for place, number in enumerate(seats) if number == slot and place in taken))
        for slot in range(len(slots))
    ]
