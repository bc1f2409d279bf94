"""Targets that the broker contract is asked of: the one in memory, a real PostgreSQL, moto as AWS.

`Target` says the same of each, so that no test needs to know which one it has.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg
from botocore.exceptions import ClientError

from countersign.domain.credential import Credential
from countersign.domain.scope import Proof, Scope
from runners import clock
from runners.brokers.aws import AwsBroker
from runners.brokers.aws_access import AwsAccess
from runners.brokers.postgres import PostgresBroker
from runners.ports import Broker
from tests.fakes.brokers import FakeBroker
from tests.support.moto import ACTIONS, REGION, MotoServer, moto_server
from tests.support.postgres import PostgresServer
from tests.support.process import free_port


@dataclass(frozen=True)
class Target:
    """A kind of target. `works` tries a credential for real; `unaided` is what revocation can prove without the credential.

    `another` gives a broker as a second process would have it, `stranded` one whose target does not answer.
    """

    broker: Broker
    scope: Callable[[str, int], Scope]
    works: Callable[[Credential], bool]
    another: Callable[[], Broker]
    stranded: Callable[[], Broker]
    ttl: int
    floor: int
    ceiling: int
    unaided: Proof = Proof.DEAD


@contextmanager
def fake_target() -> Iterator[Target]:
    broker = FakeBroker(clock=clock.now)
    stranded = FakeBroker(clock=clock.now)
    stranded.fail_next("mint", times=9)
    stranded.fail_next("revoke", times=9)
    yield Target(
        broker=broker,
        scope=lambda name, ttl: Scope(name, "fake", {"role": "shop_migrator"}, ttl),
        works=broker.works,
        another=lambda: broker,
        stranded=lambda: stranded,
        ttl=600,
        floor=60,
        ceiling=3600,
    )


def log_in(credential: Credential) -> psycopg.Connection[tuple[object, ...]]:
    """Open a session as a run's tool would: from the variables alone."""
    env = credential.reveal()
    return psycopg.connect(
        host=env["PGHOST"],
        port=env["PGPORT"],
        user=env["PGUSER"],
        password=env["PGPASSWORD"],
        dbname=env["PGDATABASE"],
        sslmode=env["PGSSLMODE"],
        connect_timeout=5,
    )


def lets_in(credential: Credential) -> bool:
    """Try the credential at its server."""
    try:
        log_in(credential).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def postgres_target(server: PostgresServer, admin: str) -> Iterator[Target]:
    nobody = f"127.0.0.1:{free_port()}"
    away = psycopg.conninfo.make_conninfo(admin, port=nobody.partition(":")[2])
    yield Target(
        broker=PostgresBroker(admin={server.address: admin}, clock=clock.now),
        scope=lambda name, ttl: Scope(
            name, "postgres", {"server": server.address, "database": "shop", "role": "shop_migrator"}, ttl
        ),
        works=lets_in,
        another=lambda: PostgresBroker(admin={server.address: admin}, clock=clock.now),
        stranded=lambda: PostgresBroker(admin={server.address: away}, clock=clock.now),
        ttl=600,
        floor=60,
        ceiling=3600,
    )


def access_to(server: MotoServer) -> AwsAccess:
    """Give the way to the account that a runner has."""
    return AwsAccess(region=REGION, identity=server.runner, revoker=server.revoker, endpoint_url=server.url)


BUCKET = ROLE = "shop-site-production"


@contextmanager
def moto_site(*, iam: bool = True) -> Iterator[MotoServer]:
    """Run an account that holds the shop's bucket and the role of the action that publishes to it."""
    with moto_server(iam=iam) as server:
        server.add_site(BUCKET, role=ROLE)
        yield server


def session_policy(bucket: str) -> str:
    """Give a session policy as a repository would narrow one action."""
    statement = {"Effect": "Allow", "Action": ACTIONS, "Resource": f"arn:aws:s3:::{bucket}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def can_write(server: MotoServer, credential: Credential) -> bool:
    """Write an object as a run would."""
    s3 = access_to(server).s3(credential)
    try:
        s3.put_object(Bucket=BUCKET, Key="index.html", Body=b"<h1>Shop</h1>")
    except ClientError as error:
        if error.response["Error"]["Code"] == "AccessDenied":
            return False
        raise
    return True


@contextmanager
def aws_target(server: MotoServer) -> Iterator[Target]:
    access = access_to(server)
    away = replace(access, endpoint_url=f"http://127.0.0.1:{free_port()}")
    parameters = {"role": server.role_arn(ROLE), "session_policy": session_policy(BUCKET)}
    yield Target(
        broker=AwsBroker(access=access, clock=clock.now),
        scope=lambda name, ttl: Scope(name, "aws", parameters, ttl),
        works=lambda credential: can_write(server, credential),
        another=lambda: AwsBroker(access=access, clock=clock.now),
        stranded=lambda: AwsBroker(access=away, clock=clock.now),
        ttl=900,
        floor=900,
        ceiling=3600,
        unaided=Proof.UNPROVED,
    )
    server.lift_denials(ROLE)
