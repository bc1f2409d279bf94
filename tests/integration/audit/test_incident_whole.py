"""`countersign audit incident`, every word of it: one moment of which all is known, and what must not be in its answer."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from countersign.attestation.record import Draft, RecordKind
from countersign.domain.ids import ChangeRef, RunId, Sha, digest_of, run_id
from tests.support.audit import signer, trust_line
from tests.support.auditor import Auditor
from tests.support.fastlog import FastLog
from tests.support.shelf import Shell

OLD, NEW = digest_of(b"the old policy"), digest_of(b"the new policy")
NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
KNOWN, BEFORE, AFTER = (ChangeRef("acme/shop", iid) for iid in (7, 8, 9))
RUN, EARLY, LATE = (run_id(change, Sha("1" * 40)) for change in (KNOWN, BEFORE, AFTER))
SCOPE = {"name": "database", "provider": "postgres", "parameters": {"role": "migrator"}, "ttl": 600}
PATH = "db/production/shop/V2__note.sql"
REACHED = {"name": "db.shop.example:5432", "allowed": True, "attempts": 1, "sent": 900, "received": 400}


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def decided(*approvers: str, agent: str, sponsor: str, policy: str) -> dict[str, object]:
    """Write what a decision's record says of people, of the change and of the policy."""
    people = [{"username": name} for name in approvers]
    plan = {"action": "migrate", "argv": ["migrate", PATH]}
    return {
        "actor": {"agent": {"id": agent}, "sponsor": {"username": sponsor}, "approvers": people},
        "change": {"paths": [PATH], "paths_total": 3},
        "decision": {"environment": "production", "services": ["shop"], "plan": plan},
        "policy": {"digest": policy},
    }


def asked(change: ChangeRef, when: datetime, body: Mapping[str, object]) -> Draft:
    return Draft(RecordKind.ASSESSED, f"assessed/{change.iid}", f"Asked for approval of {change}", change, None, when, body)


def announced(change: ChangeRef, run: RunId, when: datetime, body: Mapping[str, object]) -> Draft:
    leases = [{"handle": f"cs_{change.iid}", "scope": SCOPE}]
    return Draft(RecordKind.INTENT, f"intent/{run}", f"Will run migrate, {change}", change, run, when, {**body, "leases": leases})


def ended(change: ChangeRef, run: RunId, when: datetime, *, proof: str = "dead") -> Draft:
    grant = {
        "handle": f"cs_{change.iid}",
        "provider": "postgres",
        "public_id": f"cs_user_{change.iid}",
        "minted": (when - timedelta(minutes=4)).isoformat(),
        "revoked": (when - timedelta(minutes=1)).isoformat(),
        "expires": (when + timedelta(minutes=6)).isoformat(),
        "proof": proof,
    }
    result = {"argv": ["migrate", PATH], "connections": [REACHED], "exit_code": 0, "image": "registry.example/migrate@sha256:1"}
    tokens = {"epoch": 1, "counts": {"secret": 2}}
    body = {"grants": [grant], "result": {**result, "connections_left_out": {"endpoints": 5}}, "tokens": tokens}
    return Draft(RecordKind.EXECUTED, f"outcome/{run}", f"Applied migrate, {change}", change, run, when, body)


@pytest.fixture(scope="module")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Auditor:
    """A log of three runs: one around noon, one that ended before the window, one that ended after it."""
    home = tmp_path_factory.mktemp("known")
    known = decided("lea", "wanda", agent="shop-agent", sponsor="sam", policy=NEW)
    other = decided("lou", agent="sre-helper", sponsor="wim", policy=OLD)
    late = decided("lea", agent="shop-agent", sponsor="lea", policy=NEW)
    drafts = [
        announced(BEFORE, EARLY, at(-70), other),
        ended(BEFORE, EARLY, at(-61), proof="unproved"),
        asked(KNOWN, at(-60), decided(agent="shop-agent", sponsor="sam", policy=NEW)),
        announced(KNOWN, RUN, at(-5), known),
        ended(KNOWN, RUN, at(2)),
        announced(AFTER, LATE, at(60), late),
        ended(AFTER, LATE, at(61)),
    ]
    log = FastLog.make(home / "shop.git")
    log.write_drafts(drafts)
    return Auditor.of(log.repository, home, trust_line(signer()))


