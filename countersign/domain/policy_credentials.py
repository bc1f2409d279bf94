"""Credentials as a policy allows them: one strict model for each provider, with the lifetimes that its target can honour.

A model says what may be asked for. Whether this installation can make one is its brokers' business.
"""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from countersign.domain.policy_forms import ADDRESS, KUBERNETES, PERMISSION, PROJECT, VAULT_PATH
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
_PATH = re.compile(r"\.countersign/(?:[a-z0-9][a-z0-9._-]{0,62}/){0,4}[a-z0-9][a-z0-9._-]{0,62}\.json")


def _one(value: str) -> str:
    if "*" in value or "?" in value:
        raise ValueError("names one thing: a wildcard would be given to every run")
    return value


def _beside(value: object) -> object:
    if isinstance(value, dict) or value is None or (isinstance(value, str) and _PATH.fullmatch(value)):
        return value
    raise ValueError("a mapping, or a .json file below .countersign/ whose name is in lower case")


_CHOOSES = Field(description="Chooses the broker, and which keys there are.")

One = Annotated[Word, AfterValidator(_one)]
Kubernetes = Annotated[str, AfterValidator(_one), Field(pattern=KUBERNETES)]


class Provided(Model):
    """What all providers have in common. Seconds: `floor` and `ceiling` are what the target can honour."""

    floor: ClassVar[int]
    ceiling: ClassVar[int]

    ttl: Annotated[Seconds, Field(description="How long it lives where nobody revokes it first.")]


class AwsCredential(Provided):
    """A session of `role`, narrowed by a session policy."""

    floor, ceiling = 900, _HOUR

    provider: Annotated[Literal["aws"], _CHOOSES]
    role: Annotated[RoleArn, Field(description="One role, by its ARN.")]
    region: Annotated[Region | None, Field(description="The environment's region where nothing is said.")] = None
    session_policy: Annotated[
        dict[str, object] | str | None,
        BeforeValidator(_beside),
        Field(description="Written out, or a file below .countersign/ on the protected branch."),
    ] = None


class KubernetesCredential(Provided):
    """A token of one service account, bound to an object that is deleted after the run."""

    floor, ceiling = 600, _HOUR

    provider: Annotated[Literal["kubernetes"], _CHOOSES]
    service_account: Annotated[Kubernetes, Field(description="One service account; its Role is what the run may do.")]
    namespace: Annotated[Kubernetes, Field(description="Where it lives.")]
    cluster: Annotated[One | None, Field(description="Which cluster, where a runner knows several.")] = None
    audiences: Annotated[
        tuple[One, ...], Field(description="Who is to accept the token; the API server where nothing is said.")
    ] = ()


class GithubCredential(Provided):
    """An installation token for named repositories and permissions. It lives for an hour, whatever is asked."""

    floor, ceiling = _HOUR, _HOUR

    provider: Annotated[Literal["github"], _CHOOSES]
    repositories: Annotated[
        tuple[Annotated[One, Field(pattern=PROJECT)], ...],
        Field(min_length=1, max_length=500, description="By owner and name, all of one owner."),
    ]
    permissions: Annotated[
        dict[Annotated[str, Field(pattern=PERMISSION)], Literal["read", "write"]],
        Field(min_length=1, description="Of the App's installation; none that is not named."),
    ]


class GitlabCredential(Provided):
    """A project access token. It expires on a date, so a run that ends early must revoke it."""

    floor, ceiling = _DAY, 7 * _DAY

    provider: Annotated[Literal["gitlab"], _CHOOSES]
    project: Annotated[One, Field(pattern=PROJECT, description="Its full path. The token reaches no other.")]
    scopes: Annotated[
        tuple[
            Literal["read_api", "read_repository", "write_repository", "read_registry", "write_registry", "create_runner", "api"],
            ...,
        ],
        Field(min_length=1, description="What the token may be used for."),
    ]
    access_level: Annotated[Literal["guest", "reporter", "developer", "maintainer"], Field(description="The lowest that does.")]


class VaultCredential(Provided):
    """A lease of one role of one secrets engine, by Vault or OpenBao."""

    floor, ceiling = 60, _HOUR

    provider: Annotated[Literal["vault"], _CHOOSES]
    path: Annotated[
        One,
        Field(
            pattern=VAULT_PATH,
            description="Of the role in its secrets engine.",
            examples=["database/creds/{service}"],
        ),
    ]
    role: Annotated[One, Field(description="The role of Vault's JWT login.")]
    namespace: Annotated[One | None, Field(description="Of Vault Enterprise or OpenBao.")] = None


class SshCredential(Provided):
    """A certificate for a key that is made for the run. Nothing takes it back, so it lives for minutes."""

    floor, ceiling = 60, 300

    provider: Annotated[Literal["ssh"], _CHOOSES]
    hosts: Annotated[One, Field(description="The group of hosts that trust this certificate.")]
    principals: Annotated[tuple[One, ...], Field(min_length=1, description="Who the certificate says one is.")]
    force_command: Annotated[Word, Field(description="What the host runs, whatever the client asks for.")]
    source_addresses: Annotated[
        tuple[Annotated[str, Field(pattern=ADDRESS)], ...], Field(description="From where it may be used.")
    ] = ()


class PostgresCredential(Provided):
    """A login role for one run, member of `role`."""

    floor, ceiling = 60, _HOUR

    provider: Annotated[Literal["postgres"], _CHOOSES]
    role: Annotated[One, Field(description="The group role whose rights the run is given.")]
    database: Annotated[One, Field(description="The one database.")]
    server: Annotated[Server, Field(description="Host and port, as the network allows them.")]


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
