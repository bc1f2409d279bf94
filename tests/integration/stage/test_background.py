"""The demo's stage is stopped for certain, and nothing else is."""

import os
import signal
import subprocess  # noqa: TID251 - processes to be stopped, or not
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.stage import background, serve
from tests.stage.background import StageError

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
POLITE = "import time; print('here', flush=True); time.sleep(60)"


@contextmanager
def process(folder: Path, program: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a process whose arguments are a stage's, or others, and name it in the folder as a stage names itself."""
    argv = [sys.executable, "-c", program, *(arguments or ("tests.stage.serve", "--folder", str(folder)))]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as running:  # noqa: S603 - ours
        assert running.stdout is not None
        running.stdout.readline()
        (folder / "stage.pid").write_text(str(running.pid))
        try:
            yield running
        finally:
            running.kill()


def test_a_stage_that_listens_is_asked_to_stop(tmp_path: Path) -> None:
    with process(tmp_path, POLITE) as running:
        assert background.stop(tmp_path)
        assert running.wait(5) == -signal.SIGTERM


def test_a_stage_that_does_not_listen_is_killed_before_it_is_called_stopped(tmp_path: Path) -> None:
    with process(tmp_path, DEAF) as running:
        began = time.monotonic()
        assert background.stop(tmp_path, seconds=0.5)
        assert time.monotonic() - began >= 0.5
        assert running.wait(5) == -signal.SIGKILL


def test_nobody_elses_process_is_touched(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with process(tmp_path, POLITE, "an editor", "tests/stage/serve.py") as bystander:
        assert not background.stop(tmp_path)
        assert bystander.poll() is None
    with process(other, POLITE) as another_demo:
        (tmp_path / "stage.pid").write_text(str(another_demo.pid))
        assert not background.stop(tmp_path)
        assert another_demo.poll() is None


def test_where_nothing_runs_nothing_is_said_to_have_been_stopped(tmp_path: Path) -> None:
    assert not background.stop(tmp_path)
    (tmp_path / "stage.pid").write_text("not a number")
    assert not background.stop(tmp_path)
    with process(tmp_path, "pass") as ended:
        ended.wait(5)
        assert not background.stop(tmp_path)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StageError, match="cannot be made anew"):
        background.start(tmp_path / "file" / "demo", say=lambda _: None)


@pytest.mark.parametrize("own", [True, False])
def test_a_stage_that_ends_leaves_the_card_of_the_one_that_follows(tmp_path: Path, own: bool) -> None:
    (tmp_path / "stage.pid").write_text(str(os.getpid() if own else 1))
    (tmp_path / "stage.json").write_text("{}")
    serve.leave(tmp_path)
    assert [(tmp_path / name).exists() for name in ("stage.pid", "stage.json")] == [not own, not own]
