"""Looks at a change with one's own eyes: forge and git in, a Proposal and the policy that judges it out.

The bot and the runner both use this, each with its own token, so neither has to believe the other. Nothing here decides:
`countersign.domain.decide` does. The policy is read from the tip of the protected branch, never from the change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from countersign.adapters.measure import measure
from countersign.adapters.policies import Policies
from countersign.attestation.ports import LedgerReader
from countersign.attestation.record import RecordKind
from countersign.domain.approval import NOTHING_YET, Evidence
from countersign.domain.authorization import binding
from countersign.domain.codeowners import Owner
from countersign.domain.decide import decide, teams_asked
from countersign.domain.decision import Decision
from countersign.domain.emergency import EmergencyUse
from countersign.domain.outcomes import Fault, GitFault, Refused
from countersign.domain.people import Agent, Contributor, Person
from countersign.domain.policy import Policy
from countersign.domain.ports import Change, Clock, CommitPeople, Forge, Repository
from countersign.domain.proposal import Claims, Proposal

_FEW_RECORDS = 256


@dataclass(frozen=True, slots=True)
class House:
    """What an installation knows of itself: the branch that its policy protects, the accounts that it runs under, its policies."""

    branch: str
    bot: Person
    machines: frozenset[Person]
    policies: Policies


@dataclass(frozen=True, slots=True)
class Observation:
    """A change as it stands now, and the policy at the tip of the protected branch."""

    change: Change
    policy: Policy
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision, the evidence that it was made from and the moment that it was made for, so that the record can show all."""

    decision: Decision
    evidence: Evidence
    at: datetime

    @classmethod
    def of(cls, observation: Observation, evidence: Evidence, *, at: datetime) -> Self:
        """Decide about what was observed."""
        return cls(decide(observation.policy, observation.proposal, evidence, now=at), evidence, at)


def household(forge: Forge, *, branch: str, bot: str, machines: Iterable[str] = (), policies: Policies | None = None) -> House:
    """Find the accounts of this installation on the forge.

    Raises:
        Fault: an account is not there; nothing can be judged before the installation is set right.
    """
    found: set[Person] = {forge.whoami()}
    for name in (bot, *machines):
        person = forge.person(name)
        if person is None:
            raise Fault(f"the forge knows no account {name!r}; create it or correct the settings")
        found.add(person)
    bot_person = next(person for person in found if person.username == bot)
    known = Policies() if policies is None else policies  # those that are given are empty at first
    return House(branch=branch, bot=bot_person, machines=frozenset(found), policies=known)


def observe(
    change: Change, *, forge: Forge, repository: Repository, house: House, plans: Mapping[str, bytes] | None = None
) -> Observation:
    """Read policy, commits and facts of an open change. `plans` are Terraform's, as `measure` takes them.

    Raises:
        Refused: the change cannot be judged as it is: wrong target, fork, conflict, no policy or an invalid one.
        ForgeFault, GitFault: could not find out; try again.
    """
    if change.target_branch != house.branch:
        raise Refused("policy", f"only changes to the protected branch {house.branch!r} are judged")
    if change.from_fork:
        raise Refused("intake", "a change from a fork gets no credential; push the branch to the project itself")
    repository.fetch()
    tip = repository.tip(house.branch)
    if tip is None:
        raise GitFault(f"the protected branch {house.branch!r} is not there")
    policy = house.policies.at(repository, tip)
    tree = repository.merged_tree(tip, change.head)
    if tree is None:
        raise Refused("intake", f"the change conflicts with {house.branch!r}; rebase it")
    commits = repository.people(tip, change.head)
    agent, sponsor = _principals(change, commits, policy, forge, house)
    proposal = Proposal(
        change=change.ref,
        title=change.title,
        source_branch=change.source_branch,
        target_branch=change.target_branch,
        base=tip,
        head=change.head,
        tree=tree,
        author=change.author,
        agent=agent,
        sponsor=sponsor,
        contributors=_contributors(commits, forge),
        facts=measure(repository, tip, tree, plans=plans),
        claims=_claims(change, commits),
    )
    return Observation(change=change, policy=policy, proposal=proposal)


def judge(observation: Observation, *, forge: Forge, ledger: LedgerReader, house: House, clock: Clock) -> Judgement:
    """Decide with everything that is known now: approvals, membership, and when the question was put on the record.

    Raises:
        ForgeFault, LedgerFault: could not find out; try again.
    """
    first = decide(observation.policy, observation.proposal, NOTHING_YET, now=clock())
    entry = ledger.find(assessed_key(observation.proposal, first))
    members = {
        team: frozenset().union(*(_people(owner, forge) for owner in observation.policy.people(team)))
        for team in sorted(teams_asked(first))
    }
    evidence = Evidence(
        approvals=forge.approvals(observation.proposal.change),
        members=members,
        # Never before the forge took in this state of the change: a re-target in between voids what was said (attack 14).
        asked=None if entry is None else max(entry.time, observation.change.head_seen),
        machines=house.machines,
        emergencies=_emergencies(observation, ledger, clock()),
    )
    return Judgement.of(observation, evidence, at=clock())


