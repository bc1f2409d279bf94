"""What is approved: three phases with their commands and credentials, places, and what stands beside the policy."""

import json

import pytest

from countersign.domain.decide import decide
from countersign.domain.decision import Decision, Effect, Plan
from countersign.domain.policy import Policy
from countersign.domain.policy_sources import Found, Source
from countersign.domain.policy_yaml import PolicyError
from tests.builders import NOON, SHOP_POLICY, proposal
from tests.support.policies import policy

PAGE = "site/production/shop/index.html"
RUN = '    run: [publish, "site-{environment}", "site/{environment}/{service}", "{files}"]\n'
BACK = '    rollback: [unpublish, "site-{environment}"]\n'
GIVEN = "credentials: {run: [bucket]}"
LOOK = '  look: {provider: kubernetes, service_account: "{service}-view", namespace: "{service}", audiences: [a, b], ttl: 10m}\n'


def changed(*changes: tuple[str, str], found: Found | None = None) -> Policy:
    text = SHOP_POLICY
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return policy(text, *(found or {}).items())


def decided(*changes: tuple[str, str], found: Found | None = None) -> Decision:
    return decide(changed(*changes, found=found), proposal(PAGE), now=NOON)


def planned(*changes: tuple[str, str], found: Found | None = None) -> Plan:
    plan = decided(*changes, found=found).plan
    assert plan is not None
    return plan


PHASES = (
    (RUN, '    plan: [publish, --show, "{service}"]\n' + RUN),
    (GIVEN, "credentials: {plan: [look], run: [bucket], rollback: [bucket]}"),
    ("networks:\n", LOOK + "networks:\n"),
)


def test_every_phase_is_filled() -> None:
    plan = planned(*PHASES)
    assert plan.plan_argv == ("publish", "--show", "shop")
    assert plan.rollback == ("unpublish", "site-production")
    assert [scope.name for scope in (*plan.plan_scopes, *plan.scopes, *plan.rollback_scopes)] == ["look", "bucket", "bucket"]
    assert plan.plan_scopes[0].parameters == {"audiences": '["a","b"]', "namespace": "shop", "service_account": "shop-view"}


@pytest.mark.parametrize(
    "change",
    [
        ("--show", "--show-all"),
        ('"{service}-view"', '"{service}-look"'),
        ("[unpublish,", "[unpublish, --all,"),
        (", rollback: [bucket]}", "}"),
        ('paths: ["*/production/**"], at_least', 'paths: ["*/production/**"], region: eu-central-1, at_least'),
        (BACK, ""),
        (BACK, "    rollback: revert\n"),
    ],
)
def test_another_phase_is_another_plan(change: tuple[str, str]) -> None:
    whole = [*PHASES, change]
    if change[0] == BACK:
        whole[1] = (GIVEN, "credentials: {plan: [look], run: [bucket]}")
    assert planned(*whole).digest() != planned(*PHASES).digest()


def test_a_revert_is_written_as_the_word() -> None:
    assert planned((BACK, "    rollback: revert\n")).document()["rollback"] == "revert"


REGION = ("production: {paths", "production: {region: eu-west-1, paths")


def test_a_credential_stays_in_the_environments_region() -> None:
    assert planned(REGION, ("    region: eu-central-1\n", "")).scopes[0].parameters["region"] == "eu-west-1"
    assert planned().scopes[0].parameters["region"] == "eu-central-1"
    decision = decided(REGION)
    assert decision.effect is Effect.REFUSED
    assert any("stays in eu-west-1" in reason.text and reason.to_pass for reason in decision.deciding)


SESSION = Source(".countersign/site.json")
INLINE = 'session_policy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: ["s3:PutObject"], Resource: ["*"]}]}'
FROM_FILE = (INLINE, "session_policy: .countersign/site.json")
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["*"]}]}


def test_a_session_policy_in_a_file_is_the_same_as_one_written_out() -> None:
    from_file = planned(FROM_FILE, found={SESSION: json.dumps(ALLOW, indent=3).encode()})
    assert from_file.scopes == planned().scopes
    other = {SESSION: json.dumps(ALLOW).replace("PutObject", "GetObject").encode()}
    assert planned(FROM_FILE, found=other).digest() != from_file.digest()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, "not there"),
        (b"{", "not JSON"),
        (b"[]", "not a policy"),
        (b"{}", "not a policy"),
        (b'{"Statement": [1.5]}', "not JSON without fractions"),
        (b'{"Statement": [], "Statement": [1]}', "a key stands twice"),
        (b'{"Statement": ["' + b"x" * 2100 + b'"]}', "more than 2048"),
        (b'{"Statement": ["' + b"x" * 20_000 + b'"]}', "more than 2048"),
        (b"[" * 5000, "not JSON"),
        (b"\xff", "not JSON"),
    ],
)
def test_a_session_policy_that_is_none_is_named_where_it_is_asked_for(data: bytes | None, why: str) -> None:
    with pytest.raises(PolicyError) as raised:
        changed(FROM_FILE, found={SESSION: data})
    (problem,) = raised.value.problems
    assert str(problem).startswith(f".countersign/policy.yaml:46:5: .countersign/site.json: {why}")
