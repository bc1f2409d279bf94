"""The process behind `moto.py`: sets the account up, switches IAM on, shuts moto's own control API, then serves.

The control API has to be shut: it is on the same port, asks for no key, and can switch IAM off or empty the account.
"""

import argparse
import json
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import boto3
from moto import settings
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from tests.support.moto import ACTIONS, BUCKET, REGION, ROLE

Environ = dict[str, Any]
"""WSGI's own type."""

_ACCOUNT = "123456789012"
_ARN = f"arn:aws:iam::{_ACCOUNT}:role/{ROLE}"


class Door:
    """WSGI middleware: keeps the forms that STS and IAM are sent, and lets nobody at the control API."""

    def __init__(self, inner: Callable[[Environ, Any], Iterable[bytes]], requests: Path) -> None:
        self._inner = inner
        self._requests = requests
        self._lock = Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "moto-api" in environ["PATH_INFO"]:
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"the control API is shut"]
        if str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded"):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = BytesIO(body)
            with self._lock, self._requests.open("a") as out:
                out.write(json.dumps(body.decode()) + "\n")
        return self._inner(environ, start_response)


def set_up(endpoint: str) -> dict[str, object]:
    """Make users, role and bucket while IAM is still off; give what the parent needs to know."""
    session = boto3.session.Session("setup", "setup", region_name=REGION)
    iam = session.client("iam", endpoint_url=endpoint)
    keys: dict[str, tuple[str, str]] = {}
    arns: dict[str, str] = {}
    policies = ["iam:ListRolePolicies", "iam:PutRolePolicy", "iam:DeleteRolePolicy"]
    for name, actions, resource in (
        ("runner", ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], _ARN),
        ("revoker", policies, _ARN),
        ("admin", ["*"], "*"),
    ):
        arns[name] = iam.create_user(UserName=name)["User"]["Arn"]
        iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=_allow(actions, Resource=resource))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys[name] = (key["AccessKeyId"], key["SecretAccessKey"])
    trust = _allow(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], Principal={"AWS": [arns["runner"]]})
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName=ROLE, PolicyName=ROLE, PolicyDocument=_allow(ACTIONS, Resource=f"arn:aws:s3:::{BUCKET}/*"))
    session.client("s3", endpoint_url=endpoint).create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    return {"endpoint": endpoint, "role_arn": _ARN, **keys}


def _allow(actions: list[str], **rest: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, **rest}]})


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ready", type=Path, required=True)
    parser.add_argument("--requests", type=Path, required=True)
    parser.add_argument("--no-iam", action="store_true")
    told = parser.parse_args()
    door = Door(DomainDispatcherApplication(create_backend_app), told.requests)
    server = make_server("127.0.0.1", 0, door, threaded=True, request_handler=MotoRequestHandler)
    serving = Thread(target=server.serve_forever)
    serving.start()
    account = set_up(f"http://127.0.0.1:{server.server_port}")
    if not told.no_iam:
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0.0
    told.requests.write_text("")  # what the set-up sent is nobody's business
    half = told.ready.with_suffix(".half")
    half.write_text(json.dumps(account))
    half.rename(told.ready)
    serving.join()


if __name__ == "__main__":
    main()
