"""What the pipeline asks of brokers, sandboxes and locks. Interfaces live here, each backend in a file of its own."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from countersign.domain.authorization import Authorization
from countersign.domain.credential import Credential
from countersign.domain.ids import Digest, RunId
from countersign.domain.run import Control, RunResult, RunSpec
from countersign.domain.scope import Grant, Revocation, Scope


class Broker(Protocol):
    """One kind of target that can make credentials for a run. Every method raises BrokerFault when the target fails."""

    @property
    def provider(self) -> str:
        """Give the word that policies use for it."""
        ...

    def check(self, scope: Scope) -> None:
        """See, without the target, that the scope can be honoured.

        Raises:
            Refused: a parameter is missing or unknown, or the lifetime is outside what the target can do.
        """
        ...

    def handle(self, run: RunId, scope: Scope) -> str:
        """Give the handle that mint will use: known before minting, so that the intent record can name it."""
        ...

    def mint(self, authorization: Authorization, scope: Scope) -> tuple[Grant, Credential]:
        """Make a credential for this run, no wider and no longer than the scope.

        Raises:
            Refused: the scope is not one of the authorization's.
        """
        ...

    def revoke(self, handle: str, scope: Scope, credential: Credential | None) -> Revocation:
        """End it and prove it: by an attempt to use the credential where it is at hand, else by what the target lists.

        Idempotent: a credential that was never minted, or is already gone, gives the same answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a sandbox backend proved from inside, at `at`: the controls in force, and one line of evidence for each tried."""

    backend: str
    runtime: str
    controls: frozenset[Control]
    evidence: tuple[tuple[Control, bool, str], ...]
    profile_digest: Digest
    at: datetime


class Outbox(Protocol):
    """Where a result waits between the end of the command and the outcome record: the act is never forgotten.

    On the runner's own disk, since what it is for is the death of everything else.
    """

    def reserve(self, run: RunId, first: Mapping[str, object]) -> None:
        """Make room for the largest result, before the run is announced, with `first` in it; durable when this returns.

        What was kept stays, and is as young as this. `first` names the project: nothing else would, were this runner to die now.

        Raises:
            Fault: there is no room. Then nothing may begin.
        """
        ...

    def put(self, run: RunId, result: Mapping[str, object]) -> None:
        """Keep the result, in the room that was made for it; durable when this returns. Raises Fault where the disk refuses."""
        ...

    def swap(self, run: RunId, old: Mapping[str, object] | None, new: Mapping[str, object]) -> bool:
        """Put `new` where `old` is kept (None: room, and nothing whole in it); say whether. One act, whoever is at it on this disk.

        Raises:
            Fault: the disk refuses. What was kept is kept, or nothing whole is.
        """
        ...

    def get(self, run: RunId) -> Mapping[str, object] | None:
        """Give what was kept for a run."""
        ...

    def runs(self) -> Mapping[RunId, datetime]:
        """List the runs for which there is room or a result, each with the time at which either was last made or put there, UTC.

        Raises:
            Fault: the disk cannot be read.
        """
        ...

    def drop(self, run: RunId, kept: Mapping[str, object] | None) -> bool:
        """Forget a run of which this is kept (None: room and nothing in it), and give back its room; False where something else is.

        One act, as `swap`: nothing goes that whoever drops it has not seen. Where the disk does not let it go, it stays.
        """
        ...


class Sandbox(Protocol):
    """A place to run one command. Raises SandboxFault when it fails before the command began."""

    def attest(self) -> Attestation:
        """Prove the controls from inside a container made as a run's would be. Costly; callers keep the answer."""
        ...

    def run(self, spec: RunSpec, credential: Credential | None) -> RunResult:
        """Run the command; the container is gone when this returns or raises.

        Raises:
            Refused: the run asks for a control that is not in force (naming it), or the image is not there by digest.
        """
        ...

    def reap(self, run: RunId) -> int:
        """Remove what a dead runner left of this run; give how many containers there were."""
        ...


class Leases(Protocol):
    """Who is at work on a run. Losing it (an emptied Redis) may cost time, never safety: the audit branch decides."""

    def hold(self, run: RunId) -> AbstractContextManager[bool]:
        """Try to hold the run for as long as the context lasts; False where a living runner holds it."""
        ...

    def held(self, run: RunId) -> bool:
        """Say whether a living runner holds the run."""
        ...
