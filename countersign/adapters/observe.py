"""Looks at a change with one's own eyes: forge and git in, a Proposal and the policy that judges it out.

The bot and the runner both use this, each with its own token, so neither has to believe the other. Nothing here decides:
`countersign.domain.decide` does. The policy is read from the tip of the protected branch, never from the change.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from countersign.adapters.measure import measure
from countersign.adapters.policies import Policies
from countersign.domain.outcomes import Fault, GitFault, Refused
from countersign.domain.people import Agent, Contributor, Person
from countersign.domain.policy import Policy
from countersign.domain.policy_forms import SKILL
from countersign.domain.ports import Change, CommitPeople, Forge, Repository
from countersign.domain.proposal import Claims, Proposal
from countersign.domain.tokens.finding import find
from countersign.domain.tokens.kinds import ALWAYS


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
    named, sponsor_name = _name(commits, "Countersign-Agent"), _only(commits, "Countersign-Sponsor")
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


def _name(commits: tuple[CommitPeople, ...], trailer: str) -> str | None:
    """Give what a trailer names. It goes into reasons and records to the letter, so it must be a name, and no secret."""
    name = _only(commits, trailer)
    if name is not None and (not re.fullmatch(SKILL, name) or find(name, ALWAYS)):
        raise Refused("intake", f"{trailer} is no name: letters, digits, '.', '_' and '-', at most 64 of them, and no secret")
    return name


def _claims(change: Change, commits: tuple[CommitPeople, ...]) -> Claims:
    return Claims(
        rationale=change.description,
        environment=_name(commits, "Countersign-Environment"),
        action=_name(commits, "Countersign-Action"),
        skill=_name(commits, "Countersign-Skill"),
        rollback=_only(commits, "Countersign-Rollback"),
        emergency=_only(commits, "Countersign-Emergency"),
        tests=tuple(value for commit in commits for key, value in commit.trailers if key.lower() == "countersign-test"),
        not_sure=tuple(value for commit in commits for key, value in commit.trailers if key.lower() == "countersign-not-sure"),
    )
