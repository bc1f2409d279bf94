"""Makes the runners' signing keys, the key for tokens that they share with the bot, and the trust root that an auditor is handed.

All of it is outside of any repository.
"""

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TOKENS_KEY = "tokens_key"


def make_keys(folder: Path, names: Iterable[str], *, since: datetime) -> tuple[dict[str, Path], Path]:
    """Write a new key pair for each name; give the private keys' files and the one allowed-signers file that names all of them."""
    private: dict[str, Path] = {}
    lines: list[str] = []
    for name in names:
        key = Ed25519PrivateKey.generate()
        private[name] = folder / f"signing_key-{name}"
        private[name].touch(0o600)
        private[name].write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
        )
        public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
        lines.append(f'runner-{name}@countersign.example namespaces="git",valid-after="{since:%Y%m%d%H%M%S}Z" {public}\n')
    allowed = folder / "allowed_signers"
    allowed.write_text("".join(lines))
    return private, allowed


def make_tokens_key(folder: Path) -> Path:
    """Write a new key for tokens, as `openssl rand -base64 32` does."""
    path = folder / TOKENS_KEY
    path.touch(0o600)
    path.write_text(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
    return path
