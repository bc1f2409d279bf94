"""What the aws broker sends, and what moto enforces of it: keys, signatures, the role's own policy, a denial.

Not shown here, because moto does not look at it: session policies, tags, lifetimes, conditions of a denial.
"""

import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from countersign.domain.credential import Credential
from countersign.domain.ids import RunId
from countersign.domain.outcomes import BrokerFault
from countersign.domain.scope import Grant, Proof, Scope
from runners import clock
from runners.brokers.aws import AwsBroker
from runners.brokers.aws_access import AwsKeys, TokenFile
from runners.brokers.aws_probe import Probe, Verdict
from runners.brokers.aws_revocations import denial
from tests.contract.broker_targets import BUCKET, ROLE, access_to, can_write, moto_site, session_policy
from tests.fakes.authorizations import authorization
from tests.support.moto import REGION, MotoServer
from tests.support.process import free_port

DOCUMENTATION = Path(__file__).resolve().parents[3] / "docs" / "brokers.md"
_numbers = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[MotoServer]:
    with moto_site() as running:
        yield running


@pytest.fixture(scope="module")
def lawless() -> Iterator[MotoServer]:
    """Give an account where everybody may do everything: no call is ever denied, and calls need no key."""
    with moto_site(iam=False) as running:
        yield running


@pytest.fixture
def account(server: MotoServer) -> Iterator[MotoServer]:
    yield server
    server.lift_denials(ROLE)


@pytest.fixture
def broker(account: MotoServer) -> AwsBroker:
    return AwsBroker(access=access_to(account), clock=clock.now)


@pytest.fixture
def scope(account: MotoServer) -> Scope:
    return Scope("site", "aws", {"role": account.role_arn(ROLE), "session_policy": session_policy(BUCKET)}, 900)


@pytest.fixture
def minted(broker: AwsBroker, scope: Scope) -> tuple[Grant, Credential]:
    return broker.mint(authorization(scope, iid=next(_numbers), environment="production"), scope)


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def test_what_is_sent_to_sts(account: MotoServer, broker: AwsBroker, scope: Scope) -> None:
    proof = authorization(scope, iid=4711, environment="production")
    broker.mint(proof, scope)
    call = account.sent("AssumeRole")[-1]
    tags = {call[f"Tags.member.{place}.Key"]: call[f"Tags.member.{place}.Value"] for place in range(1, 5)}
    assert call["RoleArn"] == account.role_arn(ROLE)
    assert call["RoleSessionName"] == call["SourceIdentity"] == proof.run
    assert call["DurationSeconds"] == "900"
    assert call["Policy"] == scope.parameters["session_policy"]
    assert tags == {
        "countersign_run": proof.run,
        "countersign_env": "production",
        "countersign_plan": proof.plan.digest(),
        "countersign_change": "shop/site:4711",
    }
    assert {call[f"TransitiveTagKeys.member.{place}"] for place in range(1, 5)} == set(tags)
    assert "Tags.member.5.Key" not in call


def test_the_policies_of_the_documentation_are_enough(account: MotoServer, broker: AwsBroker, scope: Scope) -> None:
    trust, runner, revoker = re.findall(r"```json\n(.+?)```", DOCUMENTATION.read_text(), re.DOTALL)
    account.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=trust)
    account.iam.put_user_policy(UserName="runner", PolicyName=ROLE, PolicyDocument=runner)
    account.iam.put_user_policy(UserName="revoker", PolicyName=ROLE, PolicyDocument=revoker)
    grant, credential = broker.mint(authorization(scope, iid=next(_numbers)), scope)
    assert broker.revoke(grant.handle, scope, credential).proof is Proof.DEAD


