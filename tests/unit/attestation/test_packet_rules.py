"""The records of a packet belong together, though each of them is genuine and proved for itself."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from countersign.attestation.chain import Chain
from countersign.attestation.compose import compose
from countersign.attestation.history import catch_up
from countersign.attestation.index import LogIndex
from countersign.attestation.merkle import leaf_hash
from countersign.attestation.packets.check import Verdict, check
from countersign.attestation.packets.make import Contents, Held, make
from countersign.attestation.packets.problem import PacketError
from countersign.attestation.place import Place
from countersign.attestation.record import Draft, RecordKind
from countersign.attestation.statement import write
from countersign.domain.ids import ChangeRef, Sha, run_id
from tests.support import bodies
from tests.support.audit import CHANGE, PRINCIPAL, START, intent, outcome, refused
from tests.support.chains import MemoryLog


def of_another_change() -> Draft:
    draft = refused("b")
    told = draft.body["change"]
    assert isinstance(told, dict)
    return replace(draft, change=ChangeRef(CHANGE.project, 8), body={**draft.body, "change": {**told, "iid": 8}})


SECOND, THIRD = (run_id(CHANGE, Sha(letter * 40)) for letter in "bc")
INTENT, OUTCOME, REFUSED, OF_ANOTHER, HEARTBEAT, HEARTBEAT_B, INTENT_B, OUTCOME_B, INTENT_C, OUTCOME_C = range(10)
DRAFTS = (
    intent(),
    outcome(),
    refused("a"),
    of_another_change(),
    Draft(RecordKind.HEARTBEAT, "heartbeat/a", "Heartbeat", None, None, START, bodies.body(RecordKind.HEARTBEAT)),
    Draft(RecordKind.HEARTBEAT, "heartbeat/b", "Heartbeat", None, None, START, bodies.body(RecordKind.HEARTBEAT)),
    intent(SECOND),
    outcome(SECOND),
    intent(THIRD),
    replace(outcome(THIRD), body=bodies.body(RecordKind.EXECUTED, intent={})),
)
"""Of the outcomes' bodies, the first names its intent, record 0; the second names that too, wrongly; the third names none."""

LOG = MemoryLog.of(DRAFTS)


def judged(contents: Contents) -> Verdict:
    return check(make(contents), LOG.trust, [LOG.key.public])


def of(numbers: Sequence[int]) -> Contents:
    """Put these records of the log into a packet, each with its own commit and proofs."""
    index = LogIndex()
    catch_up(Chain(trust=LOG.trust, records=index), LOG.source, LOG.commits[-1])
    commits = [LOG.source.objects[name][1] for name in LOG.commits]
    return Contents(
        held=[Held(seq, index.entries[seq].raw, commits[seq]) for seq in numbers],
        head=commits[-1],
        leaves=[leaf_hash(entry.raw) for entry in index.entries],
        policies={},
        diff=None,
        page=b"A page.\n",
        missing={},
    )


@pytest.mark.parametrize(
    "numbers", [[INTENT, OUTCOME, REFUSED, INTENT_C, OUTCOME_C], [INTENT], [REFUSED], [OF_ANOTHER], [HEARTBEAT]]
)
def test_records_of_one_change_or_one_record_of_none_are_a_packet(numbers: list[int]) -> None:
    assert judged(of(numbers)).records == tuple(numbers)


@pytest.mark.parametrize(
    ("numbers", "wrong", "why"),
    [
        ([INTENT, OUTCOME, OF_ANOTHER], OF_ANOTHER, "is of another change, or of another log"),
        ([REFUSED, HEARTBEAT], HEARTBEAT, "is of another change, or of another log"),
        ([HEARTBEAT, HEARTBEAT_B], HEARTBEAT, "is of no change, and not alone"),
        ([OUTCOME], OUTCOME, "its intent is not in the packet"),
        ([OUTCOME, INTENT_B], OUTCOME, "its intent is not in the packet"),
        ([INTENT, INTENT_B, OUTCOME_B], OUTCOME_B, "its intent is not in the packet"),
        ([INTENT, OUTCOME_C], OUTCOME_C, "its intent is not in the packet"),
    ],
)
def test_a_genuine_record_that_does_not_belong_there_is_named(numbers: list[int], wrong: int, why: str) -> None:
    with pytest.raises(PacketError) as caught:
        judged(of(numbers))
    assert (caught.value.name, caught.value.why) == (f"records/{wrong:010d}.json", why)


def test_a_record_of_another_log_is_named_though_this_logs_key_put_it_there() -> None:
    contents, chain = of([REFUSED]), Chain(trust=LOG.trust, records=LogIndex())
    catch_up(chain, LOG.source, LOG.commits[-1])
    elsewhere, recorded = "https://forge.example/other.git", LOG.clock()
    name, made = compose(
        refused("c"), chain=chain, source=LOG.source, origin=elsewhere, recorded=recorded, signer=LOG.key, principal=PRINCIPAL
    )
    raw, commit = write(refused("c"), Place(elsewhere, chain.size, chain.digest, recorded)), made[name][1]
    held = [*contents.held, Held(chain.size, raw, commit)]
    with pytest.raises(PacketError, match=rf"records/{chain.size:010d}\.json: is of another change, or of another log"):
        judged(replace(contents, held=held, head=commit, leaves=[*contents.leaves, leaf_hash(raw)]))
