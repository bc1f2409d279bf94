"""The Ledger port: what pipeline, reaper and bot rely on, asked of the fake and of git alike."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from countersign.attestation.ports import HeldFault, Ledger, TakenError
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.domain.ids import ChangeRef, Sha, digest_of, run_id
from countersign.domain.outcomes import LedgerFault, TooLargeFault
from runners.announced import mark
from tests.fakes.ledger import FakeLedger
from tests.support import bodies
from tests.support.audit import CHANGE, RUN, START, Remote, intent, outcome, refused

Writer = Callable[[], Ledger]


@pytest.fixture(params=["fake", "git"])
def writer(request: pytest.FixtureRequest, tmp_path: Path) -> Writer:
    """Give one more writer of one log."""
    if request.param == "fake":
        fake = FakeLedger()
        return lambda: fake
    return Remote.make(tmp_path).writer


def test_an_empty_log_knows_nothing(writer: Writer) -> None:
    ledger = writer()
    assert ledger.find("refused/a") is None
    assert ledger.of_change(CHANGE) == ()
    assert ledger.open_intents() == ()


def test_what_one_appends_the_other_finds(writer: Writer) -> None:
    first, second = writer(), writer()
    entry = first.append(refused("a"))
    assert second.find("refused/a") == entry
    assert second.of_change(CHANGE) == (entry,)


def test_many_are_found_at_once(writer: Writer) -> None:
    first, second = writer(), writer()
    assert first.find_all([]) == first.find_all(["refused/a"]) == {}
    entries = [first.append(refused(name)) for name in "abc"]
    assert second.find_all(["refused/c", "refused/x", "refused/a", "refused/a"]) == {
        "refused/a": entries[0],
        "refused/c": entries[2],
    }


def test_an_entry_is_the_draft_in_its_place(writer: Writer) -> None:
    ledger, draft = writer(), refused("b", time=START + timedelta(microseconds=1))
    ledger.append(refused("a"))
    entry = ledger.append(draft)
    assert (entry.seq, entry.kind, entry.key, entry.change, entry.run) == (1, draft.kind, draft.key, CHANGE, None)
    assert entry.time == draft.time, "approvals count from this moment on; it must not be rounded"
    assert entry.body == draft.body
    assert entry.digest == digest_of(entry.raw)
    assert entry.path.startswith("records/2026/03/01/12/0000000001-")


def test_a_record_of_an_intent_has_the_mark_of_its_draft(writer: Writer) -> None:
    """By it a runner knows its own announcement again, whose answer it did not get."""
    draft = intent(time=START + timedelta(microseconds=1))
    standing = writer().append(draft)
    assert mark(standing) == mark(draft)
    assert mark(standing) != mark(intent()), "another runner's is of another moment"


def test_several_at_once_each_have_their_own_answer(writer: Writer) -> None:
    first, second = writer(), writer()
    taken = first.append(refused("taken"))
    drafts = [refused("a"), refused("taken"), outcome(), intent(), outcome(), refused("a")]
    results = second.append_all(drafts)
    assert [type(result) for result in results] == [Entry, TakenError, LedgerFault, Entry, Entry, TakenError]
    assert isinstance(results[1], TakenError)
    assert results[1].entry == taken
    assert [entry.key for entry in first.latest(9)] == ["refused/taken", "refused/a", f"intent/{RUN}", f"outcome/{RUN}"]
    assert second.append_all([]) == []


def test_what_belongs_together_is_recorded_together_or_not_at_all(writer: Writer) -> None:
    first, second = writer(), writer()
    taken = first.append(refused("taken"))
    large = Draft(RecordKind.REFUSED, "refused/large", "No", CHANGE, None, START, wrong(why="x" * 70_000))
    results = second.append_all([refused("a"), refused("taken"), large, refused("b")], together=True)
    assert [type(result) for result in results] == [TooLargeFault, TakenError, TooLargeFault, TooLargeFault]
    assert first.latest(9) == second.latest(9) == (taken,)
    results = second.append_all([refused("a"), refused("taken"), refused("b")], together=True)
    assert [type(result) for result in results] == [Entry, TakenError, Entry]
    assert [entry.key for entry in first.latest(9)] == ["refused/taken", "refused/a", "refused/b"]
    assert [type(result) for result in first.append_all([large, refused("c")])] == [TooLargeFault, Entry]


def test_what_the_first_one_leads_is_written_with_it_or_not_at_all(writer: Writer) -> None:
    first, second = writer(), writer()
    taken = first.append(refused("taken"))
    large = Draft(RecordKind.REFUSED, "refused/large", "No", CHANGE, None, START, wrong(why="x" * 70_000))
    results = second.append_all([refused("taken"), refused("a"), refused("b")], led=True)
    assert [result.entry for result in results if isinstance(result, TakenError)] == [taken] * 3
    results = second.append_all([large, refused("a")], led=True)
    assert [type(result) for result in results] == [TooLargeFault, TooLargeFault]
    assert first.latest(9) == second.latest(9) == (taken,)
    results = second.append_all([refused("a"), refused("taken"), large, refused("b")], led=True)
    assert [type(result) for result in results] == [Entry, TakenError, TooLargeFault, Entry], "the others keep nothing out"
    assert [entry.key for entry in first.latest(9)] == ["refused/taken", "refused/a", "refused/b"]


def test_of_many_that_lead_with_the_same_one_is_followed(writer: Writer) -> None:
    """Asked of the tip that the push names: what follows the one that stands is what its own writer wrote behind it."""
    ledgers = [writer() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: ledgers[number].append_all([refused("a"), refused(f"{number}")], led=True), range(4)))
    assert len(ledgers[0].latest(9)) == 2


def test_what_waits_for_an_open_intent_is_not_written_until_its_outcome_stands(writer: Writer) -> None:
    first, second = writer(), writer()
    other = run_id(CHANGE, Sha("2" * 40))
    standing = first.append(intent())
    results = second.append_all([refused("a"), intent(other)], waits_for=lambda open_: open_.run == RUN)
    assert [result.entry for result in results if isinstance(result, HeldFault)] == [standing, standing]
    assert second.latest(9) == (standing,)
    assert isinstance(second.append_all([refused("a")], waits_for=lambda open_: open_.run == other)[0], Entry)
    first.append(outcome())
    assert isinstance(second.append_all([intent(other)], waits_for=lambda _: True)[0], Entry)


def test_what_stands_already_waits_for_nothing(writer: Writer) -> None:
    """Also for itself: whoever lost the answer of his own push finds that he was there."""
    first, second = writer(), writer()
    standing = first.append(intent())
    (result,) = second.append_all([intent()], waits_for=lambda _: True)
    assert isinstance(result, TakenError)
    assert result.entry == standing


def test_of_many_that_wait_for_one_another_one_gets_in(writer: Writer) -> None:
    """Each looks at the tip that it pushes onto, so no two see a free place at once."""
    ledgers = [writer() for _ in range(6)]

    def announce(number: int) -> Entry | TakenError | LedgerFault:
        return ledgers[number].append_all([intent(run_id(CHANGE, Sha(f"{number}" * 40)))], waits_for=lambda _: True)[0]

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(announce, range(6)))
    assert sorted(type(result).__name__ for result in results) == ["Entry", *["HeldFault"] * 5]
    assert len(ledgers[0].open_intents()) == 1


def test_questions_are_open_until_something_ends_them(writer: Writer) -> None:
    ledger, again = writer(), writer()
    first, second, third = (f"sha256:{letter * 64}" for letter in "abc")

    def about(kind: RecordKind, binding: str, **body: object) -> Draft:
        told = bodies.body(kind, **body)
        return Draft(kind, f"{kind.value}/{binding}", kind.value, CHANGE, None, START, told)

    def waiting() -> list[str]:
        found = [entry.key for entry in ledger.open_questions()]
        assert [entry.key for entry in again.open_questions()] == found
        return [key.removeprefix("assessed/") for key in found]

    assert waiting() == []
    for binding in (first, second, third):
        ledger.append(about(RecordKind.ASSESSED, binding))
    assert waiting() == [first, second, third]
    ledger.append(about(RecordKind.SUPERSEDED, first, by=f"assessed/{second}"))
    ledger.append(about(RecordKind.EXPIRED, third))
    assert waiting() == [second]
    ledger.append(about(RecordKind.SUPERSEDED, second, by=f"assessed/{first}"))
    assert waiting() == [first]
    ledger.append(replace(intent(), body=bodies.body(RecordKind.INTENT, binding=first)))
    assert waiting() == []


def test_a_key_is_taken_once(writer: Writer) -> None:
    first, second = writer(), writer()
    entry = first.append(refused("a"))
    for ledger in (first, second):
        with pytest.raises(TakenError) as taken:
            ledger.append(refused("a", time=START + timedelta(hours=1)))
        assert taken.value.entry == entry


def test_records_of_other_changes_are_told_apart(writer: Writer) -> None:
    ledger = writer()
    ledger.append(refused("a"))
    assert ledger.of_change(ChangeRef("acme/shop", 8)) == ()
    assert ledger.of_change(ChangeRef("acme/shop2", 7)) == ()


def test_an_intent_is_open_until_its_outcome(writer: Writer) -> None:
    ledger, watching = writer(), writer()
    announced = ledger.append(intent())
    assert watching.open_intents() == (announced,)
    ledger.append(outcome())
    assert watching.open_intents() == ()


def test_the_latest_are_the_newest_in_order(writer: Writer) -> None:
    ledger, watching = writer(), writer()
    assert watching.latest(3) == ()
    entries = [ledger.append(refused(name)) for name in "abcd"]
    assert watching.latest(1) == (entries[3],)
    assert watching.latest(3) == tuple(entries[1:])
    assert watching.latest(9) == tuple(entries)
    assert watching.latest(0) == ()


@pytest.mark.parametrize("kind", [RecordKind.FAILED, RecordKind.LOST, RecordKind.EXECUTED])
def test_an_intent_has_one_outcome(writer: Writer, kind: RecordKind) -> None:
    ledger = writer()
    ledger.append(intent())
    standing = ledger.append(outcome(kind=kind))
    with pytest.raises(TakenError) as taken:
        ledger.append(outcome())
    assert taken.value.entry == standing


def test_an_outcome_without_intent_is_not_recorded(writer: Writer) -> None:
    ledger = writer()
    ledger.append(refused("a"))
    with pytest.raises(LedgerFault, match="no open intent"):
        ledger.append(outcome())
    assert ledger.find(f"outcome/{RUN}") is None


def wrong(**more: object) -> dict[str, object]:
    return bodies.body(RecordKind.REFUSED, **more)


@pytest.mark.parametrize(
    "draft",
    [
        refused("a b"),
        refused("x" * 200),
        refused("a", summary=" "),
        refused("a", time=datetime(2026, 3, 1)),  # noqa: DTZ001 - without a zone, on purpose
        Draft(RecordKind.REFUSED, "refused/a", "No", CHANGE, None, START, wrong(why="x" * 70_000)),
        Draft(RecordKind.REFUSED, "refused/a", "No", CHANGE, None, START, wrong(why=0.5)),
        Draft(RecordKind.REFUSED, "refused/a", "No", CHANGE, None, START, wrong(why=b"x")),
        Draft(RecordKind.REFUSED, "refused/a", "No", CHANGE, None, START, wrong(why="\ud800")),
        Draft(RecordKind.REFUSED, "refused/a", "No", CHANGE, None, START, wrong(unknown="x")),
        Draft(RecordKind.REFUSED, "refused/a", "No", CHANGE, None, START, wrong(why=1)),
        Draft(RecordKind.REFUSED, "refused/a", "No", CHANGE, None, START, {}),
        Draft(RecordKind.SHRED, "shred/a", "No", None, None, START, {}),
        Draft(RecordKind.REFUSED, "refused/a", "No", CHANGE, RUN, START, wrong()),
        replace(refused("a"), kind=RecordKind.ASSESSED, body=bodies.body(RecordKind.ASSESSED)),
        replace(intent(), change=None),
        replace(intent(), key="intent/other"),
    ],
    ids=lambda draft: draft.key[:12],
)
def test_what_cannot_be_recorded_is_refused_and_leaves_nothing(writer: Writer, draft: Draft) -> None:
    ledger = writer()
    with pytest.raises(LedgerFault):
        ledger.append(draft)
    entry = ledger.append(refused("after"))
    assert entry.seq == 0


def test_a_summary_becomes_one_harmless_line(writer: Writer) -> None:
    entry = writer().append(refused("a", summary="Refused @all\n\nCountersign-Seq: 9\n\x1b[2J"))
    assert b"\x1b" not in entry.raw
    assert b'"summary": "Refused \xef\xbc\xa0all Countersign-Seq: 9 ' in entry.raw


def test_of_many_writers_none_loses_a_record_and_one_wins_each_key(writer: Writer) -> None:
    ledgers = [writer() for _ in range(4)]
    runs = [run_id(CHANGE, Sha(f"{number:040x}")) for number in range(3)]

    def work(number: int) -> list[bool]:
        ledger = ledgers[number]
        won = []
        for step, run in enumerate(runs):
            ledger.append(refused(f"{number}-{step}"))
            try:
                ledger.append(intent(run))
                won.append(True)
            except TakenError:
                won.append(False)
        return won

    with ThreadPoolExecutor(len(ledgers)) as pool:
        wins = list(pool.map(work, range(len(ledgers))))
    assert [sum(column) for column in zip(*wins, strict=True)] == [1, 1, 1], "exactly one writer wins each run"
    records = writer().of_change(CHANGE)
    assert [entry.seq for entry in records] == list(range(4 * 3 + 3))
    assert len({entry.key for entry in records}) == len(records)
    assert [entry.run for entry in writer().open_intents()] == [entry.run for entry in records if entry.run]
