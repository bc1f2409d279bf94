"""`countersign audit reconcile`: a target's own log, held against the record."""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from countersign.adapters.index.records import predicates
from countersign.adapters.logs import cloudtrail, forge, kubernetes, postgres
from countersign.attestation.accounts.moment import window, written
from countersign.attestation.accounts.reconcile import LeftOut, Reconciled, Use, reconcile
from countersign.attestation.accounts.runs import all_runs
from countersign.cli import Commands
from countersign.cli.audit.action import WRONG
from countersign.cli.audit.indexed import add_indexed, opened
from countersign.cli.table import table
from countersign.domain.ids import MalformedError
from countersign.domain.neutral import visible

_LOGS = {"cloudtrail": cloudtrail, "forge": forge, "kubernetes": kubernetes, "postgres": postgres}
_Reader = Callable[[Path], Iterator[Use] | Iterator[Use | LeftOut]]
_FEW = 5
_LOOK_BACK = timedelta(days=2)
_STATUS = """\
exit status:
  0  every session that the target let in belongs to a run, of those that --only and --ignore leave; what was left out, there or
     as nobody's use of a credential (calls of AWS's own services, lines without a user), is counted in the output
  1  findings, or a record is wrong
  2  the command line is wrong, or the log cannot be read or holds no session; file and line are named
  3  the branch could not be read; nothing is said about it

Runners mint credentials for postgres and aws. No run can explain a session in a log of kubernetes or a forge yet: whatever
--only and --ignore let through is a finding there.
"""


def register(actions: Commands) -> None:
    """Add the action."""
    parser = add_indexed(actions, "reconcile", "hold a target's log against the record", _reconcile, formats=())
    parser.epilog = _STATUS
    parser.add_argument("--log", type=Path, required=True, action="append", metavar="FILE", help="the log; may be repeated")
    parser.add_argument("--format", choices=sorted(_LOGS), required=True, help="whose log it is")
    parser.add_argument("--output", choices=("text", "json"), default="text", help="json is one object, for programs")
    parser.add_argument(
        "--only", action="append", metavar="PATTERN", help="look at sessions of these principals alone: *site-production*"
    )
    parser.add_argument("--ignore", action="append", default=[], metavar="PATTERN", help="leave sessions of these principals out")
    parser.add_argument("--skew", default="2m", metavar="LENGTH", help="how far the clocks may differ (default: %(default)s)")


def _reconcile(options: argparse.Namespace) -> int:
    log, skew = _LOGS[options.format], window(options.skew)
    everything, left_out = _read(log.read, options.log)
    only: list[str] = options.only or ["*"]
    uses = [
        use
        for use in everything
        if any(fnmatchcase(use.principal, pattern) for pattern in only)
        and not any(fnmatchcase(use.principal, pattern) for pattern in options.ignore)
    ]
    if not uses:
        raise MalformedError(f"--only and --ignore leave none of the log's {len(everything)} uses; {_who(everything)}")
    left_out.update({"by --only and --ignore": len(everything) - len(uses)})
    with opened(options) as branch:
        since, until = min(use.at for use in uses) - _LOOK_BACK, max(use.at for use in uses) + _LOOK_BACK
        begun = branch.index.unended(None, since=written(since), until=written(until), below=branch.below)
        runs = [str(row.told.run) for row in begun]
        rows = [row for row in branch.index.of_runs(runs) if branch.below is None or row.told.seq < branch.below]
        found = reconcile(uses, all_runs(predicates(rows, branch.source)), providers=log.PROVIDERS, skew=skew)
        if options.output == "json":
            print(json.dumps(_document(found) | {"left_out": +left_out}, sort_keys=True))
        else:
            _print(found, +left_out)
        branch.warn()
        return WRONG if found.findings else branch.status


def _read(read: _Reader, files: Sequence[Path]) -> tuple[list[Use], Counter[str]]:
    """Read logs; give the uses in them, and how much else they hold, by the reason why it is none."""
    uses, left_out = [], Counter[str]()
    for file in files:
        for item in read(file):
            if isinstance(item, Use):
                uses.append(item)
            else:
                left_out[item.why] += 1
    if not uses:
        held = "".join(f"; {said}" for said in _counts(left_out))
        raise MalformedError(f"{', '.join(map(str, files))}: holds no session; is it the right file?{held}")
    return uses, left_out


def _counts(left_out: Mapping[str, int]) -> list[str]:
    return [f"{why}: {count}" for why, count in sorted(left_out.items())]


def _who(uses: Sequence[Use]) -> str:
    names = sorted({use.principal for use in uses})
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return visible(f"they are of {', '.join(names[:_FEW])}{more}")


def _document(found: Reconciled) -> dict[str, object]:
    return {
        "explained": found.explained,
        "findings": [
            {"run": None if item.run is None else item.run.intent.run, "session": item.session.document(), "why": item.why}
            for item in found.findings
        ],
        "from": found.since.isoformat(),
        "notes": [
            {"change": run.intent.change, "credential": life.public_id or life.handle, "run": run.intent.run}
            for run, life in found.unseen
        ],
        "to": found.until.isoformat(),
        "turned_away": found.turned_away,
    }


def _print(found: Reconciled, left_out: Mapping[str, int]) -> None:
    print(f"log from {found.since:%Y-%m-%d %H:%M:%S} to {found.until:%Y-%m-%d %H:%M:%S} UTC")
    print(f"{found.explained} sessions belong to runs; {found.turned_away} uses were turned away by the target")
    for said in _counts(left_out):
        print(f"left out: {said}")
    print(f"\nFindings: sessions without a run, or outside of a credential's life: {len(found.findings)}")
    lines = [
        (
            f"{item.session.first:%Y-%m-%d %H:%M:%S}",
            f"{item.session.last:%H:%M:%S}",
            item.session.principal,
            "-" if item.session.name == item.session.principal else item.session.name,
            ", ".join(item.session.sources) or "-",
            ", ".join(item.session.whats),
            item.why,
        )
        for item in found.findings
    ]
    print(
        "\n".join(
            f"  {line}" for line in table(("first", "last", "principal", "session", "from", "did", "why"), lines).splitlines()
        )
        or "  none"
    )
    print(f"\nNotes: credentials of runs that the log does not show in use: {len(found.unseen)}")
    notes = [
        (f"{life.began:%Y-%m-%d %H:%M:%S}", run.intent.run or "-", run.intent.change or "-", life.public_id or life.handle)
        for run, life in found.unseen
    ]
    print("\n".join(f"  {line}" for line in table(("minted", "run", "change", "credential"), notes).splitlines()) or "  none")
