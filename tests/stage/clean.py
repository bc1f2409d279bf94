"""`make clean`: stops the demo's stage and the container host of this checkout, says what it stopped, and touches nothing else."""

import argparse
import sys
from pathlib import Path

from countersign.domain.outcomes import SandboxFault
from tests.stage import background
from tests.stage.background import StageError
from tests.stage.demo import FOLDER
from tests.support.podman import stop_host


def main() -> int:
    """Stop what we started; exit status 1 where something goes on."""
    parser = argparse.ArgumentParser(prog="make clean", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="the demo's folder (default: %(default)s)")
    parser.add_argument("--keep-containers", action="store_true", help="leave the container host, which tests share, as it is")
    options = parser.parse_args()
    try:
        if background.stop(options.folder):
            print("stopped the demo")
    except StageError as error:
        print(f"make clean: {error}", file=sys.stderr)
        return 1
    try:
        if not options.keep_containers and stop_host():
            print("stopped the container host and removed its images")
    except SandboxFault as fault:
        print(f"make clean: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
