"""The command line of agents and auditors.

Each module beside `main` is one command. It has a function `register(commands: Commands) -> None` that adds its parser and sets
`run`, a function from the parsed arguments to the exit status.
"""

import argparse
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse gives it no other name
