"""An AWS account for one test run or one demo: moto's server with IAM on, in a process of its own, on loopback.

It holds what docs/brokers.md asks for: a runner that may only assume the action's role, a revoker that may only write that
role's inline policies, the role, one bucket. moto looks at keys, signatures and at actions and resources of identity policies.
It does NOT look at session policies, tags, expiry, or any condition of such a policy: a denial meant for one run hits every
session of the role, until `lift_denials`. Requests are kept, so that tests can see what was sent.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

import boto3

from runners.brokers.aws_access import AwsKeys
from tests.support.process import Child

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client

REGION: Final = "eu-central-1"
ROLE = "shop-site-production"
BUCKET = "shop-site"
ACTIONS = ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"]
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class MotoServer:
    """A running account. `admin` may do everything in it and is for tests' own looks."""

    endpoint: str
    role_arn: str
    runner: AwsKeys
    revoker: AwsKeys
    admin: AwsKeys
    requests: Path = field(repr=False)
    bucket: str = BUCKET
    region: str = REGION

    @cached_property
    def s3(self) -> "S3Client":
        """Give the admin's S3 client."""
        return self._admin.client("s3", region_name=REGION, endpoint_url=self.endpoint)

    @cached_property
    def iam(self) -> "IAMClient":
        """Give the admin's IAM client."""
        return self._admin.client("iam", region_name=REGION, endpoint_url=self.endpoint)

    def sent(self, action: str) -> list[dict[str, str]]:
        """Give the parameters of every call of this STS or IAM action so far, oldest first, as they came over HTTP."""
        lines = self.requests.read_text().splitlines()
        calls = [dict(parse_qsl(json.loads(line), keep_blank_values=True)) for line in lines]
        return [call for call in calls if call.get("Action") == action]

    def denials(self) -> list[str]:
        """Give the names of the denials that stand on the role."""
        names = self.iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
        return [name for name in names if name.startswith("countersign-revoked.")]

    def lift_denials(self) -> None:
        """Remove every denial, as time would: moto has no other way to let the next run in."""
        for name in self.denials():
            self.iam.delete_role_policy(RoleName=ROLE, PolicyName=name)

    @property
    def _admin(self) -> boto3.session.Session:
        return boto3.session.Session(self.admin.access_key_id, self.admin.secret_access_key)


@contextmanager
def moto_server(*, iam: bool = True) -> Iterator[MotoServer]:
    """Run a new account for as long as the context lasts. Without `iam`, moto lets everybody do everything.

    Raises:
        UnusableError: it did not start.
    """
    with tempfile.TemporaryDirectory(prefix="cs-moto-") as name:
        folder = Path(name)
        ready, requests = folder / "ready.json", folder / "requests"
        requests.touch()
        argv = [sys.executable, "-m", "tests.support.moto_server", "--ready", str(ready), "--requests", str(requests)]
        with Child([*argv, *([] if iam else ["--no-iam"])], log=folder / "log", folder=_ROOT) as child:
            child.wait_for(ready.exists, seconds=30)
            told = json.loads(ready.read_text())
            runner, revoker, admin = (AwsKeys(*told[who]) for who in ("runner", "revoker", "admin"))
            yield MotoServer(told["endpoint"], told["role_arn"], runner, revoker, admin, requests)
