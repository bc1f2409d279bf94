"""Credentials as a policy allows them: one strict model for each provider, with the lifetimes that its target can honour.

A model says what may be asked for. Whether this installation can make one is its brokers' business.
"""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from countersign.domain.policy_values import (
    Model,
    Region,
    RoleArn,
    Seconds,
    Server,
    Word,
)

_HOUR = 3600
_DAY = 24 * _HOUR
_PROJECT = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$"
_KUBERNETES = r"^[a-z0-9{]([a-z0-9.{}-]{0,100}[a-z0-9}])?$"
_PATH = re.compile(r"\.countersign/(?:[a-z0-9][a-z0-9._-]{0,62}/){0,4}[a-z0-9][a-z0-9._-]{0,62}\.json")


def _one(value: str) -> str:
    if "*" in value or "?" in value:
        raise ValueError("names one thing: a wildcard would be given to every run")
    return value


def _beside(value: object) -> object:
    if isinstance(value, dict) or value is None or (isinstance(value, str) and _PATH.fullmatch(value)):
        return value
    raise ValueError("a mapping, or a .json file below .countersign/ whose name is in lower case")


One = Annotated[Word, AfterValidator(_one)]
Kubernetes = Annotated[str, AfterValidator(_one), Field(pattern=_KUBERNETES)]


class Provided(Model):
    """What all providers have in common. Seconds: `floor` and `ceiling` are what the target can honour."""

    floor: ClassVar[int]
    ceiling: ClassVar[int]

    ttl: Annotated[Seconds, Field(description="How long it lives where nobody revokes it first.")]


class AwsCredential(Provided):
    """A session of `role`, narrowed by a session policy."""

    floor, ceiling = 900, _HOUR

    provider: Literal["aws"]
    role: RoleArn
    region: Annotated[Region | None, Field(description="The environment's region where nothing is said.")] = None
    session_policy: Annotated[
        dict[str, object] | str | None,
        BeforeValidator(_beside),
        Field(description="Written out, or a file below .countersign/ on the protected branch."),
    ] = None


class KubernetesCredential(Provided):
    """A token of one service account, bound to an object that is deleted after the run."""

    floor, ceiling = 600, _HOUR

    provider: Literal["kubernetes"]
    service_account: Kubernetes
    namespace: Kubernetes
    cluster: Annotated[One | None, Field(description="Which cluster, where a runner knows several.")] = None
    audiences: tuple[One, ...] = ()


class GithubCredential(Provided):
    """An installation token for named repositories and permissions. It lives for an hour, whatever is asked."""

    floor, ceiling = _HOUR, _HOUR

    provider: Literal["github"]
    repositories: Annotated[tuple[Annotated[One, Field(pattern=_PROJECT)], ...], Field(min_length=1, max_length=500)]
    permissions: Annotated[dict[Annotated[str, Field(pattern=r"^[a-z_]{1,60}$")], Literal["read", "write"]], Field(min_length=1)]


class GitlabCredential(Provided):
    """A project access token. It expires on a date, so a run that ends early must revoke it."""

    floor, ceiling = _DAY, 7 * _DAY

    provider: Literal["gitlab"]
    project: Annotated[One, Field(pattern=_PROJECT)]
    scopes: Annotated[
        tuple[
            Literal["read_api", "read_repository", "write_repository", "read_registry", "write_registry", "create_runner", "api"],
            ...,
        ],
        Field(min_length=1),
    ]
    access_level: Literal["guest", "reporter", "developer", "maintainer"]


class VaultCredential(Provided):
    """A lease of one role of one secrets engine, by Vault or OpenBao."""

    floor, ceiling = 60, _HOUR

    provider: Literal["vault"]
    path: Annotated[
        One,
        Field(pattern=r"^[a-z0-9][a-z0-9_/-]*/(creds|sts|sign|issue)/[A-Za-z0-9_.{}-]+$", examples=["database/creds/{service}"]),
    ]
    role: Annotated[One, Field(description="The role of Vault's JWT login.")]
    namespace: One | None = None


class SshCredential(Provided):
    """A certificate for a key that is made for the run. Nothing takes it back, so it lives for minutes."""

    floor, ceiling = 60, 300

    provider: Literal["ssh"]
    hosts: Annotated[One, Field(description="The group of hosts that trust this certificate.")]
    principals: Annotated[tuple[One, ...], Field(min_length=1)]
    force_command: Annotated[Word, Field(description="What the host runs, whatever the client asks for.")]
    source_addresses: tuple[Annotated[str, Field(pattern=r"^[0-9a-f.:]+(/[0-9]{1,3})?$")], ...] = ()


class PostgresCredential(Provided):
    """A login role for one run, member of `role`."""

    floor, ceiling = 60, _HOUR

    provider: Literal["postgres"]
    role: One
    database: One
    server: Server


Credential = Annotated[
    AwsCredential
    | KubernetesCredential
    | GithubCredential
    | GitlabCredential
    | VaultCredential
    | SshCredential
    | PostgresCredential,
    Field(discriminator="provider"),
]
