"""`countersign policy diff`: which past decisions another policy would have made otherwise, from records of the audit branch."""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from countersign.adapters.clone import Clone, CloneRepository
from countersign.attestation.past import Past
from countersign.attestation.record import AUDIT_BRANCH, Entry
from countersign.cli import Commands, clock
from countersign.cli.audit.reading import read
from countersign.cli.policy import action
from countersign.cli.policy.floored import floored
from countersign.cli.policy.moment import moment
from countersign.cli.table import Brush, Cell, Style
from countersign.domain.neutral import visible
from countersign.domain.outcomes import LedgerFault, Refused
from countersign.domain.policy import Policy
from countersign.domain.policy_diff import PolicyDiff, Turn, compare
from countersign.domain.problems import PolicyError
from countersign.domain.several import more, several

_STATUS = """\
  0   no past decision would be another one
  1   some would
  2   the command line is wrong, or one of the policies does not load
  3   none of those that could be compared; others do not hold what they were decided from, and are named
  30  could not compare: the audit branch is not there, or a record in it is wrong
"""
UNKNOWN = 3
_SHOWN = 20
"""Records that a note for people names; JSON names all."""

_AGO = re.compile(r"(\d{1,4})([dh])")
LeftOut = Mapping[str, Sequence[Entry]]

_LOOKS = {Turn.LOOSER: Style.BAD, Turn.STRICTER: Style.CARE, Turn.OTHER: Style.PLAIN}


def register(actions: Commands) -> None:
    """Add the action."""
    parser = action.add(actions, "diff", "show which past decisions another policy would have made otherwise", _diff, _STATUS)
    parser.add_argument("old", metavar="OLD", help="a policy file, or a commit that has one")
    parser.add_argument("new", metavar="NEW", help="a policy file, or a commit that has one")
    parser.add_argument(
        "--against", default=AUDIT_BRANCH, metavar="BRANCH", help="the audit branch, local or fetched (default: %(default)s)"
    )
    parser.add_argument(
        "--since", type=_since, metavar="WHEN", help="only decisions since then: 90d, 12h, or a moment with its offset"
    )
    parser.add_argument("--trust-root", type=Path, metavar="FILE", help="allowed signers, from elsewhere than the branch")
    parser.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the clone; this directory if not given")
    action.floors(parser)
    action.formats(parser)


def _diff(options: argparse.Namespace) -> int:
    try:
        old, new = (_load(text, options.repo, options.floor) for text in (options.old, options.new))
    except (PolicyError, Refused) as error:
        print(error, file=sys.stderr)
        return action.USAGE
    reading = read(argparse.Namespace(repo=options.repo, branch=options.against, trust_root=options.trust_root))
    reading.warn()
    if reading.problem is not None:
        raise LedgerFault("the audit branch is not as it should be; nothing is compared")
    past = Past.of(reading.entries, since=options.since)
    found, left = compare(old, new, past.inputs), _left_out(reading.entries, options.since)
    if options.format == "json":
        print(json.dumps(_document(found, left), sort_keys=True))
    else:
        _tell(found, left)
    return action.WRONG if found.turned else UNKNOWN if left else action.FINE


def _left_out(entries: Iterable[Entry], since: datetime | None) -> LeftOut:
    """Give the records that cannot be compared by why not: those that alone give nothing to compare."""
    left: dict[str, list[Entry]] = {}
    for entry in entries:
        for why, _ in Past.of([entry], since=since).missing:
            left.setdefault(why, []).append(entry)
    return dict(sorted(left.items()))


def _load(text: str, folder: Path, floor: Path | None) -> Policy:
    """Load a policy from a file, or else from a commit of the clone.

    Raises:
        MalformedError: it is neither.
        PolicyError, Refused: it does not load.
    """
    if Path(text).is_file():
        return action.load(Path(text), floor)
    clone = Clone.find(folder)
    commit = clone.resolve(text)
    with TemporaryDirectory(prefix="countersign-") as scratch:
        repository = CloneRepository(clone, scratch=Path(scratch), branches={})
        return floored(clone, Path(scratch), floor).at(repository, commit)


def _since(text: str) -> datetime:
    ago = _AGO.fullmatch(text)
    return clock.now() - timedelta(hours=int(ago[1]) * (24 if ago[2] == "d" else 1)) if ago is not None else moment(text)


def _tell(found: PolicyDiff, left: LeftOut) -> None:
    brush = Brush.of(sys.stdout)
    rows: list[list[Cell | str]] = [
        [
            f"{turned.at:%Y-%m-%d %H:%M}Z",
            str(turned.change),
            Cell(turned.turn.value, _LOOKS[turned.turn]),
            turned.old.words,
            "->",
            turned.new.words,
            Cell(visible(", ".join(turned.rules)), Style.FAINT),
        ]
        for turned in found.turned
    ]
    print("\n".join([*brush.table(rows), *([""] if rows else [])]), end="")
    print(f"{len(found.turned)} of {found.compared} past decisions would be others", end="")
    print(f": {found.turns(Turn.LOOSER)} looser, {found.turns(Turn.STRICTER)} stricter" if found.turned else "")
    for words, number in found.counts().items():
        print(f"  {number}  {words}")
    for why, entries in left.items():
        first, more_of_them = several(entries, _SHOWN)
        which = ", ".join(f"{entry.seq} ({entry.change})" for entry in first) + more(more_of_them)
        print(f"note: {len(entries)} not compared: {visible(why)}: {visible(which)}", file=sys.stderr)


def _document(found: PolicyDiff, left: LeftOut) -> dict[str, object]:
    return {
        "compared": found.compared,
        "counts": dict(found.counts()),
        "decisions": [
            {
                "at": turned.at.isoformat(),
                "change": str(turned.change),
                "from": {"approvals": list(turned.old.asked), "outcome": turned.old.effect.word, "tier": turned.old.tier},
                "rules": list(turned.rules),
                "to": {"approvals": list(turned.new.asked), "outcome": turned.new.effect.word, "tier": turned.new.tier},
                "turn": turned.turn.value,
            }
            for turned in found.turned
        ],
        "not_compared": [
            {
                "records": len(entries),
                "which": [{"change": str(entry.change), "key": entry.key, "number": entry.seq} for entry in entries],
                "why": why,
            }
            for why, entries in left.items()
        ],
    }
