"""What it would take to be a tier milder: the very part of the policy or of the change, or nothing where nothing would help."""

import pytest

from countersign.domain.decide import decide
from countersign.domain.milder import Milder, milder
from countersign.domain.proposal import Claims
from tests.builders import NOON, file_change, proposal, shop_policy

POLICY = shop_policy(("low: {mode: autonomous}", "low: {mode: autonomous, limits: {files: 1}}"))


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["db/staging/shop/1.sql"], None),
        (["db/production/checkout/1.sql"], Milder("medium", ("change services.checkout.at_least",), ())),
        (["lib/x"], Milder("medium", ("add a rule for lib/x",), ())),
        (["docs/AGENTS.md"], Milder("low", ("change the tier of rule 'instructions'",), ())),
        (["db/staging/shop/1.sql", "db/staging/shop/2.sql"], Milder("low", (), ("split the change into smaller ones",))),
        ([".countersign/policy.yaml"], None),
        (["db/staging/shop/1.sql", "db/production/shop/1.sql"], None),
    ],
)
def test_it_names_what_stands_in_the_way(paths: list[str], said: Milder | None) -> None:
    asked = proposal(*map(file_change, paths))
    assert milder(POLICY, decide(POLICY, asked, now=NOON)) == said


def test_what_is_always_so_cannot_be_changed() -> None:
    asked = proposal("db/staging/shop/1.sql", claims=Claims(rollback="none"))
    assert milder(POLICY, decide(POLICY, asked, now=NOON)) is None
