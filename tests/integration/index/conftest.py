"""A shop's history in a bare repository, and the records' accounts as an oracle has them: read one by one, without the index."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from countersign.attestation.accounts.account import Account, account
from countersign.domain.ids import Sha
from tests.support.audit import Remote
from tests.support.fastlog import FastLog
from tests.support.history import History


@dataclass(frozen=True, slots=True)
class Shop:
    """A repository and what is in its audit branch, oldest first."""

    remote: Remote
    accounts: tuple[Account, ...]

    @property
    def path(self) -> Path:
        return self.remote.path

    @property
    def tip(self) -> Sha:
        return self.remote.tip()


def read_accounts(remote: Remote) -> tuple[Account, ...]:
    """Read every record of the branch with stock git, and give outcomes what their intents say."""
    told: list[Account] = []
    intents: dict[str, Account] = {}
    for commit in remote.commits():
        (path,) = [
            line
            for line in remote.git("diff-tree", "--root", "-r", "--name-only", "--no-commit-id", commit).decode().split()
            if line.startswith("records/")
        ]
        one = account(json.loads(remote.git("show", f"{commit}:{path}"))["predicate"])
        if one.kind == "intent":
            intents[str(one.run)] = one
        told.append(one.after(intents[one.run]) if one.run in intents and one.kind != "intent" else one)
    return tuple(told)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    home = tmp_path_factory.mktemp("shop")
    log = FastLog.make(home / "shop.git")
    log.write(History(changes=90).events())
    remote = Remote(log.repository, home)
    return Shop(remote, read_accounts(remote))
