"""Logs of targets, in the form in which their vendors write them."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countersign.adapters.logs import cloudtrail, forge, kubernetes, postgres
from countersign.attestation.accounts.reconcile import LeftOut, Use
from countersign.domain.ids import MalformedError

Reader = Callable[[Path], Iterator[Use] | Iterator[Use | LeftOut]]

CLOUDTRAIL = {
    "eventVersion": "1.11",
    "userIdentity": {
        "type": "AssumedRole",
        "principalId": "AROAIDPPEZS35WEXAMPLE:run-57sns5aebpk5mbtqxtfv",
        "arn": "arn:aws:sts::123456789012:assumed-role/site-production/run-57sns5aebpk5mbtqxtfv",
        "accountId": "123456789012",
        "accessKeyId": "ASIAHWVDYYJDJYO2FDL4",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "arn": "arn:aws:iam::123456789012:role/site-production",
                "userName": "site-production",
            },
            "attributes": {"creationDate": "2026-11-24T03:20:33Z", "mfaAuthenticated": "false"},
            "sourceIdentity": "run-57sns5aebpk5mbtqxtfv",
        },
    },
    "eventTime": "2026-11-24T03:20:40Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "PutObject",
    "awsRegion": "eu-central-1",
    "sourceIPAddress": "198.51.100.7",
    "requestID": "4C1F2D0E",
    "eventID": "7c1e2d7a-30d5-4ea5-8c14-0f5c2f8f3f0a",
    "eventType": "AwsApiCall",
}
KUBERNETES = {
    "kind": "Event",
    "apiVersion": "audit.k8s.io/v1",
    "level": "Metadata",
    "auditID": "8c604d8d-368c-4294-9cfa-e361b4cbbefa",
    "stage": "ResponseComplete",
    "requestURI": "/apis/apps/v1/namespaces/checkout/deployments/checkout",
    "verb": "patch",
    "user": {
        "username": "system:serviceaccount:checkout:deployer",
        "uid": "43ee00d0-fd9a-48ff-9e74-da11e39144fe",
        "groups": ["system:serviceaccounts", "system:authenticated"],
        "extra": {"authentication.kubernetes.io/credential-id": ["JTI=7ee52be0-9045-4653-aa5e-0da57b8dccdc"]},
    },
    "sourceIPs": ["10.253.132.107"],
    "userAgent": "helm/3.16",
    "objectRef": {"resource": "deployments", "namespace": "checkout", "name": "checkout", "apiGroup": "apps", "apiVersion": "v1"},
    "responseStatus": {"metadata": {}, "code": 200},
    "requestReceivedTimestamp": "2026-11-24T03:20:40.882546Z",
    "stageTimestamp": "2026-11-24T03:20:40.902546Z",
    "annotations": {"authorization.k8s.io/decision": "allow"},
}
GITHUB = {
    "@timestamp": 1795490440123,
    "_document_id": "x",
    "action": "git.push",
    "actor": "countersign-runner[bot]",
    "actor_ip": "198.51.100.7",
    "created_at": 1795490440123,
    "hashed_token": "Nn3dP5bD0n1wAqvY3Gz6m1v0m0b0r6mJ1i5b3mWq2mE=",
    "org": "acme",
    "programmatic_access_type": "GitHub App server-to-server token",
    "repo": "acme/shop",
}
GITLAB = {
    "id": "18e",
    "author_id": 40,
    "author_name": "run-57sns5aebpk5mbtqxtfv",
    "entity_id": 7,
    "entity_type": "Project",
    "entity_path": "acme/shop",
    "event_type": "repository_git_operation",
    "details": {"custom_message": {"protocol": "http", "action": "git-receive-pack"}},
    "ip_address": "198.51.100.7",
    "target_id": 7,
    "created_at": "2026-11-24T03:20:40.882Z",
}
JSONLOG = {
    "timestamp": "2026-11-24 03:20:40.123 UTC",
    "user": "cs_57sns5aebpk5mbtqxtfv",
    "dbname": "shop_production",
    "pid": 2381,
    "remote_host": "10.0.0.5",
    "remote_port": 45678,
    "session_id": "65a1b2c3.94d",
    "line_num": 2,
    "ps": "authentication",
    "session_start": "2026-11-24 03:20:40 UTC",
    "vxid": "3/2",
    "txid": 0,
    "error_severity": "LOG",
    "message": "connection authorized: user=cs_57sns5aebpk5mbtqxtfv database=shop_production SSL enabled",
    "backend_type": "client backend",
    "query_id": 0,
}
CSVLOG = (
    '2026-11-24 03:20:40.123 UTC,"cs_57sns5aebpk5mbtqxtfv","shop_production",2381,"10.0.0.5:45678",65a1b2c3.94d,3,"ALTER TABLE",'
    '2026-11-24 03:20:40 UTC,3/4,0,LOG,00000,"statement: ALTER TABLE orders\n ADD COLUMN ""note"" text",,,,,,,,,'
    '"psql","client backend",,0\n'
)


def written(path: Path, *documents: object) -> Path:
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return path


def used(reader: Reader, file: Path) -> list[Use]:
    return [item for item in reader(file) if isinstance(item, Use)]


def test_cloudtrail(tmp_path: Path) -> None:
    file = written(tmp_path / "trail.json", {"Records": [CLOUDTRAIL, CLOUDTRAIL | {"errorCode": "AccessDenied"}]})
    first, denied = used(cloudtrail.read, file)
    assert first.at == datetime(2026, 11, 24, 3, 20, 40, tzinfo=UTC)
    assert first.session == "ASIAHWVDYYJDJYO2FDL4"
    assert "run-57sns5aebpk5mbtqxtfv" in first.names
    assert (first.what, first.source, first.allowed) == ("s3.amazonaws.com:PutObject", "198.51.100.7", True)
    assert not denied.allowed


def test_cloudtrail_packed_as_it_lies_in_the_bucket(tmp_path: Path) -> None:
    file = tmp_path / "123456789012_CloudTrail_eu-central-1_20261124T0325Z_x.json.gz"
    file.write_bytes(gzip.compress(json.dumps({"Records": [CLOUDTRAIL]}).encode()))
    assert len(list(cloudtrail.read(file))) == 1
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(MalformedError, match="not whole"):
        list(cloudtrail.read(file))


def test_kubernetes(tmp_path: Path) -> None:
    refused = KUBERNETES | {"responseStatus": {"code": 403}}
    first, second = kubernetes.read(written(tmp_path / "audit.log", KUBERNETES, refused))
    assert first.names == (
        "JTI=7ee52be0-9045-4653-aa5e-0da57b8dccdc",
        "7ee52be0-9045-4653-aa5e-0da57b8dccdc",
        "system:serviceaccount:checkout:deployer",
    )
    assert (first.what, first.source, first.allowed) == ("patch checkout/deployments/checkout", "10.253.132.107", True)
    assert not second.allowed


def test_forges(tmp_path: Path) -> None:
    github, gitlab = forge.read(written(tmp_path / "audit.jsonl", GITHUB, GITLAB))
    assert (github.session, github.principal, github.what) == (
        GITHUB["hashed_token"],
        "countersign-runner[bot]",
        "git.push acme/shop",
    )
    assert github.at == datetime(2026, 11, 24, 3, 20, 40, 123000, tzinfo=UTC)
    assert (gitlab.names, gitlab.what) == (("run-57sns5aebpk5mbtqxtfv",), "repository_git_operation acme/shop")


def test_postgres_as_json(tmp_path: Path) -> None:
    background = {key: value for key, value in JSONLOG.items() if key not in {"user", "dbname"}}
    refused = JSONLOG | {"error_severity": "FATAL", "state_code": "28P01", "message": "password authentication failed"}
    file = written(tmp_path / "log.json", JSONLOG, background, refused)
    first, second = used(postgres.read, file)
    assert [item.why for item in postgres.read(file) if isinstance(item, LeftOut)] == [
        "lines without a user (the server's own, or before a client gave one)"
    ]
    assert (first.session, first.principal) == (
        "cs_57sns5aebpk5mbtqxtfv 65a1b2c3.94d",
        "cs_57sns5aebpk5mbtqxtfv in shop_production",
    )
    assert (first.source, first.allowed, second.allowed) == ("10.0.0.5", True, False)


def test_postgres_as_csv_with_a_statement_of_two_lines(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(CSVLOG)
    (use,) = used(postgres.read, tmp_path / "log.csv")
    assert (use.session, use.what, use.source) == ("cs_57sns5aebpk5mbtqxtfv 65a1b2c3.94d", "ALTER TABLE", "10.0.0.5")
    assert use.at == datetime(2026, 11, 24, 3, 20, 40, 123000, tzinfo=UTC)


def test_no_statement_gets_out_of_a_log(tmp_path: Path) -> None:
    line = JSONLOG | {"ps": "", "message": "statement: INSERT INTO cards VALUES ('4111 1111')"}
    (use,) = used(postgres.read, written(tmp_path / "log.json", line))
    assert "4111" not in use.what


def test_a_statement_that_raises_a_login_error_is_a_use_all_the_same(tmp_path: Path) -> None:
    """`RAISE EXCEPTION USING ERRCODE = '28P01'` is an ERROR; only FATAL ends a login."""
    (use,) = used(postgres.read, written(tmp_path / "log.json", JSONLOG | {"error_severity": "ERROR", "state_code": "28P01"}))
    assert use.allowed
    (tmp_path / "log.csv").write_text(CSVLOG.replace("LOG,00000", "ERROR,28P01") + CSVLOG.replace("LOG,00000", "FATAL,28P01"))
    assert [use.allowed for use in used(postgres.read, tmp_path / "log.csv")] == [True, False]


def test_an_event_of_a_forge_without_an_account_is_a_use(tmp_path: Path) -> None:
    nobody = {key: value for key, value in GITHUB.items() if key not in {"actor", "hashed_token"}}
    (use,) = forge.read(written(tmp_path / "audit.jsonl", nobody))
    assert (use.principal, use.session) == ("(no account is named)", "(no account is named)")


@pytest.mark.parametrize(
    ("reader", "text", "said"),
    [
        (cloudtrail.read, '{"records": []}', "no list `Records`"),
        (cloudtrail.read, "x", "not a JSON document"),
        (cloudtrail.read, json.dumps({"Records": [CLOUDTRAIL | {"eventTime": "then"}]}), "record 1: eventTime: not a time"),
        (cloudtrail.read, json.dumps({"Records": [CLOUDTRAIL, None]}), "record 2: not a JSON object"),
        (cloudtrail.read, json.dumps({"Records": [CLOUDTRAIL, 1, CLOUDTRAIL]}), "record 2: not a JSON object"),
        (cloudtrail.read, json.dumps({"Records": [CLOUDTRAIL | {"eventTime": "0001-01-01T00:00:00Z"}]}), "record 1: eventTime"),
        (cloudtrail.read, json.dumps({"Records": [CLOUDTRAIL | {"eventTime": "0001-01-01T00:00+05:00"}]}), "1970 to 9000"),
        (cloudtrail.read, json.dumps({"Records": [CLOUDTRAIL | {"eventTime": "9999-12-31T23:59:59Z"}]}), "1970 to 9000"),
        (kubernetes.read, '{"kind": "Pod"}\n', "log:1: no event"),
        (kubernetes.read, json.dumps(KUBERNETES | {"stage": "Later"}), "log:1: no stage of a request: 'Later'"),
        (kubernetes.read, json.dumps(KUBERNETES) + "\n{", "log:2: not a line of JSON"),
        (forge.read, "{}\n", "log:1: neither"),
        (forge.read, json.dumps(GITHUB | {"@timestamp": "x"}), "@timestamp: no time"),
        (forge.read, json.dumps(GITHUB | {"@timestamp": -1}), "1970 to 9000"),
        (forge.read, json.dumps(GITHUB | {"@timestamp": 10**30}), "@timestamp: no time"),
        (forge.read, json.dumps(GITLAB | {"created_at": "9999-12-31T23:59:59-05:00"}), "log:1: created_at"),
        (postgres.read, json.dumps(JSONLOG | {"timestamp": "9999-12-31 03:20:40.123 UTC"}), "log:1"),
        (postgres.read, json.dumps(JSONLOG | {"timestamp": "2026-11-24 03:20:40+02:00 UTC"}), "not a time"),
        (postgres.read, json.dumps(JSONLOG | {"timestamp": "2026-11-24 03:20:40.123 CET"}), "log_timezone"),
        (postgres.read, "a,b,c\n", "log:1: no line of PostgreSQL's csvlog: 3 columns"),
        (postgres.read, CSVLOG.replace("03:20:40.123", "soon"), "not a time"),
    ],
)
def test_what_is_no_such_log_is_refused_with_its_place(tmp_path: Path, reader: Reader, text: str, said: str) -> None:
    file = tmp_path / "log"
    file.write_text(text)
    with pytest.raises(MalformedError) as refusal:
        list(reader(file))
    assert said in str(refusal.value)
    assert str(file) in str(refusal.value)


@pytest.mark.parametrize("reader", [cloudtrail.read, kubernetes.read, forge.read, postgres.read])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, reader: Reader) -> None:
    with pytest.raises(MalformedError, match="No such file"):
        list(reader(tmp_path / "gone"))


@pytest.mark.parametrize("reader", [cloudtrail.read, kubernetes.read, forge.read, postgres.read])
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(str.encode),
        st.lists(st.text(max_size=9), max_size=30).map(lambda cells: ",".join(cells).encode()),
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_make_a_reader_stumble(tmp_path: Path, reader: Reader, data: bytes) -> None:
    file = tmp_path / "log"
    file.write_bytes(data)
    try:
        uses = used(reader, file)
    except MalformedError:
        return
    assert all(use.at.tzinfo is not None for use in uses)
