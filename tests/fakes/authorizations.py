"""Authorizations for tests that need proof to mint and do not care how it came about.

They come out of the real `authorize`, as everybody's do; only proposal and decision are made up.
"""

from datetime import UTC, datetime

from countersign.domain.authorization import Authorization, authorize
from countersign.domain.decision import Decision, Effect, NetworkTier, Plan
from countersign.domain.facts import Facts
from countersign.domain.ids import ChangeRef, Sha, digest_of
from countersign.domain.people import Person
from countersign.domain.proposal import Proposal
from countersign.domain.run import Limits
from countersign.domain.scope import Scope

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def authorization(
    *scopes: Scope,
    iid: int = 1,
    project: str = "shop/site",
    environment: str | None = "staging",
    now: datetime = NOON,
) -> Authorization:
    """Make the proof for one run of one plan with these scopes. Another `iid` is another run."""
    head = Sha(f"{iid:040x}")
    proposal = Proposal(
        change=ChangeRef(project, iid),
        title="Add a column",
        source_branch="agent/add-column",
        target_branch="main",
        base=Sha("b" * 40),
        head=head,
        tree=Sha("c" * 40),
        author=Person(7, "sre-helper", bot=True),
        agent=None,
        sponsor=None,
        contributors=(),
        facts=Facts(()),
    )
    plan = Plan(
        action="migrate",
        environment=environment,
        region=None,
        services=("shop",),
        plan_argv=None,
        argv=("psql", "-f", "001.sql"),
        rollback=None,
        sandbox="tools",
        image="tools@sha256:" + "d" * 64,
        limits=Limits(memory=2**28, pids=64, timeout=60),
        network="private",
        network_tier=NetworkTier.IP_ALLOWLIST,
        allow=(),
        plan_scopes=(),
        scopes=scopes,
        rollback_scopes=(),
        inputs=(),
    )
    decision = Decision(
        effect=Effect.AUTONOMOUS,
        tier="low",
        environment=environment,
        services=("shop",),
        plan=plan,
        reasons=(),
        needs=(),
        discounted=(),
        policy_digest=digest_of(b"policy"),
    )
    return authorize(proposal, decision, now=now)
