"""Which approvals count, and which slots they fill. Every approval that does not count says why.

Always, whatever a policy says: no bot, no agent, no machine of ours, not the author, not the sponsor, nobody with a commit in
the change; only approvals of exactly this head, given after the question was put, and not older than the slot allows.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from countersign.domain.approval import Evidence
from countersign.domain.decision import Discounted, Need
from countersign.domain.people import Approval, Person
from countersign.domain.proposal import Proposal


@dataclass(frozen=True, slots=True, order=True)
class Asked:
    """One slot: how many people of a team, and how many seconds their approvals live. `emergency`: to lift a freeze."""

    team: str
    count: int
    expires: int
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """What the approvals come to. `since` is when the newest approval of each person who counts was given."""

    needs: tuple[Need, ...]
    discounted: tuple[Discounted, ...]
    since: Mapping[int, datetime]


def count(slots: Sequence[Asked], agents: AbstractSet[str], proposal: Proposal, evidence: Evidence, *, now: datetime) -> Counted:
    """Fill the slots with as many people as can be. `agents` are the accounts that agents use."""
    fitting: dict[int, set[int]] = {}
    people: dict[int, Person] = {}
    since: dict[int, datetime] = {}
    discounted: list[Discounted] = []
    for approval in sorted(evidence.approvals, key=lambda item: (item.person.id, item.at)):
        person = approval.person
        why = _why_not(approval, agents, proposal, evidence) or _when_not(approval, proposal, evidence, now)
        if why is None:
            teams = {number for number, slot in enumerate(slots) if _is_in(person, slot.team, evidence)}
            alive = {number for number in teams if approval.at + timedelta(seconds=slots[number].expires) > now}
            if alive:
                people[person.id] = person
                fitting.setdefault(person.id, set()).update(alive)
                since[person.id] = approval.at
                continue
            why = "approved too long ago; approvals of this tier have expired"
            if not teams:
                why = f"is in none of the teams that are asked ({', '.join(sorted({slot.team for slot in slots}))})"
        discounted.append(Discounted(person, why))
    filled = _assign(slots, [people[number] for number in sorted(people)], fitting)
    needs = tuple(Need(slot.team, slot.count, who, slot.emergency) for slot, who in zip(slots, filled, strict=True))
    return Counted(needs, tuple(discounted), since)


def _why_not(approval: Approval, agents: AbstractSet[str], proposal: Proposal, evidence: Evidence) -> str | None:
    """Say why this person can never approve this change."""
    person = approval.person
    contributors = {contributor.person.id for contributor in proposal.contributors if contributor.person is not None}
    always = (
        (person.bot, "is a bot"),
        (person.id in {machine.id for machine in evidence.machines}, "is an account of this installation"),
        (person.username in agents, "is an agent"),
        (person.id == proposal.author.id, "opened the change"),
        (proposal.sponsor is not None and person.id == proposal.sponsor.id, "is the sponsor: asked the agent for this change"),
        (person.id in contributors, "has a commit in the change"),
    )
    return next((why for holds, why in always if holds), None)


def _when_not(approval: Approval, proposal: Proposal, evidence: Evidence, now: datetime) -> str | None:
    """Say why this approval, by somebody who may approve, is not one of what is asked now."""
    if approval.head != proposal.head:
        shown = "a state of the change that cannot be proved" if approval.head is None else f"another head ({approval.head[:12]})"
        return f"approved {shown}"
    if evidence.asked is None or approval.at <= evidence.asked:
        since = "" if evidence.asked is None else f" ({approval.at:%H:%M:%S}, on the record since {evidence.asked:%H:%M:%S} UTC)"
        return f"approved before the question was on the record{since}"
    if approval.at > now:
        return "approved in the future: the clocks disagree"
    return None


def _is_in(person: Person, team: str, evidence: Evidence) -> bool:
    return any(member.id == person.id for member in evidence.members.get(team, frozenset()))


def _assign(slots: Sequence[Asked], people: Sequence[Person], fitting: Mapping[int, AbstractSet[int]]) -> list[tuple[Person, ...]]:
    """Give each person at most one slot so that as many as possible are filled (augmenting paths; not greedy)."""
    if not people:
        return [()] * len(slots)
    seats = [number for number, slot in enumerate(slots) for _ in range(slot.count)]
    taken: dict[int, Person] = {}

    def seat(person: Person, tried: set[int]) -> bool:
        for place, number in enumerate(seats):
            if place in tried or number not in fitting[person.id]:
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
