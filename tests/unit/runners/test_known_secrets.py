"""What a runner holds and its log blanks: every secret that its settings lead to, in each form it is written in."""

import json
from pathlib import Path

import pytest

from runners.settings import RunnerSettings, SettingsError, known_secrets
from tests.support.veiled import KEY_TEXT

LINES = ("b3BlbnNzaC1rZXktdjEAAAAABG5vbmU", "AAAAEbm9uZQAAAAAAAAABAAAAMwAAAA")
PEM = "\n".join(("-----BEGIN OPENSSH PRIVATE KEY-----", *LINES, "-----END OPENSSH PRIVATE KEY-----", ""))


def runner(folder: Path, targets: dict[str, object]) -> RunnerSettings:
    for name, text in {"token": "glpat-of-the-runner\n", "key": PEM, "targets": json.dumps(targets), "tokens": KEY_TEXT}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    return RunnerSettings(
        forge_url="http://127.0.0.1:9",
        forge_token_file=folder / "token",
        bot_account="countersign-bot",
        projects=("acme/shop",),
        environments=("production",),
        redis_url="redis://:p%40ss-of-redis@127.0.0.1:6379/0",
        state_dir=folder,
        signing_key_file=folder / "key",
        trust_root_file=folder / "none",
        targets_file=folder / "targets",
        container_socket=folder / "none",
        tokens_key_file=folder / "tokens",
    )


def test_every_secret_is_known(tmp_path: Path) -> None:
    targets: dict[str, object] = {
        "postgres": {"db:5432": "postgresql://admin:p%2Fw-of-db@127.0.0.1/x", "other:5432": "host=127.0.0.1 password=another-pw"},
        "aws": {"region": "eu-central-1", "secret_access_key": "key-of-cloud", "revoker_secret_access_key": "key-of-revoker"},
    }
    assert set(known_secrets(runner(tmp_path, targets))) == {
        "glpat-of-the-runner",
        KEY_TEXT,
        *LINES,
        "postgresql://admin:p%2Fw-of-db@127.0.0.1/x",
        "p/w-of-db",
        "host=127.0.0.1 password=another-pw",
        "another-pw",
        "key-of-cloud",
        "key-of-revoker",
        "p%40ss-of-redis",
        "p@ss-of-redis",
    }


def test_a_connection_string_that_cannot_be_read_is_one_secret(tmp_path: Path) -> None:
    found = known_secrets(runner(tmp_path, {"postgres": {"db:5432": "what = is = this"}}))
    assert "what = is = this" in found


def test_a_file_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    told = runner(tmp_path, {})
    (tmp_path / "key").unlink()
    with pytest.raises(SettingsError, match="key"):
        known_secrets(told)
