"""An AWS account for one test run or one demo: moto's server with IAM on, in a process of its own, on loopback.

It holds what docs/brokers.md asks for: a runner that may only assume roles of actions, a revoker that may only write those
roles' inline policies, and a role and a bucket for each site. moto looks at keys, signatures, and actions and resources of
identity policies. It does NOT look at session policies, tags, expiry, or any condition of such a policy: a denial meant for one
run hits every session of the role, until `lift_denials`. Requests are kept, so that tests can see what was sent.
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
from urllib.parse import parse_qsl, urlsplit

import boto3

from runners.brokers.aws_access import AwsKeys
from tests.support.process import Child

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client

REGION: Final = "eu-central-1"
ACTIONS = ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"]
_ACCOUNT = "123456789012"
_ASSUME = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
_REVOKE = ["iam:ListRolePolicies", "iam:PutRolePolicy", "iam:DeleteRolePolicy"]
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class MotoServer:
    """A running account. `admin` may do everything in it and is for setting up and for tests' own looks."""

    url: str
    admin: AwsKeys
    requests: Path = field(repr=False)

    @property
    def port(self) -> int:
        """Give the port on loopback."""
        return urlsplit(self.url).port or 80

    @cached_property
    def s3(self) -> "S3Client":
        """Give the admin's S3 client."""
        return self._session.client("s3", region_name=REGION, endpoint_url=self.url)

    @cached_property
    def iam(self) -> "IAMClient":
        """Give the admin's IAM client."""
        return self._session.client("iam", region_name=REGION, endpoint_url=self.url)

    @cached_property
    def runner(self) -> AwsKeys:
        """Give the keys of who assumes roles: those of the sites, nothing else."""
        return self._user("runner")

    @cached_property
    def revoker(self) -> AwsKeys:
        """Give the keys of who denies: it writes those roles' inline policies, nothing else."""
        return self._user("revoker")

    def add_site(self, bucket: str, *, role: str) -> dict[str, str]:
        """Make a bucket and the role of the action that publishes to it; give the `aws` part of a runner's targets file."""
        arn, runner, revoker = self.role_arn(role), self.runner, self.revoker
        self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        trust = _allow(_ASSUME, Principal={"AWS": [f"arn:aws:iam::{_ACCOUNT}:user/runner"]})
        self.iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        self.iam.put_role_policy(
            RoleName=role, PolicyName=role, PolicyDocument=_allow(ACTIONS, Resource=f"arn:aws:s3:::{bucket}/*")
        )
        self.iam.put_user_policy(UserName="runner", PolicyName=role, PolicyDocument=_allow(_ASSUME, Resource=arn))
        self.iam.put_user_policy(UserName="revoker", PolicyName=role, PolicyDocument=_allow(_REVOKE, Resource=arn))
        return {
            "region": REGION,
            "endpoint_url": self.url,
            "access_key_id": runner.access_key_id,
            "secret_access_key": runner.secret_access_key,
            "revoker_access_key_id": revoker.access_key_id,
            "revoker_secret_access_key": revoker.secret_access_key,
        }

    def reader(self) -> dict[str, str]:
        """Make a user who may only read objects; give its keys and region."""
        keys = self._user("reader")
        self.iam.put_user_policy(UserName="reader", PolicyName="reader", PolicyDocument=_allow(["s3:GetObject"], Resource="*"))
        return {"region": REGION, "access_key_id": keys.access_key_id, "secret_access_key": keys.secret_access_key}

    def role_arn(self, role: str) -> str:
        """Give the role's ARN."""
        return f"arn:aws:iam::{_ACCOUNT}:role/{role}"

    def denials(self, role: str) -> list[str]:
        """Give the names of the denials that stand on the role."""
        names = self.iam.list_role_policies(RoleName=role)["PolicyNames"]
        return [name for name in names if name.startswith("countersign-revoked.")]

    def lift_denials(self, role: str) -> None:
        """Remove every denial, as time would: moto has no other way to let the next run in."""
        for name in self.denials(role):
            self.iam.delete_role_policy(RoleName=role, PolicyName=name)

    def sent(self, action: str) -> list[dict[str, str]]:
        """Give the parameters of every call of this STS or IAM action so far, oldest first, as they came over HTTP."""
        lines = self.requests.read_text().splitlines()
        calls = [dict(parse_qsl(json.loads(line), keep_blank_values=True)) for line in lines]
        return [call for call in calls if call.get("Action") == action]

    @cached_property
    def _session(self) -> boto3.session.Session:
        return boto3.session.Session(self.admin.access_key_id, self.admin.secret_access_key)

    def _user(self, name: str) -> AwsKeys:
        self.iam.create_user(UserName=name)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return AwsKeys(key["AccessKeyId"], key["SecretAccessKey"])


@contextmanager
def moto_server(*, iam: bool = True) -> Iterator[MotoServer]:
    """Run a new account for as long as the context lasts. Without `iam`, moto lets everybody do everything.

    Raises:
        UnusableError: it did not start.
    """
    with tempfile.TemporaryDirectory(prefix="cs-moto-") as name:
        folder = Path(name)
        ready, requests = folder / "ready.json", folder / "requests"
        argv = [sys.executable, "-m", "tests.support.moto_server", "--ready", str(ready), "--requests", str(requests)]
        with Child([*argv, *([] if iam else ["--no-iam"])], log=folder / "log", folder=_ROOT) as child:
            child.wait_for(ready.exists, seconds=120)
            told = json.loads(ready.read_text())
            yield MotoServer(told["url"], AwsKeys(*told["admin"]), requests)


def _allow(actions: list[str], **rest: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, **rest}]})
