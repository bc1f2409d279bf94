"""The bot does not start half configured, and says which variable is wrong without showing what was in it."""

import hashlib
import json
from pathlib import Path

import pytest

from bot.settings import PREFIX, SettingsError, load_settings
from tests.support.hooks import signing_secret
from tests.support.veiled import key_file

TOKEN, FORGE_TOKEN = "token-of-the-shop-0123456789", "glpat-of-the-bot-0123456789"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set a whole, right environment; tests make parts of it wrong."""
    for name, text in (("hook", TOKEN), ("signing", signing_secret()), ("forge", FORGE_TOKEN)):
        (tmp_path / name).write_text(text + "\n")
    for name, value in {
        "FORGE_URL": "https://forge.example/",
        "FORGE_TOKEN_FILE": str(tmp_path / "forge"),
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "WEBHOOK_TOKEN_FILE": str(tmp_path / "hook"),
        "WEBHOOK_SIGNING_SECRET_FILE": str(tmp_path / "signing"),
        "PROJECTS": "acme/shop",
        "PUBLIC_URL": "https://countersign.example",
        "STATE_DIR": str(tmp_path / "state"),
        "TRUST_ROOT_FILE": str(tmp_path / "allowed_signers"),
        "TOKENS_KEY_FILE": str(key_file(tmp_path)),
    }.items():
        monkeypatch.setenv(PREFIX + name, value)
    return tmp_path


@pytest.mark.usefixtures("place")
def test_a_whole_environment_is_read() -> None:
    settings = load_settings()
    assert settings.forge_url == "https://forge.example"
    assert settings.token() == FORGE_TOKEN
    (hook,) = settings.hooks()
    assert (hook.project, hook.token, hook.key) == ("acme/shop", TOKEN, bytes(range(32)))
    for secret in (TOKEN, FORGE_TOKEN, signing_secret()):
        assert secret not in repr(settings)


@pytest.mark.usefixtures("place")
def test_secrets_may_be_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"{PREFIX}FORGE_TOKEN_FILE")
    monkeypatch.setenv(f"{PREFIX}FORGE_TOKEN", FORGE_TOKEN)
    assert load_settings().token() == FORGE_TOKEN


@pytest.mark.parametrize(
    "name",
    ["FORGE_URL", "REDIS_URL", "PROJECTS", "PUBLIC_URL", "STATE_DIR", "TRUST_ROOT_FILE", "FORGE_TOKEN_FILE", "TOKENS_KEY_FILE"],
)
@pytest.mark.usefixtures("place")
def test_what_is_missing_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PREFIX + name)
    with pytest.raises(SettingsError, match=PREFIX + name.removesuffix("_FILE")):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROJECTS", ""),
        ("PROJECTS", "shop"),
        ("PROJECTS", "acme/shop acme/shop"),
        ("FORGE_URL", "ftp://forge.example"),
        ("FORGE_URL", "https://me:secret@forge.example"),
        ("LISTEN_PORT", "0"),
        ("BRANCH", "main..evil"),
        ("RECONCILE_SECONDS", "0"),
        ("FORGE_TOKEN", "and a file as well"),
    ],
)
@pytest.mark.usefixtures("place")
def test_what_is_malformed_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsError, match=PREFIX + name) as caught:
        load_settings()
    assert "me:secret" not in str(caught.value)


def pairs(place: Path, found: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the webhook secrets of several projects in one file."""
    (place / "pairs").write_text(json.dumps(found))
    monkeypatch.delenv(f"{PREFIX}WEBHOOK_TOKEN_FILE")
    monkeypatch.delenv(f"{PREFIX}WEBHOOK_SIGNING_SECRET_FILE")
    monkeypatch.setenv(f"{PREFIX}WEBHOOK_SECRETS_FILE", str(place / "pairs"))
    monkeypatch.setenv(f"{PREFIX}PROJECTS", "acme/shop, acme/bakery")


def pair(seed: int) -> dict[str, str]:
    return {"token": f"token-number-{seed:08d}", "signing_secret": signing_secret(hashlib.sha256(bytes([seed])).digest())}


def test_each_of_several_projects_has_its_own_pair(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs(place, {"projects": {"acme/shop": pair(1), "acme/bakery": pair(2)}}, monkeypatch)
    assert [secret.project for secret in load_settings().hooks()] == ["acme/bakery", "acme/shop"]


@pytest.mark.parametrize(
    "found",
    [
        {},
        [],
        {"projects": {}},
        {"projects": {"acme/shop": pair(1)}},
        {"projects": {"acme/shop": pair(1), "acme/bakery": pair(2), "acme/third": pair(3)}},
        {"projects": {"acme/shop": pair(1), "acme/bakery": pair(1)}},
        {"projects": {"acme/shop": pair(1), "acme/bakery": pair(2) | {"token": pair(1)["token"]}}},
        {"projects": {"acme/shop": pair(1), "acme/bakery": pair(2) | {"token": ""}}},
        {"projects": {"acme/shop": pair(1), "acme/bakery": pair(2) | {"signing_secret": "not whsec"}}},
        {"projects": {"acme/shop": pair(1), "acme/bakery": {"token": pair(2)["token"]}}},
        {"projects": {"acme/shop": pair(1), "acme/bakery": pair(2) | {"more": 1}}},
    ],
)
def test_pairs_that_are_not_one_for_each_are_refused(found: object, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs(place, found, monkeypatch)
    with pytest.raises(SettingsError, match=f"{PREFIX}WEBHOOK_SECRETS_FILE"):
        load_settings()


@pytest.mark.usefixtures("place")
def test_one_pair_cannot_serve_two_projects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}PROJECTS", "acme/shop acme/bakery")
    with pytest.raises(SettingsError, match="a pair of secrets for each"):
        load_settings()


@pytest.mark.usefixtures("place")
def test_audit_pages_are_off_unless_a_token_is_named() -> None:
    assert load_settings().pages_token() is None


@pytest.mark.parametrize("text", ["", "short", "  \n", "ü" * 20])
def test_a_token_for_the_pages_that_is_no_secret_stops_the_start(text: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "pages").write_text(text)
    monkeypatch.setenv(f"{PREFIX}AUDIT_PAGES_TOKEN_FILE", str(place / "pages"))
    with pytest.raises(SettingsError, match="AUDIT_PAGES_TOKEN_FILE"):
        load_settings()
    (place / "pages").write_text("pages-token-0123456789\n")
    assert load_settings().pages_token() == "pages-token-0123456789"


@pytest.mark.parametrize("text", [None, "short", "QUJD"])
def test_without_a_key_for_tokens_it_says_how_to_make_one(place: Path, text: str | None) -> None:
    if text is None:
        (place / "tokens_key").unlink()
    else:
        (place / "tokens_key").write_text(text)
    with pytest.raises(SettingsError, match=rf"{PREFIX}TOKENS_KEY_FILE.*openssl rand -base64 32"):
        load_settings()


def test_a_key_for_tokens_that_others_can_read_stops_the_start(place: Path) -> None:
    (place / "tokens_key").chmod(0o644)
    with pytest.raises(SettingsError, match="can be read by others"):
        load_settings()
