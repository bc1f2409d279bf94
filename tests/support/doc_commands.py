"""Runs what a page of the documents tells its reader to type, and holds what comes of it against what the page shows.

A comment above a fenced block says what to do with it:

    <!-- run -->            a `sh` block: run it, expect status 0; `<!-- run: exit 10 -->` another one
    <!-- file: PATH -->     any block: write it to this path
    <!-- skip: WHY -->      a `sh` block that cannot be run here

A `text` block right after a `sh` block is what it prints: its lines have to come in that order, others may stand between; blanks
do not matter, and `…` is anything. Every `sh` block has to say what it is: none is passed over by chance.
"""

import os
import re
import shlex
import subprocess  # noqa: TID251 - this is the reader's shell
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$(?:\n```text\n(?P<shown>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
_SECONDS = 120


@dataclass(frozen=True)
class Block:
    """One block of a page: what kind, what its comment says, its text, what is shown as its output, and its line."""

    kind: str
    note: str
    text: str
    shown: str | None
    line: int


@dataclass(frozen=True)
class Place:
    """Where a page is tried: the folder, what stands in place of the page's made-up names, and more variables.

    The home of who tries it is the folder that this one is in.
    """

    folder: Path
    put: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


def blocks(page: Path) -> Iterator[Block]:
    """Give the blocks of a page in order."""
    text = page.read_text()
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(found["kind"], found["note"] or "", found["text"], found["shown"], line)


def run_page(page: Path, place: Place) -> int:
    """Do what a page says; give how many blocks were run.

    Raises:
        AssertionError: something came out otherwise, or a made-up name is on the page no more. It names the line of the page.
    """
    folder, text = place.folder, page.read_text()
    gone = [name for name in place.put if name not in text]
    assert not gone, f"{page.name} does not speak of {gone} any more"
    commands = _commands(folder.parent / "commands")
    path = f"{folder.parent}/.countersign/bin:{commands}"  # what the page has installed comes first
    ran = 0
    for block in blocks(page):
        action, _, rest = block.note.partition(":")
        if action == "file":
            target = folder / rest.strip()
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text)
        elif action == "run":
            status = int(rest.split()[1]) if rest else 0
            _run(block, place, path, status, f"{page.name}:{block.line}")
            ran += 1
        else:
            assert block.kind != "sh" or action == "skip", f"{page.name}:{block.line}: a sh block says neither run nor skip"
    return ran


def _run(block: Block, place: Place, path: str, status: int, where: str) -> None:
    script = block.text
    for name, real in place.put.items():
        script = script.replace(name, real)
    environment = {
        **place.variables,
        "HOME": str(place.folder.parent),
        "LC_ALL": "C.UTF-8",
        "PATH": f"{path}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        **{
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", "Dana"), ("EMAIL", "dana@shop.example"))
        },
    }
    done = subprocess.run(  # noqa: S603 - the page is ours
        ["/bin/sh", "-eu", "-c", script],
        cwd=place.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    output = done.stdout + done.stderr
    assert done.returncode == status, f"{where}: ended with {done.returncode}, not {status}:\n{output}"
    lines = iter(" ".join(line.split()) for line in done.stdout.splitlines())
    for shown in (block.shown or "").splitlines():
        wanted = re.compile(".*".join(re.escape(part) for part in " ".join(shown.split()).split("…")))
        assert any(wanted.fullmatch(line) for line in lines), f"{where}: does not print {shown!r}:\n{output}"


def _commands(folder: Path) -> str:
    """Make `countersign` the one of this checkout."""
    folder.mkdir(exist_ok=True)
    script = folder / "countersign"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m countersign.cli.main "$@"\n')
    script.chmod(0o755)
    return os.fspath(folder)
