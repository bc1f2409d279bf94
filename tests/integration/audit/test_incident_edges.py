"""`countersign audit incident` where it was once too short: held runs, records without an environment, names mistyped."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from countersign.attestation.record import Draft, RecordKind
from countersign.attestation.rotation import rotation
from countersign.domain.ids import ChangeRef, RunId, Sha, digest_of, run_id
from tests.support.audit import signer, trust_line
from tests.support.auditor import Auditor
from tests.support.fastlog import FastLog
from tests.support.shelf import Shell

SHOP = ChangeRef("acme/shop", 7)
OLD, NEW = digest_of(b"the old policy"), digest_of(b"the new policy")
HELD, SLOW, QUICK, NOWHERE, CUT, LOST, LATE, LATER = (run_id(SHOP, Sha(digit * 40)) for digit in "12356789")
LEASE = {"handle": "cs_held", "scope": {"name": "database", "provider": "postgres", "parameters": {}, "ttl": 600}}


def day(number: int, hour: int = 6) -> datetime:
    return datetime(2026, 8, number, hour, tzinfo=UTC)


def announced(run: RunId, when: datetime, *, environment: str | None = "production", lease: Mapping[str, object] = LEASE) -> Draft:
    body = {"decision": {"environment": environment}, "leases": [lease], "policy": {"digest": OLD}}
    return Draft(RecordKind.INTENT, f"intent/{run}", f"Will run migrate, {SHOP}", SHOP, run, when, body)


def ended(run: RunId, when: datetime) -> Draft:
    grants = [{"handle": "cs_held", "minted": when.isoformat(), "revoked": when.isoformat(), "proof": "dead"}]
    return Draft(RecordKind.EXECUTED, f"outcome/{run}", f"Applied migrate, {SHOP}", SHOP, run, when, {"grants": grants})


def cut(run: RunId, when: datetime) -> Draft:
    """An outcome that had no room for what it reached, nor for credentials that are dead."""
    parts = {"result.argv": 70, "result.connections": 61234, "grants[] proved dead": 9000}
    left = [{"part": part, "bytes": size, "digest": digest_of(b"x")} for part, size in parts.items()]
    body = {"grants": [], "left_out": left, "result": {"argv": [], "connections": [], "exit_code": 0}}
    return Draft(RecordKind.EXECUTED, f"outcome/{run}", f"Applied migrate, {SHOP}", SHOP, run, when, body)


def lost(run: RunId, when: datetime, *, minted: datetime, proof: str) -> list[Draft]:
    """A run that was closed as lost an hour after `when`, its credential dead, and of which more was found an hour after that."""
    closed, found = when + timedelta(hours=1), when + timedelta(hours=2)
    first = {"handle": "cs_held", "minted": None, "revoked": closed.isoformat(), "proof": "dead"}
    later = {"minted": minted.isoformat(), "expires": (minted + timedelta(days=1)).isoformat(), "revoked": found.isoformat()}
    more = {"run": run, "found": "executed", "decision": {"environment": "lost"}, "grants": [first | later | {"proof": proof}]}
    return [
        announced(run, when, environment="lost"),
        Draft(RecordKind.LOST, f"outcome/{run}", f"Lost sight of migrate, {SHOP}", SHOP, run, closed, {"grants": [first]}),
        Draft(RecordKind.ANNOTATION, f"annotation/{run}", f"Found since, {SHOP}", SHOP, None, found, more),
    ]


def bare(kind: RecordKind, key: str, when: datetime, body: Mapping[str, object]) -> Draft:
    return Draft(kind, key, f"{kind.value} {key}", None, None, when, body)


@pytest.fixture(scope="module")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Auditor:
    home = tmp_path_factory.mktemp("held")
    drafts = [
        announced(HELD, day(1)),
        announced(SLOW, day(2)),
        announced(QUICK, day(3)),
        ended(QUICK, day(3, 7)),
        ended(SLOW, day(10)),
        announced(NOWHERE, day(11), environment=None, lease=LEASE | {"handle": "cs_nowhere", "provider": "aws"}),
        ended(NOWHERE, day(11, 8)),
        announced(run_id(SHOP, Sha("4" * 40)), day(12, 5), environment="staging"),
        bare(RecordKind.REFUSED, "refused/policy", day(12, 6), {"policy": {"digest": NEW}, "why": "the policy says no"}),
        rotation(signer().public, signer(2).public, now=day(12, 7)),
        announced(CUT, day(20), environment="cut"),
        cut(CUT, day(20, 7)),
        *lost(LOST, day(22), minted=day(22), proof="unproved"),
        *lost(LATE, day(24), minted=day(24, 7), proof="unproved"),
        *lost(LATER, day(26), minted=day(26, 7), proof="dead"),
    ]
    log = FastLog.make(home / "shop.git")
    log.write_drafts(drafts)
    return Auditor.of(log.repository, home, trust_line(signer()))


@pytest.fixture
def run(auditor: Auditor, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(auditor, capsys)


def found(run: Shell, when: datetime, environment: str = "production", window: str = "2h") -> dict[str, list[dict[str, object]]]:
    around = ("--around", when.isoformat(), "--window", window)
    status, out, err = run("incident", "--env", environment, *around, "--format", "json")
    assert status == 0, err
    document: dict[str, list[dict[str, object]]] = json.loads(out)
    return document


@pytest.mark.parametrize(
    ("when", "under_way"),
    [
        (day(1, 5), []),
        (day(1), [HELD]),
        (day(3), [HELD, SLOW, QUICK]),
        (day(3, 8), [HELD, SLOW]),
        (day(9), [HELD, SLOW]),
        (day(10), [HELD]),
        (day(11, 7), [HELD, NOWHERE]),
        (day(31), [HELD]),
    ],
)
def test_a_run_is_under_way_until_its_outcome_however_long_it_takes(run: Shell, when: datetime, under_way: list[str]) -> None:
    assert [item["run"] for item in found(run, when)["runs_under_way"]] == under_way


def test_a_credential_of_a_run_without_an_outcome_has_no_end(run: Shell) -> None:
    (life,) = found(run, day(31))["credentials_live"]
    assert (life["run"], life["to"], life["certain"]) == (HELD, None, False)
    assert "open  postgres  cs_held" in run("incident", "--env", "production", "--around", "2026-08-31T06:00")[1]


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_a_run_of_no_environment_belongs_to_every_one(run: Shell, environment: str) -> None:
    document = found(run, day(11, 7), environment)
    assert NOWHERE in [item["run"] for item in document["runs_under_way"]]
    assert NOWHERE in [item["run"] for item in document["credentials_live"]]


def test_records_of_no_environment_belong_to_every_one(run: Shell) -> None:
    for environment in ("production", "staging"):
        kinds = [item["kind"] for item in found(run, day(12, 7), environment)["timeline"]]
        assert kinds == (["intent"] if environment == "staging" else []) + ["refused", "key_rotation"]


def test_the_switch_to_another_policy_is_told_wherever_it_was_seen_first(run: Shell) -> None:
    (switch,) = found(run, day(12))["policy_switches"]
    assert (switch["before"], switch["policy"], switch["seq"]) == (OLD, NEW, 8)
    assert found(run, day(9))["policy_switches"] == []
    text = run("incident", "--env", "production", "--around", "2026-08-12T07:00")[1]
    assert f"{NEW}  {OLD}" in text


def test_an_environment_that_nobody_names_is_no_all_clear(run: Shell, tmp_path: Path) -> None:
    status, out, err = run("incident", "--env", "prod", "--around", "2026-08-31T06:00", "--index", str(tmp_path / "index"))
    assert (status, out) == (2, "")
    assert "no record names the environment prod; on the record are: cut, lost, production, staging" in err


@pytest.mark.parametrize("window", ["1m", "1h", "12h", "48h"])
@pytest.mark.parametrize(
    ("when", "live"),
    [
        (day(22, 6) + timedelta(minutes=30), [LOST]),
        (day(22, 12), []),
        (day(24, 12), [LATE]),
        (day(26, 7) + timedelta(minutes=30), [LATER]),
        (day(26, 12), []),
    ],
    ids=["alive", "proved dead by the outcome", "minted after that", "minted after that, not dead yet", "and dead"],
)
def test_what_is_found_since_of_a_credential_counts_whatever_the_window(
    run: Shell, when: datetime, live: list[str], window: str
) -> None:
    assert [item["run"] for item in found(run, when, "lost", window)["credentials_live"]] == live


def test_what_an_outcome_had_no_room_for_is_not_told_as_nothing(run: Shell) -> None:
    text = run("incident", "--env", "cut", "--around", "2026-08-20T06:30")[1]
    assert "not listed: result.argv (70 bytes)  not listed: result.connections (61,234 bytes)" in text
    assert "2026-08-20 07:00:00  postgres  cs_held" in text
    assert "proved dead, not listed; by the outcome at the latest; may never have been minted" in text
    (life,) = found(run, day(20), "cut")["credentials_live"]
    assert (life["proof"], life["listed"], life["to"]) == ("dead", False, day(20, 7).isoformat())
    (ran,) = found(run, day(20), "cut")["changed"]
    assert ran["left_out"] == {"result.argv": 70, "result.connections": 61234, "grants[] proved dead": 9000}
