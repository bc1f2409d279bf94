"""What the actions of `countersign tokens` share: texts and keys from files, exit statuses. Never prints a value or a key."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from countersign.adapters.private import check_private
from countersign.cli import Commands
from countersign.domain.ids import ChangeRef, MalformedError
from countersign.domain.tokens.key import LAST_EPOCH, TokensKey
from countersign.domain.tokens.kinds import ALL, ALWAYS, ValueClass
from countersign.domain.tokens.tokenizer import Tokenizer

FINE, FOUND, USAGE = 0, 1, 2
STDIN = Path("-")


def add(actions: Commands, name: str, purpose: str, run: Callable[[argparse.Namespace], int], rest: str) -> argparse.ArgumentParser:
    """Add an action; `rest` tells its exit statuses and examples."""
    parser = actions.add_parser(
        name,
        help=purpose,
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=lambda options: _guarded(name, run, options))
    return parser


def classed(parser: argparse.ArgumentParser) -> None:
    """Add the option that says which classes are looked for."""
    parser.add_argument(
        "--class",
        dest="classes",
        action="append",
        choices=[kind.value for kind in ValueClass],
        help="look for this class and secrets only; may be repeated (all classes if not given)",
    )


def formatted(parser: argparse.ArgumentParser) -> None:
    """Add the option that says for whom the answer is written."""
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="table for people, one JSON object a line for programs"
    )


def several(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the files that are read."""
    parser.add_argument("files", nargs="*", type=Path, default=[STDIN], metavar="FILE", help=f"{what}; - or nothing for stdin")


def keyed(parser: argparse.ArgumentParser) -> None:
    """Add the options that say with which key, for which project."""
    parser.add_argument("--key-file", required=True, type=Path, metavar="FILE", help="the key that bot and runners have")
    parser.add_argument("--project", required=True, help="the project's full path, such as acme/shop; each has tokens of its own")
    parser.add_argument("--epoch", type=int, default=1, metavar="N", help="the key's epoch; a record names its own (default: 1)")


def classes(options: argparse.Namespace) -> frozenset[ValueClass]:
    """Give the classes that are asked for."""
    return ALWAYS | {ValueClass(name) for name in options.classes} if options.classes else ALL


def tokenizer(options: argparse.Namespace) -> Tokenizer:
    """Read the key, for the classes that are asked for.

    Raises:
        MalformedError: it cannot be read, others can read it, or it is none; or the project or epoch is none.
    """
    return Tokenizer(key(options), project(options), classes(options))


def key(options: argparse.Namespace) -> TokensKey:
    """Read the key.

    Raises:
        MalformedError: it cannot be read, others can read it, or it is none; or the epoch is none.
    """
    path: Path = options.key_file
    if not 1 <= options.epoch <= LAST_EPOCH:
        raise MalformedError(f"--epoch must be between 1 and {LAST_EPOCH}")
    try:
        check_private(path)
        return TokensKey.parse(path.read_text(errors="replace"), epoch=options.epoch)
    except OSError as error:
        raise MalformedError(f"{path}: {error.strerror}") from None
    except MalformedError as error:
        raise MalformedError(f"{path}: {error}") from None


def project(options: argparse.Namespace) -> str:
    """Give the project.

    Raises:
        MalformedError: it is none.
    """
    return ChangeRef(options.project, 1).project


def read(path: Path) -> str:
    """Read a text; bytes that are no UTF-8 come out as they went in.

    Raises:
        MalformedError: it cannot be read.
    """
    return read_bytes(path).decode("utf-8", "surrogateescape")


def read_bytes(path: Path) -> bytes:
    """Read a file, or standard input where it is `-`.

    Raises:
        MalformedError: it cannot be read.
    """
    if path == STDIN and (sys.stdin is None or sys.stdin.closed):
        raise MalformedError("standard input is closed")
    try:
        return sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
    except OSError as error:
        raise MalformedError(f"{path}: {error.strerror}") from None


def _guarded(name: str, run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    try:
        return run(options)
    except MalformedError as error:
        print(f"countersign tokens {name}: {error}", file=sys.stderr)
        return USAGE
