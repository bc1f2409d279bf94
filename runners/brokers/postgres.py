"""Credentials for PostgreSQL: a login role made for one run, gone after it.

What the server enforces: the grants of the group role, at most four sessions, and no new login after the lifetime. A session
that is open then stays open until `revoke` ends it, by its runner or by the reaper. SQL is in `postgres_roles.py`.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping

import psycopg
from psycopg.conninfo import conninfo_to_dict

from countersign.domain.authorization import Authorization
from countersign.domain.credential import Credential
from countersign.domain.ids import RunId
from countersign.domain.outcomes import BrokerFault, Refused
from countersign.domain.ports import Clock
from countersign.domain.scope import Grant, Proof, Revocation, Scope
from runners.brokers import postgres_roles as roles

FLOOR = 60
CEILING = 3600
"""Seconds. Below a minute a slow start of the container eats the lifetime; above an hour it is no run but an account."""

_PARAMETERS = frozenset({"database", "role", "server"})
_SERVER = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?):([0-9]{1,5})")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$.-]{0,62}")
_HANDLE = re.compile(r"cs_[a-z2-7]{20}_[a-z0-9_]{1,24}_[0-9a-f]{8}")
_SLUG = 24
_PUBLIC = ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSSLMODE")


class PostgresBroker:
    """Makes login roles on the servers whose admin connection it is given."""

    def __init__(self, *, admin: Mapping[str, str], clock: Clock, sslmode: str = "prefer") -> None:
        """Know the servers: `host:port` as policies and sandboxes write it, and the DSN of the admin role there.

        `sslmode` is handed to the run as PGSSLMODE; use `verify-full` wherever the sandbox's image holds the server's CA.

        Raises:
            ValueError: a DSN is not of libpq's form. The text names the server only.
        """
        for server, dsn in admin.items():
            try:
                conninfo_to_dict(dsn)
            except psycopg.Error:
                message = f"the admin connection string of {server!r} is not one that libpq can read"
                raise ValueError(message) from None
        self._admin = dict(admin)
        self._clock = clock
        self._sslmode = sslmode

    @property
    def provider(self) -> str:
        """Give `postgres`."""
        return "postgres"

    def check(self, scope: Scope) -> None:
        """See that server, database, role and lifetime are ones that can be asked of a server.

        Raises:
            Refused: they are not. The text names the parameter.
        """
        if scope.provider != self.provider:
            raise Refused("mint", f"scope {scope.name!r} is for provider {scope.provider!r}, not {self.provider}")
        if set(scope.parameters) != _PARAMETERS:
            odd = ", ".join(sorted(set(scope.parameters) ^ _PARAMETERS))
            raise Refused("mint", f"scope {scope.name!r} must have database, role and server, and nothing else (look at: {odd})")
        for name in ("database", "role"):
            if not _IDENTIFIER.fullmatch(scope.parameters[name]):
                raise Refused("mint", f"scope {scope.name!r}: {name} is not a plain PostgreSQL name of at most 63 characters")
        if scope.parameters["role"].startswith("pg_") or scope.parameters["role"].lower() == "none":
            raise Refused("mint", f"scope {scope.name!r}: role must be one of yours; predefined roles reach the server itself")
        self._place(scope)
        if not FLOOR <= scope.ttl <= CEILING:
            raise Refused("mint", f"scope {scope.name!r}: ttl is {scope.ttl} s; postgres takes {FLOOR} to {CEILING}")

    def handle(self, run: RunId, scope: Scope) -> str:
        """Give the name of the login role: `cs_<run>_<scope, made plain>_<digest of it>`, 57 bytes at most."""
        slug = re.sub(r"[^a-z0-9_]", "_", scope.name.lower())[:_SLUG] or "_"
        digest = hashlib.sha256(scope.name.encode()).hexdigest()[:8]
        return f"cs_{run.removeprefix('run-')}_{slug}_{digest}"

    def mint(self, authorization: Authorization, scope: Scope) -> tuple[Grant, Credential]:
        """Make the login role and its password. The password is drawn here; the server is sent a SCRAM verifier of it.

        Where the role is there already, an earlier attempt of the same run made it and its password is lost with that process.
        It is not given a new one: two processes at work on one run is what must not be. Revoke it first.

        Raises:
            Refused: the scope is not one of the authorization's, or the group role is not fit to be handed out.
            BrokerFault: the server failed, or the role exists.
        """
        if scope not in authorization.plan.scopes:
            raise Refused("mint", f"scope {scope.name!r} is not one that this run was authorized for")
        self.check(scope)
        name, group, database = self.handle(authorization.run, scope), scope.parameters["role"], scope.parameters["database"]
        host, port = self._place(scope)
        credential = Credential(
            {
                "PGHOST": host,
                "PGPORT": port,
                "PGUSER": name,
                "PGPASSWORD": secrets.token_urlsafe(32),
                "PGDATABASE": database,
                "PGSSLMODE": self._sslmode,
            },
            public=_PUBLIC,
        )
        comment = f"made by Countersign for {authorization.proposal.change}, {authorization.run}; it is dropped after the run"
        with roles.connection(self._admin[scope.parameters["server"]]) as admin:
            roles.see_fit(admin, group, database)
            if roles.find(admin, name) is not None:
                raise BrokerFault(f"postgres: role {name} exists already, from an earlier attempt of this run; revoke it first")
            until = roles.create(admin, roles.NewRole(name, group, _verifier(admin, name, credential), scope.ttl, comment))
        return Grant(authorization.run, scope, name, name, self._clock(), until), credential

    def revoke(self, handle: str, scope: Scope, credential: Credential | None) -> Revocation:
        """Shut the role out, end its sessions, hand what it owns to the group, drop it; then try to log in with it.

        Each step can be repeated, so a revocation that was cut short is taken up where it stopped.

        Raises:
            BrokerFault: the server failed, sessions do not end, the login could not be tried; or the handle is not one that this
                broker gives, or the server not one that it can reach: then nothing was touched, and people must look.
        """
        if not _HANDLE.fullmatch(handle):
            raise BrokerFault("postgres: not a handle of this broker; no role was touched")
        dsn, group = self._admin.get(scope.parameters.get("server", "")), scope.parameters.get("role")
        if dsn is None or group is None:
            raise BrokerFault(
                f"postgres: this runner has no admin connection to revoke {handle} with; add the server to its targets"
            )
        with roles.connection(dsn) as admin:
            oid = roles.find(admin, handle)
            if oid is not None:
                roles.shut_out(admin, handle, oid)
                for database in roles.databases_of(admin, oid):
                    with roles.connection(dsn, database) as there:
                        roles.hand_over(there, handle, group)
                roles.drop(admin, handle)
                roles.end_sessions(admin, oid)  # one that was let in while the door closed
            if roles.find(admin, handle) is not None:
                raise BrokerFault(f"postgres: role {handle} is still there after it was dropped")
        revoked = self._clock()
        if credential is None:
            return Revocation(handle, revoked, Proof.DEAD, f"pg_roles of {scope.parameters['server']} lists no role {handle}")
        answer = roles.try_login(dsn, credential)
        if answer is None:
            return Revocation(handle, revoked, Proof.ALIVE, f"the server still lets {handle} in; is there a pooler in between?")
        return Revocation(handle, revoked, Proof.DEAD, answer)

    def _place(self, scope: Scope) -> tuple[str, str]:
        server = scope.parameters["server"]
        found = _SERVER.fullmatch(server)
        if found is None:
            raise Refused("mint", f"scope {scope.name!r}: server must be host:port")
        if server not in self._admin:
            raise Refused("mint", f"scope {scope.name!r}: this runner has no admin connection to server {server!r}")
        return found[1], found[2]


def _verifier(admin: roles.Connection, name: str, credential: Credential) -> str:
    """Compute what the server keeps of a password (RFC 5803), so that no statement and no log ever holds the password."""
    return admin.pgconn.encrypt_password(credential.reveal()["PGPASSWORD"].encode(), name.encode(), b"scram-sha-256").decode()
