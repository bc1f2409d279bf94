"""Ends what an intent began: container gone, credentials revoked and proved dead, outcome on the record.

The same hand closes a run that ended before its eyes and one whose runner died: it relies on the intent record alone, and
on the outbox where that survived. Every act here can be repeated. Does not decide, mint or run.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from countersign.attestation.ports import Ledger, WaitsFor
from countersign.attestation.record import Entry, RecordKind
from countersign.domain.credential import Credential
from countersign.domain.ids import RunId
from countersign.domain.outcomes import BrokerFault, Fault, LedgerFault, Refused, SandboxFault
from countersign.domain.ports import Clock
from countersign.domain.scope import Proof, Revocation, Scope
from countersign.domain.tokens.tokenizer import Tokenizer
from runners import aftermath, found_since, promotions
from runners.announced import NEVER_BEGAN, replace_mark
from runners.brokers.registry import Brokers
from runners.ports import Outbox, Sandbox
from runners.questions import record
from runners.steps import Steps
from runners.veil import Veil


@dataclass(frozen=True, slots=True)
class Closer:
    """Closes runs."""

    brokers: Brokers
    sandbox: Sandbox
    outbox: Outbox
    clock: Clock
    ticks: Callable[[], int]
    veil: Veil

    def close(
        self,
        ledger: Ledger,
        intent: Entry,
        credentials: Mapping[str, Credential] | None = None,
        kept: Mapping[str, object] | None = None,
    ) -> Entry:
        """Bring an intent to its outcome; give the outcome's record.

        `credentials` are those still at hand, by handle: with them, revocation is proved by an attempt that must fail.
        `kept` is what happened, where this process saw it; else the outbox is asked.

        Where another runner has closed it already, its record stands; what is at hand here is revoked all the same, since it
        may have been minted after the other one looked. Where that one could only say lost, and more is known here, an annotation
        says it.

        Raises:
            Fault: the container could not be removed, or a credential could not be revoked or lives on. Everything else was
                revoked; no outcome is recorded; try again.
            LedgerFault: the outcome, or what is known beside it, could not be recorded now. The outbox keeps the result; try again.
        """
        if intent.run is None:
            raise LedgerFault(f"record {intent.seq} is an intent without a run")
        done = ledger.find(f"outcome/{intent.run}")
        if done is not None and not credentials and not self._minted_unseen(intent.run, done, kept):
            return self._as_it_stands(ledger, intent, done, kept)
        steps = Steps(self.clock, self.ticks)
        with steps.step(6, "revoke"):
            revocations = self._end(intent.run, leases_of(intent), credentials or {})
        if done is not None:
            return self._as_it_stands(ledger, intent, done, kept, revocations)
        hide = self.veil.again(intent)
        kept = kept or self._kept(intent, intent.run, hide)
        draft = aftermath.outcome(
            intent,
            kept,
            revocations,
            timeline=steps.document(),
            now=self.clock(),
            tokenizer=hide,
        )
        entry = record(ledger, draft, *promotions.lost(intent, draft), led=True)[0]
        return self._as_it_stands(ledger, intent, entry, kept, revocations)

    def _minted_unseen(self, run: RunId, done: Entry, kept: Mapping[str, object] | None) -> bool:
        """Say whether credentials may have been minted after whoever said lost had revoked: then they are revoked anew."""
        return done.kind is RecordKind.LOST and bool((kept or self.outbox.get(run) or {}).get("grants"))

    def _kept(self, intent: Entry, run: RunId, hide: Tokenizer) -> Mapping[str, object] | None:
        """Give what the outbox has. A run that was no more than announced does not begin from now on, whoever is about to."""
        never = aftermath.keep(result=None, grants=(), fault=NEVER_BEGAN, timeline=(), tokenizer=hide, began=False)
        replace_mark(self.outbox, run, intent, never)
        return self.outbox.get(run)

    def _as_it_stands(
        self,
        ledger: Ledger,
        intent: Entry,
        done: Entry,
        kept: Mapping[str, object] | None,
        revocations: Sequence[Revocation] = (),
    ) -> Entry:
        """Give an outcome that stands, and forget what is kept here once nothing of it is missing on the record.

        What it lost is taken back where that did not go with it, as of another runner's. What it could not tell is told beside it.
        """
        if intent.run is None:
            return done
        more = [*promotions.lost(intent, done)]
        if done.kind is not RecordKind.LOST:  # it says all that can be kept
            record(ledger, *more)
            with suppress(Fault):  # what cannot be read stays, and holds up nothing
                self.outbox.drop(intent.run, self.outbox.get(intent.run))
            return done
        hide = self.veil.again(intent)
        kept = kept or self._kept(intent, intent.run, hide)
        if kept and aftermath.kind_of(kept) is not RecordKind.LOST:
            more.append(found_since.found(intent, done, kept, revocations, now=self.clock(), tokenizer=hide))
        record(ledger, *more)
        if self.outbox.drop(intent.run, kept):
            return done
        return self._as_it_stands(ledger, intent, done, None, revocations)  # who ran it has put something there since

    def _end(self, run: RunId, leases: Mapping[str, Scope], at_hand: Mapping[str, Credential]) -> list[Revocation]:
        """Remove the container and revoke every credential, whatever becomes of the others; then say what could not be done."""
        revocations: list[Revocation] = []
        faults: list[str] = []
        try:
            self.sandbox.reap(run)
        except SandboxFault as fault:  # an engine that is away must not keep a credential alive
            faults.append(str(fault))
        for handle, scope in leases.items():
            try:
                revocation = self.brokers.of(scope.provider).revoke(handle, scope, at_hand.get(handle))
            except (Refused, BrokerFault) as error:
                faults.append(str(error))
                continue
            revocations.append(revocation)
            if revocation.proof is Proof.ALIVE:
                faults.append(f"{handle} still works after it was revoked")
        if faults:
            raise Fault(f"{run} stays open: {'; '.join(faults)}")
        return revocations


def environment_of(intent: Entry) -> str | None:
    """Give the environment that an intent was for; None where the action needs none."""
    decision = intent.body.get("decision")
    environment = decision.get("environment") if isinstance(decision, Mapping) else None
    return None if environment is None else str(environment)


def in_the_way(environment: str | None) -> WaitsFor:
    """Say of an open intent whether an environment waits for it; what names no environment waits for what names none either.

    It may be at work, its runner may be dead, or what it did is done and the audit branch does not take the record. Nothing else
    happens there before that is known.
    """
    return lambda intent: environment_of(intent) == environment


def held_by(ledger: Ledger, environment: str | None) -> Entry | None:
    """Give the run that an environment waits for now. Only the append of an intent asks this for good."""
    return next(filter(in_the_way(environment), ledger.open_intents()), None)


def leases_of(intent: Entry) -> dict[str, Scope]:
    """Read from an intent what it may have minted.

    Raises:
        LedgerFault: the record does not say it as we write it.
    """
    leases = intent.body.get("leases")
    if not isinstance(leases, list):
        raise LedgerFault(f"record {intent.seq} does not name its leases")
    found: dict[str, Scope] = {}
    for lease in leases:
        try:
            scope = lease["scope"]
            found[str(lease["handle"])] = Scope(
                name=str(scope["name"]),
                provider=str(scope["provider"]),
                parameters={str(key): str(value) for key, value in scope["parameters"].items()},
                ttl=int(scope["ttl"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise LedgerFault(f"record {intent.seq} names a lease that cannot be read") from error
    return found
