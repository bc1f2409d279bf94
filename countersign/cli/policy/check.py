"""`countersign policy check`: everything that is wrong or doubtful about policies, with its place, all at once."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from countersign.cli import Commands
from countersign.cli.policy import action
from countersign.cli.table import Brush, Style
from countersign.domain.decision import Place
from countersign.domain.lints import lint
from countersign.domain.policy_yaml import PolicyError

_STATUS = """\
  0  every policy loads, and nothing in it is an error; warnings there may be
  1  one does not load, or says what it cannot do; with --strict also where there are warnings
  2  the command line is wrong, or a file cannot be read
"""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One line of the answer. `kind` is `invalid` for what keeps the policy from loading, else the lint's name."""

    place: Place
    serious: bool
    text: str
    kind: str

    def document(self) -> dict[str, object]:
        """Give it as plain data."""
        place = {"column": self.place.column, "file": self.place.file, "line": self.place.line}
        return place | {"kind": self.kind, "severity": "error" if self.serious else "warning", "text": self.text}


@dataclass(frozen=True, slots=True)
class Checked:
    """A policy that was looked at; no digest where it does not load."""

    file: Path
    digest: str | None
    findings: Sequence[Finding]


def register(actions: Commands) -> None:
    """Add the action."""
    parser = action.add(actions, "check", "see that policies load, and find what in them can never matter", _check, _STATUS)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help=f"default: {action.POLICY_FILE}")
    parser.add_argument("--strict", action="store_true", help="let warnings fail too")
    action.floors(parser)
    action.formats(parser)


def _check(options: argparse.Namespace) -> int:
    checked = [_checked(file, options.floor) for file in options.files or [action.POLICY_FILE]]
    findings = sorted(finding for one in checked for finding in one.findings)
    bad = any(finding.serious or options.strict for finding in findings)
    if options.format == "json":
        policies = [{"digest": one.digest, "file": str(one.file), "loads": one.digest is not None} for one in checked]
        loads = all(one.digest is not None for one in checked)
        told = [finding.document() for finding in findings]
        print(json.dumps({"fine": not bad, "loads": loads, "policies": policies, "problems": told}, sort_keys=True))
    else:
        _tell(checked, findings)
    return action.WRONG if bad else action.FINE


def _checked(file: Path, floor: Path | None) -> Checked:
    try:
        policy = action.load(file, floor)
    except PolicyError as error:
        found = [Finding(problem.place, serious=True, text=problem.text, kind="invalid") for problem in error.problems]
        return Checked(file, None, found)
    return Checked(
        file, str(policy.digest), [Finding(found.place, found.serious, found.text, found.kind) for found in lint(policy)]
    )


def _tell(checked: Sequence[Checked], findings: Sequence[Finding]) -> None:
    brush, out = Brush.of(sys.stderr), Brush.of(sys.stdout)
    for finding in findings:
        word = brush.paint("error", Style.BAD) if finding.serious else brush.paint("warning", Style.CARE)
        print(f"{finding.place}: {word}: {finding.text} [{finding.kind}]", file=sys.stderr)
    for one in checked:
        if one.digest is not None:
            errors = sum(finding.serious for finding in one.findings)
            warnings = len(one.findings) - errors
            count = ", ".join(
                f"{number} {what}{'s'[: number != 1]}" for number, what in ((errors, "error"), (warnings, "warning")) if number
            )
            print(f"{one.file}: {out.paint('loads', Style.BAD if errors else Style.GOOD)}, {one.digest}{count and f', {count}'}")