def test_what_the_run_is_given(account: MotoServer, scope: Scope) -> None:
    access = replace(access_to(account), sandbox_endpoint="http://aws.example:4566")
    there = Scope(scope.name, "aws", {**scope.parameters, "region": "us-east-1"}, 900)
    grant, credential = AwsBroker(access=access, clock=clock.now).mint(authorization(there, iid=next(_numbers)), there)
    env = credential.reveal()
    assert grant.public_id == env["AWS_ACCESS_KEY_ID"]
    assert env["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert env["AWS_REGION"] == env["AWS_DEFAULT_REGION"] == "us-east-1"
    assert env["AWS_ENDPOINT_URL"] == "http://aws.example:4566"
    assert set(credential.secrets()) == {env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"]}


def test_the_roles_own_policy_holds(account: MotoServer, minted: tuple[Grant, Credential]) -> None:
    s3 = access_to(account).s3(minted[1])
    s3.put_object(Bucket=BUCKET, Key="page", Body=b"x")
    attempts: tuple[Callable[[], object], ...] = (
        lambda: s3.list_objects_v2(Bucket=BUCKET),
        lambda: s3.delete_bucket(Bucket=BUCKET),
        lambda: s3.put_object(Bucket="another", Key="page", Body=b"x"),
    )
    for forbidden in attempts:
        with pytest.raises(ClientError) as caught:
            forbidden()
        assert code_of(caught) == "AccessDenied"


def test_neither_the_runner_nor_the_revoker_can_do_the_runs_work(account: MotoServer) -> None:
    for keys in (account.runner, account.revoker):
        session = boto3.session.Session(keys.access_key_id, keys.secret_access_key, region_name=REGION)
        with pytest.raises(ClientError) as caught:
            session.client("s3", endpoint_url=account.url).put_object(Bucket=BUCKET, Key="page", Body=b"x")
        assert code_of(caught) == "AccessDenied"


def test_the_revoker_cannot_assume_the_role(account: MotoServer, scope: Scope) -> None:
    confused = AwsBroker(access=replace(access_to(account), identity=account.revoker), clock=clock.now)
    with pytest.raises(BrokerFault, match="AccessDenied"):
        confused.mint(authorization(scope, iid=next(_numbers)), scope)


def test_a_role_that_is_not_the_runners_is_not_assumed(account: MotoServer, broker: AwsBroker) -> None:
    other = Scope("other", "aws", {"role": account.role_arn("admin")}, 900)
    with pytest.raises(BrokerFault, match="not authorized to perform: sts:AssumeRole"):
        broker.mint(authorization(other, iid=next(_numbers)), other)


def test_a_wrong_secret_is_a_fault_that_does_not_show_it(account: MotoServer, scope: Scope) -> None:
    wrong = AwsKeys(account.runner.access_key_id, "not-the-secret-at-all")
    broker = AwsBroker(access=replace(access_to(account), identity=wrong), clock=clock.now)
    with pytest.raises(BrokerFault, match="SignatureDoesNotMatch") as caught:
        broker.mint(authorization(scope, iid=next(_numbers)), scope)
    assert wrong.secret_access_key not in str(caught.value)
    assert wrong.secret_access_key not in repr(wrong)


def test_a_session_that_would_outlive_the_scope_is_not_used(account: MotoServer, scope: Scope) -> None:
    slow = AwsBroker(access=access_to(account), clock=lambda: clock.now() - timedelta(hours=1))
    with pytest.raises(BrokerFault, match="longer than asked for") as caught:
        slow.mint(authorization(scope, iid=next(_numbers)), scope)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "<Credential" in shown, "the secret was there, in the very frame that raised"
    assert "SecretAccessKey" not in shown


def test_what_revocation_writes(account: MotoServer, broker: AwsBroker, scope: Scope, minted: tuple[Grant, Credential]) -> None:
    grant, credential = minted
    before = clock.now()
    revocation = broker.revoke(grant.handle, scope, credential)
    assert revocation.proof is Proof.DEAD
    assert "let in before, turned away after (AccessDenied" in revocation.detail
    call = account.sent("PutRolePolicy")[-1]
    assert call["RoleName"] == ROLE
    assert call["PolicyDocument"] == denial(grant.run)
    prefix, run, over = call["PolicyName"].split(".")
    assert (prefix, run) == ("countersign-revoked", grant.run)
    assert timedelta(hours=1) < datetime.fromtimestamp(int(over), UTC) - before < timedelta(hours=1, minutes=6)


def test_a_second_revocation_writes_nothing(
    account: MotoServer, broker: AwsBroker, scope: Scope, minted: tuple[Grant, Credential]
) -> None:
    grant, credential = minted
    broker.revoke(grant.handle, scope, credential)
    writes = len(account.sent("PutRolePolicy"))
    assert broker.revoke(grant.handle, scope, None).proof is Proof.UNPROVED
    assert broker.revoke(grant.handle, scope, credential).proof is Proof.DEAD
    assert len(account.sent("PutRolePolicy")) == writes
    assert len(account.denials(ROLE)) == 1


def test_denials_that_are_over_are_removed_and_nothing_else(
    account: MotoServer, broker: AwsBroker, scope: Scope, minted: tuple[Grant, Credential]
) -> None:
    over, standing, foreign = f"countersign-revoked.run-{'a' * 20}.1", f"countersign-revoked.run-{'b' * 20}.9999999999", "backup"
    for name in (over, standing, foreign):
        account.iam.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=denial(RunId("run-" + "c" * 20)))
    broker.revoke(minted[0].handle, scope, None)
    names = set(account.iam.list_role_policies(RoleName=ROLE)["PolicyNames"])
    assert over not in names
    assert {standing, foreign, ROLE} < names
    account.iam.delete_role_policy(RoleName=ROLE, PolicyName=foreign)


def test_caller_identity_would_prove_nothing(
    account: MotoServer, broker: AwsBroker, scope: Scope, minted: tuple[Grant, Credential]
) -> None:
    grant, credential = minted
    broker.revoke(grant.handle, scope, credential)
    env = credential.reveal()
    session = boto3.session.Session(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"])
    sts = session.client("sts", region_name=REGION, endpoint_url=account.url)
    assert sts.get_caller_identity()["Arn"].endswith(grant.run), "answered to a session that is denied everything"


def test_the_reaper_is_told_until_when_an_unproved_session_can_live(broker: AwsBroker, scope: Scope) -> None:
    run = authorization(scope, iid=next(_numbers)).run
    revocation = broker.revoke(broker.handle(run, scope), scope, None)
    assert revocation.proof is Proof.UNPROVED
    ends = (revocation.revoked + timedelta(seconds=900)).strftime("%Y-%m-%dT%H:%M")
    assert "the credential is not at hand" in revocation.detail
    assert f"ends by itself by {ends}" in revocation.detail


def test_without_a_revoker_a_live_session_is_called_alive(account: MotoServer, scope: Scope) -> None:
    broker = AwsBroker(access=replace(access_to(account), revoker=None), clock=clock.now)
    grant, credential = broker.mint(authorization(scope, iid=next(_numbers)), scope)
    revocation = broker.revoke(grant.handle, scope, credential)
    assert revocation.proof is Proof.ALIVE
    assert "no revoker is configured" in revocation.detail
    assert can_write(account, credential), "and so it is"


@pytest.mark.parametrize("policy", ["other bucket", "other service"])
def test_a_denial_without_a_call_that_could_show_it_is_unproved(account: MotoServer, broker: AwsBroker, policy: str) -> None:
    text = {"other bucket": session_policy("elsewhere"), "other service": session_policy("x").replace("s3:", "sqs:")}[policy]
    scope = Scope("site", "aws", {"role": account.role_arn(ROLE), "session_policy": text}, 900)
    grant, credential = broker.mint(authorization(scope, iid=next(_numbers)), scope)
    revocation = broker.revoke(grant.handle, scope, credential)
    assert revocation.proof is Proof.UNPROVED
    assert account.denials(ROLE), "denied all the same"
    assert not can_write(account, credential)


def test_the_probe_writes_nothing(account: MotoServer, broker: AwsBroker, scope: Scope, minted: tuple[Grant, Credential]) -> None:
    before = account.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    broker.revoke(minted[0].handle, scope, minted[1])
    assert account.s3.list_objects_v2(Bucket=BUCKET).get("Contents", []) == before


def test_a_denial_that_does_not_bite_is_waited_for_and_then_called_alive(lawless: MotoServer) -> None:
    waits: list[float] = []
    broker = AwsBroker(access=access_to(lawless), clock=clock.now, settle=0.5, pause=waits.append)
    scope = Scope("site", "aws", {"role": lawless.role_arn(ROLE), "session_policy": session_policy(BUCKET)}, 900)
    grant, credential = broker.mint(authorization(scope, iid=next(_numbers)), scope)
    revocation = broker.revoke(grant.handle, scope, credential)
    assert revocation.proof is Proof.ALIVE
    assert waits[:2] == [0.1, 0.2]


def test_a_web_identity_token_is_sent_instead_of_a_signature(lawless: MotoServer, tmp_path: Path) -> None:
    token = tmp_path / "token"
    access = replace(access_to(lawless), identity=None, web_identity=TokenFile(token))
    broker = AwsBroker(access=access, clock=clock.now)
    scope = Scope("site", "aws", {"role": lawless.role_arn(ROLE), "session_policy": session_policy(BUCKET)}, 900)
    for written in ("first.of.two", "renewed.by.the-cluster"):
        token.write_text(written + "\n")
        proof = authorization(scope, iid=next(_numbers))
        broker.mint(proof, scope)
        call = lawless.sent("AssumeRoleWithWebIdentity")[-1]
        assert call["WebIdentityToken"] == written
        assert (call["RoleSessionName"], call["DurationSeconds"]) == (proof.run, "900")
        assert call["Policy"] == scope.parameters["session_policy"]
    token.write_text("")
    with pytest.raises(BrokerFault, match="no web identity token"):
        broker.mint(authorization(scope, iid=next(_numbers)), scope)


def test_a_probe_that_meets_nobody_is_unclear_and_keeps_nobody_from_revoking(
    account: MotoServer, minted: tuple[Grant, Credential]
) -> None:
    nowhere = replace(access_to(account), endpoint_url=f"http://127.0.0.1:{free_port()}").s3(minted[1])
    verdict, answer = Probe("s3:ListBucket", BUCKET).attempt(nowhere)
    assert verdict is Verdict.UNCLEAR
    assert "EndpointConnectionError" in answer


def test_the_control_api_of_the_test_server_is_shut(account: MotoServer) -> None:
    for path in ("/moto-api/reset-auth", "//moto-api/reset", "/moto-api/config"):
        assert httpx.post(account.url + path, content=b"inf").status_code == 403
