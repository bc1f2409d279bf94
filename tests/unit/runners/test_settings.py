"""A runner starts with whole settings or not at all, and says which one is wrong, never what it holds."""

import json
from pathlib import Path

import pytest

from runners.settings import PREFIX, SettingsError, load_settings, load_targets, read_secret

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