def assessed_key(proposal: Proposal, decision: Decision) -> str:
    """Give the key of the record that puts this question: approvals count from its time on."""
    return f"assessed/{binding(proposal, decision)}"


def _people(owner: Owner, forge: Forge) -> frozenset[Person]:
    """Give who is meant now: an account that is gone, or an address that no one account owns, is nobody."""
    if owner.kind == "group":
        return forge.members(owner.name)
    person = forge.person(owner.name) if owner.kind == "account" else forge.person_by_email(owner.name)
    return frozenset() if person is None else frozenset({person})


def _emergencies(observation: Observation, ledger: LedgerReader, now: datetime) -> tuple[EmergencyUse, ...]:
    """Give the runs that went through a freeze and whose review may still be due, where the change asks for an emergency."""
    floor = observation.policy.beside.floor
    documents = (observation.policy.document, *(() if floor is None else (floor.document,)))
    windows = [document.emergency.review_within for document in documents if document.emergency is not None]
    if observation.proposal.claims.emergency is None or not windows:
        return ()
    since, count = now - timedelta(seconds=max(windows)), _FEW_RECORDS
    while len(entries := ledger.latest(count)) == count and entries[0].time > since:
        count *= 2
    return tuple(
        EmergencyUse(entry.time, entry.run)
        for entry in entries
        if entry.kind is RecordKind.INTENT and entry.run is not None and _through_a_freeze(entry.body)
    )


def _through_a_freeze(body: Mapping[str, object]) -> bool:
    decision = body.get("decision")
    return isinstance(decision, Mapping) and decision.get("emergency") is not None


def _contributors(commits: tuple[CommitPeople, ...], forge: Forge) -> tuple[Contributor, ...]:
    owners = {email: forge.person_by_email(email) for email in sorted({email for commit in commits for email in commit.emails})}
    return tuple(
        Contributor(commit=commit.commit, email=email, person=owners[email])
        for commit in commits
        for email in sorted(set(commit.emails))
    )


def _only(commits: tuple[CommitPeople, ...], trailer: str) -> str | None:
    values = {value for commit in commits for key, value in commit.trailers if key.lower() == trailer.lower()}
    if len(values) > 1:
        raise Refused("intake", f"the commits disagree about {trailer}; one change, one answer")
    return next(iter(values), None)


def _principals(
    change: Change,
    commits: tuple[CommitPeople, ...],
    policy: Policy,
    forge: Forge,
    house: House,
) -> tuple[Agent | None, Person | None]:
    """Tell agent and sponsor apart. An account is evidence, a trailer only a statement (strength 0)."""
    named, sponsor_name = _only(commits, "Countersign-Agent"), _only(commits, "Countersign-Sponsor")
    model = _only(commits, "Assisted-by") or ""
    by_account = next((name for name, entry in sorted(policy.agents.items()) if entry.account == change.author.username), None)
    if change.author.id == house.bot.id:
        if named is None or sponsor_name is None:
            raise Refused("intake", "the bot opened this change without saying for which agent and sponsor")
        agent = Agent(id=named, model=model, strength=1)
    elif by_account is not None:
        agent = Agent(id=by_account, model=model, strength=1)
        sponsor_name = sponsor_name or (
            policy.agents[by_account].sponsors[0] if len(policy.agents[by_account].sponsors) == 1 else None
        )
    elif named is not None:
        return Agent(id=named, model=model, strength=0), change.author
    else:
        return None, None
    entry = policy.agents.get(agent.id)
    if entry is not None and sponsor_name not in entry.sponsors:
        raise Refused("intake", f"agent {agent.id!r} has no sponsor {sponsor_name!r} in the policy")
    sponsor = None if sponsor_name is None else forge.person(sponsor_name)
    if sponsor is None:
        raise Refused("intake", f"the sponsor of agent {agent.id!r} is no account on the forge")
    return agent, sponsor


def _claims(change: Change, commits: tuple[CommitPeople, ...]) -> Claims:
    return Claims(
        rationale=change.description,
        environment=_only(commits, "Countersign-Environment"),
        action=_only(commits, "Countersign-Action"),
        skill=_only(commits, "Countersign-Skill"),
        rollback=_only(commits, "Countersign-Rollback"),
        emergency=_only(commits, "Countersign-Emergency"),
        tests=tuple(value for commit in commits for key, value in commit.trailers if key.lower() == "countersign-test"),
        not_sure=tuple(value for commit in commits for key, value in commit.trailers if key.lower() == "countersign-not-sure"),
    )
