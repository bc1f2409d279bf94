"""`countersign audit reconcile`: a log made from what the record says reconciles; what is planted in it is found."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.shelf import Shell


def grants(run: Shell, provider: str) -> list[dict[str, str]]:
    records = [
        json.loads(line)["record"]["predicate"]
        for line in run("query", "--kind", "executed", "--all", "--format", "json")[1].splitlines()
    ]
    return [
        grant | {"run": record["run_id"]}
        for record in records
        for grant in record["body"]["grants"]
        if grant["provider"] == provider
    ]


def line(user: str, at: datetime, session: str) -> str:
    event = {
        "timestamp": f"{at:%Y-%m-%d %H:%M:%S}.000 UTC",
        "user": user,
        "dbname": "shop_production",
        "remote_host": "10.0.0.5",
        "session_id": session,
        "ps": "ALTER TABLE",
        "error_severity": "LOG",
        "message": "statement: ALTER TABLE orders ADD COLUMN note text",
    }
    return json.dumps(event) + "\n"


@pytest.fixture
def log(run: Shell, tmp_path: Path) -> Path:
    """A server's log in which every run of the record was seen, and nobody else."""
    file = tmp_path / "postgres.json"
    used = sorted(grants(run, "postgres"), key=lambda grant: grant["minted"])
    assert used
    file.write_text(
        "".join(
            line(grant["public_id"], datetime.fromisoformat(grant["minted"]) + timedelta(seconds=1), str(number))
            for number, grant in enumerate(used)
        )
    )
    return file


def test_all_sessions_belong_to_runs(run: Shell, log: Path) -> None:
    status, out, _ = run("reconcile", "--log", str(log), "--format", "postgres", "--output", "json")
    found = json.loads(out)
    assert status == 0
    assert found["findings"] == []
    assert found["explained"] == len(grants(run, "postgres"))


def test_a_session_without_a_run_is_a_finding(run: Shell, log: Path) -> None:
    at = datetime.fromisoformat(grants(run, "postgres")[0]["minted"])
    log.write_text(log.read_text() + line("postgres", at, "planted"))
    status, out, _ = run("reconcile", "--log", str(log), "--format", "postgres", "--output", "json")
    (finding,) = json.loads(out)["findings"]
    assert status == 1
    assert (finding["session"]["principal"], finding["run"]) == ("postgres in shop_production", None)
    text = run("reconcile", "--log", str(log), "--format", "postgres")
    assert text[0] == 1
    assert "no run on the record used a credential of this name" in text[1]
    assert run("reconcile", "--log", str(log), "--format", "postgres", "--ignore", "postgres in *")[0] == 0
    assert run("reconcile", "--log", str(log), "--format", "postgres", "--only", "cs_*")[0] == 0


@pytest.mark.parametrize("early", [False, True])
def test_a_credential_used_before_it_was_minted_or_after_it_was_proved_dead_is_a_finding(
    run: Shell, log: Path, early: bool
) -> None:
    grant = next(grant for grant in grants(run, "postgres") if grant["proof"] == "dead")
    minted, revoked = (datetime.fromisoformat(grant[name]) for name in ("minted", "revoked"))
    at = minted - timedelta(minutes=3) if early else revoked + timedelta(minutes=30)
    log.write_text(log.read_text() + line(grant["public_id"], at, "when it was none"))
    status, out, _ = run("reconcile", "--log", str(log), "--format", "postgres", "--output", "json")
    (finding,) = json.loads(out)["findings"]
    assert status == 1
    assert finding["run"] == grant["run"]
    assert "outside of its life" in finding["why"]


def test_a_log_is_held_against_credentials_of_its_own_providers_alone(run: Shell, log: Path) -> None:
    """What a server would call a session of AWS's is none of a run's, though the record has the name."""
    grant = grants(run, "aws")[0]
    at = datetime.fromisoformat(grant["minted"]) + timedelta(seconds=1)
    log.write_text(log.read_text() + line(grant["public_id"], at, "borrowed"))
    status, out, _ = run("reconcile", "--log", str(log), "--format", "postgres", "--output", "json")
    (finding,) = json.loads(out)["findings"]
    assert (status, finding["run"], finding["why"]) == (1, None, "no run on the record used a credential of this name")


def test_a_run_that_the_target_did_not_see_is_a_note(run: Shell, log: Path) -> None:
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join([lines[0], *lines[2:]]))
    status, out, _ = run("reconcile", "--log", str(log), "--format", "postgres", "--output", "json")
    assert status == 0
    assert json.loads(lines[1])["user"] in [note["credential"] for note in json.loads(out)["notes"]]


def trail(file: Path, *calls: tuple[str, str, datetime]) -> Path:
    """Write calls as CloudTrail does: each with a key, the run that its session is named after, and a time."""
    role = "arn:aws:sts::123456789012:assumed-role/site-production"
    events = [
        {
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": f"AROAIDPPEZS35WEXAMPLE:{name}",
                "arn": f"{role}/{name}",
                "accessKeyId": key,
                "sessionContext": {"sourceIdentity": name},
            },
            "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "eventSource": "s3.amazonaws.com",
            "eventName": "PutObject",
            "sourceIPAddress": "198.51.100.7",
        }
        for key, name, at in calls
    ]
    file.write_text(json.dumps({"Records": events}))
    return file


