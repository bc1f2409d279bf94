"""Half a year of a small shop, for whoever reads records: real decisions of the shop's policy, put in the runner's own words.

The same seed gives the same history. Nothing here writes: a writer asks each event for its draft, since an outcome names the
record of its intent.
"""

import heapq
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha1

from countersign.adapters.judge import Judgement
from countersign.adapters.observe import Observation
from countersign.attestation.record import Draft, Entry
from countersign.domain.approval import NOTHING_YET, Evidence
from countersign.domain.authorization import authorize
from countersign.domain.autonomy import counts_as
from countersign.domain.decide import decide
from countersign.domain.decision import Decision, Effect
from countersign.domain.ids import ChangeRef, RunId, Sha, digest_of
from countersign.domain.matching import touched
from countersign.domain.people import Agent, Person
from countersign.domain.policy import Policy
from countersign.domain.proposal import Proposal
from countersign.domain.run import Connection, Ending, Endpoint, RunResult
from countersign.domain.scope import Grant, Proof, Revocation, Scope
from runners import aftermath, scribe
from tests.builders import BASE, LEA, LOU, SAM, TREE, WANDA, WIM, evidence, proposal, shop_policy
from tests.support.decided import change_of
from tests.support.veiled import veil

BEGAN = datetime(2026, 5, 25, 6, tzinfo=UTC)
END = datetime(2026, 11, 24, 12, tzinfo=UTC)
AGENTS = (
    Agent("shop-agent", "claude-opus-4-6", strength=2),
    Agent("sre-helper", "gpt-5.2-codex", strength=1),
    Agent("schema-keeper", "claude-sonnet-5", strength=2),
)
SPONSORS = (SAM, WANDA, LEA)
VEIL = veil()
_EMPTY = digest_of(b"")
_ADD = "ALTER TABLE orders ADD COLUMN {name} text;\n"
_NAMES = ("note", "gift_wrap", "delivery_slot", "locale", "loyalty_tier", "packed_at", "carrier", "refund_reason")

Make = Callable[[Mapping[RunId, Entry]], Draft]


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of change that the shop knows, how often it comes, and who approves it."""

    weight: int
    files: tuple[str, ...]
    sql: Mapping[str, str]
    approvers: tuple[Person, ...] = ()


TEMPLATES = (
    Template(30, (), {"db/staging/shop/V{n}__{name}.sql": _ADD}),
    Template(22, (), {"db/production/shop/V{n}__{name}.sql": _ADD}, (WANDA,)),
    Template(14, ("site/production/shop/index.html", "site/production/shop/{name}.html"), {}, (WIM,)),
    Template(10, ("site/staging/shop/{name}.html",), {}, (LEA, LOU, WANDA)),
    Template(9, ("site/production/checkout/pay.html",), {}, (LEA, LOU, WIM)),
    Template(6, (), {"db/production/checkout/V{n}__{name}.sql": _ADD}, (LEA, LOU, WANDA)),
    Template(5, (), {"db/production/shop/V{n}__drop_{name}.sql": "DROP TABLE orders_{name};\n"}),
    Template(3, (), {"db/production/shop/V{n}__{name}.sql": _ADD}, (SAM, WANDA)),
    Template(2, (".countersign/policy.yaml",), {}, (LEA, LOU, WANDA)),
    Template(2, ("site/production/shop/AGENTS.md", "site/production/shop/{name}.html"), {}, (LEA, LOU, WANDA)),
    Template(4, (), {"db/staging/shop/V{n}__purge_{name}.sql": "DELETE FROM orders_{name};\n"}),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A change with everything that is known of it before anything runs."""

    observation: Observation
    question: Decision
    answer: Decision
    evidence: Evidence

    def judged(self, at: datetime) -> Judgement:
        """Put the question: nobody has approved yet."""
        return Judgement(self.question, NOTHING_YET, at)

    def answered(self, at: datetime) -> Judgement:
        """Give the answer, made from approvals that came shortly before."""
        approvals = tuple(
            replace(item, at=at - timedelta(seconds=30 + 7 * place)) for place, item in enumerate(self.evidence.approvals)
        )
        return Judgement(self.answer, replace(self.evidence, approvals=approvals), at)


