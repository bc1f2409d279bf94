"""The command line of agents and auditors.

Each module beside `main` is one command. It has a function `register(commands: Commands, words: Sequence[str]) -> None` that adds
its parser and sets `run`, a function from the parsed arguments to the exit status. `words` are the arguments behind the command
that begin with no dash: a command of many actions imports the one that is asked for.
"""

import argparse
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse gives it no other name
