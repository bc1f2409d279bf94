"""`countersign policy test`: holds a policy against its scenarios, and with `--mutate` the scenarios against the policy."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from countersign.cli import Commands
from countersign.cli.policy import action, reasons
from countersign.cli.table import Brush, Cell, Style
from countersign.domain.decision import Place
from countersign.domain.ids import MalformedError
from countersign.domain.lints.lint import where
from countersign.domain.mutation.hunt import Hunt, hunt
from countersign.domain.neutral import visible
from countersign.domain.policy import Policy
from countersign.domain.policy_yaml import PolicyError, Problem
from countersign.domain.scenarios.reader import Written, read_scenarios
from countersign.domain.scenarios.trial import Trial, Verdict

_STATUS = """\
  0  every scenario passes; with --mutate, also: one of them notices each mutant
  1  a scenario fails, a mutant survives, or policy or scenarios do not load
  2  the command line is wrong, a file cannot be read, or there are no scenarios
"""
_FOLDER = Path(".countersign/tests")


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no scenario notices, and where the part stands that it lacks."""

    place: Place
    text: str


def register(actions: Commands) -> None:
    """Add the action."""
    parser = action.add(actions, "test", "hold a policy against the scenarios beside it", _test, _STATUS)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=_FOLDER, metavar="DIR", help="with *.yaml files of scenarios (default: %(default)s)"
    )
    parser.add_argument("--policy", type=Path, metavar="FILE", help="default: policy.yaml in the folder above DIR")
    parser.add_argument(
        "--mutate", action="store_true", help="drop or weaken each part of the policy, and list what no scenario notices"
    )
    action.floors(parser)
    action.formats(parser)


def _test(options: argparse.Namespace) -> int:
    folder: Path = options.folder
    file: Path = options.policy or folder.parent / "policy.yaml"
    policy = action.load(file, options.floor)
    trials = [Trial.of(written, policy) for written in _read(folder)]
    verdicts = [trial.hold(policy) for trial in trials]
    passed = all(verdict.passed for verdict in verdicts)
    found = hunt(policy, trials) if options.mutate and passed else None
    survivors = [] if found is None else _survivors(policy, found)
    if options.format == "json":
        print(json.dumps(_document(verdicts, found, survivors), sort_keys=True))
    else:
        _tell(policy, verdicts)
        _tell_mutants(found, survivors, asked=options.mutate)
    return action.FINE if passed and not survivors else action.WRONG


def _read(folder: Path) -> list[Written]:
    """Read all files of a folder; every problem of all of them is told at once."""
    files = sorted(path for path in folder.glob("*.yaml") if path.is_file())
    if not files:
        raise MalformedError(f"no scenarios: there is no *.yaml file in {folder}")
    written: list[Written] = []
    problems: list[Problem] = []
    for file in files:
        try:
            written.extend(read_scenarios(action.read(file), file=str(file)))
        except PolicyError as error:
            problems.extend(error.problems)
    if problems:
        raise PolicyError(tuple(problems))
    return written


def _survivors(policy: Policy, found: Hunt) -> list[Survivor]:
    return sorted(
        (Survivor(where(policy, *mutant.where), str(mutant)) for mutant in found.alive), key=lambda one: (one.place, one.text)
    )


def _tell(policy: Policy, verdicts: Sequence[Verdict]) -> None:
    brush = Brush.of(sys.stdout)
    rows: list[list[Cell | str]] = [
        [
            Cell("pass", Style.GOOD) if verdict.passed else Cell("FAIL", Style.BAD),
            reasons.outcome(verdict.decision),
            verdict.decision.tier or "-",
            visible(verdict.written.scenario.name),
        ]
        for verdict in verdicts
    ]
    for line, verdict in zip(brush.table(rows), verdicts, strict=True):
        print(line)
        if not verdict.passed:
            print(f"      {verdict.written.place}")
            told = [
                [f"{item.what}:", f"expected {visible(item.expected)},", f"seen {visible(item.seen)}"]
                for item in verdict.differences
            ]
            print("\n".join(brush.table(told, indent="      ")))
            print("\n".join(reasons.table(verdict.decision, policy, brush, indent="        ")))
    failed = sum(not verdict.passed for verdict in verdicts)
    count = f"{len(verdicts)} scenario{'s'[: len(verdicts) != 1]}"
    print(f"{count}: {failed} failed" if failed else f"{count}: all pass")


def _tell_mutants(found: Hunt | None, survivors: Sequence[Survivor], *, asked: bool) -> None:
    if found is None:
        if asked:
            print("no mutants were tried: first the scenarios have to pass", file=sys.stderr)
        return
    brush = Brush.of(sys.stdout)
    for survivor in survivors:
        print(f"{survivor.place}: {brush.paint('survives', Style.CARE)}: {visible(survivor.text)}")
    total = found.killed + len(survivors)
    print(f"{total} mutants: {found.killed} noticed, {len(survivors)} survive; {found.same} more could change nothing")


def _document(verdicts: Sequence[Verdict], found: Hunt | None, survivors: Sequence[Survivor]) -> dict[str, object]:
    scenarios = [
        {
            "differences": [{"expected": item.expected, "seen": item.seen, "what": item.what} for item in verdict.differences],
            "name": verdict.written.scenario.name,
            "outcome": verdict.decision.effect.word,
            "passed": verdict.passed,
            "place": str(verdict.written.place),
            "tier": verdict.decision.tier,
        }
        for verdict in verdicts
    ]
    told = None
    if found is not None:
        alive = [{"place": str(survivor.place), "text": survivor.text} for survivor in survivors]
        told = {"alive": alive, "killed": found.killed, "same": found.same}
    return {"mutants": told, "passed": all(verdict.passed for verdict in verdicts), "scenarios": scenarios}
