"""What an auditor has: a clone, a trust root in a file, stock git and ssh-keygen, and the command `countersign audit`."""

import shutil
import subprocess  # noqa: TID251 - stock git and ssh-keygen, asked as an auditor asks them
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from countersign.attestation.record import AUDIT_BRANCH
from tests.support.process import UnusableError

_PATH = "/usr/local/bin:/usr/bin:/bin"


def stock(
    program: str, *args: str, cwd: Path, data: bytes = b"", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a stock program with an environment of its own."""
    found = shutil.which(program, path=_PATH)
    if found is None:
        raise UnusableError(f"{program} is not installed; run `make setup`")
    whole = {"PATH": _PATH, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "TZ": "America/New_York", **(environment or {})}
    return subprocess.run([found, *args], cwd=cwd, env=whole, input=data, capture_output=True, check=False, timeout=60)  # noqa: S603


@dataclass(frozen=True, slots=True)
class Auditor:
    """A plain clone and a trust root beside it."""

    clone: Path
    trust_file: Path

    @classmethod
    def of(cls, remote: Path, home: Path, trust: str) -> "Auditor":
        clone, trust_file = home / "clone", home / "allowed_signers"
        trust_file.write_text(trust)
        done = stock("git", "clone", "--quiet", "--no-checkout", remote.as_uri(), str(clone), cwd=home)
        assert done.returncode == 0, done.stderr.decode()
        return cls(clone, trust_file)

    def git(self, *args: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run stock git, told whom to believe."""
        return stock("git", "-c", f"gpg.ssh.allowedSignersFile={self.trust_file}", *args, cwd=self.clone, data=data)

    def commits(self) -> list[str]:
        """Give the branch's commits, oldest first."""
        return self.git("rev-list", "--reverse", f"origin/{AUDIT_BRANCH}").stdout.decode().split()
