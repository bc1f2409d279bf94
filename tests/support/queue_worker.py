"""A worker of either face on a real Redis, in a process of its own: `python -m tests.support.queue_worker FACE REDIS_URL FOLDER`.

Application, task, inlet, refusals and log are the real ones. What stands behind them writes a line for each call: `handled` for
requests that arrived, `records` for what would go to the audit branch, which is away while a file `away` is in the folder; while
`busy` is there, others are at work on every change.
FACE is `runner`, `bot`, `hasty` (a runner for which a minute passes at each look at the clock) or `broken` (one with a bug).
"""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path

from bot import dispatch
from countersign.adapters import jsonlog
from countersign.attestation.ports import TakenError
from countersign.attestation.record import Draft, Entry
from countersign.domain.ids import ChangeRef
from countersign.domain.outcomes import LedgerFault
from countersign.domain.ports import Clock
from runners import clock, tasks, worker
from runners.pipeline import Ending
from runners.refusals import Refusals
from runners.settings import RunnerSettings
from tests.support.audit import stands


class Office:
    """Stands behind the worker."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _write(self, name: str, what: object) -> None:
        with (self._folder / name).open("a") as file:
            file.write(json.dumps(what) + "\n")

    def handle(self, ref: ChangeRef) -> Ending:
        self._write("handled", ref.iid)
        return Ending.BUSY if (self._folder / "busy").exists() else Ending.WAITING

    def look(self, change: ChangeRef) -> str:
        self._write("handled", change.iid)
        return "approve"

    def reconcile(self, project: str) -> int:
        self._write("reconciled", project)
        return 0

    def append_all(self, drafts: Sequence[Draft]) -> list[Entry | TakenError | LedgerFault]:
        if (self._folder / "away").exists():
            raise LedgerFault("the audit branch is away")
        for draft in drafts:
            self._write("records", {"key": draft.key, **draft.body})
        return [stands(draft) for draft in drafts]


class Buggy:
    """Refusals with a bug: what no message can bring about, something else may."""

    def refuse(self, message: bytes, why: str) -> None:
        raise RuntimeError(why, len(message))

    def tick(self) -> None:
        raise RuntimeError


def _runner(url: str, folder: Path, face: str) -> bool:
    office = Office(folder)
    settings = RunnerSettings(
        forge_url="http://127.0.0.1:9",
        forge_token_file=folder / "none",
        bot_account="countersign-bot",
        projects=("acme/shop",),
        environments=("production",),
        redis_url=url,
        state_dir=folder,
        signing_key_file=folder / "none",
        trust_root_file=folder / "none",
        targets_file=folder / "none",
        container_socket=folder / "none",
        tokens_key_file=folder / "none",
    )
    refusals = Refusals(
        append_all=office.append_all, file=folder / "refusals.json", clock=_hasty() if face == "hasty" else clock.now, hide=str
    )
    app = worker.make_app(settings, Buggy() if face == "broken" else refusals)
    tasks.register(app, office, refusals)
    asked = worker.serve(app, worker.queues(settings))
    refusals.finish()
    return asked


def _hasty() -> Clock:
    start, looks = clock.now(), count()
    return lambda: start + timedelta(minutes=1) * next(looks)


def _bot(url: str, folder: Path, _face: str) -> bool:
    app = dispatch.make_app(url)
    dispatch.register(app, Office(folder))
    return dispatch.consume(app)


def main() -> int:
    """Serve until told to stop."""
    face, url, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    jsonlog.configure()
    run: Callable[[str, Path, str], bool] = _bot if face == "bot" else _runner
    return 0 if run(url, folder, face) else 1


if __name__ == "__main__":
    sys.exit(main())
