"""`countersign tokens replace`: writes a text with tokens for values, as bot and runner would."""

import argparse
import sys
from pathlib import Path

from countersign.cli import Commands
from countersign.cli.tokens.action import FINE, STDIN, add, classed, keyed, read, tokenizer

_REST = """\
The text goes to standard output; how many values were replaced, class by class, to standard error.

exit status:
  0  the text was written, whatever was in it
  2  the command line is wrong, or a file cannot be read

examples:
  countersign tokens replace --key-file tokens-key --project acme/shop ticket.txt > for-the-agent.txt
"""


def register(actions: Commands) -> None:
    """Add the action."""
    parser = add(actions, "replace", "write a text with tokens for values", _replace, _REST)
    classed(parser)
    keyed(parser)
    parser.add_argument("file", nargs="?", type=Path, default=STDIN, metavar="FILE", help="a text; - or nothing for stdin")


def _replace(options: argparse.Namespace) -> int:
    done = tokenizer(options).tokenize(read(options.file))
    sys.stdout.flush()
    sys.stdout.buffer.write(done.text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
    told = ", ".join(f"{number} {kind}" for kind, number in done.counts.items())
    print(f"replaced: {told or 'nothing'}", file=sys.stderr)
    return FINE
