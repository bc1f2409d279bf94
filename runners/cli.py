"""`countersign-runner`: serve the queues of one or more environments, sweep what the dead left, or prove the sandbox."""

import argparse
import json
import sys
import threading
import time
from collections.abc import Sequence

import structlog

from countersign.domain.outcomes import Fault
from runners import tasks
from runners.settings import RunnerSettings, SettingsError, load_settings
from runners.wiring import Runner, Sweeper, build, build_sweeper, prove
from runners.worker import make_app, queues

_SWEEP_SECONDS = 5
EXIT_OK, EXIT_FAULT, EXIT_USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give the exit status: 0 done, 1 could not, 2 settings or usage wrong."""
    parser = argparse.ArgumentParser(
        prog="countersign-runner",
        description="Looks at changes for itself, decides again, mints, runs, revokes and records.",
        epilog="Settings come from COUNTERSIGN_RUNNER_… variables; docs/operations.md lists them. "
        "Exit status: 0 done, 1 could not, 2 settings or usage wrong.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("work", help="serve the queues of this runner's environments until stopped")
    commands.add_parser("sweep", help="close the runs that dead runners left open, once")
    commands.add_parser("attest", help="prove each control of the sandbox from inside and print the evidence")
    options = parser.parse_args(argv)
    _log_as_json()
    try:
        settings = load_settings()
        return {"work": _work, "sweep": _sweep, "attest": _attest}[options.command](settings)
    except SettingsError as error:
        print(f"countersign-runner: {error}", file=sys.stderr)
        return EXIT_USAGE
    except Fault as fault:
        print(f"countersign-runner: could not: {fault}", file=sys.stderr)
        return EXIT_FAULT


def _log_as_json() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def _work(settings: RunnerSettings) -> int:
    stop = threading.Event()
    # The sweeper has adapters of its own, for they are not shared between threads; and it begins first, since it must also
    # revoke for the dead while the container engine is away and nothing can be run.
    sweeper = threading.Thread(target=_keep_sweeping, args=(build_sweeper(settings), stop), daemon=True)
    sweeper.start()
    try:
        app = make_app(settings)
        tasks.register(app, _build(settings))
        app.worker_main(["worker", "--loglevel=WARNING", "--without-gossip", "--without-mingle", "-Q", ",".join(queues(settings))])
    finally:
        stop.set()
        sweeper.join(timeout=_SWEEP_SECONDS)
    return EXIT_OK


def _build(settings: RunnerSettings) -> Runner:
    """Build the runner, however long what it leans on is away."""
    log = structlog.get_logger("countersign.runner")
    while True:
        try:
            return build(settings)
        except Fault as fault:
            log.warning("cannot begin yet, will try again", fault=str(fault), seconds=_SWEEP_SECONDS)
            time.sleep(_SWEEP_SECONDS)


def _keep_sweeping(sweeper: Sweeper, stop: threading.Event) -> None:
    log = structlog.get_logger("countersign.sweeper")
    while not stop.is_set():
        for project in sweeper.rooms.settings.projects:
            try:
                closed, faults = sweeper.sweep(project)
            except Exception as error:  # noqa: BLE001 - a bug of ours must not end the one who revokes for the dead
                log.error("a sweep failed, will try again", project=project, error=type(error).__name__)  # noqa: TRY400 - no traceback with values in a log
                continue
            for entry in closed:
                log.warning("closed a run that nobody held", run=entry.run, kind=entry.kind.value, record=entry.seq)
            for problem in faults:
                log.warning("could not close a run yet", fault=str(problem))
        stop.wait(_SWEEP_SECONDS)


def _sweep(settings: RunnerSettings) -> int:
    sweeper = build_sweeper(settings)
    status = EXIT_OK
    for project in settings.projects:
        closed, faults = sweeper.sweep(project)
        for entry in closed:
            print(f"{project}: record {entry.seq}: {entry.kind.value} {entry.run}")
        for fault in faults:
            print(f"{project}: could not: {fault}", file=sys.stderr)
            status = EXIT_FAULT
    return status


def _attest(settings: RunnerSettings) -> int:
    for control, in_force, evidence in prove(settings).evidence:
        print(json.dumps({"control": control.value, "evidence": evidence, "in_force": in_force}))
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
