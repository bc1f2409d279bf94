"""`countersign tokens name`: the tokens of values that somebody knows, so that records that hold them can be searched for.

Values come from standard input, where no list of processes and no history of a shell shows them. Prints tokens, no values.
"""

import argparse
import json
from collections.abc import Iterator

from countersign.cli import Commands
from countersign.cli.table import table
from countersign.cli.tokens.action import FINE, STDIN, add, classed, formatted, keyed, read, tokenizer
from countersign.domain.tokens.bare import forms
from countersign.domain.tokens.tokenizer import Tokenizer

_REST = """\
Each line of standard input is a value, bare, without a word before it. It has a token in each class that it can be of:
twelve digits as an account, digits as a telephone number, anything as a secret, since behind `password=` anything is one.
Search for all of them.

exit status:
  0  the tokens were written
  2  the command line is wrong, or the key cannot be read

examples:
  countersign tokens name --key-file tokens-key --project acme/shop < values.txt
  countersign tokens name --key-file tokens-key --project acme/shop --epoch 2 --whole < leaked.pem
then:
  countersign audit query TK1_HOST_J2XI7NVMHUPM3OVG_XG
"""


def register(actions: Commands) -> None:
    """Add the action."""
    parser = add(actions, "name", "give the tokens of values that you know", _name, _REST)
    classed(parser)
    keyed(parser)
    parser.add_argument("--whole", action="store_true", help="all of standard input is one value, such as a private key")
    formatted(parser)


def _name(options: argparse.Namespace) -> int:
    maker, text = tokenizer(options), read(STDIN)
    values = [text] if options.whole else text.splitlines()
    rows = [(number, *row) for number, value in enumerate(values, start=1) if value.strip() for row in named(maker, value.strip())]
    if options.format == "json":
        for number, kind, token in rows:
            print(json.dumps({"class": kind, "token": token, "value": number}, sort_keys=True))
    else:
        print(table(("value", "class", "token"), [(str(number), kind, token) for number, kind, token in rows]))
    return FINE


def named(maker: Tokenizer, value: str) -> Iterator[tuple[str, str]]:
    """Give class and token of a value in each form that it can have."""
    for kind, normal in forms(value, maker.classes):
        yield kind.value, maker.key.token(maker.project, kind, normal)
