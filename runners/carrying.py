"""Steps 4 to 6 of a run that is announced: mint, run, keep what came of it, close. Does not decide or announce (`pipeline.py`)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from countersign.attestation.ports import Ledger
from countersign.attestation.record import Draft, Entry
from countersign.domain.authorization import Authorization
from countersign.domain.credential import Credential
from countersign.domain.ids import RunId
from countersign.domain.outcomes import Fault, Refused
from countersign.domain.ports import Files
from countersign.domain.promoted import demoted_key
from countersign.domain.scope import Grant
from countersign.domain.tokens.tokenizer import Tokenizer
from runners import aftermath
from runners.announced import begun, replace_mark
from runners.brokers.registry import Brokers
from runners.closing import Closer
from runners.ports import Outbox, Sandbox
from runners.specification import specify, together
from runners.steps import Steps

PAUSES: Final = (1, 2, 5, 10, 20, 30, 60, 60, 60, 60)
"""Seconds between tries while a result is nowhere but in this process: five minutes in all."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What steps 1 and 2 hand to steps 3 to 6: the proof, what announces the run (the intent is the last), and its files."""

    authorization: Authorization
    announced: tuple[Draft, ...]
    files: Files


@dataclass(frozen=True, slots=True)
class Carried:
    """What steps 4 and 5 leave: what is known of them, whether the outbox has it, and credentials that are to be proved dead."""

    kept: dict[str, object]
    safe: bool
    credentials: dict[str, Credential]


@dataclass(frozen=True, slots=True)
class Carrier:
    """Carries out what was announced."""

    brokers: Brokers
    sandbox: Sandbox
    outbox: Outbox
    closer: Closer
    sleep: Callable[[float], None]

    def carry_out(self, ready: Ready, ledger: Ledger, steps: Steps, hide: Tokenizer) -> Carried:
        """Mint and run. Whatever happens is kept, in the outbox too; no exception gets past, so closing always follows."""
        grants: list[Grant] = []
        credentials: dict[str, Credential] = {}
        result: dict[str, object] | None = None
        fault: str | None = None
        authorization, plan = ready.authorization, ready.authorization.plan
        began = False
        try:
            self._begin(ready)
            with steps.step(4, "mint"):
                for scope in plan.scopes:
                    _still_open(ledger, authorization)
                    began = True
                    grant, credential = self.brokers.of(scope.provider).mint(authorization, scope)
                    grants.append(grant)
                    credentials[grant.handle] = credential
            with steps.step(5, "run"):
                _still_open(ledger, authorization)
                began = True
                ran = self.sandbox.run(specify(authorization, ready.files), together(credentials))
            result = aftermath.result_document(ran, spec_argv=plan.argv, image=plan.image, network=plan.network, tokenizer=hide)
        except (Refused, Fault) as error:
            fault = str(error)
        except Exception as error:  # noqa: BLE001 - a bug of ours must not leave a credential alive; it is recorded
            fault = f"unexpected {type(error).__name__}"
        kept = aftermath.keep(result=result, grants=grants, fault=fault, timeline=steps.document(), tokenizer=hide, began=began)
        return Carried(kept, self._keep(authorization.run, kept), credentials)

    def close(self, ledger: Ledger, intent: Entry, carried: Carried) -> Entry:
        """Bring the run to its outcome. A result that no disk keeps is tried for longer, since it ends with this process.

        Raises:
            Fault: as `Closer.close`.
        """
        for pause in PAUSES:
            try:
                return self.closer.close(ledger, intent, carried.credentials, carried.kept)
            except Fault:
                if carried.safe:
                    raise
            self.sleep(pause)
            if intent.run is not None and self._keep(intent.run, carried.kept):
                carried = replace(carried, safe=True)
        return self.closer.close(ledger, intent, carried.credentials, carried.kept)

    def _begin(self, ready: Ready) -> None:
        """Say on the disk that what follows may have been done. From here on nobody can tell that the run never began."""
        run, intent = ready.authorization.run, ready.announced[-1]
        if replace_mark(self.outbox, run, intent, begun(intent)):
            return
        gone = self.outbox.get(run) is None
        raise Fault("its room in the outbox is gone" if gone else "another runner has closed this run, or is about to")

    def _keep(self, run: RunId, kept: dict[str, object]) -> bool:
        with suppress(Fault):  # a disk that fails must not delay revocation; the outcome says the same
            self.outbox.put(run, kept)
            return True
        return False


def _still_open(ledger: Ledger, authorization: Authorization) -> None:
    """Stop where another runner took this one for dead and has closed the run, or the record took back what it would go by.

    A lease can be taken, a machine can sleep, and people take back at any time.
    """
    if ledger.find(f"outcome/{authorization.run}") is not None:
        raise Fault("another runner has closed this run")
    for promoted in authorization.decision.promotions:  # the intent stands, so what is taken back from now on is too late
        if promoted.in_force and ledger.find(demoted_key(promoted.name)) is not None:
            raise Fault(f"{promoted.what}: {promoted.step} was taken back before this run began")
