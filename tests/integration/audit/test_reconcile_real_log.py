"""`countersign audit reconcile` on the log of a real PostgreSQL, in which a run and others were at work."""

import json
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from countersign.attestation.record import Draft, RecordKind
from countersign.domain.scope import Scope
from runners import clock
from runners.brokers.postgres import PostgresBroker
from tests.contract.broker_targets import log_in
from tests.fakes.authorizations import authorization
from tests.support.audit import signer, trust_line
from tests.support.auditor import Auditor
from tests.support.fastlog import FastLog
from tests.support.postgres import postgres_server
from tests.support.shelf import Shell

LOGGING = {
    "logging_collector": "on",
    "log_destination": "jsonlog",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_timezone": "UTC",
}
GROUP = "shop_migrator"
OTHERS = ("--ignore", "countersign_admin in *", "--ignore", "postgres in *")


def test_the_run_is_known_by_the_servers_own_lines_and_everybody_else_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = clock.now()
    with postgres_server(**LOGGING) as server:
        admin = server.make_admin(GROUP)
        server.make_database("shop", owner=GROUP)
        server.execute("GRANT CONNECT ON DATABASE shop TO shop_migrator")
        broker = PostgresBroker(admin={server.address: admin}, clock=clock.now)
        scope = Scope("database", "postgres", {"server": server.address, "database": "shop", "role": GROUP}, 600)
        allowed = authorization(scope)
        grant, credential = broker.mint(allowed, scope)
        with log_in(credential) as session:
            session.execute("CREATE TABLE note (text text)")
        ended = broker.revoke(grant.handle, scope, credential)
        with pytest.raises(psycopg.OperationalError):
            log_in(credential)
        log = tmp_path / "postgresql.json"
        log.write_bytes(b"".join(file.read_bytes() for file in sorted((server.log.parent / "data/log").glob("*.json"))))
    run, change = allowed.run, allowed.proposal.change
    lease = {"handle": grant.handle, "scope": {"name": scope.name, "provider": "postgres", "ttl": scope.ttl}}
    told = {
        "expires": grant.expires.isoformat(),
        "handle": grant.handle,
        "minted": grant.minted.isoformat(),
        "proof": ended.proof.value,
        "provider": "postgres",
        "public_id": grant.public_id,
        "revoked": ended.revoked.isoformat(),
    }
    over = ended.revoked + timedelta(seconds=1)
    drafts = [
        Draft(RecordKind.INTENT, f"intent/{run}", "Will run migrate", change, run, began, {"leases": [lease]}),
        Draft(RecordKind.EXECUTED, f"outcome/{run}", "Applied migrate", change, run, over, {"grants": [told]}),
    ]
    branch = FastLog.make(tmp_path / "shop.git")
    branch.write_drafts(drafts)
    shell = Shell(Auditor.of(branch.repository, tmp_path, trust_line(signer())), capsys)
    ask = ("reconcile", "--log", str(log), "--format", "postgres", "--output", "json")

    status, out, _ = shell(*ask)
    found = json.loads(out)
    assert status == 1
    strangers = {item["session"]["principal"].split()[0] for item in found["findings"]}
    assert strangers == {"postgres", "countersign_admin"}
    assert found["explained"] == 1
    assert found["turned_away"] > 0, "who tried to log in after the revocation was turned away"

    status, out, _ = shell(*ask, *OTHERS)
    assert (status, json.loads(out)["findings"], json.loads(out)["notes"]) == (0, [], [])
