"""Makes what tests of the audit branch need: keys, trust roots, drafts, clocks, and a bare repository that takes pushes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countersign.adapters.gitcmd import run_git
from countersign.adapters.ledger.reader import GitLedgerReader
from countersign.adapters.ledger.writer import GitLedger
from countersign.attestation.keys import KeySigner, TrustRoot
from countersign.attestation.record import AUDIT_BRANCH, Draft, Entry, RecordKind
from countersign.domain.ids import Digest, RunId, Sha, run_id
from tests.support import bodies
from tests.support.bodies import HEAD, body

ORIGIN = "https://forge.example/acme/shop.git"
CHANGE = bodies.CHANGE
PRINCIPAL = "audit@countersign.example"
RUN = run_id(CHANGE, Sha(HEAD))
START = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
REF = f"refs/heads/{AUDIT_BRANCH}"


@dataclass(slots=True)
class TickingClock:
    """Gives a later moment each time it is asked."""

    now: datetime = START
    step: timedelta = timedelta(seconds=7)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self) -> datetime:
        with self._lock:
            self.now += self.step
            return self.now


def signer(seed: int = 1) -> KeySigner:
    """Give a key; the same number always gives the same one."""
    return KeySigner(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def pem(key: KeySigner) -> bytes:
    """Write a private key as ssh-keygen does."""
    return key.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())


def trust_line(key: KeySigner, *, principal: str = PRINCIPAL, after: str = "", before: str = "") -> str:
    """Write one line of a trust root."""
    window = "".join(f',{name}="{value}"' for name, value in (("valid-after", after), ("valid-before", before)) if value)
    return f'{principal} namespaces="git"{window} {key.public.line}\n'


def trust_root(*keys: KeySigner) -> TrustRoot:
    """Trust these keys at all times."""
    return TrustRoot.parse("".join(trust_line(key) for key in keys or (signer(),)))


def refused(name: str, *, time: datetime = START, summary: str | None = None) -> Draft:
    """Make a draft that needs nothing before it."""
    return Draft(
        kind=RecordKind.REFUSED,
        key=f"refused/{name}",
        summary=summary or f"Refused {name}: the policy says no, {CHANGE}",
        change=CHANGE,
        run=None,
        time=time,
        body=body(RecordKind.REFUSED),
        subject=(("head", {"gitCommit": HEAD}),),
    )


def intent(run: RunId = RUN, *, time: datetime = START) -> Draft:
    """Announce a run."""
    return Draft(RecordKind.INTENT, f"intent/{run}", f"Will run migrate, {CHANGE}", CHANGE, run, time, body(RecordKind.INTENT))


def outcome(run: RunId = RUN, *, kind: RecordKind = RecordKind.EXECUTED, time: datetime = START) -> Draft:
    """End a run."""
    return Draft(kind, f"outcome/{run}", f"Applied migrate, {CHANGE}", CHANGE, run, time, body(kind))


@dataclass(slots=True)
class Remote:
    """A bare repository on this machine. `writer` and `reader` give one more of each, with a directory of its own."""

    path: Path
    home: Path
    clock: TickingClock = field(default_factory=TickingClock)
    _count: int = 0

    @classmethod
    def make(cls, home: Path) -> "Remote":
        path = home / "remote.git"
        run_git(["init", "--quiet", "--bare", str(path)], cwd=home)
        return cls(path, home)

    def writer(self, *, key: KeySigner | None = None, trust: TrustRoot | None = None, directory: Path | None = None) -> GitLedger:
        return GitLedger(
            remote_url=str(self.path),
            directory=directory or self._directory(),
            trust_root=trust or trust_root(),
            signer=key or signer(),
            origin=ORIGIN,
            clock=self.clock,
        )

    def reader(self, *, trust: TrustRoot | None = None, directory: Path | None = None) -> GitLedgerReader:
        return GitLedgerReader(
            remote_url=str(self.path),
            directory=directory or self._directory(),
            trust_root=trust or trust_root(),
            origin=ORIGIN,
        )

    def git(self, *args: str, data: bytes | None = None) -> bytes:
        return run_git(args, cwd=self.path, input=data)

    def tip(self) -> Sha:
        return Sha(self.git("rev-parse", "--verify", REF).decode().strip())

    def commits(self) -> list[Sha]:
        """Give the branch's commits, oldest first."""
        return [Sha(line) for line in self.git("rev-list", "--reverse", REF).decode().split()]

    def point(self, commit: Sha) -> None:
        """Move the branch, as whoever may force a push can."""
        self.git("update-ref", REF, commit)

    def fill(self, drafts: Iterable[Draft]) -> None:
        """Append drafts by one writer."""
        writer = self.writer()
        for draft in drafts:
            writer.append(draft)

    def _directory(self) -> Path:
        self._count += 1
        return self.home / f"ledger-{self._count}"


def stands(draft: Draft) -> Entry:
    """Give an entry for a draft, as if it stood somewhere."""
    nowhere = Digest(bodies.HASH)
    return Entry(1, draft.kind, draft.key, draft.change, draft.run, draft.time, draft.body, b"", nowhere, Sha("x"), "x", nowhere)
