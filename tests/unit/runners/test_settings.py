"""A runner starts with whole settings or not at all, and says which one is wrong, never what it holds."""

import json
from pathlib import Path

import pytest

from runners.settings import PREFIX, SettingsError, load_settings, load_targets, read_secret, tokens_key
from tests.support.veiled import KEY_TEXT, key_file

SECRET = "postgresql://admin:hunter2hunter2@db.example/postgres"
WHOLE = {
    "FORGE_URL": "https://forge.example",
    "FORGE_TOKEN_FILE": "/etc/countersign/token",
    "BOT_ACCOUNT": "countersign-bot",
    "PROJECTS": "acme/shop, acme/site",
    "ENVIRONMENTS": "staging",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "STATE_DIR": "/var/lib/countersign",
    "SIGNING_KEY_FILE": "/etc/countersign/key",
    "TRUST_ROOT_FILE": "/etc/countersign/allowed_signers",
    "TARGETS_FILE": "/etc/countersign/targets.json",
    "CONTAINER_SOCKET": "/run/user/1000/podman/podman.sock",
    "TOKENS_KEY_FILE": "/etc/countersign/tokens-key",
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in WHOLE.items():
        monkeypatch.setenv(PREFIX + name, value)


def targets(folder: Path, document: object, *, mode: int = 0o600) -> Path:
    path = folder / "targets.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    path.chmod(mode)
    return path


def test_a_whole_environment_is_read() -> None:
    settings = load_settings()
    assert settings.projects == ("acme/shop", "acme/site")
    assert settings.environments == ("staging",)
    assert settings.branch == "main"


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_missing_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PREFIX + name)
    with pytest.raises(SettingsError, match=PREFIX + name):
        load_settings()


@pytest.mark.parametrize(("name", "value"), [("PROJECTS", ""), ("PROJECTS", "../x"), ("ENVIRONMENTS", " ,")])
def test_what_is_malformed_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsError, match=PREFIX + name):
        load_settings()


def test_targets_are_read_and_never_shown(tmp_path: Path) -> None:
    found = load_targets(
        targets(
            tmp_path, {"postgres": {"db.example:5432": SECRET}, "postgres_sslmode": "verify-full", "resolve": {"a": ["::1", 1]}}
        )
    )
    assert found.postgres["db.example:5432"].get_secret_value() == SECRET
    assert found.postgres_sslmode == "verify-full"
    assert found.resolve == {"a": ("::1", 1)}
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("{", "JSON"),
        ({"postgres": SECRET}, "postgres"),
        ({"postgres_sslmode": "disable"}, "postgres_sslmode"),
        ({"aws": {"region": "eu-central-1", "secret": SECRET}}, "aws.secret"),
        ({"oracle": {"db": SECRET}}, "oracle"),
    ],
)
def test_a_targets_file_that_is_not_of_its_form_is_named_without_its_secrets(tmp_path: Path, document: object, told: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_targets(targets(tmp_path, document))
    assert told in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o660])
def test_a_targets_file_that_others_can_read_stops_the_start(tmp_path: Path, mode: int) -> None:
    with pytest.raises(SettingsError, match="chmod 600"):
        load_targets(targets(tmp_path, {}, mode=mode))


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load_targets(tmp_path / "none.json")
    with pytest.raises(SettingsError, match="No such file"):
        read_secret(tmp_path / "none")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SettingsError, match="is empty"):
        read_secret(tmp_path / "empty")


def test_without_a_tokens_key_nothing_starts_and_it_is_said_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(PREFIX + "TOKENS_KEY_FILE")
    with pytest.raises(SettingsError, match=r"TOKENS_KEY_FILE.*openssl rand -base64 32"):
        load_settings()
    monkeypatch.setenv(PREFIX + "TOKENS_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="openssl rand -base64 32"):
        tokens_key(load_settings())


@pytest.mark.parametrize("given", [{"TSA_URL": "https://tsa.example"}, {"TSA_CA_FILE": "ca.pem"}])
def test_an_authority_is_given_with_its_certificates_or_not_at_all(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    for name, value in given.items():
        monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsError, match="TSA_URL and COUNTERSIGN_RUNNER_TSA_CA_FILE: give both, or neither"):
        load_settings()


def test_a_tokens_key_is_read_with_its_epoch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PREFIX + "TOKENS_KEY_FILE", str(key_file(tmp_path)))
    assert tokens_key(load_settings()).epoch == 1
    monkeypatch.setenv(PREFIX + "TOKENS_EPOCH", "2")
    assert tokens_key(load_settings()).epoch == 2
    monkeypatch.setenv(PREFIX + "TOKENS_EPOCH", "0")
    with pytest.raises(SettingsError, match="TOKENS_EPOCH"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "mode", "says"), [(KEY_TEXT, 0o644, "chmod 600"), ("short", 0o600, "base64"), ("QUJD", 0o600, "32 random bytes")]
)
def test_a_tokens_key_that_is_none_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, mode: int, says: str
) -> None:
    path = key_file(tmp_path)
    path.write_text(text)
    path.chmod(mode)
    monkeypatch.setenv(PREFIX + "TOKENS_KEY_FILE", str(path))
    with pytest.raises(SettingsError, match=says) as raised:
        tokens_key(load_settings())
    assert text not in str(raised.value)
