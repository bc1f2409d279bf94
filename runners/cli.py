"""`countersign-runner`: serve the queues of one or more environments, sweep what the dead left, or prove the sandbox."""

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from countersign.adapters import jsonlog
from countersign.attestation.ports import TakenError
from countersign.attestation.record import Draft, Entry
from countersign.attestation.rotation import rotation
from countersign.attestation.sshsig import PublicKey
from countersign.domain.ids import MalformedError
from countersign.domain.neutral import line
from countersign.domain.outcomes import Fault, LedgerFault
from runners import clock, promotions, tasks
from runners.authority import Authority
from runners.keeping import SECONDS, Keeper, beat
from runners.refusals import Refusals
from runners.settings import RunnerSettings, SettingsError, known_secrets, load_settings
from runners.veil import said
from runners.wiring import Runner, build, build_sweeper, prove, signing_key
from runners.worker import make_app, queues, serve

_LINE = 200
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
    commands.add_parser("heartbeat", help="put on each project's record, once an hour at most, that a runner is there")
    rotate = commands.add_parser("announce-key", help="put on each project's record, signed by this key, which key signs next")
    rotate.add_argument("key", type=Path, metavar="FILE", help="the new public key, as ssh-keygen writes it (….pub)")
    stamp = commands.add_parser("timestamp", help="have an authority (RFC 3161) timestamp each project's record, and record that")
    stamp.add_argument("--tsa", required=True, metavar="URL", help="the timestamp authority")
    stamp.add_argument("--tsa-ca", required=True, type=Path, metavar="FILE", help="its certificates (PEM): auditors need them, too")
    demote = commands.add_parser("demote", help="take back, at once, what was promoted: after an incident, a rollback, drift")
    demote.add_argument("names", nargs="+", metavar="NAME", help="sha256:…, as `countersign audit autonomy` names it")
    demote.add_argument("--why", required=True, type=_sentence, help="what happened, in a line; it is kept on the record")
    demote.add_argument("--by", required=True, type=_sentence, metavar="PERSON", help="who says so; it is kept on the record")
    options = parser.parse_args(argv)
    jsonlog.configure()
    try:
        settings = load_settings()
        jsonlog.configure(known_secrets(settings))
        if options.command == "announce-key":
            return _announce(settings, options.key)
        if options.command == "timestamp":
            return _timestamp(settings, options.tsa, options.tsa_ca)
        if options.command == "demote":
            return _demote(settings, options.names, why=options.why, by=options.by)
        return {"work": _work, "sweep": _sweep, "attest": _attest, "heartbeat": _heartbeat}[options.command](settings)
    except SettingsError as error:
        print(f"countersign-runner: {error}", file=sys.stderr)
        return EXIT_USAGE
    except Fault as fault:
        print(f"countersign-runner: could not: {fault}", file=sys.stderr)
        return EXIT_FAULT


def _work(settings: RunnerSettings) -> int:
    stop, serving = threading.Event(), threading.Event()
    # The keeper has adapters of its own, for they are not shared between threads; and it begins first, since it must also
    # revoke for the dead while the container engine is away and nothing can be run.
    keeper = threading.Thread(target=_keeper(settings, serving.is_set).keep, args=(stop,), daemon=True)
    keeper.start()
    try:
        runner = _build(settings)
        serving.set()
        asked = _serve(settings, runner)
    finally:
        stop.set()
        keeper.join(timeout=SECONDS)
    return EXIT_OK if asked else EXIT_FAULT


def _serve(settings: RunnerSettings, runner: Runner) -> bool:
    """Take messages until stopped; say whether somebody asked for the end."""

    def append_all(drafts: Sequence[Draft]) -> Sequence[Entry | TakenError | LedgerFault]:
        """Append to the first project's log: a message that names no change of ours belongs to none."""
        return runner.rooms.of(settings.projects[0]).ledger.append_all(drafts)

    hide = runner.pipeline.closer.veil.blind(settings.projects[0])
    refusals = Refusals(
        append_all=append_all,
        file=settings.state_dir / "refusals.json",
        clock=clock.now,
        hide=lambda text: hide.tokenize(text).text,
    )
    app = make_app(settings, refusals)
    tasks.register(app, runner, refusals)
    try:
        return serve(app, queues(settings))
    finally:
        refusals.finish()


