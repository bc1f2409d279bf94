"""A tier that was earned, over the whole path: confirmed, used without approval, lost at once with the run that failed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.asks import migration
from tests.acceptance.ledger import AuditBranch
from tests.stage import forge, shop
from tests.stage.people import wait_for_merge, wait_until
from tests.stage.stage import Stage

FILE = ".countersign/policy.yaml"
RULE = '  - {name: careful migrations, paths: ["db/staging/shop/*careful*"], tier: medium}\n'
WAY = """
autonomy:
  - promote: medium -> low
    each: [skill, service, environment]
    after: {runs: 20, days: 30, approvers: 2}
    by: leads
    demote_on: [rollback]
    earned: [{skill: add-a-column, service: shop, environment: staging, since: @SINCE@}]
"""


def merged_policy(playing: Stage, since: datetime) -> None:
    """Let the owners of the repository merge a policy in which it was earned."""
    text = shop.policy(image=playing.image).replace("rules:\n", "rules:\n" + RULE, 1)
    text += WAY.replace("@SINCE@", f"{since:%Y-%m-%dT%H:%M:%SZ}")
    forge.replace_on_main(playing.forge.url, playing.forge.admin_token, FILE, text, "Promote add-a-column in staging")


@pytest.fixture(autouse=True)
def since(playing: Stage) -> Iterator[datetime]:
    now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - the policy names a moment of the stage's own time
    merged_policy(playing, now - timedelta(hours=2))
    yield now
    forge.replace_on_main(
        playing.forge.url, playing.forge.admin_token, FILE, shop.policy(image=playing.image), "Take the promotion out again"
    )


def careful(column: str, table: str = "orders", *, skill: str | None = "add-a-column") -> shop.Ask:
    ask = migration("staging", f"ALTER TABLE {table} ADD COLUMN {column} text;")
    claims = {**ask.claims, **({} if skill is None else {"skill": skill})}
    return replace(ask, diff=ask.diff.replace("__test.sql", "__careful.sql"), claims=claims)


def test_it_is_confirmed_used_and_lost(playing: Stage, branch: AuditBranch, since: datetime) -> None:
    cast = playing.cast
    other = cast.propose(careful("a_earned", skill=None))
    wait_until("the question", lambda: cast.asked(other), shows=lambda: cast.status(other))
    assert branch.of(other)[-1]["decision"]["tier"] == "medium"

    used = cast.propose(careful("b_earned"))
    wait_for_merge(cast, used)
    assert branch.kinds(used) == ["assessed", "intent", "executed"]
    asked = branch.of(used)[0]
    assert (asked["decision"]["tier"], asked["actor"]["approvers"], asked["claims"]["skill"]) == ("low", [], "add-a-column")
    confirmed = [record for record in branch.visitor().records() if record["kind"] == "promoted"]
    assert [record["promotion"]["name"] for record in confirmed] == [asked["decision"]["promotions"][0]["name"]]
    assert confirmed[0]["seq"] < asked["seq"]
    again = branch.visitor().countersign("replay", str(asked["seq"]))
    assert "same decision, byte for byte: autonomous" in again.text

    failing = cast.propose(careful("c_earned", table="no_such_table"))
    wait_until("the failure", lambda: branch.kinds(failing)[-1:] == ["demoted"], shows=lambda: cast.status(failing))
    assert branch.kinds(failing) == ["assessed", "intent", "failed", "demoted"]

    after = cast.propose(careful("d_earned"))
    wait_until("the question", lambda: cast.asked(after), shows=lambda: cast.status(after))
    assert branch.of(after)[-1]["decision"]["tier"] == "medium"
    assert cast.state(after) == "opened"

    merged_policy(playing, since - timedelta(hours=1))
    anew = cast.propose(careful("e_earned"))
    wait_for_merge(cast, anew)
    name = branch.of(anew)[0]["decision"]["promotions"][0]["name"]
    said = playing.runner_says("staging", "demote", name, "--why", "orders were slow since then", "--by", "lea")
    assert said.endswith(": demoted")
    (lost,) = [record for record in branch.visitor().records() if record["key"] == f"demoted/{name}"]
    assert (lost["by"], lost["why"]) == ("lea", "orders were slow since then")
    verified = branch.verify()
    assert verified.status == 0
    assert "2 promotions = 0 standing + 2 taken back" in verified.text
    shown = branch.visitor().countersign("query", "--skill", "add-a-column", "--kind", "promoted", "--kind", "demoted")
    assert shown.text.count("medium -> low") == 4
