"""Past decisions under another policy: what people would notice is told, and nothing is told where nothing changes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.attestation.past import Past
from countersign.attestation.record import DECIDING, RecordKind
from countersign.domain.ids import Sha
from countersign.domain.policy_diff import PolicyDiff, Turn, compare
from tests.builders import NOON, proposal, shop_policy
from tests.fakes.ledger import FakeLedger
from tests.support.decided import PATHS, decided, past

OLD = shop_policy()


def found(*changes: tuple[str, str]) -> PolicyDiff:
    return compare(OLD, shop_policy(*changes), past(*PATHS))


@given(st.lists(st.sampled_from(PATHS), max_size=6))
def test_the_same_policy_changes_nothing(paths: list[str]) -> None:
    assert compare(OLD, shop_policy(), past(*paths)) == PolicyDiff(len(paths), ())


def test_words_in_a_policy_change_nothing() -> None:
    assert not found(("because: Data has no revert commit.", "because: Other words.")).turned


@pytest.mark.parametrize(
    ("change", "iids", "turn", "words"),
    [
        (('db/staging/**"], tier: low', 'db/staging/**"], tier: medium'), [1], Turn.STRICTER, "autonomous -> approve"),
        (('site/production/**"], tier: medium}', 'site/production/**"], deny: No.}'), [3], Turn.STRICTER, "approve -> refused"),
        (("unmatched: critical", "unmatched: low"), [5], Turn.LOOSER, "approve -> autonomous"),
        (("unmatched: critical", "unmatched: medium"), [5], Turn.LOOSER, "approve: another tier"),
        (("approvals: [{from: web}]", "approvals: [{from: leads}]"), [3, 2], Turn.OTHER, "approve: other approvals"),
        (("memory: 256Mi", "memory: 512Mi"), [3, 2, 1], Turn.OTHER, "runs otherwise"),
    ],
)
def test_what_changes_is_told_newest_first(change: tuple[str, str], iids: list[int], turn: Turn, words: str) -> None:
    diff = found(change)
    assert diff.compared == len(PATHS)
    assert [turned.change.iid for turned in diff.turned] == iids
    assert diff.counts() == {words: len(iids)}
    assert diff.turns(turn) == len(iids)


def test_of_one_head_the_newest_counts() -> None:
    first, second = past(PATHS[0])[0], replace(past(PATHS[0])[0], now=NOON + timedelta(days=30))
    diff = compare(OLD, shop_policy(("unmatched: critical", "unmatched: low")), [second, first])
    assert diff.compared == 1
    other = replace(first, proposal=replace(first.proposal, head=Sha("2" * 40)))
    assert compare(OLD, OLD, [first, other]).compared == 2


def test_records_give_their_inputs_or_say_why_not() -> None:
    ledger = FakeLedger()
    asked = [proposal(path, iid=number) for number, path in enumerate(PATHS, start=1)]
    for number, one in enumerate(asked):
        ledger.append(decided(one, at=NOON + timedelta(hours=number), whole=number != 2))
    gathered = Past.of(ledger.entries)
    assert [inputs.proposal.change for inputs in gathered.inputs] == [one.change for one in asked if one is not asked[2]]
    ((why, count),) = gathered.missing
    assert why.startswith("inputs not recorded")
    assert count == 1
    assert len(Past.of(ledger.entries, since=NOON + timedelta(hours=3)).inputs) == 3


def test_of_the_records_each_that_decides_gives_its_inputs() -> None:
    ledger = FakeLedger()
    ledger.append(decided(proposal(PATHS[1])))
    gathered = Past.of(replace(ledger.entries[0], kind=kind) for kind in RecordKind)
    assert len(gathered.inputs) == len(DECIDING) == 4


WAY = """autonomy:
  - promote: medium -> low
    each: [action, service]
    after: {runs: 3, days: 5, approvers: 2}
    by: leads
    demote_on: [rollback]
    earned: [{action: publish, service: shop, since: 2027-01-01T00:00Z}]
"""
UNFLOORED = ("at_least: medium, network: production", "network: production")


def test_what_it_promotes_is_seen_as_if_the_record_backed_it() -> None:
    before = shop_policy(UNFLOORED)
    after = shop_policy(UNFLOORED, ("sandboxes:\n", WAY + "sandboxes:\n"))
    diff = compare(before, after, past(*PATHS))
    assert diff.counts() == {"approve -> autonomous": 1}
    assert compare(after, after, past(*PATHS)).turned == ()
    assert compare(after, before, past(*PATHS)).turned == (), "what is taken out was never backed there"
