"""What the bot is told by its deployer. The one place of the bot that reads the environment.

Variables start with COUNTERSIGN_BOT_. Each secret is given as a file (`…_FILE`, a mounted Secret) or as a value, not both.
A missing, empty or short secret stops the start, naming the variable (attack 1).
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.jsontext import read_object
from bot.webhooks.events import HookSecret
from bot.webhooks.signatures import key_of
from countersign.adapters.private import check_private
from countersign.domain.branches import is_branch_name
from countersign.domain.ids import ChangeRef, MalformedError
from countersign.domain.tokens.key import HOW_TO_MAKE, LAST_EPOCH, TokensKey

PREFIX = "COUNTERSIGN_BOT_"
_SHORTEST_TOKEN = 16
_T = TypeVar("_T")


class SettingsError(Exception):
    """The bot cannot start; the text names every variable or file that is wrong, never a secret."""


def _words(value: object) -> object:
    return tuple(word for word in value.replace(",", " ").split() if word) if isinstance(value, str) else value


def _projects(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("a project is named twice")
    return tuple(ChangeRef(name, 1).project for name in names)


def _http(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("must be an http or https URL without credentials, query or fragment")
    return url.rstrip("/")


def _branch(name: str) -> str:
    if not is_branch_name(name):
        raise ValueError("must be the name of a branch")
    return name


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
"""Several names in one variable, separated by commas or spaces."""

Url = Annotated[str, AfterValidator(_http)]


class BotSettings(BaseSettings):
    """The bot's web face and its worker: both are told the same.

    One project: `webhook_token` and `webhook_signing_secret`. Several: `webhook_secrets_file`, a pair for each project, so
    that one project's hook cannot speak for another (attack 9). `commit_email` is the bot account's address on commits;
    left out, it is the private address that GitLab makes up for the account.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=False)

    forge_url: Url
    forge_token: SecretStr | None = None
    forge_token_file: Path | None = None
    redis_url: str
    webhook_token: SecretStr | None = None
    webhook_token_file: Path | None = None
    webhook_signing_secret: SecretStr | None = None
    webhook_signing_secret_file: Path | None = None
    webhook_secrets_file: Path | None = None
    projects: Annotated[Words, Field(min_length=1), AfterValidator(_projects)]
    agents_file: Path | None = None
    public_url: Url
    branch: Annotated[str, AfterValidator(_branch)] = "main"
    machine_accounts: Words = ()
    commit_email: str | None = None
    state_dir: Path
    trust_root_file: Path
    tokens_key_file: Path
    tokens_epoch: Annotated[int, Field(ge=1, le=LAST_EPOCH)] = 1
    listen_host: str = "127.0.0.1"
    listen_port: Annotated[int, Field(ge=1, le=65535)] = 8080
    audit_pages_token_file: Path | None = None
    reconcile_seconds: Annotated[float, Field(ge=1, le=3600)] = 15

    @model_validator(mode="after")
    def _one_source_for_each(self) -> Self:
        pairs = ("webhook_token", "webhook_signing_secret")
        for name in ("forge_token", *(() if self.webhook_secrets_file else pairs)):
            given = [part for part in (name, f"{name}_file") if getattr(self, part) is not None]
            if len(given) != 1:
                raise ValueError(f"give exactly one of {PREFIX}{name.upper()} and {PREFIX}{name.upper()}_FILE")
        if self.webhook_secrets_file is not None and any(getattr(self, name) or getattr(self, f"{name}_file") for name in pairs):
            raise ValueError(f"give {PREFIX}WEBHOOK_SECRETS_FILE or the one pair of webhook secrets, not both")
        if self.webhook_secrets_file is None and len(self.projects) > 1:
            raise ValueError(f"several projects need {PREFIX}WEBHOOK_SECRETS_FILE: a pair of secrets for each")
        return self

    def token(self) -> str:
        """Give the forge token.

        Raises:
            SettingsError: it cannot be read or is empty.
        """
        return self._secret("forge_token")

    def hooks(self) -> tuple[HookSecret, ...]:
        """Give the webhook secrets, one pair a project.

        Raises:
            SettingsError: a secret is missing, empty, short, malformed, or shared by two projects.
        """
        if self.webhook_secrets_file is None:
            named = "webhook_token and webhook_signing_secret"
            pairs: Mapping[str, _Pair] = {
                self.projects[0]: _Pair(token=self._secret("webhook_token"), signing_secret=self._secret("webhook_signing_secret"))
            }
        else:
            named = "webhook_secrets_file"
            pairs = _checked(named, lambda: _Pairs.model_validate(read_object(read(self.webhook_secrets_file)))).projects
        if pairs.keys() != set(self.projects):
            raise SettingsError(f"{_variable(named)}: must name exactly the projects of {PREFIX}PROJECTS")
        found = _checked(
            named,
            lambda: tuple(HookSecret(project, pair.token, key_of(pair.signing_secret)) for project, pair in sorted(pairs.items())),
        )
        if len({secret.token for secret in found}) != len(found) or len({secret.key for secret in found}) != len(found):
            raise SettingsError(f"{_variable(named)}: two projects share a secret")
        return found

    def pages_token(self) -> str | None:
        """Give the token that opens the audit pages; None where they are off.

        Raises:
            SettingsError: the file cannot be read, or holds too little to be a secret.
        """
        if self.audit_pages_token_file is None:
            return None
        token = read(self.audit_pages_token_file).decode(errors="replace").strip()
        if len(token) < _SHORTEST_TOKEN or not token.isascii():
            raise SettingsError(f"{PREFIX}AUDIT_PAGES_TOKEN_FILE: needs at least {_SHORTEST_TOKEN} ASCII characters")
        return token

    def tokens_key(self) -> TokensKey:
        """Give the key that tokens are made with.

        Raises:
            SettingsError: the file cannot be read, or holds no key.
        """
        variable = f"{PREFIX}TOKENS_KEY_FILE"
        try:
            check_private(self.tokens_key_file)
            return TokensKey.parse(read(self.tokens_key_file).decode(errors="replace"), epoch=self.tokens_epoch)
        except OSError as error:
            raise SettingsError(f"{variable}: {self.tokens_key_file}: {error.strerror}; {HOW_TO_MAKE}") from None
        except SettingsError as error:
            raise SettingsError(f"{variable}: {error}; {HOW_TO_MAKE}") from None
        except MalformedError as error:
            raise SettingsError(f"{variable}: {self.tokens_key_file}: {error}") from None

    def _secret(self, name: str) -> str:
        given: SecretStr | None = getattr(self, name)
        file: Path | None = getattr(self, f"{name}_file")
        text = given.get_secret_value() if given is not None else read(file).decode(errors="replace")
        if not text.strip():
            raise SettingsError(f"{_variable(name if file is None else f'{name}_file')}: is empty")
        return text.strip()


