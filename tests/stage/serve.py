"""Keeps a stage running in the background for the demo, until it is told to stop or two hours have passed.

Writes `stage.json` (everything a visitor needs, readable by its owner alone) when all is ready, and progress to its output.
"""

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from tests.stage.stage import stage
from tests.support.process import UnusableError

_LONGEST = 2 * 3600
"""Seconds. A forgotten demo must not run for ever."""


def main() -> int:
    """Serve; exit status 0 when stopped, 1 where a part is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.stage.serve", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where state and logs go")
    folder: Path = parser.parse_args().folder.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    (folder / "stage.pid").write_text(str(os.getpid()))
    try:
        with stage(folder / "state", say=lambda text: print(text, flush=True), demo=True) as running:
            partial = folder / "stage.partial"
            partial.touch(0o600)
            partial.write_text(json.dumps(running.card(), indent=2))
            partial.replace(folder / "stage.json")
            stop.wait(_LONGEST)
    except UnusableError as error:
        print(f"could not: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        leave(folder)
    return 0


def leave(folder: Path) -> None:
    """Take our own card and number away; those of a stage that has begun here meanwhile stay."""
    number = folder / "stage.pid"
    if number.exists() and number.read_text() == str(os.getpid()):
        (folder / "stage.json").unlink(missing_ok=True)
        number.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
