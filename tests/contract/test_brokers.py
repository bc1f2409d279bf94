"""The Broker port: what the pipeline, the closer and the reaper rely on, asked of every target alike."""

import pickle
import traceback
from collections.abc import Iterator
from datetime import UTC, timedelta

import pytest

from countersign.domain.credential import Credential
from countersign.domain.outcomes import BrokerFault, Refused
from countersign.domain.scope import Grant, Proof, Scope
from tests.contract.broker_targets import Target, aws_target, fake_target, moto_site, postgres_target
from tests.fakes.authorizations import authorization
from tests.support.moto import MotoServer
from tests.support.postgres import PostgresServer, postgres_server


@pytest.fixture(scope="module")
def postgres() -> Iterator[tuple[PostgresServer, str]]:
    with postgres_server() as server:
        admin = server.make_admin("shop_migrator")
        server.execute("CREATE DATABASE shop")
        yield server, admin


@pytest.fixture(scope="module")
def aws() -> Iterator[MotoServer]:
    with moto_site() as server:
        yield server


@pytest.fixture(params=["fake", "postgres", "aws"])
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    if request.param == "fake":
        made = fake_target()
    elif request.param == "postgres":
        made = postgres_target(*request.getfixturevalue("postgres"))
    else:
        made = aws_target(request.getfixturevalue("aws"))
    with made as ready:
        yield ready


@pytest.fixture
def iid(request: pytest.FixtureRequest) -> int:
    """Give a change number of this test's own: one server serves the whole module, and a run has its names once."""
    return abs(hash(request.node.nodeid)) % 10**8 + 1


@pytest.fixture
def scope(target: Target) -> Scope:
    return target.scope("migrate", target.ttl)


@pytest.fixture
def minted(target: Target, scope: Scope, iid: int) -> Iterator[tuple[Grant, Credential]]:
    grant, credential = target.broker.mint(authorization(scope, iid=iid), scope)
    yield grant, credential
    target.broker.revoke(grant.handle, scope, credential)


def test_a_minted_credential_lets_in(target: Target, minted: tuple[Grant, Credential]) -> None:
    assert target.works(minted[1])


def test_the_grant_says_what_was_made_for_whom_and_for_how_long(
    target: Target, scope: Scope, iid: int, minted: tuple[Grant, Credential]
) -> None:
    grant, _ = minted
    run = authorization(scope, iid=iid).run
    assert (grant.run, grant.scope) == (run, scope)
    assert grant.handle == target.broker.handle(run, scope), "the handle must be known before there is a grant"
    assert grant.public_id
    assert grant.minted.tzinfo == grant.expires.tzinfo == UTC
    assert timedelta(seconds=-3) <= grant.expires - grant.minted - timedelta(seconds=scope.ttl) <= timedelta(seconds=1)


def test_a_scope_that_was_not_authorized_is_refused(target: Target, scope: Scope, iid: int) -> None:
    other = target.scope("something else", target.ttl)
    with pytest.raises(Refused, match="authorized"):
        target.broker.mint(authorization(scope, iid=iid), other)


def test_an_authorized_scope_with_more_time_is_another_scope(target: Target, scope: Scope, iid: int) -> None:
    with pytest.raises(Refused, match="authorized"):
        target.broker.mint(authorization(scope, iid=iid), target.scope(scope.name, target.ttl + 60))


@pytest.mark.parametrize("off", ["below the floor", "above the ceiling", "nothing", "negative"])
def test_a_lifetime_that_cannot_be_honoured_is_refused_before_and_at_minting(target: Target, iid: int, off: str) -> None:
    ttl = {"below the floor": target.floor - 1, "above the ceiling": target.ceiling + 1, "nothing": 0, "negative": -900}[off]
    scope = target.scope("migrate", ttl)
    with pytest.raises(Refused, match="ttl"):
        target.broker.check(scope)
    with pytest.raises(Refused, match="ttl"):
        target.broker.mint(authorization(scope, iid=iid), scope)


def test_the_bounds_themselves_can_be_honoured(target: Target) -> None:
    target.broker.check(target.scope("migrate", target.floor))
    target.broker.check(target.scope("migrate", target.ceiling))


