"""`countersign tokens digest`: what the record has for an output, so that whoever kept one can show that it is the one."""

import argparse
import json

from countersign.cli import Commands
from countersign.cli.tokens.action import FINE, add, formatted, key, keyed, project, read_bytes, several
from countersign.domain.ids import digest_of

_REST = """\
A record holds a command's outputs by digest (`result.stdout.digest`, `result.stderr.digest`), made with the key: the plain digest
of a short text would confirm guesses of what the tokens hide. Give exactly the bytes that the command wrote.

exit status:
  0  the digests were written
  2  the command line is wrong, or a file or the key cannot be read

examples:
  countersign tokens digest --key-file tokens-key --project acme/shop kept-output.txt
then:
  countersign audit show 12 --trust-root allowed_signers
"""


def register(actions: Commands) -> None:
    """Add the action."""
    parser = add(actions, "digest", "give the digests that a record has for outputs", _digest, _REST)
    keyed(parser)
    several(parser, "outputs")
    formatted(parser)


def _digest(options: argparse.Namespace) -> int:
    sealing, whose = key(options), project(options)
    for path in options.files:
        digest = sealing.seal(whose, digest_of(read_bytes(path)))
        print(
            json.dumps({"digest": digest, "file": str(path)}, sort_keys=True) if options.format == "json" else f"{digest}  {path}"
        )
    return FINE
