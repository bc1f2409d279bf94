"""CloudTrail: whoever called is a use, but for AWS's own services. The elements are as AWS documents `userIdentity`."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countersign.adapters.logs import cloudtrail
from countersign.attestation.accounts.reconcile import LeftOut, Use
from countersign.domain.ids import MalformedError

ACCOUNT = "123456789012"
RUN = "run-57sns5aebpk5mbtqxtfv"
ROLE = {
    "type": "AssumedRole",
    "principalId": f"AROAIDPPEZS35WEXAMPLE:{RUN}",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/site-production/{RUN}",
    "accessKeyId": "ASIAOURS",
    "sessionContext": {"sourceIdentity": RUN},
}
WEB = {
    "type": "WebIdentityUser",
    "principalId": "accounts.google.com:application-id.apps.googleusercontent.com:user-id",
    "userName": "user-id",
    "identityProvider": "accounts.google.com",
}


def event(identity: object, **more: object) -> dict[str, object]:
    base = {
        "eventTime": "2026-11-24T03:20:40Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "DeleteBucket",
        "sourceIPAddress": "198.51.100.7",
    }
    return base | {"userIdentity": identity} | more


def minting(identity: object, key: str, name: str) -> dict[str, object]:
    return event(
        identity,
        eventSource="sts.amazonaws.com",
        eventName="AssumeRole",
        requestParameters={"roleArn": f"arn:aws:iam::{ACCOUNT}:role/site-production", "roleSessionName": name},
        responseElements={"credentials": {"accessKeyId": key, "expiration": "Nov 24, 2026, 4:20:40 AM"}},
    )


def read(tmp_path: Path, *events: object) -> list[Use | LeftOut]:
    (tmp_path / "trail.json").write_text(json.dumps({"Records": events}))
    return list(cloudtrail.read(tmp_path / "trail.json"))


@pytest.mark.parametrize(
    ("identity", "principal", "session"),
    [
        (
            {
                "type": "Root",
                "principalId": ACCOUNT,
                "arn": f"arn:aws:iam::{ACCOUNT}:root",
                "accountId": ACCOUNT,
                "accessKeyId": "",
            },
            f"arn:aws:iam::{ACCOUNT}:root",
            f"arn:aws:iam::{ACCOUNT}:root",
        ),
        (
            {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/Alice", "accessKeyId": "AKIAALICE", "userName": "Alice"},
            f"arn:aws:iam::{ACCOUNT}:user/Alice",
            "AKIAALICE",
        ),
        (
            {"type": "IAMUser", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS", "accountId": ACCOUNT},
            f"IAMUser user HIDDEN_DUE_TO_SECURITY_REASONS account {ACCOUNT}",
            f"IAMUser user HIDDEN_DUE_TO_SECURITY_REASONS account {ACCOUNT}",
        ),
        (
            {"type": "FederatedUser", "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/bob", "accessKeyId": "ASIAFED"},
            f"arn:aws:sts::{ACCOUNT}:federated-user/bob",
            "ASIAFED",
        ),
        (
            {"type": "AWSAccount", "principalId": "AIDAQRSTUVWXYZEXAMPLE", "accountId": "777788889999"},
            "AWSAccount principal AIDAQRSTUVWXYZEXAMPLE account 777788889999",
            "AWSAccount principal AIDAQRSTUVWXYZEXAMPLE account 777788889999",
        ),
        (
            {"type": "IdentityCenterUser", "accountId": ACCOUNT, "onBehalfOf": {"userId": "544894e8"}, "credentialId": "x"},
            f"IdentityCenterUser on behalf of 544894e8 account {ACCOUNT}",
            f"IdentityCenterUser on behalf of 544894e8 account {ACCOUNT}",
        ),
        (WEB, f"WebIdentityUser user user-id of accounts.google.com principal {WEB['principalId']}", None),
        ({"type": "SAMLUser", "userName": "bob", "identityProvider": "idp"}, "SAMLUser user bob of idp", None),
        ({"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/ops"}, f"arn:aws:iam::{ACCOUNT}:role/ops", None),
        ({"type": "Directory", "userName": "corp"}, "Directory user corp", None),
        ({"type": "Unknown", "principalId": "p"}, "Unknown principal p", None),
        ({"type": "OfTomorrow"}, "OfTomorrow", None),
        (
            {"accountId": ACCOUNT, "invokedBy": "AWS Internal"},
            f"(no type of identity) account {ACCOUNT} invoked by AWS Internal",
            None,
        ),
        (None, "(no type of identity)", None),
        ("root", "(no type of identity)", None),
    ],
)
def test_every_identity_is_a_use_and_has_a_name(tmp_path: Path, identity: object, principal: str, session: str | None) -> None:
    (use,) = read(tmp_path, event(identity))
    assert isinstance(use, Use)
    assert (use.principal, use.session, use.allowed) == (principal, session or principal, True)
    assert use.what == "s3.amazonaws.com:DeleteBucket"


def test_awss_own_services_are_counted(tmp_path: Path) -> None:
    by_aws = event({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"})
    assert read(tmp_path, by_aws, by_aws) == [LeftOut("calls of AWS's own services (AWSService)")] * 2


def test_a_service_that_acts_with_somebodys_session_is_a_use(tmp_path: Path) -> None:
    (use,) = read(tmp_path, event(ROLE | {"invokedBy": "cloudformation.amazonaws.com"}))
    assert isinstance(use, Use)


@pytest.mark.parametrize("kind", ["IAMUser", "FederatedUser", "Unknown"])
def test_nobody_but_a_role_has_the_name_of_a_run(tmp_path: Path, kind: str) -> None:
    (use,) = read(tmp_path, event(ROLE | {"type": kind, "userName": RUN, "accessKeyId": "ASIATHIEF"}))
    assert isinstance(use, Use)
    assert use.names == ("ASIATHIEF",)


def test_a_call_that_made_a_session_is_known_by_its_key_and_is_no_other_call_of_the_caller(tmp_path: Path) -> None:
    runner = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/runner", "accessKeyId": "AKIARUNNER"}
    opening, other = read(tmp_path, minting(runner, "ASIAOURS", RUN), event(runner))
    assert isinstance(opening, Use)
    assert isinstance(other, Use)
    assert (opening.names, opening.opens, opening.principal) == (("ASIAOURS", "AKIARUNNER", RUN), True, runner["arn"])
    assert (other.names, other.opens) == (("AKIARUNNER",), False)
    assert opening.session != other.session


def test_only_sts_makes_sessions(tmp_path: Path) -> None:
    """What stands in an answer of another service may be of a caller's choosing."""
    (use,) = read(tmp_path, minting(WEB, "ASIAOURS", RUN) | {"eventSource": "logs.amazonaws.com"})
    assert isinstance(use, Use)
    assert (use.names, use.opens) == ((), False)


