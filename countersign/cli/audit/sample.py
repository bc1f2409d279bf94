"""`countersign audit sample`: draws changes from the complete population, so that anybody can draw the same again."""

import argparse
import sys
from dataclasses import replace

from countersign.adapters.index.records import record_line
from countersign.attestation.accounts.cells import csv_lines
from countersign.attestation.accounts.sample import METHOD, draw
from countersign.cli import Commands
from countersign.cli.audit.action import count
from countersign.cli.audit.indexed import add_indexed, opened
from countersign.cli.audit.query import add_questions, note_of_paths, question, warn_of_names
from countersign.cli.table import table

_RUNS = ("executed", "failed", "lost")


def register(actions: Commands) -> None:
    """Add the action."""
    parser = add_indexed(actions, "sample", "draw a sample that can be drawn again", _sample, formats=("table", "json", "csv"))
    parser.add_argument("-n", type=count, default=25, metavar="COUNT", help="how many (default: %(default)s)")
    parser.add_argument("--seed", required=True, help="any word or number; the same seed draws the same")
    add_questions(parser)
    parser.epilog = f"""{parser.epilog}
population:
  The outcomes of all runs (executed, failed, lost) that the other options leave; --kind asks for others, such as
  --kind refused. Records are numbered without gaps, so it is complete by arithmetic: `audit verify` counts them.
method:
  {METHOD}
"""


def _sample(options: argparse.Namespace) -> int:
    asked = question(options)
    with opened(options) as branch:
        whole = replace(asked, kinds=asked.kinds or _RUNS, below=branch.below, oldest_first=True)
        population = {row.told.seq: row for row in branch.index.ask(whole)}
        drawn = [
            population[seq]
            for seq in draw(((seq, row.digest) for seq, row in population.items()), count=options.n, seed=options.seed)
        ]
        last = len(branch.index.digests()) if branch.below is None else branch.below
        if options.format == "json":
            for row in drawn:
                print(record_line(row, branch.source))
        elif options.format == "csv":
            more = ("commit", "digest", "file")
            sys.stdout.writelines(
                csv_lines([row.told for row in drawn], more, [(row.commit, row.digest, row.file) for row in drawn])
            )
        else:
            lines = [
                (
                    row.told.recorded[:19].replace("T", " "),
                    str(row.told.seq),
                    row.told.kind,
                    row.told.change or "-",
                    row.told.summary,
                )
                for row in drawn
            ]
            print(table(("recorded", "seq", "kind", "change", "summary"), lines))
        kinds = ", ".join(whole.kinds)
        print(f"drawn: {len(drawn)} of {len(population)} ({kinds}) among {last} records, seed {options.seed!r}", file=sys.stderr)
        print(f"method: {METHOD}", file=sys.stderr)
        note_of_paths(branch, whole)
        if not population:
            warn_of_names(branch.index, asked)
        branch.warn()
        return branch.status
