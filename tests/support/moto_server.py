"""The process behind `moto.py`: makes an admin, switches IAM on, shuts moto's own control API, then serves.

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

Environ = dict[str, Any]
"""WSGI's own type."""

_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": "*"}]}


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


def make_admin(url: str) -> tuple[str, str]:
    """Make the account's admin while IAM is still off; give key and secret."""
    iam = boto3.session.Session("set-up", "set-up", region_name="us-east-1").client("iam", endpoint_url=url)
    iam.create_user(UserName="admin")
    iam.put_user_policy(UserName="admin", PolicyName="admin", PolicyDocument=json.dumps(_EVERYTHING))
    key = iam.create_access_key(UserName="admin")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ready", type=Path, required=True)
    parser.add_argument("--requests", type=Path, required=True)
    parser.add_argument("--no-iam", action="store_true")
    told = parser.parse_args()
    settings.S3_IGNORE_SUBDOMAIN_BUCKETNAME = True  # the sandbox knows us by a name of the shop's: it is no bucket's
    door = Door(DomainDispatcherApplication(create_backend_app), told.requests)
    server = make_server("127.0.0.1", 0, door, threaded=True, request_handler=MotoRequestHandler)
    serving = Thread(target=server.serve_forever)
    serving.start()
    url = f"http://127.0.0.1:{server.server_port}"
    admin = make_admin(url)
    if not told.no_iam:
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0.0
    half = told.ready.with_suffix(".half")
    half.write_text(json.dumps({"url": url, "admin": admin}))
    half.rename(told.ready)
    serving.join()


if __name__ == "__main__":
    main()
