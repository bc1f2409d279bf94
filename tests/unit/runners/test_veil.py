"""What a runner writes holds tokens for values: in records, in the outbox, on the forge. What was decided stays as it is."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from countersign.domain.ids import RunId, digest_of
from countersign.domain.tokens.key import TokensKey
from countersign.domain.tokens.kinds import ALL
from countersign.domain.tokens.placeholder import placeholders
from countersign.domain.tokens.tokenizer import Tokenizer
from runners import aftermath
from runners.pipeline import Ending
from runners.reaper import Reaper
from runners.sandbox.output import Output
from runners.veil import RATIONALE, TAIL, rationale, tail
from tests.builders import SHOP_POLICY
from tests.fakes.outbox import FakeOutbox
from tests.fakes.runner import TRAILERS, RunnerWorld
from tests.fakes.sandbox import Script
from tests.support.token_corpus import KEY
from tests.support.veiled import veil

MAIL, HOST, PASSWORD = "rosa@mail.example.com", "10.20.30.40", "tea-Kettle-9"
SAID = f"user {MAIL} at {HOST}: password={PASSWORD}\n"
ADD = "ALTER TABLE orders ADD COLUMN note text;\n"
FILES = {"db/staging/shop/V2__note.sql": ADD}
TOKENS = SHOP_POLICY + "tokens: {personal: {reveal: never}, host: {reveal: never}, account: {reveal: never}}\n"


def ran(world: RunnerWorld, script: Script | None = None, *, rationale: str = "Adds a note.") -> list[Mapping[str, object]]:
    ref = world.propose(FILES, words=rationale)
    if script is not None:
        world.sandbox.script(script)
    world.handle(ref)
    return [entry.body for entry in world.ledger.entries]


def test_outputs_hold_tokens_and_the_record_says_how_many() -> None:
    world = RunnerWorld(policy=TOKENS.replace("staging: {paths", "staging: {tokenize: [personal, host], paths"))
    outcome = ran(world, Script(stdout=SAID, stderr=SAID))[-1]
    text = json.dumps(outcome)
    assert not any(value in text for value in (MAIL, HOST, PASSWORD))
    tokens = outcome["tokens"]
    assert isinstance(tokens, dict)
    assert tokens["classes"] == ["host", "personal", "secret"]
    assert tokens["counts"] == {"host": 2, "personal": 2, "secret": 2}
    assert (tokens["epoch"], str(tokens["ruleset"])[:7]) == (1, "sha256:")


def test_secrets_are_hidden_whatever_the_policy_says() -> None:
    outcome = ran(RunnerWorld(), Script(stdout=SAID))[-1]
    text = json.dumps(outcome)
    assert MAIL in text
    assert HOST in text
    assert PASSWORD not in text
    assert outcome["tokens"] == {**outcome["tokens"], "classes": ["secret"], "counts": {"secret": 1}}  # type: ignore[dict-item]


def test_a_fault_is_hidden_in_outbox_record_and_comment() -> None:
    world = RunnerWorld()
    ref = world.propose(FILES)
    world.sandbox.fail_next(f"no answer from postgres://admin:{PASSWORD}@db.example/x")
    assert world.handle(ref) is Ending.FAILED
    assert "no answer from postgres://admin:TK1_SECRET_" in json.dumps(world.outbox.put_in)
    assert PASSWORD not in json.dumps(world.outbox.put_in)
    assert world.ledger.entries[-1].kind.value == "failed"
    assert PASSWORD not in b"".join(entry.raw for entry in world.ledger.entries).decode()
    assert PASSWORD not in repr(vars(world.world))


def test_the_rationale_goes_in_with_tokens_and_what_was_decided_stays() -> None:
    bodies = ran(RunnerWorld(), rationale=f"Rotates password={PASSWORD}.")
    for body in bodies[:2]:
        told, decision = body["rationale"], body["decision"]
        assert isinstance(told, dict)
        assert isinstance(decision, dict)
        assert PASSWORD not in json.dumps(body)
        assert told["text"].startswith("Rotates password=TK1_SECRET_")
        assert decision["effect"] == "autonomous"


def test_what_came_before_a_policy_is_hidden_in_every_class() -> None:
    world = RunnerWorld(policy=f"nobody: {HOST}\n")
    [body] = ran(world, rationale=SAID)
    assert body["tokens"] == {**body["tokens"], "classes": ["account", "host", "personal", "secret"]}  # type: ignore[dict-item]
    assert not any(value in json.dumps(body) for value in (MAIL, HOST, PASSWORD))


def test_a_tail_begins_with_no_half_value() -> None:
    hide = veil().blind("acme/shop")
    for before in range(40):
        text = tail("x" * 300 + " " + KEY + "\n" + "y" * (TAIL - 35 + before), hide)
        assert len(text) <= TAIL
        assert "TK1_" not in text or list(placeholders(text))
        assert KEY.splitlines()[3] not in text


def test_what_was_left_out_in_the_middle_leaves_no_half_value() -> None:
    hide = veil().blind("acme/shop")
    for shift in range(30):
        output = Output([], limit=400)
        output.feed(("a" * (185 + shift) + f" x={PASSWORD} password={PASSWORD}\n" + "b\n" * 200).encode())
        output.feed(f"{'c' * shift} password={PASSWORD} {MAIL}\n{'d' * (150 - shift)}".encode())
        output.finish()
        assert PASSWORD not in tail(output.text, hide)
        assert MAIL not in tail(output.text, hide)


def test_a_long_rationale_is_cut_beside_a_token() -> None:
    hide = veil().blind("acme/shop")
    told = rationale("z" * (RATIONALE - 10) + f" {MAIL} {'y' * 50}", hide)
    assert told["text"] == "z" * (RATIONALE - 10) + " "
    assert told["characters"] == RATIONALE - 10 + 1 + len("TK1_PERSONAL_") + 19 + 51


def test_a_target_that_says_much_or_oddly_keeps_no_outcome_from_the_record() -> None:
    for fault in ("pwd=abc " * 1800, "50%:1: full", "half \ud800 a character", "\u200b" * 9000, "\U000e0041" * 3000):
        world = RunnerWorld(policy=TOKENS)
        ref = world.propose(FILES)
        world.sandbox.fail_next(fault)
        assert world.handle(ref) is Ending.FAILED
        assert world.ledger.entries[-1].kind.value == "failed"
        assert world.broker.live == frozenset()


def test_words_that_are_written_long_leave_room_for_the_rest() -> None:
    [asked, *_] = ran(RunnerWorld(), rationale="\U000e0041" * 19_000)
    told = asked["rationale"]
    assert isinstance(told, dict)
    assert 0 < len(json.dumps(told["text"])) <= RATIONALE * 4


def test_what_a_record_has_no_room_for_is_refused_and_says_what_to_do() -> None:
    world = RunnerWorld()
    ref = world.propose({f"db/staging/shop/V{number:04}__{'n' * 60}.sql": ADD for number in range(900)})
    assert world.handle(ref) is Ending.REFUSED
    assert world.ledger.entries[-1].body["why"] == "its record would be larger than records are; split the change"
    assert world.handle(ref) is Ending.REFUSED
    assert world.kinds() == ["refused"]


def test_the_digest_of_an_output_confirms_no_guess() -> None:
    guess = "account 123456789012\n"
    first, second, other = (ran(RunnerWorld(), Script(stdout=text))[-1]["result"] for text in (guess, guess, "else\n"))
    digests = [result["stdout"]["digest"] for result in (first, second, other) if isinstance(result, dict)]
    assert digests[0] == digests[1] != digests[2]
    assert digest_of(guess.encode()) not in digests


def test_an_outcome_names_the_epoch_that_its_texts_were_hidden_in() -> None:
    world = RunnerWorld()
    ref = world.propose(FILES)
    kept = aftermath.keep(result=None, grants=(), fault=SAID, timeline=(), tokenizer=veil().blind("acme/shop"))
    world.handle(ref)
    intent = next(entry for entry in world.ledger.entries if entry.kind.value == "intent")
    later = Tokenizer(TokensKey(bytes(range(1, 33)), epoch=2), "acme/shop", ALL)
    draft = aftermath.outcome(intent, kept, (), timeline=(), now=world.clock(), tokenizer=later)
    assert draft.body["tokens"] == {**draft.body["tokens"], "epoch": 1}  # type: ignore[dict-item]
    assert draft.body["fault"] == kept["fault"]


def test_what_an_agent_names_itself_is_hidden_too() -> None:
    trailers = (*TRAILERS, ("Assisted-by", f"Claude <{MAIL}>"))
    world = RunnerWorld(policy=TOKENS.replace("staging: {paths", "staging: {tokenize: [personal], paths"))
    world.handle(world.propose(FILES, trailers=trailers))
    assert MAIL not in b"".join(entry.raw for entry in world.ledger.entries).decode()
    assert "TK1_PERSONAL_" in json.dumps(world.ledger.entries[0].body["actor"])


@pytest.mark.parametrize("trailer", ["Countersign-Agent", "Countersign-Environment", "Countersign-Action", "Countersign-Skill"])
@pytest.mark.parametrize("name", ["password=hunter2xx", "AKIA" + "Q" * 16, "two words", "n" * 65])
def test_what_is_named_is_a_name_and_no_secret(trailer: str, name: str) -> None:
    world = RunnerWorld()
    others = tuple(one for one in TRAILERS if one[0] != trailer)
    assert world.handle(world.propose(FILES, trailers=(*others, (trailer, name)))) is Ending.REFUSED
    assert name not in world.ledger.entries[-1].raw.decode()
    assert f"{trailer} is no name" in str(world.ledger.entries[-1].body["why"])


class Broken(FakeOutbox):
    """Stumbles the first time, as a bug of ours would."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def get(self, run: RunId) -> Mapping[str, object] | None:
        self.asked += 1
        if self.asked == 1:
            raise RuntimeError(run)
        return super().get(run)


def test_one_run_that_cannot_be_closed_keeps_no_other_from_it() -> None:
    world = RunnerWorld()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    world.sandbox.act = die
    with pytest.raises(KeyboardInterrupt):
        world.handle(world.propose(FILES))
    other = world.propose({"db/production/shop/V2__note.sql": ADD})
    world.handle(other)
    world.approve(other, "wanda")
    with pytest.raises(KeyboardInterrupt):
        world.handle(other)
    world.clock.moment += timedelta(hours=1)
    closer = replace(world.pipeline.closer, outbox=Broken())
    closed, faults = Reaper(closer, world.leases, world.pipeline.environments).sweep(world.ledger)
    assert (len(closed), [str(fault).partition(": ")[2] for fault in faults]) == (1, ["unexpected RuntimeError"])