def _keeper(settings: RunnerSettings, serving: Callable[[], bool]) -> Keeper:
    sweeper, stamp = build_sweeper(settings), None
    if settings.tsa_url is not None and settings.tsa_ca_file is not None:
        stamp = _authority(settings.tsa_url, settings.tsa_ca_file).stamp
    return Keeper(
        settings.projects,
        sweeper.sweep,
        sweeper.left,
        sweeper.tidy,
        sweeper.ledger,
        clock.now,
        clock.ticks,
        serving,
        heartbeats=settings.heartbeats,
        stamp=stamp,
    )


def _build(settings: RunnerSettings) -> Runner:
    """Build the runner, however long what it leans on is away."""
    log = structlog.get_logger("countersign.runner")
    while True:
        try:
            return build(settings)
        except Fault as fault:
            log.warning("cannot begin yet, will try again", fault=str(fault), seconds=SECONDS)
            time.sleep(SECONDS)


def _sweep(settings: RunnerSettings) -> int:
    sweeper = build_sweeper(settings)
    status = EXIT_OK
    for project in settings.projects:
        try:
            closed, faults = sweeper.sweep(project)
        except Fault as away:
            closed, faults = [], [away]
        for entry in closed:
            print(f"{project}: record {entry.seq}: {entry.kind.value} {entry.run}")
        for fault in faults:
            print(f"{project}: could not: {fault}", file=sys.stderr)
            status = EXIT_FAULT
    for fault in sweeper.tidy_all():
        print(f"outbox: could not: {fault}", file=sys.stderr)
        status = EXIT_FAULT
    return status


def _attest(settings: RunnerSettings) -> int:
    for control, in_force, evidence in prove(settings).evidence:
        print(json.dumps({"control": control.value, "evidence": evidence, "in_force": in_force}))
    return EXIT_OK


def _heartbeat(settings: RunnerSettings) -> int:
    ledger = build_sweeper(settings).ledger
    for project in settings.projects:
        print(f"{project}: {beat(ledger(project), clock.now())}")
    return EXIT_OK


def _announce(settings: RunnerSettings, path: Path) -> int:
    try:
        new = PublicKey.from_line(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: not a public key that ssh-keygen wrote for Ed25519: {error}") from None
    ledger = build_sweeper(settings).ledger
    for project in settings.projects:
        draft = rotation(signing_key(settings).public, new, now=clock.now())
        try:
            print(f"{project}: record {ledger(project).append(draft).seq}: announced {new.fingerprint}")
        except TakenError as taken:
            print(f"{project}: record {taken.entry.seq}: {new.fingerprint} is announced already")
    return EXIT_OK


def _sentence(text: str) -> str:
    """Read a line for the record."""
    if not text or text != line(text) or len(text) > _LINE:
        raise argparse.ArgumentTypeError(f"one line of visible text, at most {_LINE} characters")
    return text


def _demote(settings: RunnerSettings, names: Sequence[str], *, why: str, by: str) -> int:
    """Take promotions back in every project whose record confirms them; one project that fails keeps no other from it."""
    sweeper, status, left = build_sweeper(settings), EXIT_OK, set(names)
    for project in settings.projects:
        hide = sweeper.reaper.closer.veil.blind(project)
        for name in names:
            try:
                ledger = sweeper.ledger(project)
                told = promotions.take_back(ledger, name, why=said(why, hide), by=said(by, hide), now=clock.now())
            except Fault as fault:
                print(f"{project}: could not: {fault}", file=sys.stderr)
                status = EXIT_FAULT
                continue
            if told is not None:
                print(f"{project}: {told}")
                left.discard(name)
    for name in sorted(left) if status == EXIT_OK else ():
        what = "`countersign audit autonomy` names what there is; for what was never relied on, take its line out of the policy"
        print(f"countersign-runner: no record confirms {name[:80]!r}; {what}", file=sys.stderr)
        status = EXIT_FAULT
    return status


def _timestamp(settings: RunnerSettings, url: str, ca: Path) -> int:
    """Stamp what is new in every project; one that fails keeps no other from it."""
    authority, ledger, status = _authority(url, ca), build_sweeper(settings).ledger, EXIT_OK
    for project in settings.projects:
        try:
            print(f"{project}: {authority.stamp(ledger(project))}")
        except Fault as fault:
            print(f"{project}: could not: {fault}", file=sys.stderr)
            status = EXIT_FAULT
    return status


def _authority(url: str, ca: Path) -> Authority:
    try:
        return Authority.of(url, ca)
    except MalformedError as error:
        raise SettingsError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
