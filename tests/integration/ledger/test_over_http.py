"""The ledger over smart HTTP with a forge token, as it runs in production."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from countersign.adapters.ledger.reader import GitLedgerReader
from countersign.adapters.ledger.writer import GitLedger
from countersign.domain.outcomes import LedgerFault
from tests.support.audit import CHANGE, ORIGIN, Remote, intent, outcome, refused, signer, trust_root
from tests.support.git_http import git_server

TOKEN = "glpat-0123456789-very-secret"


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    remote = Remote.make(tmp_path)
    remote.git("config", "http.receivepack", "true")
    return remote


@pytest.fixture
def url(remote: Remote) -> Iterator[str]:
    with git_server(remote.path.parent, token=TOKEN) as base:
        yield f"{base}/{remote.path.name}"


def ledger(remote: Remote, url: str, *, token: str | None = TOKEN) -> GitLedger:
    return GitLedger(
        remote_url=url,
        directory=remote.home / "w",
        trust_root=trust_root(),
        signer=signer(),
        origin=ORIGIN,
        clock=remote.clock,
        token=token,
        sleep=lambda _: None,
    )


def reader(remote: Remote, url: str) -> GitLedgerReader:
    return GitLedgerReader(remote_url=url, directory=remote.home / "r", trust_root=trust_root(), origin=ORIGIN, token=TOKEN)


def test_records_travel_over_http(remote: Remote, url: str) -> None:
    watching = reader(remote, url)
    assert watching.of_change(CHANGE) == ()
    writing = ledger(remote, url)
    made = [writing.append(draft) for draft in (refused("a"), intent(), outcome())]
    assert watching.of_change(CHANGE) == tuple(made)
    assert watching.open_intents() == ()


def test_the_token_is_written_nowhere(remote: Remote, url: str) -> None:
    ledger(remote, url).append(refused("a"))
    for path in (remote.home / "w").rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()


@pytest.mark.parametrize("token", [None, "another-token-that-is-wrong"])
def test_a_forge_that_does_not_let_us_in_is_a_fault_without_the_token(remote: Remote, url: str, token: str | None) -> None:
    with pytest.raises(LedgerFault) as caught:
        ledger(remote, url, token=token).append(refused("a"))
    assert token is None or token not in str(caught.value)
    assert "cannot be read" in str(caught.value)
