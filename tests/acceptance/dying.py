"""A runner that ends, or with `--sleep` stands still, at a chosen point: `python -m tests.acceptance.dying IID POINT [--sleep]`.

It is the real runner from the real settings; only the ports named below are wrapped, and they do the real thing before or after.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from countersign.attestation.ports import HeldFault, Ledger, TakenError, WaitsFor
from countersign.attestation.record import Draft, Entry
from countersign.domain.authorization import Authorization
from countersign.domain.credential import Credential
from countersign.domain.ids import ChangeRef, RunId
from countersign.domain.outcomes import LedgerFault
from countersign.domain.run import RunResult, RunSpec
from countersign.domain.scope import Grant, Revocation, Scope
from runners.brokers.registry import Brokers
from runners.pipeline import Room
from runners.ports import Attestation, Broker, Sandbox
from runners.settings import load_settings
from runners.wiring import Runner, build
from tests.stage.shop import PROJECT

POINTS = (
    "observe",
    "authorize",
    "before-intent",
    "after-intent",
    "mint",
    "run",
    "after-run",
    "after-outbox",
    "after-outcome",
)
"""Steps 1, 2, 3 (before and after), 4, 5 (in the middle and after), 6 (before and after the record)."""

_IN_THE_MIDDLE = 0.4
"""Seconds into the run: the container is up, the command has begun or is about to."""


def die() -> None:
    """End this process as a power cut would, or stop it as a machine that is suspended does."""
    if "--sleep" in sys.argv:
        os.kill(os.getpid(), signal.SIGSTOP)
        return
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


class DyingLedger:
    """The real ledger, until the point is reached."""

    def __init__(self, inner: Ledger, point: str) -> None:
        self._inner, self._point = inner, point

    def find(self, key: str) -> Entry | None:
        return self._inner.find(key)

    def find_all(self, keys: Collection[str]) -> Mapping[str, Entry]:
        return self._inner.find_all(keys)

    def of_change(self, change: ChangeRef) -> tuple[Entry, ...]:
        return self._inner.of_change(change)

    def open_intents(self) -> tuple[Entry, ...]:
        return self._inner.open_intents()

    def open_questions(self) -> tuple[Entry, ...]:
        return self._inner.open_questions()

    def latest(self, count: int) -> tuple[Entry, ...]:
        return self._inner.latest(count)

    def append(self, draft: Draft) -> Entry:
        kind = "outcome" if draft.key.startswith("outcome/") else draft.kind.value
        if self._point == "observe" and kind == "assessed":
            die()
        if self._point == f"before-{kind}" or (self._point == "after-outbox" and kind == "outcome"):
            die()
        entry = self._inner.append(draft)
        if self._point == f"after-{kind}":
            die()
        return entry

    def append_all(
        self, drafts: Sequence[Draft], *, waits_for: WaitsFor | None = None, together: bool = False, led: bool = False
    ) -> list[Entry | TakenError | LedgerFault]:
        del together, led  # what dies in between leaves some, whatever was asked for
        held = next(filter(waits_for, self._inner.open_intents()), None) if waits_for is not None else None
        if held is not None:
            return [HeldFault(held) for _ in drafts]
        results: list[Entry | TakenError | LedgerFault] = []
        for draft in drafts:  # one by one, so that it can die between them
            try:
                results.append(self.append(draft))
            except (TakenError, LedgerFault) as no:
                results.append(no)
        return results


class DyingBroker:
    """The real broker, until the point is reached."""

    def __init__(self, inner: Broker, point: str) -> None:
        self._inner, self._point = inner, point

    @property
    def provider(self) -> str:
        return self._inner.provider

    def check(self, scope: Scope) -> None:
        if self._point == "authorize":
            die()
        self._inner.check(scope)

    def handle(self, run: RunId, scope: Scope) -> str:
        return self._inner.handle(run, scope)

    def mint(self, authorization: Authorization, scope: Scope) -> tuple[Grant, Credential]:
        minted = self._inner.mint(authorization, scope)
        if self._point == "mint":
            die()
        return minted

    def revoke(self, handle: str, scope: Scope, credential: Credential | None) -> Revocation:
        return self._inner.revoke(handle, scope, credential)


class DyingSandbox:
    """The real sandbox, until the point is reached."""

    def __init__(self, inner: Sandbox, point: str) -> None:
        self._inner, self._point = inner, point

    def attest(self) -> Attestation:
        return self._inner.attest()

    def run(self, spec: RunSpec, credential: Credential | None) -> RunResult:
        if self._point == "run":
            threading.Timer(_IN_THE_MIDDLE, die).start()
        result = self._inner.run(spec, credential)
        if self._point == "run" and "--sleep" not in sys.argv:
            time.sleep(60)
        if self._point == "after-run":
            die()
        return result

    def reap(self, run: RunId) -> int:
        return self._inner.reap(run)


def main() -> None:
    """Handle one change and die on the way."""
    iid, point = int(sys.argv[1]), sys.argv[2]
    runner: Runner = build(load_settings())
    broker = DyingBroker(runner.pipeline.brokers.of("postgres"), point)
    pipeline = replace(runner.pipeline, brokers=Brokers([broker]), sandbox=DyingSandbox(runner.pipeline.sandbox, point))
    room = runner.rooms.of(PROJECT)
    ending = pipeline.handle(ChangeRef(PROJECT, iid), Room(room.repository, DyingLedger(room.ledger, point)))
    sys.exit(f"did not reach {point}: {ending.value}")


if __name__ == "__main__":
    main()
