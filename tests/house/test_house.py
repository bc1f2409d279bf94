"""The direction of imports and the size of rooms, held against the code (docs/architecture.md)."""

import subprocess  # noqa: TID251 - the linter runs as it does for a developer
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("countersign", "bot", "runners")
LONGEST = 250


def test_import_contracts_hold() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(  # noqa: S603 - argv is ours
        [linter, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("room", ROOMS)
def test_no_file_holds_two_nouns(room: str) -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / room).rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > LONGEST
    }
    assert not long, f"longer than {LONGEST} lines: is there a second noun in them? {long}"


def test_celery_is_confined() -> None:
    allowed = {"bot/dispatch.py", "runners/worker.py", "runners/tasks.py"}
    starts = ("import celery", "from celery", "import kombu", "from kombu")
    found = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if any(line.startswith(starts) for line in path.read_text().splitlines())
    }
    assert found <= allowed, found - allowed
