"""A runner on fakes: one world that tests change, one pipeline that looks at it. Time passes when it is told to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from countersign.adapters.observe import household
from countersign.attestation.ports import Ledger
from countersign.domain.ids import ChangeRef, Sha
from countersign.domain.outcomes import Fault
from countersign.domain.people import Person
from runners.brokers.registry import Brokers
from runners.closing import Closer
from runners.pipeline import Ending, Pipeline, Room
from runners.reaper import Reaper
from runners.tidying import Tidier
from tests.builders import NOON, SHOP_POLICY
from tests.fakes.brokers import FakeBroker
from tests.fakes.forge import FakeForge
from tests.fakes.forge_world import ForgeWorld
from tests.fakes.leases import FakeLeases
from tests.fakes.ledger import FakeLedger
from tests.fakes.outbox import FakeOutbox
from tests.fakes.repository import FakeRepository
from tests.fakes.sandbox import FakeSandbox
from tests.support.policies import policies
from tests.support.veiled import veil

PROJECT = "acme/shop"
TRAILERS = (("Countersign-Agent", "shop-agent"), ("Countersign-Sponsor", "sam"))


@dataclass
class Ticking:
    """A clock that moves by a second whenever it is read, so that "after" is always after."""

    moment: datetime = NOON

    def __call__(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    def ticks(self) -> int:
        return int(self.moment.timestamp() * 1000)


@dataclass
class RunnerWorld:
    """Everything around one runner of staging and production."""

    policy: str = SHOP_POLICY
    clock: Ticking = field(default_factory=Ticking)

    def __post_init__(self) -> None:
        self.repository = FakeRepository()
        self.repository.commit({".countersign/policy.yaml": self.policy, "README.md": "The shop\n"})
        self.world = ForgeWorld(clock=self.clock, merger=self.repository.merger())
        self.bot = self.world.add_person("countersign-bot", bot=True)
        self.people = {name: self.world.add_person(name) for name in ("sam", "wanda", "wim", "lea", "lou")}
        self.world.add_group("acme/web", *(self.people[name] for name in ("sam", "wanda", "wim")))
        self.world.add_group("acme/leads", self.people["lea"], self.people["lou"])
        self.forge = FakeForge(self.world, me="countersign-runner")
        self.ledger = FakeLedger()
        self.sandbox = FakeSandbox(clock=self.clock)
        self.leases = FakeLeases()
        self.outbox = FakeOutbox(lambda: self.clock.moment)
        self.broker = FakeBroker(clock=self.clock, provider="postgres")
        self.room = Room(self.repository, self.ledger)
        self.pipeline = self.runner()

    def runner(self, environments: tuple[str, ...] = ("staging", "production")) -> Pipeline:
        """Make another runner of the same world."""
        brokers = Brokers([self.broker])
        return Pipeline(
            forge=self.forge,
            house=household(self.forge, branch="main", bot="countersign-bot", policies=policies()),
            brokers=brokers,
            sandbox=self.sandbox,
            attestation=self.sandbox.attest(),
            leases=self.leases,
            outbox=self.outbox,
            closer=Closer(
                brokers=brokers, sandbox=self.sandbox, outbox=self.outbox, clock=self.clock, ticks=self.clock.ticks, veil=veil()
            ),
            environments=frozenset(environments),
            clock=self.clock,
            ticks=self.clock.ticks,
            sleep=self.clock.sleep,
        )

    def reaper(self) -> Reaper:
        """Make the reaper that goes with the runner."""
        return Reaper(self.pipeline.closer, self.leases, self.pipeline.environments)

    def tidy(self, *projects: str, later: float = 3 * 3600) -> list[Fault]:
        """Have the outbox tidied some seconds later, by a runner of these projects: ours, unless others are named."""
        self.clock.sleep(later)
        ledgers: dict[str, Ledger] = {name: self.ledger if name == PROJECT else FakeLedger() for name in projects or (PROJECT,)}
        return Tidier(self.pipeline.closer, self.leases).tidy_all(ledgers)

    def propose(
        self,
        files: dict[str, str],
        *,
        author: Person | None = None,
        trailers: tuple[tuple[str, str], ...] = TRAILERS,
        words: str = "",
    ) -> ChangeRef:
        """Have the agent's change opened by the bot."""
        branch = f"proposals/{len(self.world.changes)}"
        head = self.commit(files, branch=branch, trailers=trailers)
        return self.world.open(PROJECT, author=author or self.bot, head=head, source_branch=branch, description=words)

    def commit(self, files: Mapping[str, str | None], *, branch: str, trailers: tuple[tuple[str, str], ...] = TRAILERS) -> Sha:
        """Put a commit on a branch that starts at main; None deletes a file."""
        self.repository.fetch()
        parent = self.repository.tip(branch) or self.repository.tip("main")
        return self.repository.commit(files, branch=branch, parent=parent, author="countersign-bot@example.com", trailers=trailers)

    def approve(self, ref: ChangeRef, *names: str) -> None:
        """Have people approve."""
        for name in names:
            self.world.approve(ref, self.people[name])

    def handle(self, ref: ChangeRef) -> Ending:
        """Have the runner look at a change."""
        return self.pipeline.handle(ref, self.room)

    def kinds(self) -> list[str]:
        """Give the kinds of all records, oldest first."""
        return [kind.value for kind in self.ledger.kinds]
