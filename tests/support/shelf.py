"""A clone with a shop's history in its audit branch, and the command line run on it in this process."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from countersign.adapters.gitcmd import run_git
from countersign.cli.main import main
from countersign.domain.ids import Sha
from tests.builders import SHOP_POLICY
from tests.support.audit import signer, trust_line
from tests.support.auditor import Auditor
from tests.support.fastlog import FastLog
from tests.support.history import History


def shelf(home: Path, *, changes: int = 60, seed: int = 7) -> Auditor:
    """Write a history and clone it. The clone holds the policy, and the tree that every change would give."""
    log = FastLog.make(home / "shop.git")
    base, tree = furnish(log.repository)
    log.write(History(changes=changes, seed=seed, base=base, tree=tree).events())
    return Auditor.of(log.repository, home, trust_line(signer()))


def furnish(repository: Path) -> tuple[Sha, Sha]:
    """Put the shop's code on main; give its tip, and the tree of a change to it."""

    def git(*args: str, data: bytes | None = None) -> str:
        who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in _SOMEBODY.items()}
        return run_git(args, cwd=repository, input=data, env_extra=who).decode().strip()

    def tree(files: dict[str, str]) -> str:
        entries: dict[str, str] = {}
        inner: dict[str, dict[str, str]] = {}
        for path, content in files.items():
            folder, _, rest = path.partition("/")
            if rest:
                inner.setdefault(folder, {})[rest] = content
            else:
                entries[path] = f"100644 blob {git('hash-object', '-w', '--stdin', data=content.encode())}"
        entries |= {folder: f"040000 tree {tree(below)}" for folder, below in inner.items()}
        return git("mktree", data="".join(f"{what}\t{name}\n" for name, what in entries.items()).encode())

    before = {".countersign/policy.yaml": SHOP_POLICY, "README.md": "The shop\n", "db/production/shop/V1__orders.sql": _ORDERS}
    after = before | {
        "db/production/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n",
        "README.md": "The shop\n\nOrders bear notes.\n",
    }
    base = git("commit-tree", "-m", "The shop", tree(before))
    changed = git("commit-tree", "-m", "Let orders bear notes", "-p", base, tree(after))
    git("update-ref", "refs/heads/main", changed)
    return Sha(base), Sha(git("rev-parse", f"{changed}^{{tree}}"))


_SOMEBODY = {"NAME": "shop", "EMAIL": "shop@example.com", "DATE": "2026-05-01T12:00:00Z"}
_ORDERS = "CREATE TABLE orders (\n  id bigint PRIMARY KEY,\n  placed timestamptz NOT NULL\n);\n"


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs `countersign audit`."""

    auditor: Auditor
    capture: pytest.CaptureFixture[str]

    def __call__(self, *args: str, trust: bool = True, repo: bool = True) -> tuple[int, str, str]:
        where = ("--repo", str(self.auditor.clone)) if repo else ()
        more = ("--trust-root", str(self.auditor.trust_file)) if trust else ()
        status = main(["audit", *args, *where, *more])
        said = self.capture.readouterr()
        return status, said.out, said.err
