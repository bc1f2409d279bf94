"""The way to AWS: who the runner is there, and clients for STS, IAM and S3 made from that.

Reads no environment of its own. Where no keys are given, boto3's chain finds the workload's identity; an endpoint set in the
environment is ignored all the same, since it would decide who is asked for credentials.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from countersign.domain.credential import Credential
from countersign.domain.outcomes import BrokerFault

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 3},
    ignore_configured_endpoint_urls=True,  # type: ignore[call-arg]  # botocore has it, its stubs do not
)


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """An access key. Its secret does not show in its text form."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


class WebIdentity(Protocol):
    """Gives a web identity token for `AssumeRoleWithWebIdentity`."""

    def __call__(self, tags: Mapping[str, str]) -> str:
        """Give a token; an issuer of our own puts `tags` in its `https://aws.amazon.com/tags` claim."""
        ...


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A token that others write and renew, such as Kubernetes' projected one. It says nothing of a run, so carries no tags."""

    path: Path

    def __call__(self, tags: Mapping[str, str]) -> str:
        """Read the file as it is now.

        Raises:
            BrokerFault: it cannot be read or is empty.
        """
        del tags
        try:
            token = self.path.read_text().strip()
        except (OSError, UnicodeDecodeError):
            token = ""
        if not token:
            raise BrokerFault(f"aws: there is no web identity token in {self.path}")
        return token


@dataclass(frozen=True, slots=True)
class AwsAccess:
    """One account as one runner reaches it.

    `identity` assumes the actions' roles; with `web_identity` it is not used, that call needs no key. `revoker` is another
    identity that may only write inline policies of those roles; without it nothing is revoked before it expires.
    `endpoint_url` is where the runner finds AWS (None: AWS itself), `sandbox_endpoint` where the run does.
    """

    region: str
    identity: AwsKeys | None = None
    web_identity: WebIdentity | None = None
    revoker: AwsKeys | None = None
    endpoint_url: str | None = None
    sandbox_endpoint: str | None = None

    def sts(self) -> "STSClient":
        """Give the client that assumes roles."""
        if self.web_identity is not None:
            config = _CONFIG.merge(Config(signature_version=UNSIGNED))
            return _session(None).client("sts", region_name=self.region, endpoint_url=self.endpoint_url, config=config)
        return _session(self.identity).client("sts", region_name=self.region, endpoint_url=self.endpoint_url, config=_CONFIG)

    def iam(self, keys: AwsKeys) -> "IAMClient":
        """Give the revoker's client."""
        return _session(keys).client("iam", region_name=self.region, endpoint_url=self.endpoint_url, config=_CONFIG)

    def s3(self, credential: Credential) -> "S3Client":
        """Give a client that is the run: to see what the run would meet."""
        env = credential.reveal()
        keys = AwsKeys(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"])
        return _session(keys).client("s3", region_name=env["AWS_REGION"], endpoint_url=self.endpoint_url, config=_CONFIG)


def _session(keys: AwsKeys | None) -> boto3.session.Session:
    """Give a session of its own, so that no global one is shared between identities."""
    if keys is None:
        return boto3.session.Session()
    return boto3.session.Session(keys.access_key_id, keys.secret_access_key, keys.session_token)


@contextmanager
def faults(doing: str) -> Iterator[None]:
    """Let out nothing but BrokerFault. Its text holds AWS's own answer, or the kind of the failure; never what was sent.

    Raises:
        BrokerFault: AWS, or the way to it, failed.
    """
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        raise BrokerFault(f"aws: {doing}: {said.get('Code', 'no code')}: {said.get('Message', '')}") from None
    except BotoCoreError as error:
        raise BrokerFault(f"aws: {doing}: {type(error).__name__}") from None
