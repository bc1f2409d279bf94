"""A moment on the command line: always with its offset, so that nobody has to guess whose noon it is."""

import argparse
from datetime import datetime


def moment(text: str) -> datetime:
    """Read a moment.

    Raises:
        ArgumentTypeError: it is none, or has no offset.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.utcoffset() is None:
        raise argparse.ArgumentTypeError("a moment is written with its offset: 2026-12-24T12:00+01:00")
    return found
