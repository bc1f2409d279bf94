"""Where the index is kept, who may have written it, and what it may overwrite. Opens no database."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG

from countersign.adapters.index.blobs import Branch
from countersign.adapters.index.schema import APPLICATION
from countersign.domain.ids import MalformedError
from countersign.domain.outcomes import LedgerFault

_SQLITE = b"SQLite format 3\0"
_APPLICATION_AT = 68
"""Where SQLite keeps a file's application id (its file format, section 1.3)."""

_OTHERS_WRITE = 0o022


def index_file(repository: Path, cache: Path) -> Path:
    """Give the place of a clone's index: below its user's cache, and not in the clone, which somebody else may have filled.

    Raises:
        LedgerFault: there is no repository.
    """
    folder = Branch(repository).folder()
    told = folder.parent.name if folder.name == ".git" else folder.name
    return cache / "countersign" / f"{told}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}.sqlite"


def check_replaceable(file: Path) -> None:
    """Return if an index may take this file's place: there is none, it is empty, or it is an index, of whatever version.

    Raises:
        MalformedError: it is something else, and stays as it is.
        OSError: it cannot be looked at.
    """
    try:
        fine = S_ISREG(file.stat().st_mode) and _is_index(file)  # what is no file could keep whoever opens it waiting
    except FileNotFoundError:
        return
    if not fine:
        raise MalformedError(f"{file} is no index of this program and stays as it is; name another file with --index")


def _is_index(file: Path) -> bool:
    with file.open("rb") as opened:
        head = opened.read(_APPLICATION_AT + 4)
    return not head or (head.startswith(_SQLITE) and head[_APPLICATION_AT:] == APPLICATION.to_bytes(4))


def beside(file: Path) -> list[Path]:
    """Give what SQLite keeps beside a file while it is open or where its program died, and reads as a part of it."""
    return [file.with_name(file.name + ending) for ending in ("-wal", "-shm", "-journal")]


def check_mine(named: Path, file: Path) -> None:
    """Return if nobody else can have written the index, if there is one, nor what is read with it, nor can put anything there.

    `named` is how its user names the file, and may be a link to it. Of folders those that hold the two are looked at, since a link
    in a folder of others can be swapped; not those above them, nor those of links between the two.

    Raises:
        LedgerFault: somebody can.
        OSError: it cannot be looked at.
    """
    for folder in (named.parent, file.parent):
        if _of_others(folder):
            raise LedgerFault(f"others can write the folder of the index, {folder}; name a file elsewhere with --index")
    for one in (file, *beside(file)):
        with suppress(FileNotFoundError):
            if _of_others(one):
                raise LedgerFault(f"the index {one} may have been written by others; remove it, or name another with --index")


def _of_others(path: Path) -> bool:
    found = path.stat()
    return found.st_uid != os.geteuid() or bool(found.st_mode & _OTHERS_WRITE)
