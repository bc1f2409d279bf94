"""The command `countersign`: finds the sub-command's module, imports that one alone, and gives its exit status.

Does nothing by itself.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

COMMANDS = {
    "audit": "read and verify the audit branch of a clone, without any network",
    "propose": "hand in a diff and a rationale as an agent",
    "policy": "check, test and explain a policy",
    "tokens": "find sensitive values, replace them by tokens, name the token of a value",
}
"""Sub-commands, each the module of that name, and what they are for."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line (by default this process's) and give the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="countersign",
        description="Propose changes, read policies, verify the record.",
        epilog="`countersign COMMAND --help` tells more, exit statuses included.",
    )
    parser.add_argument("--version", action="version", version=f"countersign {version('countersign-bot')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    words = [argument for argument in arguments if not argument.startswith("-")]
    for name, purpose in COMMANDS.items():
        if words[:1] == [name]:
            import_module(f"countersign.cli.{name}").register(commands, words[1:])
        else:
            commands.add_parser(name, help=purpose)
    try:
        options = parser.parse_args(arguments)
        status: int = options.run(options)
        sys.stdout.flush()
    except SystemExit as end:  # argparse has said what is wrong
        return end.code if isinstance(end.code, int) else 2
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough; the interpreter must not try to flush again
        sys.stdout = None
        return 141
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
