"""`countersign audit packet`: everything about one change in one folder, for somebody who has no repository."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from countersign.adapters.index.question import Question
from countersign.adapters.index.records import predicates, raw_record
from countersign.adapters.index.row import Row
from countersign.adapters.packet import write_packet
from countersign.adapters.pages import pages
from countersign.adapters.pages.looks import Looks
from countersign.adapters.shown_diff import shown_diff
from countersign.attestation.accounts.story import tell
from countersign.attestation.keys import Signer, load_signer
from countersign.attestation.objects import read_object
from countersign.attestation.packets import form
from countersign.attestation.packets.derived import newest_change
from countersign.attestation.packets.make import Contents, Held, make
from countersign.cli import Commands
from countersign.cli.audit.indexed import Opened, add_indexed, opened
from countersign.domain.ids import MalformedError, digest_of
from countersign.domain.neutral import line
from countersign.domain.outcomes import LedgerFault

_STANDING = "A view of the records beside this page, which are what is signed: README.txt says how to check them."
"""Not how far its maker's branch was verified: a packet proves itself, and its bytes do not hang on what he did."""

_CHANGE = re.compile(r"(?P<repository>[^\s!]+)?!(?P<iid>[1-9]\d{0,9})")


def register(actions: Commands) -> None:
    """Add the action."""
    parser = add_indexed(actions, "packet", "put everything about one change into a folder", _packet, formats=())
    parser.add_argument("id", metavar="ID", help="a change (acme/shop!41, !41), or number, ULID, key or run of one of its records")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    parser.add_argument("--floor", type=Path, metavar="FILE", help="a copy of the floor that the policy extends")
    parser.add_argument(
        "--seal", type=Path, metavar="KEY", help="also sign each record as a DSSE envelope, with this OpenSSH private key"
    )


def _packet(options: argparse.Namespace) -> int:
    seal = None if options.seal is None else _signer(options.seal)
    with opened(options) as branch:
        rows = _rows(branch, options.id)
        contents = _contents(branch, rows, options)
        files = make(contents, seal=seal)
        write_packet(options.out, files)
        kinds = ", ".join(row.told.kind for row in rows)
        print(f"{line(str(options.out))}: {len(files)} files about {rows[0].told.change or rows[0].told.summary}: {kinds}")
        print(f"{form.SUMS}: {digest_of(files[form.SUMS])}")
        for name, why in contents.missing.items():
            print(line(f"note: {name} is not {'whole' if name in files else 'in it'}: {why}"))
        branch.warn()
        return branch.status


def _rows(branch: Opened, name: str) -> list[Row]:
    """Give all records of the change that is meant; of a record without a change, that one alone."""
    found = _CHANGE.fullmatch(name)
    if found is not None:
        rows = branch.index.ask(
            Question(repository=found["repository"], iid=int(found["iid"]), below=branch.below, oldest_first=True)
        )
        if len({row.told.change for row in rows}) > 1:
            raise MalformedError(f"{name} is not one change: name the repository too, as in {rows[0].told.change}")
    else:
        rows = [row for row in branch.index.find(name) if branch.below is None or row.told.seq < branch.below]
        if rows and rows[0].told.change is not None:
            told = rows[0].told
            rows = branch.index.ask(Question(repository=told.repository, iid=told.iid, below=branch.below, oldest_first=True))
    if not rows:
        raise MalformedError(
            f"no record of {name}: give a change, or number, ULID, key or run of a record, as `audit query` lists them"
        )
    return rows


def _contents(branch: Opened, rows: Sequence[Row], options: argparse.Namespace) -> Contents:
    from countersign.cli.audit.policies import Policies  # noqa: PLC0415 - the other actions read no policy

    held = [Held(row.told.seq, raw_record(row, branch.source), _commit(branch, row)) for row in rows]
    leaves = branch.index.leaves()
    if branch.below is not None:
        raise LedgerFault("the branch holds a wrong record, so nothing on it can be proved; run: countersign audit verify")
    told = predicates(rows, branch.source)
    story = tell(told)
    if story is None:
        raise MalformedError("there are no records")
    missing: dict[str, str] = {}
    diff = shown_diff(options.repo, newest_change([item.record for item in held]))
    if diff.why or not diff.text:
        missing[form.DIFF] = diff.why or "the change changes nothing"
    decided = Policies(options.repo, options.floor)
    decided.take_all(told)
    site = pages.Site(story.change, _STANDING, form.PAGE, None, lambda _: form.PAGE)
    page = pages.change(Looks(), site, story, rows, pages.Diff.of(diff.text, diff.why))
    return Contents(
        held=held,
        head=read_object(branch.source, branch.branch.tip, "commit"),
        leaves=leaves,
        policies=decided.files,
        diff=diff.text.encode() if diff.text else None,
        page=page.encode(),
        missing=missing | decided.missing,
    )


def _commit(branch: Opened, row: Row) -> bytes:
    if row.commit is None:
        raise LedgerFault(f"record {row.told.seq}: the index does not know its commit; remove it, or name another with --index")
    return read_object(branch.source, row.commit, "commit")


def _signer(path: Path) -> Signer:
    try:
        return load_signer(path.read_bytes())
    except OSError as error:
        raise MalformedError(f"the key {path} cannot be read: {error.strerror}") from None