def test_another_providers_scope_is_refused(target: Target, scope: Scope) -> None:
    with pytest.raises(Refused, match="provider"):
        target.broker.check(Scope(scope.name, "elsewhere", scope.parameters, scope.ttl))


def test_no_text_form_shows_the_secret(minted: tuple[Grant, Credential]) -> None:
    grant, credential = minted
    assert credential.secrets(), "there must be something to hide"
    shown = f"{credential} {credential!r} {grant} {grant!r} {[credential]} { ({'c': credential}) }"
    try:
        fail_with(credential)
    except ZeroDivisionError as error:
        shown += "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "fail_with" in shown
    for secret in credential.secrets():
        assert secret not in shown


def fail_with(credential: Credential) -> float:
    return len(credential.public) / 0


def test_a_credential_cannot_be_pickled(minted: tuple[Grant, Credential]) -> None:
    with pytest.raises(TypeError, match="does not leave"):
        pickle.dumps(minted[1])


def test_what_is_public_is_no_secret(minted: tuple[Grant, Credential]) -> None:
    grant, credential = minted
    assert grant.public_id not in credential.secrets()
    assert credential.public <= set(credential.reveal())


def test_a_revoked_credential_is_dead_by_a_real_attempt(target: Target, scope: Scope, minted: tuple[Grant, Credential]) -> None:
    grant, credential = minted
    revocation = target.broker.revoke(grant.handle, scope, credential)
    assert (revocation.handle, revocation.proof) == (grant.handle, Proof.DEAD)
    assert revocation.detail
    assert revocation.revoked.tzinfo is UTC
    assert not target.works(credential)
    for secret in credential.secrets():
        assert secret not in revocation.detail


def test_revoking_again_gives_the_same_answer(target: Target, scope: Scope, minted: tuple[Grant, Credential]) -> None:
    grant, credential = minted
    first = target.broker.revoke(grant.handle, scope, credential)
    second = target.another().revoke(grant.handle, scope, credential)
    assert (second.handle, second.proof) == (first.handle, first.proof)


def test_what_was_never_minted_can_be_revoked(target: Target, scope: Scope, iid: int) -> None:
    handle = target.broker.handle(authorization(scope, iid=iid).run, scope)
    assert target.broker.revoke(handle, scope, None).proof is target.unaided


def test_a_crash_right_after_minting_is_cleaned_up_by_handle_alone(target: Target, scope: Scope, iid: int) -> None:
    proof = authorization(scope, iid=iid)
    handle = target.broker.handle(proof.run, scope)
    _, lost = target.broker.mint(proof, scope)
    assert target.works(lost)
    revocation = target.another().revoke(handle, scope, None)
    assert revocation.proof is target.unaided
    assert not target.works(lost)


def test_two_runs_at_once_have_identities_of_their_own(
    target: Target, scope: Scope, iid: int, minted: tuple[Grant, Credential]
) -> None:
    grant, credential = target.broker.mint(authorization(scope, iid=iid + 1), scope)
    try:
        assert grant.handle != minted[0].handle
        assert grant.public_id != minted[0].public_id
        assert not set(credential.secrets()) & set(minted[1].secrets())
        assert target.works(credential)
        assert target.works(minted[1])
    finally:
        target.broker.revoke(grant.handle, scope, credential)


def test_two_scopes_of_one_run_have_handles_of_their_own(target: Target, scope: Scope) -> None:
    run = authorization(scope).run
    near = [target.scope(name, target.ttl) for name in ("migrate", "Migrate", "migrate ", "migrate" * 12, "migrate" * 13)]
    handles = {target.broker.handle(run, one) for one in near}
    assert len(handles) == len(near)
    assert all(len(handle.encode()) <= 200 for handle in handles)


def test_a_target_that_does_not_answer_is_a_fault_and_never_a_proof(target: Target, scope: Scope, iid: int) -> None:
    proof = authorization(scope, iid=iid)
    broker = target.stranded()
    with pytest.raises(BrokerFault):
        broker.mint(proof, scope)
    with pytest.raises(BrokerFault):
        broker.revoke(broker.handle(proof.run, scope), scope, None)
