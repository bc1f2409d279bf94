"""One thread keeps many logs: those that hang, fail or are many keep no other from its sweeps, heartbeats and stamps. Simulated."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runners.turns import LONG, Kind, Task, Turns
from tests.support.keepers_office import HANGS, READ, START, Office

MINUTE = timedelta(minutes=1)


def holds(office: Office, *, since: timedelta, stamps: bool = True) -> None:
    """Check what ADR 45 promises to those who answer, from a moment on."""
    settled = START + since
    assert office.unswept(settled) <= 5 * MINUTE
    assert office.late(settled) <= 20 * MINUTE
    assert set(office.answer) <= office.tidied
    assert not stamps or all(office.stamped[project] for project in office.answer)


@pytest.mark.parametrize(("count", "hanging"), [(10, 0), (10, 9), (60, 20), (150, 50)])
@pytest.mark.parametrize("what", ["reads", "pushes", "both"])
def test_what_hangs_keeps_no_other_log_from_its_heartbeats_stamps_and_sweeps(count: int, hanging: int, what: str) -> None:
    office = Office(count)
    names = list(office.ledgers)[:hanging]
    office.hang(reads=[] if what == "pushes" else names[::2] if what == "both" else names)
    office.hang(pushes=[] if what == "reads" else names[1::2] if what == "both" else names)
    settling = timedelta(minutes=10 + 4 * hanging)  # each that hangs costs a round until it was tried
    office.go(settling / timedelta(hours=1) + 4)
    holds(office, since=settling)


@st.composite
def populations(draw: st.DrawFn) -> tuple[Office, timedelta]:
    """Draw logs of which up to a third hang, and whose sweeps take a minute at most in all; and say when each has been tried."""
    count = draw(st.integers(1, 150))
    reads = draw(st.integers(0, count // 3))
    pushes = draw(st.integers(0, count // 3 - reads))
    takes = draw(st.sampled_from([0.5, 1.0, 2.5, 5.0]))
    slow = draw(st.integers(0, min(count - reads - pushes, int((60 - READ * (count - reads)) / (takes - READ)))))
    office = Office(count, authority=draw(st.sampled_from([0.2, 3.0, 20.0, HANGS])))
    names = draw(st.permutations(list(office.ledgers)))
    office.hang(reads=names[:reads], seconds=draw(st.sampled_from([25.0, HANGS])))
    office.hang(pushes=names[reads : reads + pushes], seconds=draw(st.sampled_from([25.0, HANGS])))
    office.reads |= dict.fromkeys(names[reads + pushes : reads + pushes + slow], takes)
    return office, timedelta(minutes=10 + 4 * (reads + pushes))


@settings(max_examples=8, deadline=None)
@given(populations())
def test_whoever_answers_gets_what_is_due_whatever_the_others_do(population: tuple[Office, timedelta]) -> None:
    office, settling = population
    office.go(settling / timedelta(hours=1) + 4)
    holds(office, since=settling, stamps=office.authority < LONG / 1000)


def test_what_hangs_is_tried_all_the_while_and_is_soon_as_good_as_the_others() -> None:
    office = Office(60)
    reads, pushes = list(office.ledgers)[:10], list(office.ledgers)[10:20]
    office.hang(reads=reads, pushes=pushes)
    office.go(6)
    tries = [len(office.tried[project]) for project in reads]
    assert min(tries) >= 4
    assert max(tries) - min(tries) <= 1, "one as often as the other"
    office.reads.clear()
    office.pushes.clear()
    began = office.now
    office.go(3)
    assert office.unswept(began) <= 25 * MINUTE
    assert all(len(office.ledgers[project].entries) >= 2 for project in (*reads, *pushes))


def test_what_hangs_when_written_is_swept_like_the_others() -> None:
    office = Office(30)
    office.hang(pushes=office.ledgers)
    office.go(4)
    assert office.unswept(START) <= 5 * MINUTE


def test_failing_at_once_is_no_reason_to_wait() -> None:
    """A run of such a log may hold a credential that can be revoked at any time."""
    names = [f"acme/p{number:03}" for number in range(8)]
    office = Office(30, broken=set(names), reads=dict.fromkeys(names, 0.5))
    office.go(2)
    assert len(office.tried["acme/p000"]) > 300
    assert office.late(START) <= MINUTE


def test_slow_logs_get_what_is_due_as_well() -> None:
    office = Office(60)
    office.reads |= dict.fromkeys(list(office.ledgers)[:20], 2.5)
    office.go(6)
    holds(office, since=20 * MINUTE)


def test_an_authority_that_hangs_delays_no_heartbeat_and_no_sweep_of_a_slow_log_either() -> None:
    office = Office(150, authority=HANGS)
    office.reads |= dict.fromkeys(list(office.ledgers)[:6], 2.5)
    office.go(6)
    holds(office, since=20 * MINUTE, stamps=False)


def test_all_that_hang_at_once_cost_a_round_a_call_of_each_kind_and_one() -> None:
    office = Office(150)
    office.go(0.5)
    office.hang(reads=office.ledgers)
    began = office.now
    office.keeper.round()
    assert office.now - began <= timedelta(seconds=5 * HANGS)


class Bench:
    """Tasks that take what they are told to, and are listed when they are begun."""

    def __init__(self) -> None:
        self.now = 0
        self.done: list[str] = []
        self.takes: dict[str, int] = {}
        self.turns = Turns(lambda: self.now)

    def kind(self, what: str, whose: str, *, spend: int = 60_000) -> Kind:
        return Kind(what, lambda: [Task(what, whom, self.act(what + whom)) for whom in whose], spend)

    def act(self, name: str) -> Callable[[], None]:
        def act() -> None:
            self.done.append(name)
            self.now += self.takes.get(name, 700)

        return act

    def round(self, kinds: Sequence[Kind]) -> list[str]:
        self.done.clear()
        self.turns.go_round(kinds)
        return list(self.done)


def test_begun_longest_ago_comes_first_and_one_at_least() -> None:
    bench = Bench()
    bench.round([bench.kind("s", "abcd")])
    assert bench.round([bench.kind("s", "abcd", spend=1400)]) == ["sa", "sb"]
    assert bench.round([bench.kind("s", "abcd", spend=0)]) == ["sc"]
    assert bench.round([bench.kind("s", "abcd", spend=1500)]) == ["sd", "sa", "sb"]


def test_what_took_long_shares_one_turn_in_which_kinds_take_turns() -> None:
    bench = Bench()
    kinds = [bench.kind("s", "abc"), bench.kind("h", "abc")]
    bench.round(kinds)
    bench.takes = dict.fromkeys(("sa", "sb", "ha"), 60_000)
    for _ in range(3):  # each is found out, one a round and kind
        bench.round(kinds)
    assert [bench.round(kinds)[-1] for _ in range(4)] in (
        ["sa", "ha", "sb", "ha"],
        ["ha", "sb", "ha", "sa"],
        ["sb", "ha", "sa", "ha"],
    )
    assert bench.round(kinds)[:-1] == ["sc", "hb", "hc"], "how long one takes says nothing of another of theirs"


def test_what_was_never_tried_is_expected_to_be_as_the_rest_of_theirs() -> None:
    bench = Bench()
    bench.takes = {"sa": 60_000}
    bench.round([bench.kind("s", "ab")])
    bench.round([bench.kind("s", "ab")])
    assert bench.round([bench.kind("h", "ab"), bench.kind("t", "b")]) == ["hb", "tb", "ha"]
