"""Decisions are the same bytes on every run."""

import subprocess  # noqa: TID251 - another process has another hash seed
import sys
from pathlib import Path

from tests.support import some_decisions

ROOT = Path(__file__).parents[3]


def test_another_process_writes_the_same_bytes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.some_decisions"],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "4242", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == some_decisions.digest()
