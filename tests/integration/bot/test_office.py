"""The bot as it runs, through HTTP and git alone: a diff comes in, a comment and a request to a runner come out."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from bot.webhooks.events import HookSecret
from bot.webhooks.signatures import key_of
from countersign.adapters.ledger.writer import GitLedger
from countersign.attestation.keys import TrustRoot, load_signer
from tests.stage import shop
from tests.stage.people import wait_until
from tests.support.audit import refused
from tests.support.bot_office import PAGES_TOKEN, Office, bot_office
from tests.support.hooks import Delivery, merge_request


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with bot_office(tmp_path_factory.mktemp("office")) as running:
        yield running


def commented(office: Office, iid: int, words: str) -> str:
    wait_until(
        f"{words!r} on !{iid}", lambda: words in office.comment(iid), seconds=120, shows=lambda: office.comment(iid) or log(office)
    )
    return office.comment(iid)


def log(office: Office) -> str:
    return "\n".join(child.written() for child in office.processes.values())


def asked(iid: int) -> dict[str, object]:
    return {"v": 1, "project": shop.PROJECT, "iid": iid}


def test_a_proposal_is_commented_labelled_and_handed_to_its_environment(office: Office) -> None:
    iid = office.cast.propose(shop.staging_migration())
    comment = commented(office, iid, "▶ Runs without approval")
    assert "db/staging/shop/V2__gift_notes.sql" in comment
    wait_until("the request", lambda: asked(iid) in office.sent("runs.staging"))
    change = office.cast.change("lea", iid)
    assert change.labels == ["countersign::autonomous"]
    assert change.author["username"] == "countersign-bot"
    assert change.source_branch.startswith("proposals/shop-agent/")
    assert office.cast.propose(shop.staging_migration()) == iid


def test_the_bots_own_commits_lead_back_to_the_bot(office: Office) -> None:
    """Else nobody could tell who wrote a proposal, and every one of them would be refused."""
    iid = office.cast.propose(shop.production_migration())
    comment = commented(office, iid, "⏸ Needs 1 approval")
    assert "committers are known" not in comment
    assert "approvals count once a runner has put the question on the record" in comment


def test_a_dropped_table_is_refused_at_once(office: Office) -> None:
    iid = office.cast.propose(shop.drop_table())
    comment = commented(office, iid, "✘ Refused")
    assert "data that would be gone" in comment
    assert "table `executives`" in comment
    assert office.cast.status(iid)[0] == "failed"
    wait_until("the request", lambda: asked(iid) in office.sent("runs.production"))
    assert office.cast.state(iid) == "opened"


def test_an_approval_reaches_the_comment(office: Office) -> None:
    iid = office.cast.propose(shop.new_page())
    commented(office, iid, "⏸ Needs 1 approval")
    office.cast.approve(shop.SPONSOR, iid)
    commented(office, iid, "is the sponsor")


def test_a_webhook_is_answered_within_milliseconds(office: Office) -> None:
    iid = office.cast.propose(shop.staging_migration())
    payload = merge_request(iid=iid)
    times = []
    with httpx.Client(timeout=5) as client:
        for number in range(30):
            delivery = _signed(office, payload, f"quick-{number}")
            began = time.monotonic()
            answer = client.post(f"{office.url}/webhooks/gitlab", content=delivery.body, headers=delivery.headers)
            times.append(time.monotonic() - began)
            assert answer.status_code == 202
            assert client.post(f"{office.url}/webhooks/gitlab", content=delivery.body, headers=delivery.headers).status_code == 200
    times.sort()
    print(f"\nwebhook answered: median {times[15] * 1000:.1f} ms, slowest {times[-1] * 1000:.1f} ms")  # noqa: T201 - a figure
    assert times[15] < 0.1


def test_what_was_lost_is_found_by_reconciling(office: Office) -> None:
    """The worker is dead and Redis empty while a change is opened; both come back."""
    office.processes["worker"].stop()
    office.redis.pause()
    with httpx.Client(timeout=20) as client:
        delivery = _signed(office, merge_request(iid=1), "into-the-void")
        answer = client.post(f"{office.url}/webhooks/gitlab", content=delivery.body, headers=delivery.headers)
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
    iid = office.cast.propose(shop.Ask("Words", _readme(office), "Words only.", {}))
    assert office.comment(iid) == ""
    office.redis.resume()
    office.start("worker")
    commented(office, iid, "Nothing to run")


def test_no_secret_is_in_any_log(office: Office) -> None:
    told = "".join((office.folder / f"{role}.log").read_text() for role in ("serve", "worker"))
    assert told
    for secret in (*office.cast.tokens.values(), office.cast.agent_token, office.secrets.hook_token, office.secrets.signing_token):
        assert secret not in told


def test_one_pass_can_be_asked_for_by_hand(office: Office) -> None:
    done = office.start("reconcile")
    assert done.wait(seconds=120) == 0
    assert f"{shop.PROJECT}: " in done.written()


@pytest.mark.parametrize("role", ["worker", "reconcile"])
def test_a_forge_token_that_is_wrong_is_a_could_not(office: Office, role: str, tmp_path: Path) -> None:
    environment = office.environment | {"COUNTERSIGN_BOT_FORGE_TOKEN": "x" * 20}
    bad = replace(office, folder=tmp_path, environment=environment, processes={})
    assert bad.start(role).wait(seconds=120) == 1
    written = bad.processes[role].written()
    assert "could not" in written
    assert "Traceback" not in written


def _signed(office: Office, payload: dict[str, object], name: str) -> Delivery:
    secret = HookSecret(shop.PROJECT, office.secrets.hook_token, key_of(office.secrets.signing_token))
    return Delivery.of(payload, secret=secret).again(id=name, at=datetime.now(UTC))  # noqa: TID251 - for a real process


def _readme(office: Office) -> str:
    project = office.cast.client("lea").projects.get(shop.PROJECT)
    first = project.files.get("README.md", ref="main").decode().decode().splitlines()[0]
    return f"--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-{first}\n+{first}, open\n"


def test_the_audit_pages_show_the_branch_as_the_bot_verified_it(office: Office, tmp_path: Path) -> None:
    ours = f"{office.url}/audit/{shop.PROJECT}/-/"
    assert httpx.get(ours).status_code == 401
    signed_in = ("auditor", PAGES_TOKEN)
    assert "There are no records yet." in httpx.get(ours, auth=signed_in, timeout=30).text
    url = f"{office.forge.url}/{shop.PROJECT}.git"
    writer = GitLedger(
        remote_url=url,
        directory=tmp_path / "ledger",
        trust_root=TrustRoot.parse((office.folder / "allowed_signers").read_text()),
        signer=load_signer((office.folder / "signing_key-staging").read_bytes()),
        origin=url,
        clock=lambda: datetime.now(UTC),  # noqa: TID251 - beside real processes
        token=office.cast.tokens["countersign-runner-staging"],
    )
    writer.append(refused("by-hand"))
    page = httpx.get(ours, auth=signed_in, timeout=30).text
    assert "Every record was verified by the bot." in page
    assert "Refused by-hand" in page
    assert "Refused by-hand" in httpx.get(f"{ours}timeline?kind=refused", auth=signed_in, timeout=30).text
