"""Applied, not yet recorded: a forge that refuses the audit branch's push while a run is under way, until it takes it again."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import gitlab
import psycopg
from gitlab.v4.objects import Project

from countersign.attestation.record import AUDIT_BRANCH
from tests.acceptance.asks import insert
from tests.acceptance.ledger import AuditBranch
from tests.acceptance.test_once import orders
from tests.acceptance.test_path import settled
from tests.stage import shop
from tests.stage.people import Cast, wait_for_merge, wait_until
from tests.stage.stage import Stage

NOBODY = 0


@contextmanager
def held_up(playing: Stage) -> Iterator[Callable[[], bool]]:
    """Let a migration of staging wait in the middle of its command: somebody else holds the table. Gives what says that it does."""
    with psycopg.connect(playing.postgres["staging"].dsn(database="shop_staging")) as connection:
        connection.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        yield lambda: connection.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone() is not None


def project_of(playing: Stage) -> Project:
    return gitlab.Gitlab(playing.forge.url, private_token=playing.forge.admin_token).projects.get(shop.PROJECT)


def protect(project: Project, *, runners: bool) -> None:
    """Protect the audit branch: from everybody but the runners, as it should be, or from everybody."""
    project.protectedbranches.delete(AUDIT_BRANCH)
    allowed: dict[str, object] = {"push_access_level": NOBODY}
    if runners:
        members = {member.username: member.id for member in project.members.list(get_all=True)}
        allowed = {"allowed_to_push": [{"user_id": members[name]} for name in shop.RUNNERS.values()]}
    project.protectedbranches.create({"name": AUDIT_BRANCH, "merge_access_level": NOBODY, **allowed})


def comments(cast: Cast, iid: int) -> str:
    return "\n".join(note.body for note in cast.change("lea", iid).notes.list(get_all=True))


def test_what_is_applied_and_not_recorded_is_seen_holds_its_environment_and_heals(playing: Stage, branch: AuditBranch) -> None:
    """A second runner puts the next change's question on the record while the first one works. It has no part in the healing."""
    cast, project = playing.cast, project_of(playing)
    with ExitStack() as stack:
        with held_up(playing) as waits:
            first = cast.propose(insert("staging", 3001))
            wait_until("the command to be under way", waits, shows=lambda: cast.status(first))
            another = playing.another_runner("staging")
            stack.callback(another.stop)
            second = cast.propose(insert("staging", 3002))
            settled(playing, second, "staging waits")
            protect(project, runners=False)
            stack.callback(protect, project, runners=True)
        settled(playing, first, "applied, not yet recorded")
        assert orders(playing, "customer-3001") == 1
        assert "Applied, not yet recorded" in comments(cast, first)
        assert cast.state(first) == "opened", "nothing is merged that is not on the record"
        assert cast.status(second)[1].startswith("staging waits")
        assert branch.kinds(first) == ["assessed", "intent"]
        assert orders(playing, "customer-3002") == 0
        another.stop()
    wait_for_merge(cast, first)
    wait_for_merge(cast, second)
    assert branch.kinds(first) == branch.kinds(second) == ["assessed", "intent", "executed"]
    assert [orders(playing, f"customer-{number}") for number in (3001, 3002)] == [1, 1]
    assert "not yet recorded" not in comments(cast, first)
    ended, begun = (record["seq"] for record in (branch.of(first)[2], branch.of(second)[1]))
    assert ended < begun, "nothing began there before the outcome stood"
