"""Messages without end while the audit branch is away."""

from pathlib import Path

from countersign.domain.outcomes import LedgerFault
from runners.refusals import RECORDS_A_MINUTE, WAITING
from tests.support.refusing import Desk


def test_a_branch_that_is_away_for_hours_costs_neither_memory_nor_the_count(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.branch.problem = LedgerFault("away")
    sent = 0
    for _ in range(20):
        for _ in range(RECORDS_A_MINUTE + 2):
            sent += 1
            desk.refusals.refuse(b"%d" % sent, "no")
        desk.later(minutes=1)
    assert len(desk.file.read_text().split('"digest"')) - 1 <= WAITING + 1
    desk.branch.problem = None
    desk.later(minutes=1)
    desk.refusals.finish()
    assert len(desk.branch.alone()) + desk.branch.counted() == sent
