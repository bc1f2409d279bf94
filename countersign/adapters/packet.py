"""A packet as a folder: written into a new one, read whole, with bounds. What is in it, `attestation.packets` knows."""

import os
from pathlib import Path

from countersign.attestation.packets.form import LARGEST, MOST_FILES, Files
from countersign.domain.ids import MalformedError
from countersign.domain.neutral import line


def write_packet(folder: Path, files: Files) -> None:
    """Write a packet into a new or empty folder, in a fixed order.

    Raises:
        MalformedError: the folder is not empty, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise MalformedError(f"{folder} is not empty; name a new folder")
        for name in sorted(files):
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(files[name])
    except OSError as error:
        raise MalformedError(f"{folder} cannot be written: {error.strerror}") from None


def read_packet(folder: Path) -> dict[str, bytes]:
    """Read a packet's folder.

    Raises:
        MalformedError: it is no folder, cannot be read, holds something other than plain files with names in UTF-8, or more than a
            packet may.
    """
    shown = line(str(folder))
    if folder.is_file():
        raise MalformedError(f"{shown} is a file: name the packet's folder, such as {line(str(folder.parent))}")
    if not folder.is_dir():
        raise MalformedError(f"{shown} is no folder with a packet")
    files: dict[str, bytes] = {}
    size = 0
    try:
        for root, folders, names in os.walk(folder, onerror=_refuse):
            if not folders and not names and root != str(folder):
                raise MalformedError(f"{line(root)} is empty; a packet has no empty folders")
            for name in sorted(names + folders):
                _check_plain(Path(root, name))
            for name in sorted(names):
                place = Path(root, name)
                size += place.stat().st_size
                if size > LARGEST or len(files) >= MOST_FILES:
                    raise MalformedError(f"{shown} holds more than a packet may: {MOST_FILES} files, {LARGEST} bytes")
                files[place.relative_to(folder).as_posix()] = place.read_bytes()
    except OSError as error:
        raise MalformedError(f"{shown} cannot be read: {error.strerror}") from None
    return files


def _check_plain(place: Path) -> None:
    """Refuse what no packet has. It is named as what can be seen: whoever made the folder chose its name."""
    if place.is_symlink() or not (place.is_dir() or place.is_file()):
        raise MalformedError(f"{line(str(place))} is no plain file; a packet has no links")
    try:
        place.name.encode()
    except UnicodeEncodeError:
        raise MalformedError(f"{line(str(place))} has a name that is not UTF-8; no file of a packet has one") from None


def _refuse(error: OSError) -> None:
    """Stop: what cannot be listed must not pass for what is not there."""
    raise error
