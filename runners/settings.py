"""What a runner is told by its deployer. The one place of the runners that reads the environment.

Variables start with COUNTERSIGN_RUNNER_. Secrets come as files (a mounted Secret), never as values in the environment of a
process that starts containers. A missing or malformed setting stops the start, naming the variable.
"""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from countersign.adapters.private import check_private
from countersign.domain.ids import ChangeRef, MalformedError
from countersign.domain.tokens.key import HOW_TO_MAKE, LAST_EPOCH, TokensKey

PREFIX = "COUNTERSIGN_RUNNER_"


class SettingsError(Exception):
    """The runner cannot start; the text names every variable or file that is wrong, never a secret."""


def _words(value: object) -> object:
    return tuple(word for word in value.replace(",", " ").split() if word) if isinstance(value, str) else value


def _projects(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(ChangeRef(name, 1).project for name in names)


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
"""Several names in one variable, separated by commas or spaces."""


class RunnerSettings(BaseSettings):
    """One runner process.

    `environments` are those whose queues it serves: a runner for staging never holds production's credentials.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    forge_url: str
    forge_token_file: Path
    bot_account: str
    machine_accounts: Words = ()
    projects: Annotated[Words, Field(min_length=1), AfterValidator(_projects)]
    environments: Annotated[Words, Field(min_length=1)]
    branch: str = "main"
    redis_url: str
    state_dir: Path
    signing_key_file: Path
    trust_root_file: Path
    targets_file: Path
    container_socket: Path
    tokens_key_file: Path
    tokens_epoch: Annotated[int, Field(ge=1, le=LAST_EPOCH)] = 1
    heartbeats: bool = True
    tsa_url: str | None = None
    tsa_ca_file: Path | None = None


class AwsTarget(BaseModel):
    """How this runner reaches STS and IAM. Without keys, boto3's own chain is used (workload identity)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: str
    endpoint_url: str | None = None
    sandbox_endpoint: str | None = None
    web_identity_token_file: Path | None = None
    access_key_id: str | None = None
    secret_access_key: SecretStr | None = None
    revoker_access_key_id: str | None = None
    revoker_secret_access_key: SecretStr | None = None


class Targets(BaseModel):
    """What this runner can reach: the targets file, JSON, readable by the runner's user alone.

    `postgres` maps a server as policies name it (`host:port`) to the connection string of a role that may create roles.
    `postgres_sslmode` is what the run's libpq insists on: `verify-full` wherever the sandbox's image holds the servers' CA.
    `resolve` maps a name to the address and port that the egress proxy uses for it, where DNS does not (local development).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    postgres: dict[str, SecretStr] = {}
    postgres_sslmode: Literal["prefer", "require", "verify-ca", "verify-full"] = "prefer"
    aws: AwsTarget | None = None
    resolve: dict[str, tuple[str, int]] = {}


def load_settings() -> RunnerSettings:
    """Read the environment.

    Raises:
        SettingsError: a variable is missing or malformed.
    """
    try:
        settings = RunnerSettings()  # pydantic-settings fills the fields from the environment
    except ValidationError as error:
        raise SettingsError(_complaints(error, PREFIX)) from None
    if (settings.tsa_url is None) != (settings.tsa_ca_file is None):
        raise SettingsError(f"{PREFIX}TSA_URL and {PREFIX}TSA_CA_FILE: give both, or neither")
    return settings


def load_targets(path: Path) -> Targets:
    """Read the targets file.

    Raises:
        SettingsError: it cannot be read, others can read it, or it is malformed.
    """
    try:
        check_private(path)
        return Targets.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except MalformedError as error:
        raise SettingsError(f"{path} {error}") from None
    except ValidationError as error:
        raise SettingsError(_complaints(error, f"{path}: ")) from None


def read_secret(path: Path) -> str:
    """Read a secret from its file.

    Raises:
        SettingsError: it cannot be read or is empty.
    """
    try:
        text = path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    if not text:
        raise SettingsError(f"{path} is empty")
    return text


def tokens_key(settings: RunnerSettings) -> TokensKey:
    """Give the key that tokens are made with.

    Raises:
        SettingsError: it cannot be read, others can read it, or it is no key.
    """
    path = settings.tokens_key_file
    try:
        check_private(path)
        return TokensKey.parse(read_secret(path), epoch=settings.tokens_epoch)
    except OSError as error:
        raise SettingsError(f"{PREFIX}TOKENS_KEY_FILE: {path}: {error.strerror}; {HOW_TO_MAKE}") from None
    except MalformedError as error:
        raise SettingsError(f"{PREFIX}TOKENS_KEY_FILE: {path}: {error}") from None


def known_secrets(settings: RunnerSettings) -> list[str]:
    """Give what this runner holds and no log may show: its token, its keys, what reaches Redis and the targets.

    Raises:
        SettingsError: one of the files cannot be read.
    """
    targets = load_targets(settings.targets_file)
    tokens_key(settings)  # one that is missing or no key stops the start
    found = [read_secret(settings.forge_token_file), read_secret(settings.tokens_key_file)]
    found += [*read_secret(settings.signing_key_file).splitlines()[1:-1]]
    for dsn in targets.postgres.values():
        found.append(dsn.get_secret_value())
        with suppress(psycopg.Error):  # one that cannot be read stops the start a little later, where its server is named
            found.append(str(conninfo_to_dict(dsn.get_secret_value()).get("password") or ""))
    if targets.aws is not None:
        found.extend(
            secret.get_secret_value()
            for secret in (targets.aws.secret_access_key, targets.aws.revoker_secret_access_key)
            if secret is not None
        )
    if (password := urlsplit(settings.redis_url).password) is not None:
        found += [password, unquote(password)]
    return found


def _complaints(error: ValidationError, prefix: str) -> str:
    """Name every field that is wrong, as its variable where the prefix is one; never a value."""
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        field = ".".join(str(part) for part in item["loc"])
        hint = f"; {HOW_TO_MAKE}" if field == "tokens_key_file" else ""
        lines.append(f"{prefix}{field.upper() if prefix == PREFIX else field}: {item['msg']}{hint}")
    return "\n".join(lines)
