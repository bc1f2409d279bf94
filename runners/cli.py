"""`countersign-runner`: serve the queues of one or more environments, sweep what the dead left, or prove the sandbox."""

import argparse
import json
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from countersign.adapters import jsonlog
from countersign.adapters.stamping import ask, check_certificates
from countersign.attestation.ports import Ledger, TakenError
from countersign.attestation.record import Draft, Entry
from countersign.attestation.rotation import rotation
from countersign.attestation.sshsig import PublicKey
from countersign.attestation.stamp import PREFIX, Stamp, head_after
from countersign.domain.ids import MalformedError
from countersign.domain.neutral import visible
from countersign.domain.outcomes import Fault, LedgerFault
from runners import clock, promotions, tasks, upkeep
from runners.refusals import Refusals
from runners.settings import RunnerSettings, SettingsError, known_secrets, load_settings
from runners.veil import said
from runners.wiring import Runner, Sweeper, build, build_sweeper, prove, signing_key
from runners.worker import make_app, queues, serve

_SWEEP_SECONDS = 5
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
    stop = threading.Event()
    # The sweeper has adapters of its own, for they are not shared between threads; and it begins first, since it must also
    # revoke for the dead while the container engine is away and nothing can be run.
    sweeper = threading.Thread(target=_keep_sweeping, args=(build_sweeper(settings), stop), daemon=True)
    sweeper.start()
    try:
        asked = _serve(settings, _build(settings))
    finally:
        stop.set()
        sweeper.join(timeout=_SWEEP_SECONDS)
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


def _heartbeat(settings: RunnerSettings) -> int:
    rooms = build_sweeper(settings).rooms
    for project in settings.projects:
        ledger = rooms.of(project).ledger
        draft = upkeep.heartbeat(open_runs=len(ledger.open_intents()), now=clock.now())
        try:
            print(f"{project}: record {ledger.append(draft).seq}: heartbeat")
        except TakenError as taken:
            print(f"{project}: record {taken.entry.seq}: heartbeat of this hour, already there")
    return EXIT_OK


def _announce(settings: RunnerSettings, path: Path) -> int:
    try:
        new = PublicKey.from_line(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: not a public key that ssh-keygen wrote for Ed25519: {error}") from None
    rooms = build_sweeper(settings).rooms
    for project in settings.projects:
        draft = rotation(signing_key(settings).public, new, now=clock.now())
        try:
            print(f"{project}: record {rooms.of(project).ledger.append(draft).seq}: announced {new.fingerprint}")
        except TakenError as taken:
            print(f"{project}: record {taken.entry.seq}: {new.fingerprint} is announced already")
    return EXIT_OK


def _sentence(text: str) -> str:
    """Read a line for the record."""
    if not text or text != " ".join(visible(text).split()) or len(text) > _LINE:
        raise argparse.ArgumentTypeError(f"one line of visible text, at most {_LINE} characters")
    return text


def _demote(settings: RunnerSettings, names: Sequence[str], *, why: str, by: str) -> int:
    """Take promotions back in every project whose record confirms them; one project that fails keeps no other from it."""
    sweeper, status, left = build_sweeper(settings), EXIT_OK, set(names)
    for project in settings.projects:
        hide = sweeper.reaper.closer.veil.blind(project)
        for name in names:
            try:
                ledger = sweeper.rooms.of(project).ledger
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


def _timestamp(settings: RunnerSettings, authority: str, ca: Path) -> int:
    """Stamp what is new: nothing where the newest record is a timestamp itself. One project that fails keeps no other from it."""
    name = urlsplit(authority)
    if name.username is not None or name.hostname is None:
        raise SettingsError("--tsa: a URL with a host and without a user; it is kept on the record")
    try:
        check_certificates(ca)
    except MalformedError as error:
        raise SettingsError(f"--tsa-ca: {error}") from None
    rooms, status = build_sweeper(settings).rooms, EXIT_OK
    for project in settings.projects:
        try:
            print(f"{project}: {_stamped(rooms.of(project).ledger, authority, f'{name.scheme}://{name.netloc}', ca)}")
        except Fault as fault:
            print(f"{project}: could not: {fault}", file=sys.stderr)
            status = EXIT_FAULT
    return status


def _stamped(ledger: Ledger, url: str, shown: str, ca: Path) -> str:
    newest = next(iter(ledger.latest(1)), None)
    if newest is None or newest.key.startswith(PREFIX):
        return "nothing new to timestamp"
    head = head_after(newest)
    token, time = ask(head.text.encode(), url=url, ca=ca)
    try:
        entry = ledger.append(Stamp(head, token).draft(authority=shown, stamped=time, now=clock.now()))
    except TakenError as taken:
        return f"record {taken.entry.seq}: somebody else timestamped {head.size} records"
    return f"record {entry.seq}: timestamped {head.size} records at {time.isoformat()}"


if __name__ == "__main__":
    sys.exit(main())
