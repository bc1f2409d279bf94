"""A clone with a shop's history in its audit branch, and the command line run on it in this process."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from countersign.cli.main import main
from tests.support.audit import signer, trust_line
from tests.support.auditor import Auditor
from tests.support.fastlog import FastLog
from tests.support.history import History


def shelf(home: Path, *, changes: int = 60, seed: int = 7) -> Auditor:
    """Write a history and clone it."""
    log = FastLog.make(home / "shop.git")
    log.write(History(changes=changes, seed=seed).events())
    return Auditor.of(log.repository, home, trust_line(signer()))


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs `countersign audit`."""

    auditor: Auditor
    capture: pytest.CaptureFixture[str]

    def __call__(self, *args: str, trust: bool = True) -> tuple[int, str, str]:
        more = ("--trust-root", str(self.auditor.trust_file)) if trust else ()
        status = main(["audit", *args, "--repo", str(self.auditor.clone), *more])
        said = self.capture.readouterr()
        return status, said.out, said.err
