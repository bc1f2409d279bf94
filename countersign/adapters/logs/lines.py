"""Opens a log file and gives its lines or its one document; packed with gzip or not. Says where it stumbles."""

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, cast

from countersign.attestation.accounts.moment import placed
from countersign.domain.ids import MalformedError

_GZIP = b"\x1f\x8b"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 4 * 1024 * 1024
_LARGEST = 512 * 1024 * 1024
"""Bytes: of a line, and of a document that has to be read whole."""


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Give the objects of a file that has one a line, each with the number of its line.

    Raises:
        MalformedError: it cannot be read, or a line is no JSON object; the text names file and line.
    """
    for number, line in lines(path):
        if not line.strip():
            continue
        try:
            document: object = json.loads(line)
        except (ValueError, RecursionError):
            raise MalformedError(f"{path}:{number}: not a line of JSON") from None
        if not isinstance(document, dict):
            raise MalformedError(f"{path}:{number}: not a JSON object")
        yield number, document


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Give the lines of a file with their numbers.

    Raises:
        MalformedError: it cannot be read, a line is too long, or it is not UTF-8.
    """
    with _opened(path) as file:
        number = 0
        while line := file.readline(_LONGEST):
            number += 1
            if len(line) == _LONGEST:
                raise MalformedError(f"{path}:{number}: a line of more than {_LONGEST} bytes")
            try:
                yield number, line.decode()
            except UnicodeDecodeError:
                raise MalformedError(f"{path}:{number}: not UTF-8") from None


def document(path: Path) -> object:
    """Give the one JSON document of a file.

    Raises:
        MalformedError: it cannot be read, is too large, or is no JSON.
    """
    with _opened(path) as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise MalformedError(f"{path}: larger than {_LARGEST} bytes; split it")
    try:
        found: object = json.loads(data)
    except (ValueError, RecursionError):
        raise MalformedError(f"{path}: not a JSON document") from None
    return found


def moment(text: object, where: str) -> datetime:
    """Read a time with a zone.

    Raises:
        MalformedError: not one, or of a year that no log is of; the text says where.
    """
    said = repr(str(text)[:40])
    try:
        read = datetime.fromisoformat(str(text))
    except ValueError:
        raise MalformedError(f"{where}: not a time: {said}") from None
    if read.tzinfo is None:
        raise MalformedError(f"{where}: a time without a zone: {said}")
    return placed(read, f"{where}: {said}")


def since_1970(milliseconds: int | None, where: str) -> datetime:
    """Read a time that is counted in milliseconds.

    Raises:
        MalformedError: not one, or of a year that no log is of; the text says where.
    """
    try:
        read = None if milliseconds is None else _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        read = None
    if read is None:
        raise MalformedError(f"{where}: no time in milliseconds")
    return placed(read, f"{where}: {milliseconds}")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as probe:
            packed = probe.read(2) == _GZIP
        file: IO[bytes] = cast("IO[bytes]", gzip.open(path)) if packed else path.open("rb")  # noqa: SIM115 - closed below
        with file:
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise MalformedError(f"{path}: not whole, or not packed as gzip does") from None
    except OSError as error:
        raise MalformedError(f"{path}: {error.strerror}") from None
