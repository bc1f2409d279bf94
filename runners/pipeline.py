"""The path of a change through the runner: six steps, each of which relies on nothing but what this process saw itself.

    (1) observe  (2) authorize  (3) intent  (4) mint  (5) run  (6) outcome

Before the intent stands on the record nothing exists that would have to be undone; from then on `Closer` ends it, in this
process or in another. A run is named by change and head, so there is at most one, however often it is asked for.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

from countersign.adapters.judge import before_approvals, judge, unbacked
from countersign.adapters.observe import House, observe
from countersign.attestation.ports import HeldFault, Ledger
from countersign.attestation.record import Entry, RecordKind
from countersign.domain.authorization import Authorization, authorize
from countersign.domain.decision import Effect, Plan
from countersign.domain.ids import ChangeRef, run_id
from countersign.domain.outcomes import Fault, ForgeFault, LedgerFault, Refused, TooLargeFault
from countersign.domain.ports import Change, ChangeState, Clock, Forge, Repository
from countersign.domain.scope import Scope
from runners import aftermath, promotions, questions, scribe, telling, unjudged
from runners.announced import make_room, mark
from runners.brokers.registry import Brokers
from runners.carrying import Carrier, Ready
from runners.closing import Closer, environment_of, held_by, in_the_way
from runners.earlier import tell_earlier
from runners.landing import finish, unfinished
from runners.parting import withdraw
from runners.ports import Attestation, Leases, Outbox, Sandbox
from runners.questions import record, take_place
from runners.specification import controls
from runners.steps import Steps
from runners.workspace import lay_out


class Ending(StrEnum):
    """How a request ended, for logs, metrics and tests."""

    BUSY = "busy"
    GONE = "gone"
    WAITING = "waiting"
    REFUSED = "refused"
    NOTHING_TO_RUN = "nothing-to-run"
    APPLIED = "applied"
    FAILED = "failed"
    LOST = "lost"


_OF_KIND = {RecordKind.EXECUTED: Ending.APPLIED, RecordKind.FAILED: Ending.FAILED, RecordKind.LOST: Ending.LOST}


@dataclass(frozen=True, slots=True)
class Room:
    """What a runner has of one project: its objects and its audit branch."""

    repository: Repository
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Carries out requests. Holds no state of its own: forge and audit branch are the state."""

    forge: Forge
    house: House
    brokers: Brokers
    sandbox: Sandbox
    attestation: Attestation
    leases: Leases
    outbox: Outbox
    closer: Closer
    environments: frozenset[str]
    clock: Clock
    ticks: Callable[[], int]
    sleep: Callable[[float], None]

    def handle(self, ref: ChangeRef, room: Room) -> Ending:
        """Look at a change and do what is due, if anything.

        Raises:
            Fault: could not find out, or could not finish. Safe to try again: what was done is not done twice.
        """
        change = self.forge.change(ref)
        with self.leases.hold(run_id(ref, change.head)) as mine:
            if not mine:
                return Ending.BUSY
            intent = room.ledger.find(f"intent/{run_id(ref, change.head)}")
            ending = None if intent is None else self._resume(change, room, intent)
            self._tell_earlier(change, room)
            if change.state is not ChangeState.OPEN:
                withdraw(change, room.repository, room.ledger, self.forge, self.house, clock=self.clock, veil=self.closer.veil)
                return ending or Ending.GONE
            return ending or (Ending.WAITING if change.draft else self._consider_or_refuse(change, room))

    def _resume(self, change: Change, room: Room, intent: Entry) -> Ending:
        """Close what was begun, by this runner's earlier life or by another of the same environment; never begin it again."""
        if not self._serves(environment_of(intent)):
            return Ending.BUSY
        with self._told(change, room, intent, None):
            outcome = self.closer.close(room.ledger, intent)
        return self._finish(change, room, outcome)

    def _consider_or_refuse(self, change: Change, room: Room) -> Ending:
        """Decide and announce, or refuse. Only up to the intent: whatever happens behind it is an outcome, and no refusal."""
        steps = Steps(self.clock, self.ticks)
        try:
            ready = self._consider(change, room, steps)
            if isinstance(ready, Ending):
                return ready
            with _too_large_is_no():
                intent = self._announce(change, room, ready, steps)
        except Refused as no:
            return self._refuse(change, room, no)
        return Ending.BUSY if intent is None else self._run(change, room, ready, intent, steps)

    def _refuse(self, change: Change, room: Room, no: Refused) -> Ending:
        draft = unjudged.refused(change, stage=no.stage, why=no.why, now=self.clock(), veil=self.closer.veil)
        [entry] = record(room.ledger, draft)
        telling.refused(self.forge, change, entry, str(entry.body.get("why", "")))
        return Ending.REFUSED

    def _consider(self, change: Change, room: Room, steps: Steps) -> Ready | Ending:
        veil = self.closer.veil
        with steps.step(1, "observe"):
            seen = observe(change, forge=self.forge, repository=room.repository, house=self.house)
            bare = unbacked(seen, house=self.house, clock=self.clock)
            promotions.confirm(room.ledger, seen, bare)
            question = before_approvals(seen, bare, ledger=room.ledger)
            if question.decision.effect is not Effect.REFUSED:
                with _too_large_is_no():
                    take_place(room.ledger, change, scribe.assessed(seen, question, now=self.clock(), veil=veil), clock=self.clock)
            judged = judge(seen, question, forge=self.forge, ledger=room.ledger, clock=self.clock)
        decision = judged.decision
        if decision.effect is Effect.REFUSED:
            with _too_large_is_no():
                entry = take_place(room.ledger, change, scribe.refused(seen, judged, now=self.clock(), veil=veil), clock=self.clock)
            telling.refused(self.forge, change, entry, "; ".join(reason.text for reason in decision.deciding))
            return Ending.REFUSED
        if not decision.satisfied:
            questions.lapse(room.ledger, seen, judged, clock=self.clock, veil=veil)
            telling.waiting(self.forge, change, decision)
            return Ending.WAITING
        if decision.plan is None:
            if decision.needs:  # what asks nobody is on the record already, by its question
                with _too_large_is_no():
                    record(room.ledger, scribe.allowed(seen, judged, now=self.clock(), veil=veil))
            telling.nothing_to_run(self.forge, change)
            return Ending.NOTHING_TO_RUN
        held = held_by(room.ledger, decision.plan.environment)
        if held is not None:
            telling.held(self.forge, change, held, decision.plan.environment)
            return Ending.BUSY
        with steps.step(2, "authorize"):
            authorization = authorize(seen.proposal, decision, now=self.clock())
            leases = self._prepare(authorization.plan, authorization)
            files = lay_out(authorization.plan, room.repository)
        announced = [scribe.intent(authorization, seen, judged, leases, now=self.clock(), veil=veil)]
        if decision.emergency is not None:
            announced.insert(0, scribe.emergency(authorization, seen, judged, decision.emergency, now=announced[0].time, veil=veil))
        return Ready(authorization, tuple(announced), files)

    def _prepare(self, plan: Plan, authorization: Authorization) -> dict[str, Scope]:
        """See that everything the plan asks for can be had, before anything exists.

        Raises:
            Refused: another runner's environment, a control that is not in force here, a scope that no broker can honour.
        """
        if not self._serves(plan.environment):
            raise Refused("policy", f"this runner does not serve the environment {plan.environment!r}")
        for control in sorted(controls(plan) - self.attestation.controls):
            evidence = next((text for tried, _, text in self.attestation.evidence if tried is control), "never proved")
            raise Refused("sandbox", f"{control} is not in force on this host: {evidence}")
        leases: dict[str, Scope] = {}
        for scope in plan.scopes:
            broker = self.brokers.of(scope.provider)
            broker.check(scope)
            leases[broker.handle(authorization.run, scope)] = scope
        return leases

    def _announce(self, change: Change, room: Room, ready: Ready, steps: Steps) -> Entry | None:
        """Put the intent on the record, once there is room for what comes of it; None where another runner was faster."""
        run, draft = ready.authorization.run, ready.announced[-1]
        try:
            make_room(self.outbox, run, draft)
        except Fault:
            with suppress(ForgeFault):
                telling.no_room(self.forge, change)
            raise
        with steps.step(3, "intent"):
            waits_for = in_the_way(ready.authorization.plan.environment)
            intent = room.ledger.append_all(ready.announced, waits_for=waits_for, together=True)[-1]
        if isinstance(intent, Entry):
            return intent
        if not isinstance(intent, LedgerFault) or isinstance(intent, HeldFault | TooLargeFault):
            self.outbox.drop(run, mark(draft))  # not beside an earlier try, or behind another fault: that may be announced
        if isinstance(intent, HeldFault):  # one that another runner announced since we looked
            telling.held(self.forge, change, intent.entry, ready.authorization.plan.environment)
        elif isinstance(intent, LedgerFault):
            raise intent
        return None

    def _run(self, change: Change, room: Room, ready: Ready, intent: Entry, steps: Steps) -> Ending:
        carrier = Carrier(self.brokers, self.sandbox, self.outbox, self.closer, self.sleep)
        carried = carrier.carry_out(ready, room.ledger, steps, self.closer.veil.again(intent))
        with self._told(change, room, intent, carried.kept):
            outcome = carrier.close(room.ledger, intent, carried)
        return self._finish(change, room, outcome)

    @contextmanager
    def _told(self, change: Change, room: Room, intent: Entry, kept: Mapping[str, object] | None) -> Iterator[None]:
        """Tell people where a run cannot be closed now. What then becomes of it takes the place of these words."""
        try:
            yield
        except Fault as fault:
            if change.state is ChangeState.OPEN and intent.run is not None:
                with suppress(Fault):
                    kind = aftermath.kind_of(kept or self.outbox.get(intent.run) or {})
                    if isinstance(fault, LedgerFault):
                        unfinished(self.forge, room.repository, room.ledger, change, intent, kind=kind, branch=self.house.branch)
                    else:  # a credential may be alive that an outcome of another runner's calls dead
                        telling.unrecorded(self.forge, change, intent, kind, over=True)
            raise

    def _finish(self, change: Change, room: Room, outcome: Entry) -> Ending:
        """Merge what was applied, naming the head that was approved, and tell the people. Can be repeated."""
        finish(self.forge, room.repository, change, outcome, branch=self.house.branch)
        self._tell_earlier(change, room)  # what was merged now may hold what they applied
        return _OF_KIND[outcome.kind]

    def _tell_earlier(self, change: Change, room: Room) -> None:
        """Tell what came of the heads before this one, as far as they are ours to tell of."""
        ended = (entry for entry in room.ledger.of_change(change.ref) if entry.kind in _OF_KIND)
        others = (outcome for outcome in ended if outcome.run != run_id(change.ref, change.head))
        ours = [outcome for outcome in others if self._serves(outcome.body.get("environment"))]
        tell_earlier(self.forge, room.repository, change, ours, branch=self.house.branch)

    def _serves(self, environment: object) -> bool:
        return environment is None or str(environment) in self.environments


@contextmanager
def _too_large_is_no() -> Iterator[None]:
    """Refuse what asks for more than a record holds. Not for what ends a question: that is cut until it fits."""
    try:
        yield
    except TooLargeFault:
        raise Refused("audit", "its record would be larger than records are; split the change") from None
