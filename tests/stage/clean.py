"""`make clean`: stops the demo's stage and the container host that it was using."""

import sys
from pathlib import Path

from tests.stage import background
from tests.stage.demo import FOLDER
from tests.support.podman import stop_host


def main() -> int:
    """Stop what we started, nothing else."""
    if background.stop(FOLDER if len(sys.argv) == 1 else Path(sys.argv[1])):
        print("stopped the demo")
    if stop_host():
        print("stopped the container host")
    return 0


if __name__ == "__main__":
    sys.exit(main())
