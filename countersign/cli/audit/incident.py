"""`countersign audit incident`: the reconstruction of a moment, for whoever was woken up and for whoever asks afterwards."""

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from countersign.adapters.index.names import names
from countersign.adapters.index.question import Question
from countersign.adapters.index.records import predicates
from countersign.adapters.index.row import Row
from countersign.attestation.accounts.incident import Held, Incident, reconstruct
from countersign.attestation.accounts.moment import moment, window, written
from countersign.attestation.accounts.plain import parts, text, texts
from countersign.attestation.accounts.runs import Run, all_runs
from countersign.cli import Commands
from countersign.cli.audit.indexed import Opened, add_indexed, opened
from countersign.cli.table import table
from countersign.domain.ids import MalformedError

_LOOK_BACK = timedelta(days=2)
"""No credential lives longer than a day and a half after the outcome, whatever its provider (docs/brokers.md)."""


def register(actions: Commands) -> None:
    """Add the action."""
    parser = add_indexed(actions, "incident", "reconstruct a moment in an environment", _incident, formats=("text", "json"))
    parser.add_argument("--around", required=True, metavar="TIME", help="the moment: 2026-03-01T14:05, UTC where no zone is said")
    parser.add_argument("--env", "--environment", dest="environment", required=True, metavar="NAME")
    parser.add_argument("--window", default="2h", metavar="LENGTH", help="how far to look to both sides (default: %(default)s)")


def gather(branch: Opened, around: datetime, width: timedelta, environment: str) -> Incident:
    """Find what belongs to a moment.

    Raises:
        MalformedError: no record names this environment; the text lists those that there are.
    """
    if not branch.index.ask(Question(environment=environment, below=branch.below, limit=1)):
        known = ", ".join(names(branch.index, "environment")) or "none"
        raise MalformedError(f"no record names the environment {environment}; on the record are: {known}")
    since, until = around - width, around + width + timedelta(microseconds=1)
    first, last = written(since), written(until)
    here = Question(environment=environment, nowhere=True, below=branch.below, oldest_first=True, since=first, until=last)
    records = [row.told for row in branch.index.ask(here)]
    begun = branch.index.unended(environment, since=written(since - _LOOK_BACK), until=last, below=branch.below)
    runs = [str(row.told.run) for row in begun]
    rows = _near([row for row in branch.index.of_runs(runs) if branch.below is None or row.told.seq < branch.below], first)
    deciding = branch.index.deciding(since=first, until=last, below=branch.below)
    return reconstruct(
        around=around,
        window=width,
        environment=environment,
        records=records,
        runs=all_runs(predicates(rows, branch.source)),
        deciding=[row.told for row in deciding],
    )


def _near(rows: Sequence[Row], since: str) -> list[Row]:
    """Leave out runs of which all was told before the window, with every credential dead; their records need not be read."""
    ended = {row.told.run for row in rows if row.told.intent is not None}
    near = {row.told.run for row in rows if row.told.loose or row.told.recorded >= since}
    return [row for row in rows if row.told.run in near or row.told.run not in ended]


def _incident(options: argparse.Namespace) -> int:
    around, width = moment(options.around), window(options.window)
    with opened(options) as branch:
        found = gather(branch, around, width, options.environment)
        if options.format == "json":
            print(json.dumps(found.document(), sort_keys=True))
        else:
            for line in _lines(found):
                print(line)
        branch.warn()
        return branch.status


def _lines(found: Incident) -> Iterator[str]:
    yield f"{found.environment} around {_time(found.around)} UTC, looked at from {_time(found.since)} to {_time(found.until)}"
    yield from _section("Under way at that moment", _RUN, [_under_way(run) for run in found.under_way])
    yield from _section("Credentials live at that moment", _CREDENTIAL, [_held(item) for item in found.held])
    yield from _section("What ended in that time", _CHANGED, [_changed(run) for run in found.changed])
    switches = [(_clock(item.told.recorded), str(item.told.seq), item.told.policy or "-", item.before) for item in found.switches]
    yield from _section("From here on another policy decided", ("time", "seq", "policy", "before it"), switches)
    people = [
        (kind, ", ".join(f"{name} ({count})" for name, count in names.items()) or "none") for kind, names in found.people.items()
    ]
    yield from _section("Who", ("as", "records"), people)
    rows = [(_clock(told.recorded), str(told.seq), told.kind, told.change or "-", told.summary) for told in found.timeline]
    yield from _section("Timeline", ("time", "seq", "kind", "change", "what"), rows)
    yield ""
    yield "Records tell what went through Countersign. Hold them against the target's own log: countersign audit reconcile."


_RUN = ("began", "ended", "run", "change", "action", "agent", "sponsor", "approvers")
_CREDENTIAL = ("from", "to", "provider", "named at the target", "run", "change", "how it ended")
_CHANGED = ("ended", "change", "outcome", "exit", "command", "hosts", "tokens", "paths")


def _section(name: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield name
    text_of_it = table(headers, rows)
    yield from (f"  {line}" for line in (text_of_it.splitlines() or ["none"]))


def _under_way(run: Run) -> tuple[str, ...]:
    told, ended = run.intent, run.ended
    approvers = ", ".join(told.approvers) or "-"
    people = (told.agent or "-", told.sponsor or "-", approvers)
    return (
        _time(run.began),
        "open" if ended is None else _time(ended),
        told.run or "-",
        told.change or "-",
        told.action or "-",
        *people,
    )


def _held(item: Held) -> tuple[str, ...]:
    life, told = item.lifetime, item.run.intent
    if life.proof == "dead" and not life.listed:
        how = "proved dead, not listed; by the outcome at the latest"
    elif life.revoked is None:
        how = f"not revoked on the record; {'no end' if life.ended is None else 'bounded by its expiry'}"
    else:
        how = {"dead": "revoked, then tried: dead", "unproved": "revoked, not proved; bounded by its expiry"}.get(
            life.proof or "", f"revoked, {life.proof or 'not tried'}"
        )
    if not life.certain:
        how += "; may never have been minted"
    return (
        _time(life.began),
        "open" if life.ended is None else _time(life.ended),
        life.provider,
        life.public_id or life.handle,
        told.run or "-",
        told.change or "-",
        how,
    )


def _changed(run: Run) -> tuple[str, ...]:
    result, told, ended = run.result, run.intent, run.ended
    hosts = [f"{text(item, 'name')}{'' if item.get('allowed') is True else ' (refused)'}" for item in parts(result, "connections")]
    more = text(result, "connections_left_out", "endpoints")
    hosts += [f"{more} more endpoints, by digest"] if more else []
    hosts += run.not_listed("result.connections")
    return (
        "-" if ended is None else _time(ended),
        told.change or "-",
        "-" if run.outcome is None else run.ending,
        text(result, "exit_code") or "-",
        " ".join(texts(result, "argv")) or ", ".join(run.not_listed("result.argv")) or "-",
        ", ".join(hosts) or "none",
        "-" if run.outcome is None else run.outcome.tokens or "-",
        ", ".join(told.places),
    )


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S}"


def _clock(recorded: str) -> str:
    return recorded[:19].replace("T", " ")
