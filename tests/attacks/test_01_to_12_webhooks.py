"""Attacks 1 to 12, on webhooks: each test's name begins with its number (docs/threat-model.md links them)."""

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.routes import DELIVERY_LIMIT
from bot.settings import PREFIX, SettingsError, load_settings
from bot.webhooks import gitlab, signatures
from countersign.domain.ids import ChangeRef
from countersign.domain.outcomes import ForgeFault
from tests.builders import NOON
from tests.fakes.bot_face import FakeFace
from tests.fakes.bot_world import BotWorld
from tests.support.hooks import OTHER, PROJECT, SECRET, Delivery, merge_request, push, signing_secret
from tests.support.veiled import key_file

OPENED = Delivery.of(merge_request())
LOOKED = [("look", ChangeRef(PROJECT, 7), 0)]


@pytest.fixture
def face() -> FakeFace:
    return FakeFace()


@pytest.mark.parametrize("secret", ["", " ", "\n", "short", "changeme"])
@pytest.mark.parametrize("name", ["hook", "signing"])
def test_01_without_a_real_secret_the_bot_does_not_start(
    name: str, secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"hook": SECRET.token, "signing": signing_secret(), "forge": "a-forge-token"} | {name: secret}
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    for variable, value in {
        "FORGE_URL": "https://forge.example",
        "FORGE_TOKEN_FILE": str(tmp_path / "forge"),
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "WEBHOOK_TOKEN_FILE": str(tmp_path / "hook"),
        "WEBHOOK_SIGNING_SECRET_FILE": str(tmp_path / "signing"),
        "PROJECTS": PROJECT,
        "PUBLIC_URL": "https://countersign.example",
        "STATE_DIR": str(tmp_path),
        "TRUST_ROOT_FILE": str(tmp_path / "allowed_signers"),
        "TOKENS_KEY_FILE": str(key_file(tmp_path)),
    }.items():
        monkeypatch.setenv(PREFIX + variable, value)
    with pytest.raises(SettingsError, match=f"{PREFIX}WEBHOOK_"):
        load_settings()


@pytest.mark.parametrize("name", ["x-gitlab-token", "webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", " "])
def test_01_a_missing_header_is_401(face: FakeFace, name: str, value: str | None) -> None:
    answer = face.deliver(OPENED, **{name.replace("-", "_"): value})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert face.queue.sent == []


def test_01_with_no_secret_at_all_nothing_gets_in() -> None:
    answer = gitlab.parse(OPENED.raw(), OPENED.body, secrets=[], now=NOON)
    assert getattr(answer, "status", None) == 401


def test_02_tokens_and_signatures_are_compared_in_constant_time() -> None:
    """Timing cannot be measured honestly here; that nothing but compare_digest compares can be read."""
    for module, secrets in ((gitlab, ("token",)), (signatures, ("expected",))):
        source = Path(module.__file__ or "").read_text()
        assert "compare_digest" in source
        for name in secrets:
            assert f"{name} ==" not in source
            assert f"== {name}" not in source
            assert f"{name} !=" not in source


@pytest.mark.parametrize("token", [SECRET.token[:-1], SECRET.token + "x", SECRET.token.upper(), "x" * len(SECRET.token), "ü" * 30])
def test_02_a_token_that_is_nearly_right_is_401(face: FakeFace, token: str) -> None:
    assert face.deliver(OPENED, x_gitlab_token=token).status_code == 401


def test_03_the_same_delivery_again_does_nothing(face: FakeFace) -> None:
    assert face.deliver(OPENED).status_code == 202
    again = face.deliver(OPENED)
    assert again.status_code == 200
    assert again.json()["verdict"] == "duplicate"
    assert face.queue.sent == LOOKED


def test_03_what_could_not_be_handed_over_may_come_again(face: FakeFace) -> None:
    face.queue.away = True
    assert face.deliver(OPENED).status_code == 503
    face.queue.away = False
    assert face.deliver(OPENED).status_code == 202
    assert face.queue.sent == LOOKED


def test_03_without_memory_nothing_is_taken(face: FakeFace) -> None:
    face.deliveries.away = True
    answer = face.deliver(OPENED)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert face.queue.sent == []


