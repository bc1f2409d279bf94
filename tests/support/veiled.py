"""A key for tokens that everybody knows, for tests; and what a runner hides with it."""

import base64
from pathlib import Path

from countersign.domain.tokens.key import TokensKey
from runners.veil import Veil

KEY_BYTES = bytes(range(32))
KEY_TEXT = base64.b64encode(KEY_BYTES).decode()


def veil() -> Veil:
    """Make a veil with that key."""
    return Veil(TokensKey(KEY_BYTES))


def key_file(folder: Path) -> Path:
    """Write the key to a file of its own that nobody else may read."""
    path = folder / "tokens_key"
    path.touch(0o600)
    path.write_text(KEY_TEXT + "\n")
    return path
