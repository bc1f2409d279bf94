"""`countersign audit query`: who, what, where, when, as one question; newest first."""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace

from countersign.adapters.index.index import Index
from countersign.adapters.index.names import unknown
from countersign.adapters.index.question import Question
from countersign.adapters.index.records import record_line
from countersign.adapters.index.row import Row
from countersign.attestation.accounts.cells import csv_lines
from countersign.attestation.accounts.moment import end, moment, written
from countersign.attestation.record import RecordKind
from countersign.cli import Commands
from countersign.cli.audit.action import count
from countersign.cli.audit.indexed import Opened, add_indexed, opened
from countersign.cli.table import table, terminal_width
from countersign.domain.ids import MalformedError
from countersign.domain.neutral import visible

_KINDS = tuple(kind.value for kind in RecordKind)
_CHANGE = re.compile(r"(?P<repository>[^\s!#]+)?[!#]?(?P<iid>[1-9]\d{0,9})")
_FEW = 50
_EXAMPLES = """
examples:
  countersign audit query --env production --from 2026-11-01 --kind failed
  countersign audit query --approver lea --path 'db/production/**'
  countersign audit query --credential ASIAQ7YX3MBN5K2PLTJW --format json
  countersign audit query 'lock timeout' --host db.shop.example --format csv
  countersign audit query TK1_HOST_J2XI7NVMHUPM3OVG_XG   (a token: `countersign tokens name` gives that of a value)
"""


def register(actions: Commands) -> None:
    """Add the action."""
    parser = add_indexed(actions, "query", "find records: who, what, where, when", _query, formats=("table", "json", "csv"))
    parser.epilog = f"{parser.epilog}{_EXAMPLES}"
    parser.add_argument("words", nargs="*", metavar="WORD", help='free text; all words must occur, "in quotes" in this order')
    add_questions(parser)
    parser.add_argument("-n", "--limit", type=count, default=_FEW, metavar="COUNT", help="the newest only (default: %(default)s)")
    parser.add_argument("--all", action="store_true", help="no limit")


def add_questions(parser: argparse.ArgumentParser) -> None:
    """Add the options that narrow the answer."""
    group = parser.add_argument_group("narrow by (all that are given must hold)")
    group.add_argument("--from", dest="since", metavar="TIME", help="recorded at or after: 2026-03-01, 2026-03-01T14:00, …+01:00")
    group.add_argument("--to", dest="until", metavar="TIME", help="recorded before; a day alone is meant with all its hours")
    for name, purpose in _NAMES.items():
        group.add_argument(f"--{name}", metavar="NAME", help=purpose)
    group.add_argument("--env", "--environment", dest="environment", metavar="NAME", help="environment of the decision")
    group.add_argument("--kind", "--outcome", dest="kinds", action="append", choices=_KINDS, help="kind of record; may be repeated")
    group.add_argument("--credential", metavar="ID", help="handle, or the name under which the target logs it")
    group.add_argument("--host", metavar="HOST[:PORT]", help="a host that a run reached, or tried to")
    group.add_argument("--path", metavar="GLOB", help="a path of the change: db/production/**, **/*.sql")
    group.add_argument("--rule", metavar="NAME", help="a rule that decided")
    group.add_argument("--change", metavar="CHANGE", help="acme/shop!41, !41 or 41")
    group.add_argument("--run", metavar="ID", dest="run_id", help="a run")


_NAMES = {
    "service": "service that the change touches",
    "agent": "agent that proposed it",
    "sponsor": "person who asked the agent",
    "author": "account that opened the change",
    "approver": "person whose approval counted",
    "skill": "skill that the agent named",
    "tier": "tier of the decision",
    "action": "action of the plan",
}


