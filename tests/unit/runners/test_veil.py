"""What a runner writes holds tokens for values: in records, in the outbox, on the forge. What was decided stays as it is."""

import json
from collections.abc import Mapping

from countersign.domain.tokens.placeholder import placeholders
from runners.pipeline import Ending
from runners.sandbox.output import Output
from runners.veil import RATIONALE, TAIL, rationale, tail
from tests.builders import SHOP_POLICY
from tests.fakes.runner import RunnerWorld
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