def test_04_a_captured_body_under_a_new_id_is_401(face: FakeFace) -> None:
    """The id is signed. That a second look has no second effect, whoever asks for it, is the runner's: test_once.py."""
    assert face.deliver(OPENED).status_code == 202
    assert face.deliver(OPENED, webhook_id="delivery-2").status_code == 401
    assert face.deliver(OPENED, x_gitlab_event_uuid="another").json()["verdict"] == "duplicate"
    assert face.queue.sent == LOOKED


@pytest.mark.parametrize("seconds", [-3600, -301, 301, 3600])
def test_05_stale_and_future_deliveries_are_401(face: FakeFace, seconds: int) -> None:
    assert face.deliver(OPENED.again(at=NOON + timedelta(seconds=seconds))).status_code == 401


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "0x5f", "1 ", "٣", "9" * 400, "1795521600.0"])
def test_05_a_timestamp_that_is_no_number_is_401(face: FakeFace, timestamp: str) -> None:
    assert face.deliver(OPENED, webhook_timestamp=timestamp).status_code == 401


def test_06_a_body_of_exactly_the_limit_is_read_and_one_more_byte_is_not(face: FakeFace) -> None:
    padded = OPENED.body + b" " * (DELIVERY_LIMIT - len(OPENED.body))
    assert face.deliver(OPENED.again(body=padded)).status_code == 202
    assert face.deliver(OPENED.again(body=padded + b" ")).status_code == 413


def test_06_an_endless_body_without_length_is_413_and_memory_stays_flat(face: FakeFace) -> None:
    given = 0

    def endless() -> Iterator[bytes]:
        nonlocal given
        while given < 64 * DELIVERY_LIMIT:
            given += 65536
            yield b"x" * 65536

    tracemalloc.start()
    answer = face.ask("POST", "/webhooks/gitlab", headers=OPENED.raw(), body=endless())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 413
    assert given <= 2 * DELIVERY_LIMIT
    assert peak < 16 * DELIVERY_LIMIT


def test_06_a_length_that_lies_makes_no_difference(face: FakeFace) -> None:
    answer = face.ask("POST", "/webhooks/gitlab", headers=OPENED.raw(content_length="9" * 30), body=OPENED.body)
    assert answer.status_code == 413
    endless = (b"x" * 65536 for _ in range(100))
    assert face.ask("POST", "/webhooks/gitlab", headers=OPENED.raw(content_length="2"), body=endless).status_code == 413


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "gzip, identity", "x"])
def test_06_compressed_bodies_are_415(face: FakeFace, encoding: str) -> None:
    bomb = OPENED.again(body=gzip.compress(b"\0" * 1_000_000))
    assert face.deliver(bomb, content_encoding=encoding).status_code == 415


@pytest.mark.parametrize(
    "body",
    [b"[" * 500_000, b'{"a":' * 100_000, json.dumps({str(number): number for number in range(60_000)}).encode()],
    ids=["brackets", "objects", "keys"],
)
def test_06_deep_and_wide_json_is_400(face: FakeFace, body: bytes) -> None:
    answer = face.deliver(OPENED.again(body=body))
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "signature",
    [
        "v1",
        "v1,",
        ",",
        "v1=abc",
        "sha256=" + "0" * 64,
        "v1,not base64!",
        "v1," + "A" * 43,
        "v2,",
        "v1,ü",
        "v1,\u2028",
        " ".join(["v1,AAAA"] * 17),
        "A" * 10_000,
    ],
)
def test_07_malformed_signatures_are_401(face: FakeFace, signature: str) -> None:
    assert face.deliver(OPENED, webhook_signature=signature).status_code == 401


@pytest.mark.parametrize("name", [b"X-Gitlab-Token", b"webhook-id", b"webhook-timestamp", b"webhook-signature"])
def test_07_a_header_that_is_there_twice_is_401(face: FakeFace, name: bytes) -> None:
    headers = OPENED.raw()
    twice = [*headers, next((name, value) for key, value in headers if key == name.lower())]
    assert face.ask("POST", "/webhooks/gitlab", headers=twice, body=OPENED.body).status_code == 401


