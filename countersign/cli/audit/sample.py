"""`countersign audit sample`: draws changes from the complete population, so that anybody can draw the same again."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace

from countersign.adapters.index.records import record_line
from countersign.adapters.index.row import Row
from countersign.attestation.accounts.cells import csv_lines
from countersign.attestation.accounts.sample import METHOD, Drawn, draw
from countersign.attestation.checkpoint import Checkpoint
from countersign.cli import Commands
from countersign.cli.audit.action import Once, count
from countersign.cli.audit.indexed import Opened, add_indexed, opened
from countersign.cli.audit.query import add_questions, narrowed, note_of_paths, question, warn_of_names
from countersign.cli.table import table
from countersign.domain.ids import MalformedError
from countersign.domain.neutral import visible

_RUNS = ("executed", "failed", "lost")


def register(actions: Commands) -> None:
    """Add the action."""
    parser = add_indexed(actions, "sample", "draw a sample that can be drawn again", _sample, formats=("table", "json", "csv"))
    parser.add_argument("-n", type=count, default=25, metavar="COUNT", help="how many (default: %(default)s)")
    parser.add_argument("--seed", required=True, help="any word or number; the same seed draws the same from the same population")
    parser.add_argument(
        "--checkpoint",
        action=Once,
        metavar="SIZE@ROOT",
        help="draw as of this earlier state of the log, which must have been one: from its first SIZE records alone",
    )
    add_questions(parser)
    parser.epilog = f"""{parser.epilog}
population:
  The outcomes of all runs (executed, failed, lost) that the other options leave; --kind asks for others, such as
  --kind refused. Records are numbered without gaps, so it is complete by arithmetic: `audit verify` counts them.
  The output says what was drawn from: the log's checkpoint, the kinds, and what narrowed it (in JSON the first line, in CSV a
  column). A log that has grown draws others; --checkpoint draws as it was.
method:
  {METHOD}
"""


def _sample(options: argparse.Namespace) -> int:
    asked = question(options)
    wanted = None if options.checkpoint is None else _parsed(options.checkpoint)
    if options.seed.encode(errors="replace").decode() != options.seed:
        raise MalformedError("the seed is not UTF-8")
    with opened(options) as branch:
        state = _state(branch, wanted)
        whole = replace(asked, kinds=asked.kinds or _RUNS, below=0 if state is None else state.size, oldest_first=True)
        population = {row.told.seq: row for row in branch.index.ask(whole)}
        seqs = draw(((seq, row.digest) for seq, row in population.items()), count=options.n, seed=options.seed)
        drawn = Drawn(len(seqs), len(population), whole.kinds, narrowed(asked), options.seed, state)
        _print([population[seq] for seq in seqs], drawn, options.format, branch)
        note_of_paths(branch, whole)
        if not population:
            warn_of_names(branch.index, asked)
        branch.warn()
        return branch.status


def _parsed(given: str) -> Checkpoint:
    try:
        return Checkpoint.parse(given)
    except MalformedError as error:
        raise MalformedError(f"--checkpoint {given[:200]}: {error}") from None


def _state(branch: Opened, wanted: Checkpoint | None) -> Checkpoint | None:
    """Give the state of the log that is drawn from: the one that was asked for, else the newest that is good; None of an empty log.

    Raises:
        MalformedError: the log was never in the state that was asked for.
    """
    leaves = branch.index.leaves()[: branch.below]
    if wanted is None:
        return Checkpoint.over(leaves)
    why = None
    if wanted.size > len(leaves):
        why = f"the log has {len(leaves)} {'records' if branch.below is None else 'good records'}"
    elif Checkpoint.over(leaves[: wanted.size]) != wanted:
        why = f"over the log's first {wanted.size} records the root is another"
    if why is not None:
        raise MalformedError(
            f"--checkpoint {wanted}: {why}; it is of another log, or this one was cut or rewritten since; ask `audit verify`"
        )
    return wanted


def _print(rows: Sequence[Row], drawn: Drawn, form: str, branch: Opened) -> None:
    """Print a sample with what it was drawn from, where whoever keeps the output keeps it too."""
    said = visible(f"{drawn}\nmethod: {METHOD}")
    if form == "json":
        print(json.dumps({"sample": drawn.document()}, sort_keys=True))
        for row in rows:
            print(record_line(row, branch.source))
    elif form == "csv":
        more = ("commit", "digest", "file", "sample")
        extra = [(row.commit, row.digest, row.file, drawn) for row in rows]
        sys.stdout.writelines(csv_lines([row.told for row in rows], more, extra))
    else:
        lines = [
            (row.told.recorded[:19].replace("T", " "), str(row.told.seq), row.told.kind, row.told.change or "-", row.told.summary)
            for row in rows
        ]
        print(table(("recorded", "seq", "kind", "change", "summary"), lines))
    print(said, file=sys.stdout if form == "table" else sys.stderr)
