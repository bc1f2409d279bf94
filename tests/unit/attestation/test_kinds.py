"""The rules of each kind of record, keys that announce keys, and a population that adds up."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.attestation.chain import Chain, Link
from countersign.attestation.history import catch_up
from countersign.attestation.index import LogIndex, objection
from countersign.attestation.keys import KeySigner
from countersign.attestation.outline import Outline, outline
from countersign.attestation.population import ENDS, Population
from countersign.attestation.problem import ChainError
from countersign.attestation.record import ABOUT_A_CHANGE, OUTCOMES, Draft, RecordKind
from countersign.attestation.rotation import announced, rotation
from countersign.attestation.sshsig import PublicKey
from countersign.attestation.watch import Watch
from countersign.domain.ids import ChangeRef, Digest, MalformedError, Sha, digest_of, run_id
from runners.upkeep import heartbeat
from tests.support import bodies
from tests.support.audit import CHANGE, START, outcome, refused, signer, trust_root
from tests.support.chains import MemoryLog

OTHER = ChangeRef("acme/shop", 8)
PLAIN = sorted(set(RecordKind) - OUTCOMES - {RecordKind.INTENT})


def bound(name: str) -> Digest:
    return digest_of(name.encode())


def record(kind: RecordKind, name: str = "a", change: ChangeRef | None = CHANGE) -> Draft:
    return Draft(kind, f"{kind.value}/{bound(name)}", f"{kind.value} {name}", change, None, START, bodies.body(kind))


def run(name: str, change: ChangeRef = CHANGE) -> Draft:
    made = run_id(change, Sha((name * 40)[:40]))
    return Draft(
        RecordKind.INTENT, f"intent/{made}", "Will run", change, made, START, bodies.body(RecordKind.INTENT, binding=bound(name))
    )


def ended(begun: Draft, kind: RecordKind = RecordKind.EXECUTED) -> Draft:
    assert begun.run is not None
    return replace(outcome(begun.run, kind=kind), change=begun.change)


def log(drafts: Sequence[Draft]) -> MemoryLog:
    return MemoryLog.of(drafts)


def looked(made: MemoryLog) -> tuple[Population, Watch]:
    population, watch = Population(), Watch()

    def look(link: Link) -> None:
        one = outline(link)
        assert one is not None
        population.add(one)
        watch.add(one)

    catch_up(Chain(trust=trust_root(signer(), signer(2), signer(3)), records=LogIndex()), made.source, made.commits[-1], told=look)
    return population, watch


@pytest.mark.parametrize("kind", PLAIN)
def test_each_kind_has_its_own_keys_and_no_run(kind: RecordKind) -> None:
    known = LogIndex()
    about = CHANGE if kind in ABOUT_A_CHANGE else None
    fits = objection(known, kind=kind, key=f"{kind.value}/x", change=about, run=None)
    assert fits is None or kind in {RecordKind.EXPIRED, RecordKind.SUPERSEDED, RecordKind.DEMOTED}
    assert "a key that begins with" in str(objection(known, kind=kind, key="other/x", change=about, run=None))
    assert "has no run" in str(objection(known, kind=kind, key=f"{kind.value}/x", change=about, run=run("a").run))


@pytest.mark.parametrize("kind", sorted(ABOUT_A_CHANGE))
def test_some_kinds_name_their_change(kind: RecordKind) -> None:
    assert "names its change" in str(objection(LogIndex(), kind=kind, key=f"{kind.value}/x", change=None, run=None))


@pytest.mark.parametrize("kind", [RecordKind.EXPIRED, RecordKind.SUPERSEDED])
def test_only_a_question_that_was_put_can_end(kind: RecordKind) -> None:
    with pytest.raises(ChainError, match=f"no question {bound('b')} was assessed that could be {kind.value}"):
        log([record(RecordKind.ASSESSED, "a"), record(kind, "b")])
    assert log([record(RecordKind.ASSESSED, "a"), record(kind, "a")]).problem() is None


def test_only_what_was_promoted_can_be_demoted() -> None:
    with pytest.raises(ChainError, match=f"nothing was promoted as {bound('b')} that could be demoted"):
        log([record(RecordKind.PROMOTED, "a", None), record(RecordKind.DEMOTED, "b")])
    assert log([record(RecordKind.PROMOTED, "a", None), record(RecordKind.DEMOTED, "a")]).problem() is None


class TestPopulation:
    def test_every_question_ends_in_one_way(self) -> None:
        first, second, third, fourth = (run(name, ChangeRef("acme/shop", number)) for number, name in enumerate("abcd", start=1))
        drafts = [
            *(record(RecordKind.ASSESSED, name, ChangeRef("acme/shop", number)) for number, name in enumerate("abcdefg", start=1)),
            *(first, ended(first), second, ended(second, RecordKind.FAILED), third, ended(third, RecordKind.LOST), fourth),
            record(RecordKind.EXPIRED, "e", ChangeRef("acme/shop", 5)),
            record(RecordKind.ASSESSED, "f2", ChangeRef("acme/shop", 6)),
            refused("no"),
        ]
        population, _ = looked(log(drafts))
        ends = population.ends()
        assert ends == {"open": 2, "running": 1, "executed": 1, "failed": 1, "lost": 1, "expired": 1, "superseded": 1}
        assert population.asked == sum(ends.values()) == 8
        told = "8 questions = 2 open + 1 running + 1 executed + 1 failed + 1 lost + 1 expired + 1 superseded; 1 refusals"
        assert str(population) == told

    def test_every_promotion_is_in_force_or_was_taken_back(self) -> None:
        drafts = [*(record(RecordKind.PROMOTED, name, None) for name in "abc"), record(RecordKind.DEMOTED, "b")]
        population, _ = looked(log(drafts))
        assert str(population) == "0 questions = 0; 0 refusals; 3 promotions = 2 standing + 1 taken back"

    def test_a_run_without_a_question_is_told_of(self) -> None:
        population, _ = looked(log([run("a"), ended(run("a"))]))
        assert str(population) == "1 questions = 1 executed; 0 refusals; 1 runs without a question"

    @given(st.lists(st.tuples(st.sampled_from("aeioru"), st.sampled_from("vwxyz"), st.sampled_from([CHANGE, OTHER])), max_size=25))
    def test_it_always_adds_up(self, steps: list[tuple[str, str, ChangeRef]]) -> None:
        made, chain = MemoryLog(), Chain(trust=trust_root(), records=LogIndex())
        made.add(chain, refused("seed"))
        asked = 0
        for what, name, change in steps:
            drafts = {
                "a": record(RecordKind.ASSESSED, f"{name}{change.iid}", change),
                "e": record(RecordKind.EXPIRED, f"{name}{change.iid}", change),
                "u": record(RecordKind.SUPERSEDED, f"{name}{change.iid}", change),
                "r": refused(f"{name}{change.iid}"),
                "i": replace(run(name, change), body=bodies.body(RecordKind.INTENT, binding=bound(f"{name}{change.iid}"))),
                "o": ended(run(name, change)),
            }
            one = drafts[what]
            if objection(chain.records, kind=one.kind, key=one.key, change=one.change, run=one.run) is None:
                made.add(chain, one)
                asked += what == "a"
        population, _ = looked(made)
        assert sum(population.ends().values()) == population.asked == asked + population.unasked
        assert set(population.ends()) == set(ENDS)


class TestKeys:
    def test_a_key_is_announced_by_the_one_before_and_told_of(self) -> None:
        made = MemoryLog()
        made.trust = trust_root(signer(), signer(2), signer(3))
        chain = Chain(trust=made.trust, records=LogIndex())
        made.add(chain, refused("a"))
        made.add(chain, rotation(signer().public, signer(2).public, now=START))
        made.key = signer(2)
        made.add(chain, refused("b"))
        made.key = signer(3)
        made.clock.now += timedelta(days=3)
        made.add(chain, refused("c"))
        _, watch = looked(made)
        one, two, three, silence, until_now = watch.notes(made.clock.now)
        assert one == f"signed by: {signer().public.fingerprint}, records 0 to 1, the first key"
        assert two == f"signed by: {signer(2).public.fingerprint}, record 2, announced by record 1"
        assert three == f"signed by: {signer(3).public.fingerprint}, record 3, trusted, though not announced in the log"
        assert silence == "longest silence: 3 days, 0:00:07, between records 2 and 3"
        assert until_now.startswith("silence until now: 0:00:0")

    def test_a_key_that_is_not_the_signers_cannot_announce(self) -> None:
        made = log([refused("a")])
        chain = Chain(trust=trust_root(signer(), signer(2)), records=LogIndex())
        catch_up(chain, made.source, made.commits[-1])
        made.key = signer(2)
        with pytest.raises(ChainError, match="this record is signed by another"):
            made.add(chain, rotation(signer().public, signer(2).public, now=START))

    @pytest.mark.parametrize("spoil", ["old", "new", "same", "comment", "missing"])
    def test_a_rotation_names_two_keys_to_the_letter(self, spoil: str) -> None:
        draft = rotation(signer().public, signer(2).public, now=START)
        body: dict[str, object] = dict(draft.body)
        if spoil == "same":
            body["new"] = body["old"]
        elif spoil == "comment":
            body["new"] = {"key": signer(2).public.line + " me@here"}
        elif spoil == "missing":
            body = {}
        else:
            body[spoil] = {"key": signer(9).public.line}
        with pytest.raises(MalformedError):
            announced(body, key=draft.key, signed_by=signer().public)
        assert announced(draft.body, key=draft.key, signed_by=signer().public) == signer(2).public

    def test_a_public_key_is_read_from_its_file(self) -> None:
        key: KeySigner = signer(4)
        for line in (key.public.line, key.public.line + " who@where\n"):
            assert PublicKey.from_line(line) == key.public
        for line in ("", "ssh-rsa AAAA", key.public.line.replace("ssh-", "ssh- "), " " + key.public.line, key.public.line[:-4]):
            with pytest.raises(MalformedError):
                PublicKey.from_line(line)


def seen(keys: Sequence[int], step: timedelta = timedelta(seconds=7)) -> Watch:
    """Watch records that these keys signed, one after the other."""
    watch = Watch()
    for seq, key in enumerate(keys):
        when = START + seq * step
        signer_key = signer(key).public
        watch.add(Outline(seq, RecordKind.REFUSED, f"refused/{seq}", CHANGE, None, None, when, signer_key, None))
    return watch


class TestWatch:
    def test_runners_that_take_turns_are_told_apart(self) -> None:
        watch = seen([1, 1, 1, 2, 1, 1, 2, 1])
        one, two, *_ = watch.notes(START)
        assert one == f"signed by: {signer(1).public.fingerprint}, records 0 to 2, 4 to 5 and 7, the first key"
        assert two == f"signed by: {signer(2).public.fingerprint}, records 3 and 6, trusted, though not announced in the log"
        signers = watch.document(START)["signers"]
        assert isinstance(signers, list)
        assert [(one["listed"], one["records"]) for one in signers] == [([[0, 2], [4, 5], [7, 7]], 6), ([[3, 3], [6, 6]], 2)]

    def test_stretches_of_many_turns_are_counted(self) -> None:
        watch = seen([1, 2] * 5000)
        one, two, *_ = watch.notes(START)
        assert f"{signer(1).public.fingerprint}, 5000 records in 5000 stretches between 0 and 9998, the first key" in one
        assert "5000 records in 5000 stretches between 1 and 9999, trusted" in two
        assert all(len(signed.listed) < 10 for signed in watch.signers.values())

    def test_every_stretch_is_listed_as_long_as_few_are(self) -> None:
        assert ", records 0, 2, 4, 6, 8, 10, 12 and 14 to 15, the first key" in seen([*[1, 2] * 7, 1, 1]).notes(START)[0]
        assert "10 records in 9 stretches between 0 and 17" in seen([*[1, 2] * 8, 1, 1]).notes(START)[0]

    def test_a_log_that_nobody_writes_to_any_more_is_told_of(self) -> None:
        watch = seen([1] * 8)
        now = START + timedelta(days=270)
        *_, longest, until_now = watch.notes(now)
        assert longest == "longest silence: 0:00:07, between records 0 and 1"
        assert until_now == "silence until now: 269 days, 23:59:11, since record 7 of 2026-03-01 12:00:49Z"
        assert watch.document(now)["silence"] == {
            "longest": 7,
            "longest_after": 0,
            "newest": 7,
            "recorded": "2026-03-01T12:00:49.250000+00:00",
            "until_now": 270 * 86400 - 49,
        }

    def test_a_record_ahead_of_the_clock_is_told_of(self) -> None:
        (*_, until_now) = seen([1, 1]).notes(START - timedelta(minutes=5))
        assert until_now.startswith("silence until now: none by this machine's clock: record 1 of ")
        assert until_now.endswith("is 0:05:07 ahead of it")

    def test_nothing_is_said_of_nothing(self) -> None:
        assert Watch().notes(START) == []
        assert Watch().document(START) == {"silence": None, "signers": []}


def test_a_heartbeat_is_one_an_hour() -> None:
    drafts = [heartbeat(open_runs=0, now=START + timedelta(minutes=step)) for step in (0, 40, 80)]
    assert [draft.key for draft in drafts] == ["heartbeat/2026-03-01T12", "heartbeat/2026-03-01T12", "heartbeat/2026-03-01T13"]
    assert log([replace(drafts[0], time=START), replace(drafts[2], time=START)]).problem() is None