def test_07_one_byte_more_or_less_voids_the_signature(face: FakeFace) -> None:
    for body in (OPENED.body + b" ", OPENED.body[:-1], OPENED.body.replace(b"7", b"8")):
        assert face.ask("POST", "/webhooks/gitlab", headers=OPENED.raw(), body=body).status_code == 401


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        (merge_request(), "Push Hook"),
        (merge_request(), "Note Hook"),
        (merge_request(), "System Hook"),
        (merge_request(), "Merge Request Hook, Push Hook"),
        (push(), "Merge Request Hook"),
        ({"object_kind": "note"}, "Merge Request Hook"),
        ({}, "Merge Request Hook"),
        ({"object_kind": ["merge_request"]}, "Merge Request Hook"),
    ],
)
def test_08_header_and_body_must_agree(face: FakeFace, payload: dict[str, object], event: str) -> None:
    assert face.deliver(Delivery.of(payload, event=event)).status_code == 400
    assert face.queue.sent == []


def test_08_a_missing_event_header_is_400(face: FakeFace) -> None:
    assert face.deliver(OPENED, x_gitlab_event=None).status_code == 400


def test_09_another_projects_hook_cannot_speak_for_this_one(face: FakeFace) -> None:
    forged = Delivery.of(merge_request(action="approved") | {"approved": True}, secret=OTHER)
    assert face.deliver(forged).status_code == 401
    mixed = OPENED.raw(x_gitlab_token=OTHER.token)
    assert face.ask("POST", "/webhooks/gitlab", headers=mixed, body=OPENED.body).status_code == 401
    assert face.queue.sent == []


def test_09_what_the_body_concludes_goes_nowhere(face: FakeFace) -> None:
    claims = merge_request(action="approved") | {"approved": True, "decision": "autonomous", "environment": "production"}
    assert face.deliver(Delivery.of(claims)).status_code == 202
    assert face.queue.sent == LOOKED


@pytest.mark.parametrize("event", ["System Hook", "Ping", "ping", "Test Hook", "Diagnostics"])
def test_10_no_ping_gets_past_the_signature(face: FakeFace, event: str) -> None:
    for body in (b"", b"{}", b'{"object_kind": "ping"}', b'{"event_name": "ping", "test": true}'):
        headers = [
            (b"content-type", b"application/json"),
            (b"x-gitlab-event", event.encode()),
            (b"x-event-key", b"diagnostics:ping"),
        ]
        answer = face.ask("POST", "/webhooks/gitlab", headers=headers, body=body)
        assert answer.status_code == 401
        assert set(answer.json()) == {"type", "title", "status", "detail"}
    assert face.queue.sent == []
    assert face.deliveries.known == set()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
def test_10_no_other_method_does_anything(face: FakeFace, method: str) -> None:
    assert face.ask(method, "/webhooks/gitlab", headers=OPENED.raw(), body=OPENED.body).status_code == 405
    assert face.queue.sent == []


def test_11_a_flood_of_what_does_not_matter_asks_nobody_anything(face: FakeFace) -> None:
    for number in range(200):
        kind, hook = [("pipeline", "Pipeline Hook"), ("build", "Job Hook"), ("note", "Note Hook")][number % 3]
        payload = {"object_kind": kind, "project": {"path_with_namespace": PROJECT}, "merge_request": {"iid": 7}}
        assert face.deliver(Delivery.of(payload, event=hook).again(id=f"flood-{number}")).status_code == 200
    assert face.deliver(Delivery.of(push(ref="refs/heads/countersign/audit"), event="Push Hook")).status_code == 200
    assert face.queue.sent == []
    assert face.forge.calls == []
    assert face.deliver(OPENED.again(id="after-the-flood")).status_code == 202
    assert face.queue.sent == LOOKED


def test_12_a_push_that_the_forge_shows_late_fails_closed_and_then_converges() -> None:
    world = BotWorld()
    ref = world.propose({"db/production/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"})
    world.both(ref)
    world.approve(ref, "wanda")
    head = world.commit({"db/production/shop/V2__note.sql": "DROP TABLE orders;\n"}, branch=world.world.held(ref).source_branch)
    world.world.push(ref, head, seen=False)
    handed_on = len(world.queue.runs())
    with pytest.raises(ForgeFault, match="not fully taken in"):
        world.look(ref)
    assert len(world.queue.runs()) == handed_on
    world.world.take_in(ref)
    assert world.look(ref) == "refused"
    assert "wanda" in world.comment(ref)
