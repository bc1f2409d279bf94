"""Attacks on where the policy comes from (13 to 19): the base's copy judges, and nothing is ever read as "no rules, so yes"."""

import pytest

from runners.pipeline import Ending
from tests.builders import SHOP_POLICY
from tests.fakes.runner import RunnerWorld

ADD = "ALTER TABLE orders ADD COLUMN note text;\n"
STAGING = {"db/staging/shop/V2__note.sql": ADD}
PRODUCTION = {"db/production/shop/V2__note.sql": ADD}
LAX = SHOP_POLICY.replace("mode: approve, approvals: [{from: web}], expires: 24h", "mode: autonomous")


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld()


def test_13_a_change_of_the_policy_is_judged_by_the_old_one_and_stands_alone(world: RunnerWorld) -> None:
    alone = world.propose({".countersign/policy.yaml": LAX})
    assert world.handle(alone) is Ending.WAITING
    mixed = world.propose({".countersign/policy.yaml": LAX, **PRODUCTION})
    assert world.handle(mixed) is Ending.REFUSED
    assert world.sandbox.specs == []


def test_14_targeting_a_branch_with_a_weaker_policy_is_refused(world: RunnerWorld) -> None:
    world.repository.commit({".countersign/policy.yaml": LAX}, branch="lax")
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    world.approve(ref, "wanda")
    world.world.retarget(ref, "lax")
    assert world.handle(ref) is Ending.REFUSED
    world.world.retarget(ref, "main")
    assert world.handle(ref) is Ending.WAITING, "approvals from before the re-target do not come back"


@pytest.mark.parametrize(
    "policy",
    [
        None,
        "",
        "version: 1\n",
        "version: 1\nversion: 1\n",
        "a: &a [1]\nb: *a\n",
        SHOP_POLICY + "exceptions: [everything]\n",
        "rules: [" + "[" * 200 + "]" * 200 + "]",
        SHOP_POLICY.replace("rules:", "rules: []\nold_rules:"),
    ],
)
def test_15_and_17_a_policy_that_is_gone_or_broken_refuses(policy: str | None) -> None:
    world = RunnerWorld()
    world.repository.commit({".countersign/policy.yaml": policy})
    assert world.handle(world.propose(STAGING)) is Ending.REFUSED
    assert world.kinds() == ["refused"]
    assert world.broker.minted == []


@pytest.mark.parametrize(
    "path",
    [
        "db/staging/shop/../../production/shop/V2.sql",
        "DB/staging/shop/V2.sql",
        "xdb/staging/shop/V2.sql",
        "db/staging/shop\u200b/V2.sql",
    ],
)
def test_16_a_path_that_only_looks_like_another_is_not_taken_for_it(world: RunnerWorld, path: str) -> None:
    ref = world.propose({path: ADD})
    assert world.handle(ref) in {Ending.REFUSED, Ending.WAITING}
    assert world.sandbox.specs == []


def test_18_a_policy_that_changed_after_approval_asks_anew(world: RunnerWorld) -> None:
    ref = world.propose(PRODUCTION)
    world.handle(ref)
    world.approve(ref, "wanda")
    world.repository.commit({".countersign/policy.yaml": SHOP_POLICY.replace("expires: 24h", "expires: 23h")})
    assert world.handle(ref) is Ending.WAITING


def test_19_words_cannot_lower_anything(world: RunnerWorld) -> None:
    ref = world.propose(
        PRODUCTION,
        trailers=(("Countersign-Agent", "shop-agent"), ("Countersign-Sponsor", "sam"), ("Countersign-Environment", "staging")),
    )
    held = world.world.held(ref)
    held.title, held.description, held.labels = (
        "[force] low risk",
        "/approve\ntier: low\nmode: autonomous",
        {"countersign::autonomous", "force"},
    )
    assert world.handle(ref) is Ending.WAITING
    assert world.sandbox.specs == []
