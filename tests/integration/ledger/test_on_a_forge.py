"""The audit branch on a forge (the embedded one, over HTTP): many writers at once, and a branch that lets nobody push."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import sleep

import pytest
from gitlab.v4.objects import Project

from countersign.adapters.ledger.reader import GitLedgerReader
from countersign.adapters.ledger.writer import GitLedger
from countersign.attestation.record import AUDIT_BRANCH, Entry
from countersign.domain.outcomes import LedgerFault
from tests.fakes.localforge import DEVELOPER, LocalForge, local_forge
from tests.support.audit import CHANGE, ORIGIN, TickingClock, intent, outcome, refused, signer, trust_root

WRITERS, EACH = 32, 3


@dataclass(slots=True)
class Waits:
    """Counts how often somebody had to wait, and waits."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        sleep(seconds)


@dataclass(slots=True)
class Scene:
    """A project, and a token that may push to it."""

    forge: LocalForge
    project: Project
    token: str
    home: Path
    clock: TickingClock = field(default_factory=TickingClock)

    @property
    def url(self) -> str:
        return f"{self.forge.url}/{self.project.path_with_namespace}.git"

    def writer(self, name: str, waits: Waits | None = None) -> GitLedger:
        return GitLedger(
            remote_url=self.url,
            directory=self.home / name,
            trust_root=trust_root(),
            signer=signer(),
            origin=ORIGIN,
            clock=self.clock,
            token=self.token,
            sleep=waits or Waits(),
        )

    def reader(self) -> GitLedgerReader:
        return GitLedgerReader(
            remote_url=self.url, directory=self.home / "reader", trust_root=trust_root(), origin=ORIGIN, token=self.token
        )


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalForge]:
    with local_forge(tmp_path_factory.mktemp("forge") / "state") as running:
        yield running


_numbers = count(1)


@pytest.fixture
def scene(forge: LocalForge, tmp_path: Path) -> Scene:
    number = next(_numbers)
    runner = forge.user(f"runner-{number}")
    forge.group(f"group-{number}")
    project = forge.project(f"group-{number}/shop", runner, level=DEVELOPER)
    return Scene(forge, project, forge.token(runner, "api", "write_repository"), tmp_path)


def test_many_writers_at_once_lose_nothing_and_make_one_line(scene: Scene) -> None:
    """Each with a directory of its own, as runners on different machines. A try fails only because another one's came first."""
    waits = [Waits() for _ in range(WRITERS)]

    def write(number: int) -> list[Entry]:
        ledger = scene.writer(f"w{number}", waits[number])
        results = ledger.append_all([refused(f"{number}-{step}") for step in range(EACH)])
        return [result for result in results if isinstance(result, Entry)]

    with ThreadPoolExecutor(WRITERS) as pool:
        made = [entry for entries in pool.map(write, range(WRITERS)) for entry in entries]
    assert len(made) == WRITERS * EACH
    standing = scene.reader().of_change(CHANGE)
    assert [entry.seq for entry in standing] == list(range(WRITERS * EACH))
    assert {entry.digest for entry in standing} == {entry.digest for entry in made}
    assert all(len(one.seconds) < WRITERS for one in waits), "nobody tries more often than the others can win"
    for first in range(0, len(standing), EACH):  # what was given at once stands at once
        assert len({entry.key.partition("-")[0] for entry in standing[first : first + EACH]}) == 1


def test_a_branch_that_takes_no_push_is_a_fault_and_leaves_nothing_half_written(scene: Scene) -> None:
    ledger = scene.writer("w")
    ledger.append(intent())
    scene.project.protectedbranches.create({"name": AUDIT_BRANCH, "push_access_level": 0, "merge_access_level": 0})
    with pytest.raises(LedgerFault, match=r"not accepted by the remote after \d tries: .*(declined|rejected)"):
        ledger.append(outcome())
    assert [entry.key for entry in ledger.open_intents()] == [intent().key], "the run stays open: its environment waits"
    assert scene.reader().of_change(CHANGE) == ledger.of_change(CHANGE)
    scene.project.protectedbranches.delete(AUDIT_BRANCH)
    assert ledger.append(outcome()).seq == 1
    assert scene.reader().open_intents() == ()