def test_cloudtrail_reconciles_and_naming_a_session_after_a_run_explains_nothing(run: Shell, tmp_path: Path) -> None:
    used = [(grant["public_id"], grant["run"], datetime.fromisoformat(grant["minted"])) for grant in grants(run, "aws")]
    assert used
    file = trail(tmp_path / "trail.json", *((key, name, at + timedelta(seconds=1)) for key, name, at in used))
    status, out, _ = run("reconcile", "--log", str(file), "--format", "cloudtrail", "--output", "json")
    assert (status, json.loads(out)["explained"], json.loads(out)["findings"]) == (0, len(used), [])
    _, name, at = used[0]
    trail(file, ("ASIATHIEFTHIEFTHIEFT", name, at + timedelta(seconds=1)))
    status, out, _ = run("reconcile", "--log", str(file), "--format", "cloudtrail", "--output", "json")
    found = json.loads(out)
    (finding,) = found["findings"]
    assert (status, found["explained"], finding["run"]) == (1, 0, name)
    assert finding["why"] == f"names {name}, but used a credential that this run does not have"


def test_whoever_is_no_role_is_found_and_awss_own_calls_are_counted(run: Shell, tmp_path: Path) -> None:
    grant = grants(run, "aws")[0]
    at = datetime.fromisoformat(grant["minted"]) + timedelta(seconds=1)
    file = trail(tmp_path / "trail.json", (grant["public_id"], grant["run"], at))
    (honest,) = json.loads(file.read_text())["Records"]
    user = {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/mallory", "accessKeyId": "AKIAMALLORY", "userName": "mallory"}
    root = {"type": "Root", "arn": "arn:aws:iam::123456789012:root", "accountId": "123456789012"}
    others = [honest | {"userIdentity": who} for who in (user, root, {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"})]
    file.write_text(json.dumps({"Records": [honest, *others]}))
    ask = ("reconcile", "--log", str(file), "--format", "cloudtrail")
    status, out, _ = run(*ask, "--output", "json")
    found = json.loads(out)
    assert (status, found["explained"], found["left_out"]) == (1, 1, {"calls of AWS's own services (AWSService)": 1})
    assert {item["session"]["principal"] for item in found["findings"]} == {user["arn"], root["arn"]}
    text = run(*ask)[1]
    assert "left out: calls of AWS's own services (AWSService): 1" in text
    assert "AKIAMALLORY" in text
    status, out, _ = run(*ask, "--only", "*assumed-role/site-production*", "--output", "json")
    assert (status, json.loads(out)["left_out"]["by --only and --ignore"]) == (0, 2)


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("postgres", ""),
        ("forge", ""),
        ("kubernetes", "\n"),
        ("cloudtrail", '{"Records": [{"userIdentity": {"type": "AWSService"}}]}'),
    ],
)
def test_a_log_without_a_session_is_no_all_clear(run: Shell, tmp_path: Path, form: str, content: str) -> None:
    (tmp_path / "log").write_text(content)
    status, out, err = run("reconcile", "--log", str(tmp_path / "log"), "--format", form)
    assert (status, out) == (2, "")
    assert f"{tmp_path / 'log'}: holds no session; is it the right file?" in err


def test_a_pattern_that_leaves_nothing_is_no_all_clear(run: Shell, log: Path) -> None:
    status, out, err = run("reconcile", "--log", str(log), "--format", "postgres", "--only", "CS_*")
    assert (status, out) == (2, "")
    assert "--only and --ignore leave none of the log's" in err
    assert "they are of cs_" in err


def test_help_says_whose_sessions_no_run_can_explain(run: Shell) -> None:
    out = run("reconcile", "--help")[1]
    assert "No run can explain a session in a log of kubernetes or a forge yet" in out


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_time_of_a_year_that_no_log_is_of_is_named_with_its_record(run: Shell, tmp_path: Path, year: str) -> None:
    file = trail(tmp_path / "trail.json", ("ASIAX", "x", datetime(2026, 1, 1, tzinfo=UTC)))
    file.write_text(file.read_text().replace("2026-01-01", f"{year}-12-31"))
    status, out, err = run("reconcile", "--log", str(file), "--format", "cloudtrail")
    assert (status, out) == (2, "")
    assert f"{file}: record 1: eventTime: '{year}-12-31T00:00:00Z': not a time of the years 1970 to 9000" in err


def test_a_log_that_cannot_be_read_is_named_with_its_line(run: Shell, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("what\n")
    status, _, err = run("reconcile", "--log", str(tmp_path / "log"), "--format", "kubernetes")
    assert status == 2
    assert f"{tmp_path / 'log'}:1: not a line of JSON" in err