class _Pair(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    token: str = Field(repr=False)
    signing_secret: str = Field(repr=False)


class _Pairs(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    projects: Mapping[str, _Pair]


def load_settings() -> BotSettings:
    """Read the environment, and see that its secrets are there.

    Raises:
        SettingsError: a variable is missing or malformed, or a secret is not there.
    """
    try:
        settings = BotSettings()
    except ValidationError as error:
        raise SettingsError(complaints(error)) from None
    settings.token()
    settings.hooks()
    settings.pages_token()
    settings.tokens_key()
    return settings


def read(path: Path | None) -> bytes:
    """Read a file that a setting names.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        return b"" if path is None else path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None


def complaints(error: ValidationError) -> str:
    """Name every field that is wrong, as its variable; never a value."""
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        field = ".".join(str(part) for part in item["loc"])
        hint = f"; {HOW_TO_MAKE}" if field == "tokens_key_file" else ""
        lines.append(f"{_variable(field)}: {item['msg']}{hint}" if field else item["msg"].removeprefix("Value error, "))
    return "\n".join(lines)


def _variable(names: str) -> str:
    return " and ".join(PREFIX + name.upper() for name in names.split(" and "))


def _checked(named: str, make: Callable[[], _T]) -> _T:
    try:
        return make()
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False)})
        raise SettingsError(f"{_variable(named)}: not of its form: {', '.join(fields)}") from None
    except (MalformedError, ValueError) as error:
        raise SettingsError(f"{_variable(named)}: {error}") from None
