"""`countersign audit exceptions`: what an auditor looks at first."""

import argparse
import json
from dataclasses import replace

from countersign.adapters.index.records import predicates
from countersign.attestation.accounts.exceptions import KINDS, find_exceptions, refusals_by_rule
from countersign.cli import Commands
from countersign.cli.audit.indexed import add_indexed, opened
from countersign.cli.audit.query import add_questions, note_of_paths, question, warn_of_names
from countersign.cli.table import table


def register(actions: Commands) -> None:
    """Add the action."""
    purpose = "list refusals, voided approvals, policy changes, failed, lost, tainted and open runs"
    parser = add_indexed(actions, "exceptions", purpose, _exceptions, formats=("text", "json"))
    add_questions(parser)


def _exceptions(options: argparse.Namespace) -> int:
    asked = replace(question(options), oldest_first=True)
    with opened(options) as branch:
        rows = branch.index.ask(replace(asked, below=branch.below))
        runs = sorted({row.told.run for row in rows if row.told.run is not None})
        both = {
            row.told.seq: row for row in [*rows, *branch.index.of_runs(runs)]
        }  # an intent's outcome may be later than the window
        asked_for = {row.told.seq for row in rows}
        found = find_exceptions(predicates([both[seq] for seq in sorted(both)], branch.source), of=asked_for)
        if options.format == "json":
            for item in found:
                print(json.dumps(item.document(), sort_keys=True))
        else:
            print(f"{len(found)} exceptions in {len(rows)} records")
            for kind, title in KINDS.items():
                of_kind = [item for item in found if item.kind == kind]
                if not of_kind:
                    continue
                print(f"\n{title}: {len(of_kind)}")
                lines = [
                    (
                        item.told.recorded[:19].replace("T", " "),
                        str(item.told.seq),
                        item.told.change or "-",
                        ", ".join(item.who) or "-",
                        item.what,
                    )
                    for item in of_kind
                ]
                print("\n".join(f"  {line}" for line in table(("recorded", "seq", "change", "who", "what"), lines).splitlines()))
                if kind == "refused":
                    print("  by rule: " + ", ".join(f"{rule} ({count})" for rule, count in refusals_by_rule(found).items()))
        note_of_paths(branch, asked)
        if not rows:
            warn_of_names(branch.index, asked)
        branch.warn()
        return branch.status