@dataclass(slots=True)
class History:
    """Events in the order of their times. `changes` says how many changes there are; each has up to three records."""

    changes: int
    seed: int = 7
    began: datetime = BEGAN
    end: datetime = END
    policy: Policy = field(default_factory=shop_policy)
    base: Sha = BASE
    tree: Sha = TREE
    _known: dict[tuple[int, str], tuple[Proposal, Decision, Decision, Evidence]] = field(default_factory=dict)

    def events(self) -> Iterator[tuple[datetime, Make]]:
        """Give times and drafts, oldest first. Of the newest changes some are still open."""
        dice = random.Random(self.seed)  # noqa: S311 - a story, no secret
        span = (self.end - self.began).total_seconds()
        waiting: list[tuple[datetime, int, Make]] = []
        number = 0
        for iid in range(1, self.changes + 1):
            start = self.began + timedelta(seconds=span * (iid - dice.random()) / self.changes)
            while waiting and waiting[0][0] <= start:
                when, _, make = heapq.heappop(waiting)
                yield when, make
            for when, make in self._change(dice, iid, start):
                number += 1
                heapq.heappush(waiting, (when, number, make))
        while waiting:
            when, _, make = heapq.heappop(waiting)
            if when <= self.end:
                yield when, make

    def _change(self, dice: random.Random, iid: int, start: datetime) -> Iterator[tuple[datetime, Make]]:
        asked = self._asked(dice, iid, start)
        seen = asked.observation
        if asked.question.effect is Effect.REFUSED:
            yield start, lambda _: scribe.refused(seen, asked.judged(start), now=start, veil=VEIL)
            return
        yield start, lambda _: scribe.assessed(seen, asked.judged(start), now=start, veil=VEIL)
        fate = dice.random()
        if fate < 0.06 or not asked.answer.satisfied or asked.answer.plan is None:  # nobody took it up, or there is nothing to run
            return
        lead = timedelta(
            seconds=dice.uniform(20, 90) if asked.question.effect is Effect.AUTONOMOUS else dice.expovariate(1 / 7000) + 120
        )
        begins = start + lead
        authorization = authorize(seen.proposal, asked.answer, now=begins)
        run = authorization.run
        leases = {f"{scope.provider}/{run}/{scope.name}": scope for scope in authorization.plan.scopes}
        yield begins, lambda _: scribe.intent(authorization, seen, asked.answered(begins), leases, now=begins, veil=VEIL)
        took = timedelta(seconds=dice.uniform(3, 75))
        minted = begins + timedelta(seconds=dice.uniform(0.4, 2))
        ended = minted + took
        kept, ends = _kept(dice, run, leases, asked.answer, minted=minted, ended=ended, fate=fate)
        closed = ended + timedelta(seconds=1.5 if kept is not None else 90)
        steps = [{"began": ended.isoformat(), "ms": 1400, "name": "revoke", "step": 6}]
        yield (
            closed,
            lambda intents: aftermath.outcome(
                intents[run], kept, ends, timeline=steps, now=closed, tokenizer=VEIL.again(intents[run])
            ),
        )

    def _asked(self, dice: random.Random, iid: int, start: datetime) -> Asked:
        (number,) = dice.choices(range(len(TEMPLATES)), [template.weight for template in TEMPLATES])
        name = dice.choice(_NAMES)
        known, question, answer, given = self._judged(number, name)
        head = Sha(sha1(f"{self.seed}/{iid}".encode(), usedforsecurity=False).hexdigest())
        agent, sponsor = dice.choice(AGENTS), dice.choice(SPONSORS)
        ref = ChangeRef("acme/shop", iid)
        made = replace(
            known,
            change=ref,
            base=self.base,
            tree=self.tree,
            head=head,
            title=f"Change {name}",
            source_branch=f"proposals/{agent.id}/{iid}",
            agent=agent,
            sponsor=sponsor,
            claims=replace(known.claims, skill="add-a-column" if TEMPLATES[number].sql else None),
        )
        # decided once for all changes of this kind, before it was known who asks and by which skill
        kind = tuple(counts_as(self.policy, made, touched(self.policy, made.facts), given).items())
        return Asked(
            Observation(change_of(made, at=start), self.policy, made),
            replace(question, counts_as=kind),
            replace(answer, counts_as=kind),
            replace(given, approvals=tuple(replace(item, head=head) for item in given.approvals)),
        )

    def _judged(self, number: int, name: str) -> tuple[Proposal, Decision, Decision, Evidence]:
        """Decide once for each kind of change; the decision names neither head nor number."""
        if (number, name) not in self._known:
            template = TEMPLATES[number]
            files = [path.format(name=name, n=number) for path in template.files]
            sql = {path.format(name=name, n=number): text.format(name=name) for path, text in template.sql.items()}
            made = proposal(*files, sql=sql)
            noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
            given = evidence(*template.approvers)
            self._known[number, name] = (
                made,
                decide(self.policy, made, evidence(), now=noon),
                decide(self.policy, made, given, now=noon),
                given,
            )
        return self._known[number, name]