def question(options: argparse.Namespace) -> Question:
    """Turn the options into a question.

    Raises:
        MalformedError: a time or a change is not of its form.
    """
    repository, iid = (None, None) if options.change is None else _change(options.change)
    since = None if options.since is None else written(moment(options.since))
    until = None if options.until is None else written(end(options.until))
    if since is not None and until is not None and since >= until:
        raise MalformedError("--from is not before --to")
    return Question(
        since=since,
        until=until,
        environment=options.environment,
        kinds=tuple(options.kinds or ()),
        credential=options.credential,
        host=options.host,
        path=options.path,
        rule=options.rule,
        repository=repository,
        iid=iid,
        run=options.run_id,
        **{name: getattr(options, name) for name in _NAMES},
    )


def narrowed(asked: Question) -> dict[str, str]:
    """Give what narrows a question, by option, as one may type it again; kinds are not among it."""
    change = None if asked.iid is None else f"{asked.repository or ''}!{asked.iid}"
    first = {"from": asked.since, "to": asked.until, "env": asked.environment, "change": change, "run": asked.run}
    names = {name: getattr(asked, name) for name in (*_NAMES, "credential", "host", "path", "rule")}
    return {f"--{name}": value for name, value in (first | names).items() if value is not None}


def note_of_paths(branch: Opened, asked: Question) -> None:
    """Say on standard error how many records a question about a path may have missed: those that name only some of theirs."""
    if asked.path is None:
        return
    some = replace(asked, unlisted=True, below=branch.below if asked.below is None else asked.below, limit=None)
    left = branch.index.count(replace(some, path=None)) - branch.index.count(some)
    if left:
        print(f"note: {left} more records name only some of their paths, and may match", file=sys.stderr)


def warn_of_names(index: Index, asked: Question) -> None:
    """Say on standard error which names no record has: finding nothing by a slip of the keyboard is no all-clear."""
    for said in unknown(index, asked):
        print(f"note: {visible(said)}", file=sys.stderr)


def _change(text: str) -> tuple[str | None, int]:
    found = _CHANGE.fullmatch(text)
    if found is None:
        raise MalformedError(f"not a change: {text!r}; write acme/shop!41, !41 or 41")
    return found["repository"], int(found["iid"])


def _query(options: argparse.Namespace) -> int:
    asked = question(options)
    words = " ".join(options.words) or None
    with opened(options) as branch:
        limit = None if options.all else options.limit
        whole = replace(asked, words=words, below=branch.below, limit=limit)
        rows = branch.index.ask(whole)
        _print(rows, options.format, branch)
        left = branch.index.count(whole) - len(rows) if limit is not None and len(rows) == limit else 0
        if left:
            print(f"note: {left} older records match too; give --limit or --all", file=sys.stderr)
        if not rows:
            print("note: no record matches", file=sys.stderr)
            warn_of_names(branch.index, asked)
        note_of_paths(branch, whole)
        branch.warn()
        return branch.status


def _print(rows: Sequence[Row], form: str, branch: Opened) -> None:
    if form == "json":
        for row in rows:
            print(record_line(row, branch.source))
    elif form == "csv":
        more = ("commit", "digest", "file")
        for line in csv_lines([row.told for row in rows], more, [(row.commit, row.digest, row.file) for row in rows]):
            sys.stdout.write(line)
    elif rows:
        hidden = any(row.told.tokens not in {None, "none"} for row in rows)
        headers = (
            "recorded",
            "seq",
            "kind",
            "change",
            "environment",
            "agent",
            "approvers",
            *(["tokens"] if hidden else []),
            "summary",
        )
        print(table(headers, [_cells(row, hidden=hidden) for row in rows], width=terminal_width(tty=sys.stdout.isatty())))


def _cells(row: Row, *, hidden: bool) -> tuple[str, ...]:
    told = row.told
    return (
        told.recorded[:19].replace("T", " ") + "Z",
        str(told.seq),
        told.kind,
        told.change or "-",
        told.environment or "-",
        told.agent or "-",
        ", ".join(told.approvers) or "-",
        *([told.tokens or "-"] if hidden else []),
        told.summary,
    )
