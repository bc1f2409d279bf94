"""Makes the runner's signing key and the trust root that an auditor is handed, both outside of any repository."""

from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PRINCIPAL = "runner@countersign.example"


def make_keys(folder: Path, *, since: datetime) -> tuple[Path, Path]:
    """Write a new key pair; give the private key's file and the allowed-signers file."""
    key = Ed25519PrivateKey.generate()
    private = folder / "signing_key"
    private.touch(0o600)
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    allowed = folder / "allowed_signers"
    allowed.write_text(f'{PRINCIPAL} namespaces="git",valid-after="{since:%Y%m%d%H%M%S}Z" {public}\n')
    return private, allowed
