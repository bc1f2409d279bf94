"""The Broker port in memory: a target that knows which of its credentials live, with failures on demand.

Passes the same contract suite as the real brokers (tests/contract/test_brokers.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from countersign.domain.authorization import Authorization
from countersign.domain.credential import Credential
from countersign.domain.ids import RunId
from countersign.domain.outcomes import BrokerFault, Refused
from countersign.domain.ports import Clock
from countersign.domain.scope import Grant, Proof, Revocation, Scope

Method = Literal["mint", "mint-after", "revoke"]


@dataclass(frozen=True, slots=True)
class Revoked:
    """One call of `revoke`: for what, and whether the credential was at hand."""

    handle: str
    scope: Scope
    with_credential: bool


class FakeBroker:
    """Makes credentials `FAKE_TOKEN=…`. `minted` and `revoked` list the calls that succeeded, oldest first.

    `immortal` makes revocation fail to bite: the answer is then `Proof.ALIVE`, as a target's would be. `act` is called when a
    mint begins: what happens elsewhere while this runner sleeps.
    """

    def __init__(self, *, clock: Clock, provider: str = "fake", floor: int = 60, ceiling: int = 3600) -> None:
        """Be the broker of `provider`; lifetimes from `floor` to `ceiling` seconds."""
        self.provider = provider
        self.minted: list[Grant] = []
        self.revoked: list[Revoked] = []
        self.immortal = False
        self.act: Callable[[], None] | None = None
        self._clock = clock
        self._floor = floor
        self._ceiling = ceiling
        self._live: dict[str, str] = {}
        self._failures: list[tuple[Method, str]] = []
        self._count = 0

    def fail_next(self, method: Method, *, why: str = "the target is away", times: int = 1) -> None:
        """Let the next calls fail. `mint-after` makes the credential and loses the answer, as a crash would."""
        self._failures.extend((method, why) for _ in range(times))

    @property
    def live(self) -> frozenset[str]:
        """Give the handles whose credential would be let in now."""
        return frozenset(self._live)

    def works(self, credential: Credential) -> bool:
        """Try the credential, as the run would."""
        return credential.reveal()["FAKE_TOKEN"] in self._live.values()

    def check(self, scope: Scope) -> None:
        """Honour any parameters; refuse a lifetime out of bounds or another provider's scope."""
        if scope.provider != self.provider:
            raise Refused("mint", f"scope {scope.name!r} is for provider {scope.provider!r}, not {self.provider!r}")
        if not self._floor <= scope.ttl <= self._ceiling:
            raise Refused("mint", f"scope {scope.name!r}: ttl must be {self._floor} to {self._ceiling} seconds")

    def handle(self, run: RunId, scope: Scope) -> str:
        """Name the credential by run and scope."""
        return f"{self.provider}/{run}/{scope.name}"

    def mint(self, authorization: Authorization, scope: Scope) -> tuple[Grant, Credential]:
        """Make a live credential; once only for a handle."""
        if scope not in authorization.plan.scopes:
            raise Refused("mint", f"scope {scope.name!r} is not one that this run was authorized for")
        self.check(scope)
        if self.act is not None:
            self.act()
        self._maybe_fail("mint")
        handle = self.handle(authorization.run, scope)
        if handle in self._live:
            raise BrokerFault(f"{handle} exists already; revoke it first")
        self._count += 1
        secret = f"fake-secret-{self._count:08d}"
        self._live[handle] = secret
        self._maybe_fail("mint-after")
        now = self._clock()
        grant = Grant(authorization.run, scope, handle, f"fake-{self._count}", now, now + timedelta(seconds=scope.ttl))
        self.minted.append(grant)
        return grant, Credential({"FAKE_TOKEN": secret})

    def revoke(self, handle: str, scope: Scope, credential: Credential | None) -> Revocation:
        """End it, unless `immortal`."""
        self._maybe_fail("revoke")
        if not self.immortal:
            self._live.pop(handle, None)
        self.revoked.append(Revoked(handle, scope, credential is not None))
        alive = handle in self._live
        return Revocation(handle, self._clock(), Proof.ALIVE if alive else Proof.DEAD, "let in" if alive else "unknown token")

    def _maybe_fail(self, method: Method) -> None:
        for failure in self._failures:
            if failure[0] == method:
                self._failures.remove(failure)
                raise BrokerFault(failure[1])
