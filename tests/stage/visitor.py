"""What a visitor of a running stage can find out: rows and objects that are really there, records, and what stock git says.

Reads `stage.json`. Uses nothing of Countersign but its command line, as an auditor would.
"""

import json
import subprocess  # noqa: TID251 - stock git and our own command line, run as an auditor runs them
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psycopg
from botocore.config import Config

from countersign.attestation.record import AUDIT_BRANCH
from tests.stage.people import Cast


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Looks at a stage from outside."""

    card: dict[str, Any]
    clone: Path

    @classmethod
    def of(cls, folder: Path) -> "Visitor":
        """Read the card that the stage has left."""
        return cls(json.loads((folder / "stage.json").read_text()), folder / "clone")

    @property
    def cast(self) -> Cast:
        """Give everybody at the shop."""
        return Cast(self.card["forge"], self.card["bot"], self.card["tokens"], self.card["agent_token"])

    def columns(self, environment: str, table: str) -> set[str]:
        """Give the columns that a table really has; none where there is no such table."""
        query = "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        with psycopg.connect(self.card["databases"][f"shop_{environment}"]) as connection:
            return {str(row[0]) for row in connection.execute(query, (table,)).fetchall()}

    def roles_of_runs(self) -> list[str]:
        """Give the login roles of runs that are still on a server."""
        query = "SELECT rolname FROM pg_roles WHERE rolname LIKE %s"
        found: list[str] = []
        for server in self.card["databases"].values():
            with psycopg.connect(server) as connection:
                found += [str(row[0]) for row in connection.execute(query, ("cs\\_%",)).fetchall()]
        return found

    def page(self, bucket: str, key: str) -> str:
        """Read an object of the bucket; empty where there is none yet."""
        reader = self.card["bucket"]
        client = boto3.client(
            "s3",
            endpoint_url=reader["endpoint"],
            aws_access_key_id=reader["access_key_id"],
            aws_secret_access_key=reader["secret_access_key"],
            region_name=reader["region"],
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )
        try:
            return client.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        except client.exceptions.NoSuchKey:
            return ""

    def fetch(self) -> None:
        """Clone the shop's repository anew, as anybody who may read it."""
        if self.clone.exists():
            self.git("fetch", "--quiet", "--prune", "origin")
        else:
            self._run(["git", "clone", "--quiet", "--no-checkout", self.card["clone_url"], str(self.clone)])

    def git(self, *args: str) -> Said:
        """Run stock git in the clone."""
        return self._run(["git", "-C", str(self.clone), *args])

    def signatures(self) -> Said:
        """Let stock git check every signature on the audit branch."""
        allowed = f"gpg.ssh.allowedSignersFile={self.card['allowed_signers']}"
        return self.git("-c", allowed, "log", "--show-signature", "--format=%G? %s", f"origin/{AUDIT_BRANCH}")

    def countersign(self, *args: str) -> Said:
        """Run our command line on the clone."""
        return self._run([sys.executable, "-m", "countersign.cli.main", "audit", *args, "--repo", str(self.clone)])

    def verify(self, *more: str) -> Said:
        """Verify the branch offline."""
        return self.countersign("verify", "--trust-root", self.card["allowed_signers"], *more)

    def records(self) -> list[dict[str, Any]]:
        """Give the records, oldest first: each predicate with its body laid open, and its path on the branch."""
        names = self.git("ls-tree", "-r", "--name-only", f"origin/{AUDIT_BRANCH}", "records/").text.split()
        found = []
        for name in sorted(names, key=lambda name: name.rsplit("/", 1)[1]):
            predicate = json.loads(self.git("show", f"origin/{AUDIT_BRANCH}:{name}").text)["predicate"]
            found.append({**predicate, **predicate["body"], "path": name})
        return found

    def _run(self, argv: list[str]) -> Said:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - argv is ours
        return Said(done.returncode, done.stdout + done.stderr)
