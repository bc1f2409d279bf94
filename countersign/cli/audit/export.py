"""`countersign audit export`: records of a time as a spreadsheet, as lines of JSON, or as pages."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from countersign.adapters.index.question import Question
from countersign.adapters.index.records import predicates, record_line
from countersign.adapters.index.row import Row
from countersign.adapters.pages.site import Export
from countersign.attestation.accounts.cells import csv_lines
from countersign.cli import Commands
from countersign.cli.audit.indexed import Opened, add_indexed, opened
from countersign.cli.audit.query import add_questions, note_of_paths, question, warn_of_names
from countersign.domain.ids import MalformedError


def register(actions: Commands) -> None:
    """Add the action."""
    parser = add_indexed(actions, "export", "write records as CSV, JSON lines or pages", _export, formats=("csv", "jsonl", "html"))
    parser.add_argument("--out", type=Path, metavar="PATH", help="a file; for html a new folder (default: standard output)")
    add_questions(parser)


def _export(options: argparse.Namespace) -> int:
    asked = question(options)
    if options.format == "html" and options.out is None:
        raise MalformedError("pages are a folder: name a new one with --out")
    with opened(options) as branch:
        asked = replace(asked, below=branch.below)
        if options.format == "html":
            export = Export(
                index=branch.index,
                predicates=lambda rows: predicates(rows, branch.source),
                repository=options.repo,
                question=asked,
                name=_name(branch, options.repo),
                standing=standing(branch),
            )
            print(f"{options.out}: {export.write(options.out)} pages")
        else:
            rows = branch.index.ask(replace(asked, oldest_first=True))
            _write(options.out, _csv(rows) if options.format == "csv" else (record_line(row, branch.source) + "\n" for row in rows))
        note_of_paths(branch, asked)
        if not branch.index.ask(replace(asked, limit=1)):
            warn_of_names(branch.index, asked)
        branch.warn()
        return branch.status


def standing(branch: Opened) -> str:
    """Say how far what is shown was verified."""
    where = f"Branch {branch.branch.ref} at {branch.branch.tip}."
    if branch.problem is not None:
        return f"{where} NOT verified: {branch.problem}. Shown are the good records before it."
    return f"{where} {'Every record was verified.' if branch.signed else 'Signatures were not checked.'}"


def _csv(rows: Iterable[Row]) -> Iterator[str]:
    kept = list(rows)
    return csv_lines([row.told for row in kept], ("commit", "digest", "file"), [(row.commit, row.digest, row.file) for row in kept])


def _write(out: Path | None, lines: Iterable[str]) -> None:
    if out is None:
        sys.stdout.writelines(lines)
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        raise MalformedError(f"{out} cannot be written: {error.strerror}") from None


def _name(branch: Opened, repository: Path) -> str:
    """Name the log by the project that its newest record is of; by the clone's folder where it is of none."""
    newest = branch.index.ask(Question(limit=1))
    return (newest[0].told.repository if newest else None) or repository.resolve().name.removesuffix(".git")
