"""A runner that notes each secret it mints in a private file: `python -m tests.acceptance.recording IID FILE quiet|prints`.

It is the real runner from the real settings; the brokers' answers are noted on their way, and with `prints` the command shows its
own environment first, in several forms, before it does what the plan says.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from countersign.adapters import jsonlog
from countersign.domain.authorization import Authorization
from countersign.domain.credential import Credential
from countersign.domain.ids import ChangeRef, RunId
from countersign.domain.run import RunResult, RunSpec
from countersign.domain.scope import Grant, Revocation, Scope
from runners.brokers.registry import Brokers
from runners.ports import Attestation, Broker, Sandbox
from runners.settings import known_secrets, load_settings
from runners.wiring import build
from tests.stage.shop import PROJECT

PROVIDERS = {"staging": ("postgres",), "production": ("postgres", "aws")}
CHATTY = (
    'env; env >&2; env | base64 -w0; for v in PGPASSWORD AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; do printenv $v; done; exec "$@"'
)


class NotingBroker:
    """The real broker; what it mints is noted."""

    def __init__(self, inner: Broker, file: Path) -> None:
        self._inner, self._file = inner, file

    @property
    def provider(self) -> str:
        return self._inner.provider

    def check(self, scope: Scope) -> None:
        self._inner.check(scope)

    def handle(self, run: RunId, scope: Scope) -> str:
        return self._inner.handle(run, scope)

    def mint(self, authorization: Authorization, scope: Scope) -> tuple[Grant, Credential]:
        grant, credential = self._inner.mint(authorization, scope)
        with self._file.open("a") as file:
            file.writelines(json.dumps(secret) + "\n" for secret in credential.secrets())
        return grant, credential

    def revoke(self, handle: str, scope: Scope, credential: Credential | None) -> Revocation:
        return self._inner.revoke(handle, scope, credential)


class ChattySandbox:
    """The real sandbox, for a command that shows what it was given."""

    def __init__(self, inner: Sandbox) -> None:
        self._inner = inner

    def attest(self) -> Attestation:
        return self._inner.attest()

    def run(self, spec: RunSpec, credential: Credential | None) -> RunResult:
        return self._inner.run(replace(spec, argv=("/bin/sh", "-c", CHATTY, "chatty", *spec.argv)), credential)

    def reap(self, run: RunId) -> int:
        return self._inner.reap(run)


def main() -> None:
    """Handle one change."""
    iid, file, manner = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    settings = load_settings()
    jsonlog.configure(known_secrets(settings))
    runner = build(settings)
    inner = [runner.pipeline.brokers.of(name) for environment in settings.environments for name in PROVIDERS[environment]]
    pipeline = replace(
        runner.pipeline,
        brokers=Brokers(NotingBroker(broker, file) for broker in inner),
        sandbox=ChattySandbox(runner.pipeline.sandbox) if manner == "prints" else runner.pipeline.sandbox,
    )
    print(pipeline.handle(ChangeRef(PROJECT, iid), runner.rooms.of(PROJECT)).value)  # noqa: T201 - its log


if __name__ == "__main__":
    main()
