"""No size keeps an outcome from the record: whatever a run did, said or held, its outcome fits and tells how it ended."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.attestation import statement
from countersign.attestation.place import Place
from countersign.attestation.record import MAX_RECORD, Draft, Entry, RecordKind
from countersign.domain.ids import MAX_PROJECT, ChangeRef, Digest, RunId, Sha, digest_of
from countersign.domain.run import Connection, Ending, Endpoint, RunResult
from countersign.domain.scope import Grant, Proof, Revocation, Scope
from countersign.domain.tokens.placeholder import counted
from runners import aftermath, found_since, promotions
from runners.fitting import OF_A_QUESTION, OF_A_RUN, fitted
from tests.builders import NOON
from tests.support.veiled import veil

HIDE = veil().blind("acme/shop")
PLACE = Place("https://" + "o" * 247, 10**10 - 1, digest_of(b""), NOON)
"""As long as places get."""

RUN = RunId("run-" + "a" * 20)
LETTERS = st.sampled_from(["x", "\u00e9", "\u202e", "\U000e0041", '"', "\\", "\n", "\x7f", "\ud800", "password=tea-Kettle-9 "])
texts = st.builds(lambda letter, times: letter * times, LETTERS, st.integers(0, 1200))
short = st.builds(lambda letter, times: letter * times, st.sampled_from("x\u00e9\u202e\U000e0041"), st.integers(0, 3000))
names = st.builds(
    lambda times, length: [f"{number:03}.{'n' * length}" for number in range(times)], st.integers(0, 250), st.integers(0, 1000)
)
few = st.builds(
    lambda times, length: [f"{number}{'h' * length}" for number in range(times)], st.integers(0, 25), st.integers(0, 4000)
)


@st.composite
def kept_and_ended(draw: st.DrawFn) -> tuple[dict[str, object] | None, list[Revocation]]:
    """What the outbox gives of a run that does whatever it can to be long, and how its credentials ended."""
    hosts, argv, handles = draw(names), draw(names), draw(few)
    detail = draw(texts)
    proofs = draw(st.lists(st.sampled_from([Proof.DEAD, Proof.UNPROVED]), min_size=len(handles), max_size=len(handles)))
    ends = [Revocation(handle, NOON, proof, detail) for handle, proof in zip(handles, proofs, strict=True)]
    if draw(st.booleans()):
        return None, ends
    scope = Scope("s", "fake", {}, 60)
    grants = [Grant(RUN, scope, handle, "id" * 20, NOON, NOON) for handle in handles]
    ran = RunResult(
        ending=draw(st.sampled_from(Ending)),
        exit_code=draw(st.sampled_from([0, 1, None])),
        started=NOON,
        finished=NOON + timedelta(seconds=1),
        stdout=draw(texts),
        stderr=draw(texts),
        stdout_digest=digest_of(b""),
        stderr_digest=digest_of(b""),
        connections=tuple(Connection(Endpoint(host, 1), len(host) % 2 > 0, 2**40, 2**40) for host in hosts),
        tainted=draw(st.booleans()),
        backend=draw(short),
        runtime=draw(short),
        profile_digest=digest_of(b""),
    )
    result = aftermath.result_document(ran, spec_argv=argv, image=draw(short), network=draw(short), tokenizer=HIDE)
    fault = draw(st.none() | texts)
    return aftermath.keep(result=result, grants=grants, fault=fault, timeline=(), tokenizer=HIDE), ends


@st.composite
def intents(draw: st.DrawFn) -> Entry:
    """An intent as large as any, and larger: nothing that an outcome repeats of it may keep it from the record."""
    promotion = {"in_force": True, "name": "n", "step": "approve to autonomous", "what": "w"}
    body = {
        "change": {
            "head": "a" * 40,
            "iid": 1,
            "repository": "acme/shop",
            "counts_as": dict.fromkeys(draw(names), "y"),
            "paths": draw(names),
            "source_branch": draw(short),
            "url": draw(short),
        },
        "decision": {"plan": {"action": draw(short), "environment": draw(short)}, "promotions": [promotion]},
        "tokens": {"classes": ["host", "secret"]},
    }
    change = ChangeRef("acme/shop", 1)
    return Entry(
        9, RecordKind.INTENT, f"intent/{RUN}", change, RUN, NOON, body, b"", digest_of(b"i"), Sha("a" * 40), "p", PLACE_ROOT
    )


PLACE_ROOT = Digest("sha256:" + "0" * 64)


def drafted(intent: Entry, kept: Mapping[str, object] | None, ends: list[Revocation]) -> Draft:
    return aftermath.outcome(intent, kept, ends, timeline=(), now=NOON, tokenizer=HIDE)


@given(intents(), kept_and_ended())
@settings(max_examples=40, deadline=None)
def test_every_outcome_fits_and_tells_how_it_ended(intent: Entry, run: tuple[dict[str, object] | None, list[Revocation]]) -> None:
    kept, ends = run
    draft = drafted(intent, kept, ends)
    assert len(statement.write(draft, PLACE)) <= MAX_RECORD
    short = drafted(replace(intent, body={**intent.body, "change": {}}), None, [])
    if kept is None:
        assert draft.kind is short.kind is RecordKind.LOST
        return
    result, was = draft.body["result"], kept["result"]
    assert isinstance(result, dict)
    assert isinstance(was, dict)
    for name in ("ok", "exit_code", "ending", "started", "finished", "ms", "tainted", "argv_digest"):
        assert result[name] == was[name]
    assert [result[name]["digest"] for name in ("stdout", "stderr")] == [was[name]["digest"] for name in ("stdout", "stderr")]
    told = [str(draft.body["fault"] or ""), result["stdout"]["tail"], result["stderr"]["tail"]]
    grants = draft.body["grants"]
    assert isinstance(grants, list)
    texts_told = [*told, *(str(grant["proof_detail"] or "") for grant in grants)]
    counts: dict[str, int] = {}
    for text in texts_told:
        for name, number in counted(text).items():
            counts[name] = counts.get(name, 0) + number
    tokens = draft.body["tokens"]
    assert isinstance(tokens, dict)
    assert tokens["counts"] == counts, "what was left out is not counted"


@given(intents(), kept_and_ended())
@settings(max_examples=30, deadline=None)
def test_what_is_found_of_a_lost_run_fits_too(intent: Entry, run: tuple[dict[str, object] | None, list[Revocation]]) -> None:
    kept, ends = run
    lost = drafted(intent, None, ends)
    done = replace(intent, kind=lost.kind, key=lost.key, body=lost.body)
    if kept is None:
        return
    for draft in (found_since.found(intent, done, kept, told, now=NOON, tokenizer=HIDE) for told in (ends, [])):
        assert len(statement.write(draft, PLACE)) <= MAX_RECORD
        assert draft.body["found"] == drafted(intent, kept, ends).body["outcome"]


@given(intents(), kept_and_ended())
@settings(max_examples=30, deadline=None)
def test_what_is_left_out_changes_nothing_for_what_was_earned(
    intent: Entry, run: tuple[dict[str, object] | None, list[Revocation]]
) -> None:
    """A promotion is lost by a credential that is not proved dead, or was shown, also where the record has no room for all."""
    kept, ends = run
    draft = drafted(intent, kept, ends)
    loose = any(end.proof is not Proof.DEAD for end in ends)
    result = None if kept is None else kept["result"]
    tainted = isinstance(result, dict) and result["tainted"] is True
    lost = promotions.lost(intent, draft)
    assert bool(lost) is (draft.kind is not RecordKind.EXECUTED or loose or tainted)
    for one in lost:
        assert len(statement.write(one, PLACE)) <= MAX_RECORD


def test_what_is_left_out_is_named_with_its_size_and_digest() -> None:
    paths = [f"{number:03}{'p' * 240}" for number in range(200)]
    intent = Entry(
        9,
        RecordKind.INTENT,
        f"intent/{RUN}",
        ChangeRef("acme/shop", 1),
        RUN,
        NOON,
        {"change": {"head": "a" * 40, "paths": paths}},
        b"",
        digest_of(b"i"),
        Sha("a" * 40),
        "p",
        PLACE_ROOT,
    )
    kept = aftermath.keep(result=None, grants=(), fault="x", timeline=(), tokenizer=HIDE)
    assert "left_out" not in drafted(intent, kept, []).body
    long = [Revocation(f"h{number}", NOON, Proof.DEAD, "d" * 2000) for number in range(9)]
    body = drafted(intent, kept, long).body
    told = body["left_out"]
    assert isinstance(told, list)
    [left] = told
    assert left["part"] == "change.paths"
    assert left["bytes"] > 200 * 243
    assert left["digest"].startswith("sha256:")
    assert body["change"] == {"head": "a" * 40, "paths": []}


def test_a_record_says_whose_it_is_however_long_the_names_are() -> None:
    ref = ChangeRef("acme/" + "p" * (MAX_PROJECT - 5), 1)
    change = {"head": "a" * 40, "iid": 1, "repository": ref.project, "source_branch": "b" * 300}
    body = fitted({"change": change, "long": "x" * MAX_RECORD}, OF_A_RUN)
    assert body["change"] == change | {"source_branch": "b" * MAX_PROJECT}
    assert fitted({"change": change, "long": "x" * MAX_RECORD}, OF_A_QUESTION)["change"] == body["change"]


def test_of_more_loose_credentials_than_a_record_holds_one_remains() -> None:
    """So whoever looks for a credential that is not proved dead finds that there is one; the intent names them all."""
    intent = Entry(
        9,
        RecordKind.INTENT,
        f"intent/{RUN}",
        ChangeRef("acme/shop", 1),
        RUN,
        NOON,
        {},
        b"",
        digest_of(b"i"),
        Sha("a" * 40),
        "p",
        PLACE_ROOT,
    )
    ends = [Revocation(f"{number:02}{'h' * 1000}", NOON, Proof.UNPROVED, "d" * 2000) for number in range(99)]
    draft = drafted(intent, None, ends)
    assert len(statement.write(draft, PLACE)) <= MAX_RECORD
    grants, left = draft.body["grants"], draft.body["left_out"]
    assert isinstance(grants, list)
    assert isinstance(left, list)
    assert [(grant["handle"], grant["proof"]) for grant in grants] == [(f"00{'h' * 253}", "unproved")]
    assert [one["part"] for one in left] == ["grants[].proof_detail", "grants[] not proved dead"]