@pytest.fixture
def run(auditor: Auditor, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(auditor, capsys)


AROUND = ("incident", "--env", "production", "--around", NOON.isoformat(), "--window", "1h")


def recorded(minutes: float) -> str:
    return at(minutes).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def line(seq: int, kind: str, minutes: float, summary: str, **more: object) -> dict[str, object]:
    """Write a line of the timeline as it must be, of the run that is known unless more is said."""
    told = {"agent": "shop-agent", "approvers": ["lea", "wanda"], "change": str(KNOWN), "sponsor": "sam", "tokens": None}
    return {"kind": kind, "recorded": recorded(minutes), "seq": seq, "summary": summary, **told, **more}


def test_the_whole_of_a_known_moment(run: Shell) -> None:
    status, out, err = run(*AROUND, "--format", "json")
    assert (status, err) == (0, "")
    ran = {
        "action": "migrate",
        "agent": "shop-agent",
        "approvers": ["lea", "wanda"],
        "began": at(-5).isoformat(),
        "change": str(KNOWN),
        "ended": at(2).isoformat(),
        "found_since": None,
        "outcome": "executed",
        "run": RUN,
        "sponsor": "sam",
    }
    assert json.loads(out) == {
        "around": NOON.isoformat(),
        "changed": [
            {
                **ran,
                "argv": ["migrate", PATH],
                "connections": [REACHED],
                "connections_left_out": {"endpoints": 5},
                "exit_code": 0,
                "image": "registry.example/migrate@sha256:1",
                "left_out": {},
                "paths": [PATH],
                "paths_unlisted": 2,
                "services": ["shop"],
                "tokens": "2 secret",
            }
        ],
        "credentials_live": [
            {
                "certain": True,
                "change": str(KNOWN),
                "expires": at(8).isoformat(),
                "from": at(-2).isoformat(),
                "handle": "cs_7",
                "listed": True,
                "proof": "dead",
                "provider": "postgres",
                "public_id": "cs_user_7",
                "run": RUN,
                "scope": SCOPE,
                "to": at(1).isoformat(),
            }
        ],
        "environment": "production",
        "from": at(-60).isoformat(),
        "people": {
            "agents": {"shop-agent": 4},
            "approvers": {"lea": 3, "wanda": 2},
            "sponsors": {"lea": 1, "sam": 3},
        },
        "policy_switches": [{"before": OLD, "policy": NEW, "recorded": recorded(-60), "seq": 2}],
        "runs_under_way": [ran],
        "timeline": [
            line(2, "assessed", -60, f"Asked for approval of {KNOWN}", approvers=[]),
            line(3, "intent", -5, f"Will run migrate, {KNOWN}"),
            line(4, "executed", 2, f"Applied migrate, {KNOWN}", tokens="2 secret"),
            line(5, "intent", 60, f"Will run migrate, {AFTER}", approvers=["lea"], change=str(AFTER), sponsor="lea"),
        ],
        "to": at(60).isoformat(),
    }


@pytest.mark.parametrize(
    ("minutes", "window", "runs"),
    [
        (0, "1h", [RUN]),
        (0, "61m", [EARLY, RUN, LATE]),
        (-61, "1s", [EARLY]),
        (2.1, "1s", []),
        (30, "28m", [RUN]),
        (30, "27m", []),
        (-26, "28m", [RUN]),
        (-26, "27m", []),
    ],
)
def test_what_ended_in_that_time_ended_then_to_the_moment(run: Shell, minutes: float, window: str, runs: list[str]) -> None:
    around = ("--around", at(minutes).isoformat(), "--window", window)
    status, out, err = run("incident", "--env", "production", *around, "--format", "json")
    assert status == 0, err
    assert [item["run"] for item in json.loads(out)["changed"]] == runs


def test_the_text_says_as_much(run: Shell) -> None:
    status, out, _ = run(*AROUND)
    assert status == 0
    sections = {block.partition("\n")[0]: [row.split() for row in block.splitlines()[2:]] for block in out.split("\n\n")}
    assert sections["Under way at that moment"] == [
        ["2026-08-03", "11:55:00", "2026-08-03", "12:02:00", RUN, str(KNOWN), "migrate", "shop-agent", "sam", "lea,", "wanda"]
    ]
    times = ["2026-08-03", "11:58:00", "2026-08-03", "12:01:00"]
    how = ["revoked,", "then", "tried:", "dead"]
    assert sections["Credentials live at that moment"] == [[*times, "postgres", "cs_user_7", RUN, str(KNOWN), *how]]
    [ended_then] = sections["What ended in that time"]
    assert ended_then[:6] == ["2026-08-03", "12:02:00", str(KNOWN), "executed", "0", "migrate"]
    assert " ".join(ended_then[6:]) == (
        f"{PATH} db.shop.example:5432, 5 more endpoints, by digest 2 secret {PATH}, and 2 more that the record does not name"
    )
    assert sections["From here on another policy decided"] == [["2026-08-03", "11:00:00", "2", NEW, OLD]]
    assert sections["Who"] == [
        ["agents", "shop-agent", "(4)"],
        ["sponsors", "lea", "(1),", "sam", "(3)"],
        ["approvers", "lea", "(3),", "wanda", "(2)"],
    ]
    assert [row[2:4] for row in sections["Timeline"]] == [["2", "assessed"], ["3", "intent"], ["4", "executed"], ["5", "intent"]]
