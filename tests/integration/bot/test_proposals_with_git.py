"""From a diff to a branch with real git: the commit is what the diff says, the same again is the same, nothing is half done."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.agents import AgentEntry
from bot.asks import Ask
from bot.problems import Problem
from bot.proposals import Branches, Desk, Proposed
from countersign.adapters.git import GitRepository
from countersign.adapters.patch import Identity, PatchBranches
from countersign.domain.ids import Sha
from countersign.domain.outcomes import Fault
from tests.builders import NOON
from tests.fakes.forge import FakeForge
from tests.fakes.forge_world import ForgeWorld
from tests.support.git_origin import GitOrigin
from tests.support.veiled import veil

AGENT = AgentEntry(id="shop-agent", token_sha256="a" * 64, projects=("acme/shop",), sponsors=("sam",))
IDENTITY = Identity("countersign-bot", "1-countersign-bot@users.noreply.forge.example")
DIFF = """\
diff --git a/db/staging/shop/V2__note.sql b/db/staging/shop/V2__note.sql
new file mode 100644
--- /dev/null
+++ b/db/staging/shop/V2__note.sql
@@ -0,0 +1 @@
+ALTER TABLE orders ADD COLUMN note text;
diff --git a/README.md b/README.md
--- a/README.md
+++ b/README.md
@@ -1 +1 @@
-The shop
+The shop, with notes
"""


@dataclass
class Seen:
    """Pushes with git, and lets the forge in memory see the branch."""

    branches: PatchBranches
    world: ForgeWorld

    def __post_init__(self) -> None:
        self.apply_diff = self.branches.apply_diff

    def push(self, commit: Sha, branch: str) -> None:
        self.branches.push(commit, branch)
        self.world.branches["acme/shop", branch] = commit


class Shop:
    """A project with git on disk, and a desk for each host that the bot may run on."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.origin = GitOrigin(place / "origin.git")
        self.base = self.origin.commit({"README.md": "The shop\n"})
        self.world = ForgeWorld(clock=lambda: NOON)
        self.forge = FakeForge(self.world, me="countersign-bot")

    def propose(self, *, host: str = "one", **changes: object) -> Proposed:
        objects = GitRepository(url=self.origin.url, directory=self.place / host)
        branches: Branches = Seen(PatchBranches(objects), self.world)
        desk = Desk(self.forge, objects, branches, "main", lambda: IDENTITY, veil().key)
        document = {
            "project": "acme/shop",
            "base": self.base,
            "diff": DIFF,
            "title": "Notes",
            "rationale": "Asked for.",
            "sponsor": "sam",
        }
        return desk.propose(AGENT, Ask.read(document | changes))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_the_commit_is_what_the_diff_says(shop: Shop) -> None:
    made = shop.propose(environment="staging")
    head = made.change.head
    assert shop.origin.tip(made.branch) == head
    assert shop.origin.git("show", f"{head}:README.md") == b"The shop, with notes\n"
    assert shop.origin.git("show", f"{head}:db/staging/shop/V2__note.sql").startswith(b"ALTER TABLE")
    assert shop.origin.git("rev-parse", f"{head}^").decode().strip() == shop.base
    told = (
        shop.origin.git("log", "-1", "--format=%an <%ae>|%cn <%ce>|%at %ct|%(trailers:only,separator=%x2C)", head).decode().strip()
    )
    when = shop.origin.git("log", "-1", "--format=%ct", shop.base).decode().strip()
    who = f"{IDENTITY.name} <{IDENTITY.email}>"
    trailers = "Countersign-Agent: shop-agent,Countersign-Sponsor: sam,Countersign-Environment: staging"
    assert told == f"{who}|{who}|{when} {when}|{trailers}"


def test_two_hosts_make_the_same_commit(shop: Shop) -> None:
    first, again = shop.propose(host="one"), shop.propose(host="two")
    assert (first.new, again.new) == (True, False)
    assert first.change == again.change
    assert len(shop.world.changes) == 1


def test_main_may_have_moved_on(shop: Shop) -> None:
    shop.origin.commit({"other": "moved on\n"})
    assert shop.propose().new


def test_a_branch_that_people_went_on_with_is_left_alone(shop: Shop) -> None:
    made = shop.propose()
    theirs = shop.origin.commit({"more": "by people\n"}, branch=made.branch)
    with pytest.raises(Problem, match="holds other commits"):
        shop.propose()
    assert shop.origin.tip(made.branch) == theirs


@pytest.mark.parametrize(
    ("diff", "file"),
    [
        (DIFF.replace("-The shop\n", "-The bakery\n"), "README.md"),
        (DIFF.replace("README.md", ".git/config"), None),
        (DIFF.replace("README.md", "../outside"), None),
        (DIFF.replace("new file mode 100644", "new file mode 120000"), None),
        (DIFF + "diff --git a/logo.png b/logo.png\nGIT binary patch\nliteral 0\n", None),
    ],
)
def test_a_diff_with_one_bad_part_leaves_nothing(shop: Shop, diff: str, file: str | None) -> None:
    with pytest.raises(Problem) as caught:
        shop.propose(diff=diff)
    assert caught.value.status == 422
    assert caught.value.more["file"] == file
    assert shop.origin.git("for-each-ref", "--format=%(refname)").split() == [b"refs/heads/main"]
    assert shop.world.changes == {}


def test_a_base_that_is_not_there_is_a_no_and_a_git_that_is_not_there_a_could_not(shop: Shop) -> None:
    with pytest.raises(Problem, match="no commit of the branch"):
        shop.propose(base="1" * 40)
    shop.origin.directory.rename(shop.place / "gone.git")
    with pytest.raises(Fault):
        shop.propose()
