"""A change of the policy shows what it would have meant, from the records, and says so where it is no policy at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy_review import PolicyReview
from bot.policy_section import section
from countersign.domain.ids import ChangeRef
from countersign.domain.outcomes import Fault
from countersign.domain.policy_diff import PolicyDiff, compare
from tests.builders import SHOP_POLICY, shop_policy
from tests.fakes.bot_world import BotWorld
from tests.support.decided import PATHS, past
from tests.support.rendered import inert

FILE = ".countersign/policy.yaml"
ADD = "ALTER TABLE orders ADD COLUMN note text;\n"


@pytest.fixture
def world() -> BotWorld:
    """Have a past: two changes that a runner looked at."""
    world = BotWorld()
    for path in ("db/production/shop/V1__a.sql", "db/staging/shop/V1__b.sql"):
        world.handle(world.propose({path: ADD}))
    return world


def comment(world: BotWorld, files: dict[str, str]) -> str:
    ref: ChangeRef = world.propose(files)
    world.look(ref)
    return world.comment(ref)


def test_a_looser_policy_says_which_decisions_it_would_have_changed(world: BotWorld) -> None:
    loose = SHOP_POLICY.replace("tier: medium, because", "tier: low, because").replace("at_least: medium, ", "")
    told = comment(world, {FILE: loose})
    assert "Under this policy 1 of the last 2 decisions would be others: 1 looser, 0 stricter" in told
    assert "- 1 x approve -\\> autonomous" in told
    assert (
        "| 2026-11-24 | `acme/shop!1` | ⚠ looser | approve · medium · web | autonomous · low | `migrations in production` |" in told
    )


def test_a_policy_that_changes_nothing_says_so(world: BotWorld) -> None:
    told = comment(world, {FILE: SHOP_POLICY.replace("no revert commit", "no way back")})
    assert "Of the last 2 decisions none would be another one under this policy" in told


def test_a_policy_that_does_not_load_is_told_with_its_places(world: BotWorld) -> None:
    told = comment(world, {FILE: SHOP_POLICY.replace("unmatched: critical", "unmatched: whatever")})
    assert "once merged, everything would be refused" in told
    assert "there is no tier 'whatever'" in told


def test_a_change_of_something_else_has_no_such_part(world: BotWorld) -> None:
    assert "Under this policy" not in comment(world, {"README.md": "The shop, open\n"})
    assert "under this policy" not in comment(world, {".countersign/tests/a.yaml": "[]\n"})


def test_records_that_cannot_be_read_are_a_fault(world: BotWorld) -> None:
    ref = world.propose({FILE: SHOP_POLICY + "\n"})
    world.ledger.fail_next("latest")
    with pytest.raises(Fault):
        world.look(ref)


def test_what_could_not_be_compared_is_said_before_anything_is_unfolded() -> None:
    summary = section(PolicyReview(compare(shop_policy(), shop_policy(), past(*PATHS)), missing=2)).splitlines()[0]
    assert summary.endswith("none would be another one under this policy; 2 could not be compared</summary>")


def test_it_is_bounded() -> None:
    diff = compare(shop_policy(), shop_policy(("unmatched: critical", "unmatched: low")), past(*["lib/x"] * 100))
    lines = section(PolicyReview(diff)).splitlines()
    assert len(lines) < 40
    assert "… and 80 more" in lines
    many = section(PolicyReview(None, problem="\n".join(f"{FILE}:{number}:1: wrong" for number in range(100))))
    assert len(many.splitlines()) < 30
    assert "and 80 more" in many


@given(st.text(max_size=80))
def test_what_others_wrote_does_nothing(text: str) -> None:
    assert inert(section(PolicyReview(None, problem=text)))


def test_the_table_does_nothing() -> None:
    new = shop_policy(
        ("name: words for people", 'name: "[x](https://evil.example) @all | <img src=x>"'),
        ('docs/**"], tier: low', 'docs/**"], tier: medium'),
    )
    diff: PolicyDiff = compare(shop_policy(), new, past(*PATHS))
    assert diff.turned
    written = section(PolicyReview(diff))
    assert inert(written, html=(written.splitlines()[0], "</details>"))