def _kept(
    dice: random.Random,
    run: RunId,
    leases: Mapping[str, Scope],
    decision: Decision,
    *,
    minted: datetime,
    ended: datetime,
    fate: float,
) -> tuple[dict[str, object] | None, list[Revocation]]:
    grants = [
        Grant(run, scope, handle, _public(dice, scope, run), minted, minted + timedelta(seconds=scope.ttl))
        for handle, scope in sorted(leases.items())
    ]
    ends = [
        Revocation(
            grant.handle,
            ended + timedelta(seconds=1),
            Proof.DEAD if dice.random() < 0.9 else Proof.UNPROVED,
            "refused by the target",
        )
        for grant in grants
    ]
    if fate > 0.985:
        return None, ends
    plan = decision.plan
    assert plan is not None
    ok = fate < 0.92
    connections = tuple(
        Connection(endpoint, True, dice.randrange(800, 9000), dice.randrange(500, 90000)) for endpoint in plan.allow[:1]
    )
    if not ok:
        connections += (Connection(Endpoint("telemetry.example.net", 443), False),)
    result = RunResult(
        ending=Ending.EXITED if ok or dice.random() < 0.8 else Ending.TIMEOUT,
        exit_code=0 if ok else 1,
        started=minted + timedelta(seconds=0.5),
        finished=ended,
        stdout=f"{plan.action}: {len(plan.inputs)} files, done\n" if ok else "",
        stderr="" if ok else f"{plan.action}: lock timeout on relation orders\n",
        stdout_digest=_EMPTY,
        stderr_digest=_EMPTY,
        connections=connections,
        tainted=fate > 0.975,
        backend="podman",
        runtime="crun",
        profile_digest=_EMPTY,
    )
    begun = minted - timedelta(seconds=2)
    steps = [
        (1, "observe", begun, 900),
        (2, "authorize", begun + timedelta(seconds=0.9), 40),
        (3, "intent", begun + timedelta(seconds=0.95), 600),
        (4, "mint", minted, 480),
        (5, "run", minted + timedelta(seconds=0.5), int((ended - minted).total_seconds() * 1000) - 500),
    ]
    timeline = [{"began": at.isoformat(), "ms": ms, "name": name, "step": step} for step, name, at, ms in steps]
    document = aftermath.result_document(
        result, spec_argv=plan.argv, image=plan.image, network=plan.network, tokenizer=VEIL.blind("acme/shop")
    )
    return aftermath.keep(result=document, grants=grants, fault=None, timeline=timeline, tokenizer=VEIL.blind("acme/shop")), ends


def _public(dice: random.Random, scope: Scope, run: RunId) -> str:
    if scope.provider == "aws":
        return "ASIA" + "".join(dice.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))
    return f"cs_{run.removeprefix('run-')}"
