"""What a benchmark of appending is held beside: stock git, which writes and signs commits, each with one record in a small tree."""

from dataclasses import dataclass
from pathlib import Path

from tests.support.audit import pem, signer
from tests.support.auditor import stock


@dataclass(frozen=True, slots=True)
class GitPeer:
    """A bare repository, a key beside it, and how many commits are wanted."""

    place: Path
    key: Path
    count: int

    @classmethod
    def make(cls, home: Path, count: int) -> "GitPeer":
        place, key = home / "peer.git", home / "peer.key"
        key.write_bytes(pem(signer()))
        key.chmod(0o600)
        stock("git", "init", "--quiet", "--bare", str(place), cwd=home)
        return cls(place, key, count)

    def commit(self) -> None:
        """Write the commits, one on top of the other, each object with its own wait for the disk."""
        parent: list[str] = []
        for number in range(self.count):
            blob = self._git("hash-object", "-w", "--stdin", data=b"%d" % number + b"d" * 1200)
            tree = self._git("mktree", data=f"100644 blob {blob}\trecord.json\n".encode())
            parent = ["-p", self._git("commit-tree", "-S", *parent, "-m", f"Record {number}", tree)]

    def _git(self, *args: str, data: bytes = b"") -> str:
        settings = {"gpg.format": "ssh", "user.signingkey": str(self.key), "core.fsync": "all"}
        settings |= {"user.name": "peer", "user.email": "peer@example.com"}
        told = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        done = stock("git", *told, *args, cwd=self.place, data=data)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()
