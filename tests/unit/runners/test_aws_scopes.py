"""What the aws broker says without AWS: scopes it refuses, calls it would try, denials it would write."""

import json
import re
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.ids import RunId
from countersign.domain.outcomes import BrokerFault, Refused
from countersign.domain.scope import Scope
from runners.brokers.aws import AwsBroker, session_tags
from runners.brokers.aws_access import AwsAccess, AwsKeys
from runners.brokers.aws_probe import Probe, probe_for
from runners.brokers.aws_revocations import Revocations, denial
from tests.fakes.authorizations import NOON, authorization

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

ROLE = "arn:aws:iam::111122223333:role/ops/shop-site"
RUN = RunId("run-" + "a" * 20)
BROKER = AwsBroker(access=AwsAccess(region="eu-central-1", identity=AwsKeys("AKIAEXAMPLE", "hidden")), clock=lambda: NOON)


@pytest.fixture(scope="module")
def iam() -> "IAMClient":
    """Read boto3's description of IAM once; each test stubs the answers that it needs."""
    return boto3.session.Session("AKIAEXAMPLE", "hidden", region_name="eu-central-1").client("iam")


def policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: object, resource: object = "arn:aws:s3:::shop/site/*", **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def scope(ttl: int = 900, **parameters: str) -> Scope:
    return Scope("site", "aws", {"role": ROLE, "session_policy": policy(allow("s3:*"))} | parameters, ttl)


def test_a_scope_of_its_form_passes() -> None:
    BROKER.check(scope())
    BROKER.check(scope(region="us-gov-west-1"))
    BROKER.check(Scope("site", "aws", {"role": ROLE}, 3600))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (scope(role="shop-site"), "role"),
        (scope(role="arn:aws:iam::1111:role/x"), "role"),
        (scope(role="arn:aws:iam::111122223333:user/x"), "role"),
        (scope(role=ROLE + "\n"), "role"),
        (scope(region="moon"), "region"),
        (scope(region="eu-central-1.evil.example"), "region"),
        (scope(session_policy=""), "session_policy"),
        (scope(session_policy="{"), "session_policy"),
        (scope(session_policy="[" * 2000), "session_policy"),
        (scope(session_policy="{}"), "session_policy"),
        (scope(session_policy=policy(allow("s3:*", "x" * 2048))), "2048"),
        (scope(duration="1"), "duration"),
        (Scope("site", "aws", {}, 900), "role"),
        (scope(ttl=899), "ttl"),
        (scope(ttl=3601), "ttl"),
        (Scope("site", "postgres", {"role": ROLE}, 900), "provider"),
    ],
)
def test_a_scope_that_cannot_be_honoured_is_refused_and_says_where(wrong: Scope, says: str) -> None:
    with pytest.raises(Refused, match=says):
        BROKER.check(wrong)


def test_a_handle_of_another_kind_touches_nothing() -> None:
    for handle in ("", "cs_x", f"{RUN}/other", RUN, f"{RUN[:-1]}/site"):
        with pytest.raises(BrokerFault, match="not a handle"):
            BROKER.revoke(handle, scope(), None)


@pytest.mark.parametrize(
    ("text", "probe"),
    [
        (policy(allow("s3:ListBucket", "arn:aws:s3:::shop")), Probe("s3:ListBucket", "shop")),
        (policy(allow(["s3:PutObject", "s3:GetObject"])), Probe("s3:PutObject", "shop", "site/countersign-probe")),
        (policy(allow("s3:PutObject"), allow("s3:Get*")), Probe("s3:PutObject", "shop", "site/countersign-probe")),
        (
            policy(allow("s3:PutObject"), allow("s3:GetObject", "arn:aws:s3:::other/*")),
            Probe("s3:GetObject", "other", "countersign-probe"),
        ),
        (policy(allow("S3:getobject", ["arn:aws:s3:::shop/a/index.html"])), Probe("s3:GetObject", "shop", "a/index.html")),
        (policy(allow("*", "arn:aws:s3:::shop/*")), Probe("s3:PutObject", "shop", "countersign-probe")),
        (json.dumps({"Statement": allow("s3:GetObject")}), Probe("s3:GetObject", "shop", "site/countersign-probe")),
        (policy(allow("s3:PutObject")), None),
        (policy(allow("s3:GetObject", Condition={"Bool": {"aws:SecureTransport": "true"}})), None),
        (policy({"Effect": "Deny", "Action": "*", "Resource": "*"}), None),
        (policy(allow("s3:GetObject", "*")), None),
        (policy(allow("s3:GetObject", "arn:aws:s3:::*/x")), None),
        (policy(allow("s3:GetObject", "arn:aws:s3:::shop/${aws:username}/*")), None),
        (policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), None),
        ("", None),
    ],
)
def test_the_call_to_try_is_one_that_the_session_policy_allows_outright(text: str, probe: Probe | None) -> None:
    assert probe_for(text) == probe


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Statement", "Action", "Resource", "Effect", "x"]), inner)
    ),
    max_leaves=20,
)


@given(json_values)
def test_no_session_policy_breaks_the_choice(document: object) -> None:
    assert probe_for(json.dumps(document)) is None


def test_a_denial_names_one_run_in_both_its_forms() -> None:
    document = json.loads(denial(RUN))
    assert [statement["Effect"] for statement in document["Statement"]] == ["Deny", "Deny"]
    assert [statement["Condition"] for statement in document["Statement"]] == [
        {"StringEquals": {"aws:PrincipalTag/countersign_run": RUN}},
        {"StringLike": {"aws:userid": f"*:{RUN}"}},
    ]
    assert all((statement["Action"], statement["Resource"]) == ("*", "*") for statement in document["Statement"])
    assert len(denial(RUN)) * 30 < 10_240, "thirty of them must find room on a role"


def test_what_is_over_does_not_keep_a_run_from_being_denied_when_it_cannot_be_removed(iam: "IAMClient") -> None:
    with Stubber(iam) as aws:
        names = [
            f"countersign-revoked.run-{'b' * 20}.1",
            "countersign-revoked.by-hand",
            f"countersign-revoked.run-{'c' * 20}.{'9' * 12}",
        ]
        aws.add_response("list_role_policies", {"PolicyNames": names, "IsTruncated": False}, {"RoleName": "site"})
        aws.add_client_error("delete_role_policy", "AccessDenied")
        aws.add_response("put_role_policy", {})
        assert Revocations(iam, "site").deny(RUN, ttl=900, now=NOON) is False
        aws.assert_no_pending_responses()


def test_a_role_that_is_full_is_a_fault_that_says_so(iam: "IAMClient") -> None:
    with Stubber(iam) as aws:
        names = [f"countersign-revoked.run-{letter * 20}.9999999999" for letter in "bcd"]
        aws.add_response("list_role_policies", {"PolicyNames": names, "IsTruncated": False}, {"RoleName": "site"})
        aws.add_client_error("put_role_policy", "LimitExceeded", "Maximum policy size of 10240 bytes exceeded")
        with pytest.raises(BrokerFault, match="holds 3 revocations"):
            Revocations(iam, "site").deny(RUN, ttl=900, now=NOON)


@given(
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}", fullmatch=True).filter(
        lambda p: ".." not in p
    )
)
def test_every_run_has_session_tags_that_sts_takes(project: str) -> None:
    tags = session_tags(authorization(scope(), project=project, environment=None))
    assert tags["countersign_run"] == authorization(scope(), project=project).run
    assert all(re.fullmatch(r"[\w\s.:/=+\-@]{1,256}", value, re.ASCII) for value in tags.values())