def test_who_was_not_let_in_at_the_console_was_turned_away(tmp_path: Path) -> None:
    failed = event({"type": "IAMUser", "userName": "Alice"}, responseElements={"ConsoleLogin": "Failure"})
    (use,) = read(tmp_path, failed)
    assert isinstance(use, Use)
    assert not use.allowed


_FLAT = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
_ANY = _FLAT | st.lists(_FLAT, max_size=2) | st.dictionaries(st.text(max_size=5), _FLAT, max_size=2)
_IDENTITY = st.dictionaries(st.sampled_from([*ROLE, "userName", "onBehalfOf", "invokedBy"]), _ANY, max_size=5)
_EVENT = st.fixed_dictionaries(
    {"eventTime": st.sampled_from(["2026-11-24T03:20:40Z", "2026-11-24", 5, None])},
    optional={
        "userIdentity": _IDENTITY | _ANY,
        "responseElements": _ANY,
        "eventSource": _ANY,
        "eventName": _ANY,
        "errorCode": _ANY,
    },
)


@given(events=st.lists(_EVENT | _ANY, max_size=4))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_in_a_log_is_passed_over(tmp_path: Path, events: list[object]) -> None:
    try:
        found = read(tmp_path, *events)
    except MalformedError as refusal:
        assert "trail.json: record " in str(refusal)  # noqa: PT017 - some of these logs are refused
        return
    assert len(found) == len(events)
    assert all(item.principal and item.session for item in found if isinstance(item, Use))
