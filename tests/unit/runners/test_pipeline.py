"""The six steps on fakes: what happens, what is recorded, and what never happens, whoever asks and whatever fails."""

from dataclasses import replace
from datetime import timedelta

import pytest

from countersign.attestation.inputs import enclosed
from countersign.attestation.record import RecordKind
from countersign.domain.canonical import canonical_json
from countersign.domain.decide import decide
from countersign.domain.ids import ChangeRef, Sha, run_id
from countersign.domain.inputs import Inputs
from countersign.domain.outcomes import Fault, ForgeFault, LedgerFault, TooLargeFault
from countersign.domain.people import Person
from countersign.domain.ports import ChangeState, StatusState
from countersign.domain.run import Connection, Control, Endpoint
from runners.carrying import PAUSES
from runners.landing import finish_for_another
from runners.pipeline import Ending
from tests.builders import SHOP_POLICY, shop_policy
from tests.fakes.runner import PROJECT, TRAILERS, RunnerWorld
from tests.fakes.sandbox import FakeSandbox, Script

ADD = "ALTER TABLE orders ADD COLUMN note text;\n"
STAGING = {"db/staging/shop/V2__note.sql": ADD}
LATER = timedelta(minutes=1)
PRODUCTION = {"db/production/shop/V2__note.sql": ADD}


def die(*_: object) -> None:
    """End a runner in the sandbox."""
    raise KeyboardInterrupt


@pytest.fixture
def world() -> RunnerWorld:
    return RunnerWorld()


def outcome(world: RunnerWorld) -> dict[str, object]:
    return dict(world.ledger.entries[-1].body)


class TestAutonomous:
    def test_it_is_assessed_announced_run_recorded_and_merged(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        assert world.handle(ref) is Ending.APPLIED
        assert world.kinds() == ["assessed", "intent", "executed"]
        assert world.sandbox.specs[0].argv == ("migrate", "db/staging/shop/V2__note.sql")
        assert dict(world.sandbox.specs[0].files) == {"db/staging/shop/V2__note.sql": ADD.encode()}
        assert world.world.held(ref).state is ChangeState.MERGED
        assert world.broker.live == frozenset()

    def test_the_intent_stands_before_any_credential(self, world: RunnerWorld) -> None:
        seen: list[tuple[list[str], int]] = []
        world.sandbox.act = lambda *_: seen.append((world.kinds(), len(world.broker.minted)))
        world.handle(world.propose(STAGING))
        assert seen == [(["assessed", "intent"], 1)]

    def test_the_run_is_given_what_was_minted_and_nothing_is_left_of_it(self, world: RunnerWorld) -> None:
        world.handle(world.propose(STAGING))
        (seen,) = world.sandbox.seen
        assert seen["FAKE_TOKEN"]
        assert world.broker.live == frozenset()
        assert [call.with_credential for call in world.broker.revoked] == [True]

    def test_no_secret_reaches_record_forge_or_outbox(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        world.handle(ref)
        secrets = [seen["FAKE_TOKEN"] for seen in world.sandbox.seen]
        assert secrets
        everything = (
            b"".join(entry.raw for entry in world.ledger.entries).decode() + repr(world.world.held(ref)) + repr(world.outbox.kept)
        )
        assert not any(secret in everything for secret in secrets)

    def test_asked_again_nothing_happens_again(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        world.handle(ref)
        assert world.handle(ref) is Ending.APPLIED
        assert len(world.sandbox.specs) == 1
        assert world.kinds() == ["assessed", "intent", "executed"]


class TestApproval:
    def test_it_waits_says_so_and_then_runs(self, world: RunnerWorld) -> None:
        ref = world.propose(PRODUCTION)
        assert world.handle(ref) is Ending.WAITING
        status = world.world.statuses[PROJECT, world.world.held(ref).head]
        assert status.state is StatusState.PENDING
        assert "waits for 1 of web" in status.description
        world.approve(ref, "wanda")
        assert world.handle(ref) is Ending.APPLIED
        assert world.kinds() == ["assessed", "intent", "executed"]
        actor = world.ledger.entries[1].body["actor"]
        assert isinstance(actor, dict)
        assert [person["username"] for person in actor["approvers"]] == ["wanda"]

    def test_an_approval_before_the_question_is_on_the_record_does_not_count(self, world: RunnerWorld) -> None:
        ref = world.propose(PRODUCTION)
        world.approve(ref, "wanda")
        assert world.handle(ref) is Ending.WAITING
        assert world.handle(ref) is Ending.WAITING
        world.world.unapprove(ref, world.people["wanda"])
        world.approve(ref, "wanda")
        assert world.handle(ref) is Ending.APPLIED

    @pytest.mark.parametrize("name", ["sam", "lea"])
    def test_neither_sponsor_nor_somebody_of_another_team_counts(self, world: RunnerWorld, name: str) -> None:
        ref = world.propose(PRODUCTION)
        world.handle(ref)
        world.approve(ref, name)
        assert world.handle(ref) is Ending.WAITING

    def test_a_push_voids_it(self, world: RunnerWorld) -> None:
        ref = world.propose(PRODUCTION)
        world.handle(ref)
        world.approve(ref, "wanda")
        head = world.commit(
            {"db/production/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN other text;\n"}, branch="proposals/0"
        )
        world.world.push(ref, head)
        assert world.handle(ref) is Ending.WAITING
        assert world.kinds() == ["assessed", "superseded", "assessed"]
        assert world.sandbox.specs == []

    def test_a_changed_policy_voids_it(self, world: RunnerWorld) -> None:
        ref = world.propose(PRODUCTION)
        world.handle(ref)
        world.approve(ref, "wanda")
        world.repository.commit({".countersign/policy.yaml": SHOP_POLICY.replace("ttl: 10m", "ttl: 20m")})
        assert world.handle(ref) is Ending.WAITING
        assert world.kinds() == ["assessed", "superseded", "assessed"]

    def test_membership_is_what_it_is_at_execution(self, world: RunnerWorld) -> None:
        ref = world.propose(PRODUCTION)
        world.handle(ref)
        world.approve(ref, "wanda")
        world.world.leave("acme/web", world.people["wanda"])
        assert world.handle(ref) is Ending.WAITING

    def test_the_policy_of_the_change_itself_judges_nothing(self, world: RunnerWorld) -> None:
        lax = SHOP_POLICY.replace("mode: approve, approvals: [{from: web}], expires: 24h", "mode: autonomous")
        ref = world.propose({**PRODUCTION, ".countersign/policy.yaml": lax})
        assert world.handle(ref) is Ending.REFUSED
        assert world.sandbox.specs == []


class TestRefused:
    @pytest.mark.parametrize(
        ("files", "why"),
        [
            ({"db/production/shop/V3.sql": "DROP TABLE executives;\n"}, "data that would be gone"),
            ({"db/production/shop/V3.sql": "DO $$ BEGIN EXECUTE 'x'; END $$;\n"}, "missing fact"),
            ({**STAGING, **PRODUCTION}, "one environment"),
        ],
    )
    def test_it_is_on_the_record_once_and_nothing_is_minted(self, world: RunnerWorld, files: dict[str, str], why: str) -> None:
        ref = world.propose(files)
        world.approve(ref, "wanda", "lea", "lou")
        for _ in range(3):
            assert world.handle(ref) is Ending.REFUSED
        assert world.kinds() == ["refused"]
        assert why in str(world.ledger.entries[0].body["why"])
        assert world.broker.minted == []
        assert world.sandbox.specs == []
        assert world.world.statuses[PROJECT, world.world.held(ref).head].state is StatusState.FAILED

    @pytest.mark.parametrize("policy", ["", "version: 1\n", SHOP_POLICY.replace(f"@sha256:{'d' * 64}", ":latest")])
    def test_a_policy_that_does_not_load_refuses(self, policy: str) -> None:
        world = RunnerWorld(policy=policy)
        assert world.handle(world.propose(STAGING)) is Ending.REFUSED
        assert world.kinds() == ["refused"]

    def test_no_policy_refuses(self, world: RunnerWorld) -> None:
        world.repository.commit({".countersign/policy.yaml": None})
        assert world.handle(world.propose(STAGING)) is Ending.REFUSED

    def test_another_target_branch_refuses(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        world.world.retarget(ref, "weaker")
        assert world.handle(ref) is Ending.REFUSED

    def test_a_fork_gets_nothing(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        world.world.held(ref).from_fork = True
        assert world.handle(ref) is Ending.REFUSED

    def test_the_bot_without_agent_and_sponsor_is_refused(self, world: RunnerWorld) -> None:
        assert world.handle(world.propose(STAGING, trailers=())) is Ending.REFUSED

    def test_a_sponsor_that_the_policy_does_not_name_is_refused(self, world: RunnerWorld) -> None:
        trailers = (("Countersign-Agent", "shop-agent"), ("Countersign-Sponsor", "wanda"))
        assert world.handle(world.propose(STAGING, trailers=trailers)) is Ending.REFUSED

    def test_a_control_that_is_not_in_force_refuses_before_anything_exists(self, world: RunnerWorld) -> None:
        weak = FakeSandbox(clock=world.clock, controls=set(Control) - {Control.MEMORY_LIMIT})
        world.pipeline = replace(world.pipeline, attestation=weak.attest())
        assert world.handle(world.propose(STAGING)) is Ending.REFUSED
        assert world.kinds() == ["assessed", "refused"]
        assert "memory-limit" in str(world.ledger.entries[-1].body["why"])
        assert world.broker.minted == []

    def test_another_runners_environment_is_refused(self, world: RunnerWorld) -> None:
        world.pipeline = world.runner(environments=("staging",))
        ref = world.propose(PRODUCTION)
        world.handle(ref)
        world.approve(ref, "wanda")
        assert world.handle(ref) is Ending.REFUSED
        assert world.broker.minted == []


class TestFailure:
    def test_a_command_that_fails_is_recorded_and_not_merged(self, world: RunnerWorld) -> None:
        world.sandbox.script(Script(exit_code=3))
        ref = world.propose(STAGING)
        assert world.handle(ref) is Ending.FAILED
        assert world.kinds() == ["assessed", "intent", "failed"]
        assert world.world.held(ref).state is ChangeState.OPEN
        assert world.broker.live == frozenset()
        assert world.handle(ref) is Ending.FAILED
        assert len(world.sandbox.specs) == 1

    def test_an_engine_that_fails_is_recorded_and_the_credential_is_dead(self, world: RunnerWorld) -> None:
        world.sandbox.fail_next("the engine is away")
        assert world.handle(world.propose(STAGING)) is Ending.FAILED
        assert outcome(world)["fault"] == "the engine is away"
        assert world.broker.live == frozenset()

    def test_a_mint_that_fails_runs_nothing(self, world: RunnerWorld) -> None:
        world.broker.fail_next("mint")
        assert world.handle(world.propose(STAGING)) is Ending.FAILED
        assert world.sandbox.specs == []

    def test_a_credential_made_without_an_answer_is_revoked_all_the_same(self, world: RunnerWorld) -> None:
        world.broker.fail_next("mint-after")
        assert world.handle(world.propose(STAGING)) is Ending.FAILED
        assert world.broker.live == frozenset()

    def test_a_credential_that_lives_on_keeps_the_run_open(self, world: RunnerWorld) -> None:
        world.broker.immortal = True
        ref = world.propose(STAGING)
        with pytest.raises(Fault, match="still works"):
            world.handle(ref)
        assert world.kinds() == ["assessed", "intent"]
        world.broker.immortal = False
        assert world.handle(ref) is Ending.APPLIED
        assert len(world.sandbox.specs) == 1

    def test_a_target_that_is_away_at_revocation_is_tried_again_and_nothing_runs_twice(self, world: RunnerWorld) -> None:
        world.broker.fail_next("revoke")
        ref = world.propose(STAGING)
        with pytest.raises(Fault):
            world.handle(ref)
        assert world.handle(ref) is Ending.APPLIED
        assert world.kinds() == ["assessed", "intent", "executed"]
        assert len(world.sandbox.specs) == 1

    @pytest.mark.parametrize("method", ["change", "approvals", "members", "merge", "say", "set_status"])
    def test_a_forge_that_is_away_is_a_fault_and_then_heals(self, world: RunnerWorld, method: str) -> None:
        ref = world.propose(PRODUCTION)
        world.handle(ref)
        world.approve(ref, "wanda")
        world.forge.fail_next(method)
        with pytest.raises(ForgeFault):
            world.handle(ref)
        assert world.handle(ref) is Ending.APPLIED
        assert len(world.sandbox.specs) == 1

    def test_an_audit_branch_that_is_away_lets_nothing_begin(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        world.ledger.fail_next("append", times=2)
        for _ in range(2):
            with pytest.raises(LedgerFault):
                world.handle(ref)
        assert world.broker.minted == []
        assert world.handle(ref) is Ending.APPLIED

    def test_an_audit_branch_that_takes_no_outcome_holds_the_run_and_its_environment(self, world: RunnerWorld) -> None:
        """Applied, not yet recorded: the credential is dead, the result is kept, and nothing else happens there until it stands."""
        first, second = world.propose(STAGING), world.propose({"db/staging/shop/V4__more.sql": ADD})
        world.sandbox.act = lambda *_: world.ledger.fail_next("append", why="the branch takes no push", times=2)
        with pytest.raises(LedgerFault, match="takes no push"):
            world.handle(first)
        assert world.broker.live == frozenset()
        assert world.outbox.kept, "what came of it is kept"
        told = world.world.statuses[PROJECT, world.world.held(first).head]
        assert (told.state, told.description) == (StatusState.RUNNING, "applied, not yet recorded")
        assert "Applied, not yet recorded" in self.said(world, first)
        assert world.world.held(first).state is ChangeState.OPEN, "nothing is merged that is not on the record"
        world.sandbox.act = lambda *_: None
        with pytest.raises(LedgerFault, match="takes no push"):
            world.handle(first)
        assert world.handle(second) is Ending.BUSY
        assert any("staging waits: the outcome of run-" in status.description for status in world.world.statuses.values())
        assert len(world.sandbox.specs) == 1, "it is not run again, and nothing else is run there"
        assert world.handle(first) is Ending.APPLIED
        assert world.outbox.kept == {}
        assert world.world.statuses[PROJECT, world.world.held(first).head].state is StatusState.SUCCESS
        assert "not yet recorded" not in self.said(world, first), "the words go when the record stands"
        assert world.handle(second) is Ending.APPLIED
        assert world.kinds() == ["assessed", "intent", "assessed", "executed", "intent", "executed"]

    def said(self, world: RunnerWorld, ref: ChangeRef) -> str:
        return " ".join(body for _, body in world.world.comments(ref))

    def test_a_run_that_failed_and_is_not_recorded_is_not_called_applied(self, world: RunnerWorld) -> None:
        world.sandbox.script(Script(exit_code=3))
        world.sandbox.act = lambda *_: world.ledger.fail_next("append")
        ref = world.propose(STAGING)
        with pytest.raises(LedgerFault):
            world.handle(ref)
        assert world.world.statuses[PROJECT, world.world.held(ref).head].description == "failed, not yet recorded"

    def test_a_forge_that_is_away_hides_no_fault_of_the_record(self, world: RunnerWorld) -> None:
        def act(*_: object) -> None:
            world.ledger.fail_next("append", why="the branch takes no push")
            world.forge.fail_next("say")

        world.sandbox.act = act
        with pytest.raises(LedgerFault, match="takes no push"):
            world.handle(world.propose(STAGING))

    def test_a_change_that_was_merged_is_not_said_to_be_unrecorded(self, world: RunnerWorld) -> None:
        """The branch is away for a look at what has long ended: nothing takes these words back there."""
        ref = world.propose(STAGING)
        world.handle(ref)
        before = self.said(world, ref)
        world.ledger.fail_next("find", after=1)
        with pytest.raises(LedgerFault):
            world.handle(ref)
        assert self.said(world, ref) == before

    def test_of_two_runners_that_look_at_once_one_waits(self, world: RunnerWorld) -> None:
        """Both saw a free environment; the intent of one was on the record before the other's."""
        first, second = world.propose(STAGING), world.propose({"db/staging/shop/V4__more.sql": ADD})

        def meanwhile() -> None:
            world.outbox.act = None
            world.sandbox.act = die
            with pytest.raises(KeyboardInterrupt):
                world.runner().handle(second, world.room)
            world.sandbox.act = None

        world.outbox.act = meanwhile
        assert world.handle(first) is Ending.BUSY
        assert world.kinds() == ["assessed", "assessed", "intent"]
        assert "staging waits" in world.world.statuses[PROJECT, world.world.held(first).head].description
        assert world.outbox.reserved == {world.ledger.entries[-1].run}
        assert len(world.broker.minted) == 1
        world.clock.moment += LATER
        world.reaper().sweep(world.ledger)
        assert world.handle(first) is Ending.APPLIED

    def test_a_run_that_reaches_for_a_thousand_hosts_is_recorded_as_what_it_was(self, world: RunnerWorld) -> None:
        """As many attempts as the proxy lets through, with names as long as names get: none keeps the outcome from the record."""
        label = "n" * 59
        hosts = [f"{number:03}.{label}.{label}.{label}.{label}" for number in range(1000)]
        world.sandbox.script(Script(connections=tuple(Connection(Endpoint(host, 443), False) for host in hosts)))
        ref = world.propose(STAGING)
        assert world.handle(ref) is Ending.APPLIED
        assert world.kinds() == ["assessed", "intent", "executed"]
        result = outcome(world)["result"]
        assert isinstance(result, dict)
        assert len(result["connections"]) + result["connections_left_out"]["endpoints"] == 1000
        assert world.handle(world.propose({"db/staging/shop/V4__more.sql": ADD})) is Ending.APPLIED, "its environment is free"

    def test_what_has_run_is_never_refused_afterwards(self, world: RunnerWorld) -> None:
        """Not even where its outcome were too large: a refusal says that nothing was minted and nothing was run."""
        ref = world.propose(STAGING)
        world.sandbox.act = lambda *_: world.ledger.fail_next("append", fault=TooLargeFault)
        with pytest.raises(TooLargeFault):
            world.handle(ref)
        assert world.kinds() == ["assessed", "intent"]
        assert world.handle(ref) is Ending.APPLIED

    def test_another_environment_does_not_wait(self, world: RunnerWorld) -> None:
        first, other = world.propose(STAGING), world.propose(PRODUCTION)
        world.handle(other)
        world.approve(other, "wanda")
        world.sandbox.act = lambda *_: world.ledger.fail_next("append")
        with pytest.raises(LedgerFault):
            world.handle(first)
        world.sandbox.act = lambda *_: None
        assert world.handle(other) is Ending.APPLIED

    def test_an_engine_that_is_away_afterwards_keeps_no_credential_alive(self, world: RunnerWorld) -> None:
        world.sandbox.fail_next_reap()
        ref = world.propose(STAGING)
        with pytest.raises(Fault, match="engine is away"):
            world.handle(ref)
        assert world.broker.live == frozenset()
        assert world.kinds() == ["assessed", "intent"]
        assert world.handle(ref) is Ending.APPLIED
        assert len(world.sandbox.specs) == 1

    def test_the_outcome_says_how_long_revocation_took(self, world: RunnerWorld) -> None:
        world.handle(world.propose(STAGING))
        timeline = outcome(world)["timeline"]
        assert isinstance(timeline, list)
        assert [(step["step"], step["name"]) for step in timeline][-1] == (6, "revoke")

    def test_without_leases_nothing_begins(self, world: RunnerWorld) -> None:
        world.leases.away = True
        with pytest.raises(Fault):
            world.handle(world.propose(STAGING))
        assert world.kinds() == []


class TestDisk:
    """A runner's disk that has no room. What was done is told as it was, or as unknown; never as what it was not."""

    def test_without_room_for_what_comes_of_it_nothing_begins(self, world: RunnerWorld) -> None:
        world.outbox.full = True
        ref = world.propose(STAGING)
        with pytest.raises(Fault, match="no room"):
            world.handle(ref)
        assert world.kinds() == ["assessed"]
        assert world.broker.minted == []
        assert "no room to keep" in world.world.statuses[PROJECT, world.world.held(ref).head].description
        world.outbox.full = False
        assert world.handle(ref) is Ending.APPLIED
        assert world.outbox.reserved == set()

    def test_what_is_not_announced_takes_no_room(self, world: RunnerWorld) -> None:
        def too_large(kind: RecordKind) -> None:
            if kind is RecordKind.ASSESSED:
                world.ledger.fail_next("append", fault=TooLargeFault)

        world.ledger.after_append = too_large
        assert world.handle(world.propose(STAGING)) is Ending.REFUSED
        assert world.outbox.reserved == set()

    def test_a_disk_that_fills_up_during_the_run_loses_nothing(self, world: RunnerWorld) -> None:
        """Outbox and audit branch are on the same disk: no record can be made, and the result is in room that was taken before."""

        def fill(*_: object) -> None:
            world.outbox.full = True
            world.ledger.fail_next("append", why="no space left on device", times=2)

        world.sandbox.act = fill
        ref = world.propose(STAGING)
        for _ in range(2):
            with pytest.raises(LedgerFault, match="no space left"):
                world.handle(ref)
        assert world.handle(ref) is Ending.APPLIED
        assert world.kinds() == ["assessed", "intent", "executed"]
        assert len(world.sandbox.specs) == 1

    def breaks(self, world: RunnerWorld, *, put: int, append: int) -> ChangeRef:
        """Let disk and audit branch fail so many times, from the end of the command on."""

        def act(*_: object) -> None:
            world.outbox.fail_next("put", times=put)
            world.ledger.fail_next("append", times=append)

        world.sandbox.act = act
        return world.propose(STAGING)

    @pytest.mark.parametrize("times", [1, 3, len(PAUSES)])
    def test_a_result_that_no_disk_keeps_is_tried_for_longer(self, world: RunnerWorld, times: int) -> None:
        assert world.handle(self.breaks(world, put=99, append=times)) is Ending.APPLIED
        assert world.kinds() == ["assessed", "intent", "executed"]

    def test_once_the_disk_keeps_it_the_worker_is_free(self, world: RunnerWorld) -> None:
        ref = self.breaks(world, put=2, append=5)
        with pytest.raises(LedgerFault):
            world.handle(ref)
        assert list(world.outbox.kept) == [world.ledger.entries[-1].run]

    def test_where_even_that_ends_nobody_says_that_the_runner_died(self, world: RunnerWorld) -> None:
        ref = self.breaks(world, put=99, append=len(PAUSES) + 1)
        with pytest.raises(LedgerFault):
            world.handle(ref)
        assert world.broker.live == frozenset()
        assert world.handle(ref) is Ending.LOST
        assert str(outcome(world)["why"]).endswith("died, or could not write it down")
        said = " ".join(body for _, body in world.world.comments(ref))
        assert "its runner died, could not write it down, or was out of reach" in said
        assert len(world.sandbox.specs) == 1

    def test_an_outbox_that_cannot_be_read_is_no_empty_one(self, world: RunnerWorld) -> None:
        ref = self.breaks(world, put=0, append=1)
        with pytest.raises(LedgerFault):
            world.handle(ref)
        world.outbox.fail_next("get")
        with pytest.raises(Fault, match="outbox"):
            world.handle(ref)
        assert world.handle(ref) is Ending.APPLIED


class TestOnce:
    def test_a_run_that_somebody_holds_is_left_alone(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        world.leases.take(run_id(ref, world.world.held(ref).head))
        assert world.handle(ref) is Ending.BUSY
        assert world.kinds() == []

    def test_with_every_lease_lost_the_intent_still_lets_one_run(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        run = run_id(ref, world.world.held(ref).head)
        endings: list[Ending] = []

        def another(*_: object) -> None:
            world.leases.drop(run)
            world.sandbox.act = None
            endings.append(world.runner().handle(ref, world.room))

        world.sandbox.act = another
        world.handle(ref)
        assert len(world.sandbox.specs) == 1
        assert world.kinds().count("intent") == 1
        assert len([kind for kind in world.kinds() if kind in {"executed", "lost", "failed"}]) == 1
        assert world.broker.live == frozenset()

    def closed_elsewhere(self, world: RunnerWorld, ref: ChangeRef, kind: str = "lost") -> None:
        """Let somebody take our lease, wait, and close our run, as the sweeper of another runner does for the dead."""
        world.leases.drop(run_id(ref, world.world.held(ref).head))
        world.clock.moment += LATER
        assert [entry.kind.value for entry in world.reaper().sweep(world.ledger)[0]] == [kind]

    def test_a_run_that_was_closed_elsewhere_before_the_mint_mints_nothing(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        world.ledger.after_append = lambda kind: self.closed_elsewhere(world, ref, "failed") if kind is RecordKind.INTENT else None
        assert world.handle(ref) is Ending.FAILED
        assert world.broker.minted == []
        assert world.sandbox.specs == []
        assert world.kinds() == ["assessed", "intent", "failed"]

    def test_a_run_that_was_closed_elsewhere_during_the_mint_leaves_nothing_alive(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        world.broker.act = lambda: self.closed_elsewhere(world, ref)
        assert world.handle(ref) is Ending.LOST
        assert len(world.broker.minted) == 1
        assert world.sandbox.specs == []
        assert world.broker.live == frozenset()
        assert world.kinds() == ["assessed", "intent", "lost", "annotation"]

    def test_a_run_that_was_closed_elsewhere_while_it_ran_leaves_nothing_alive(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        world.sandbox.act = lambda *_: self.closed_elsewhere(world, ref)
        assert world.handle(ref) is Ending.LOST
        assert world.broker.live == frozenset()
        assert world.world.held(ref).state is ChangeState.OPEN


class TestMoved:
    """What happens to the merge request while its run is under way."""

    def test_a_change_that_was_retargeted_is_applied_and_not_merged(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        world.repository.commit({"x": "y"}, branch="release")
        world.sandbox.act = lambda *_: world.world.retarget(ref, "release")
        assert world.handle(ref) is Ending.APPLIED
        assert world.world.held(ref).state is ChangeState.OPEN
        assert "re-targeted" in self.said(world, ref)

    def test_a_change_that_moved_on_is_applied_and_not_merged(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)

        def push(*_: object) -> None:
            world.world.push(ref, world.commit({"README.md": "Other.\n"}, branch="proposals/0"))

        world.sandbox.act = push
        assert world.handle(ref) is Ending.APPLIED
        assert world.world.held(ref).state is ChangeState.OPEN
        assert "moved on" in self.said(world, ref)

    def test_a_change_that_was_closed_is_applied_and_not_merged(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        world.sandbox.act = lambda *_: world.world.set_state(ref, ChangeState.CLOSED)
        assert world.handle(ref) is Ending.APPLIED
        assert world.world.held(ref).state is ChangeState.CLOSED
        assert "it is closed" in self.said(world, ref)

    def said(self, world: RunnerWorld, ref: ChangeRef) -> str:
        return " ".join(body for _, body in world.world.comments(ref))


class TestLeftBehind:
    """A run of a head that the change has left: it is told all the same, of its own commit, and never merged."""

    def unrecorded(self, world: RunnerWorld) -> tuple[ChangeRef, Sha]:
        """Apply a change while the audit branch takes no outcome, and have people push in the meantime."""
        world.sandbox.act = lambda *_: world.ledger.fail_next("append")
        ref = world.propose(PRODUCTION)
        world.handle(ref)
        world.approve(ref, "wanda")
        with pytest.raises(LedgerFault):
            world.handle(ref)
        world.sandbox.act = None
        applied = world.world.held(ref).head
        world.world.push(ref, world.commit({"db/production/shop/V3__more.sql": ADD}, branch="proposals/0"))
        world.clock.moment += LATER
        return ref, applied

    def is_told(self, world: RunnerWorld, ref: ChangeRef, applied: Sha) -> None:
        said = " ".join(body for _, body in world.world.comments(ref))
        assert "not yet recorded" not in said
        assert "Applied, not merged" in said
        assert f"its head moved on to {world.world.held(ref).head[:12]}. Bring what was applied into the branch by hand" in said
        assert world.world.statuses[PROJECT, applied].state is StatusState.SUCCESS
        assert world.world.held(ref).state is ChangeState.OPEN
        assert "countersign::applied" not in world.world.held(ref).labels

    def test_whoever_records_it_tells_it(self, world: RunnerWorld) -> None:
        ref, applied = self.unrecorded(world)
        (entry,), _ = world.reaper().sweep(world.ledger)
        finish_for_another(world.forge, world.repository, entry, branch="main")
        self.is_told(world, ref, applied)
        assert (PROJECT, world.world.held(ref).head) not in world.world.statuses

    def test_what_was_recorded_and_not_told_is_told_at_the_next_look(self, world: RunnerWorld) -> None:
        ref, applied = self.unrecorded(world)
        world.reaper().sweep(world.ledger)
        assert world.handle(ref) is Ending.WAITING
        self.is_told(world, ref, applied)
        assert world.world.statuses[PROJECT, world.world.held(ref).head].state is StatusState.PENDING
        assert len(world.sandbox.specs) == 1

    def test_another_runners_is_left_to_it(self, world: RunnerWorld) -> None:
        ref, _ = self.unrecorded(world)
        world.reaper().sweep(world.ledger)
        before = world.world.comments(ref)
        world.runner(environments=("staging",)).handle(ref, world.room)
        assert world.world.comments(ref) == before

    def test_a_forge_that_takes_no_status_for_it_holds_nothing_up(self, world: RunnerWorld) -> None:
        """A commit that no branch has any more, after a forced push."""
        ref, _ = self.unrecorded(world)
        (entry,), _ = world.reaper().sweep(world.ledger)
        world.forge.fail_next("set_status", why="not found: references for commit")
        finish_for_another(world.forge, world.repository, entry, branch="main")
        assert "Applied, not merged" in " ".join(body for _, body in world.world.comments(ref))

    def test_what_people_merged_meanwhile_is_told_as_applied(self, world: RunnerWorld) -> None:
        world.sandbox.act = lambda *_: world.ledger.fail_next("append")
        ref = world.propose(STAGING)
        with pytest.raises(LedgerFault):
            world.handle(ref)
        world.forge.merge(ref, world.world.held(ref).head, into="main")
        assert world.handle(ref) is Ending.APPLIED
        [(_, body)] = world.world.comments(ref)
        assert "✔ Applied\n" in body


class TestReaper:
    def dead(self, world: RunnerWorld) -> ChangeRef:
        """Let a runner die in the sandbox: an intent, a live credential, a container, no outcome."""
        ref = world.propose(STAGING)
        world.sandbox.act = die
        with pytest.raises(KeyboardInterrupt):
            world.handle(ref)
        world.clock.moment += LATER
        return ref

    def test_it_leaves_what_was_announced_a_moment_ago(self, world: RunnerWorld) -> None:
        self.dead(world)
        world.clock.moment -= LATER
        assert world.reaper().sweep(world.ledger) == ([], [])

    def test_it_revokes_and_says_that_the_run_is_lost(self, world: RunnerWorld) -> None:
        ref = self.dead(world)
        assert world.broker.live
        closed, faults = world.reaper().sweep(world.ledger)
        assert [entry.kind.value for entry in closed] == ["lost"]
        assert faults == []
        assert world.broker.live == frozenset()
        assert world.sandbox.reaped
        assert world.handle(ref) is Ending.LOST
        assert world.world.held(ref).state is ChangeState.OPEN

    def test_people_are_told_and_what_was_applied_is_merged(self, world: RunnerWorld) -> None:
        lost = self.dead(world)
        world.sandbox.act = None
        (entry,), _ = world.reaper().sweep(world.ledger)
        finish_for_another(world.forge, world.repository, entry, branch="main")
        assert "Lost" in " ".join(body for _, body in world.world.comments(lost))
        world.broker.fail_next("revoke")
        ref = world.propose({"db/staging/shop/V3__note.sql": ADD})
        with pytest.raises(Fault):
            world.handle(ref)
        world.clock.moment += LATER
        (entry,), _ = world.reaper().sweep(world.ledger)
        finish_for_another(world.forge, world.repository, entry, branch="main")
        assert world.world.held(ref).state is ChangeState.MERGED

    def test_what_came_of_a_head_that_was_left_behind_is_told_of_that_head(self, world: RunnerWorld) -> None:
        ref = self.dead(world)
        before = world.world.held(ref).head
        world.world.push(ref, world.commit({"README.md": "Other.\n"}, branch="proposals/0"))
        (entry,), _ = world.reaper().sweep(world.ledger)
        finish_for_another(world.forge, world.repository, entry, branch="main")
        [(_, body)] = world.world.comments(ref)
        assert "Lost" in body
        assert world.world.statuses[PROJECT, before].state is StatusState.FAILED
        assert (PROJECT, world.world.held(ref).head) not in world.world.statuses
        assert world.world.held(ref).labels == set(), "a label tells of the head that the change has now"

    def test_it_leaves_the_living_alone(self, world: RunnerWorld) -> None:
        ref = self.dead(world)
        world.leases.take(run_id(ref, world.world.held(ref).head))
        assert world.reaper().sweep(world.ledger) == ([], [])
        assert world.broker.live

    def test_it_leaves_other_environments_alone(self, world: RunnerWorld) -> None:
        self.dead(world)
        reaper = replace(world.reaper(), environments=frozenset({"production"}))
        assert reaper.sweep(world.ledger) == ([], [])

    def test_a_target_that_is_away_is_a_fault_that_holds_up_nobody_else(self, world: RunnerWorld) -> None:
        self.dead(world)
        world.broker.fail_next("revoke")
        closed, faults = world.reaper().sweep(world.ledger)
        assert closed == []
        assert len(faults) == 1
        assert [entry.kind.value for entry in world.reaper().sweep(world.ledger)[0]] == ["lost"]

    def test_what_the_outbox_kept_becomes_the_outcome(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING)
        world.broker.fail_next("revoke")
        with pytest.raises(Fault):
            world.handle(ref)
        world.clock.moment += LATER
        closed, _ = world.reaper().sweep(world.ledger)
        assert [entry.kind.value for entry in closed] == ["executed"]
        assert world.outbox.kept == {}
        assert world.handle(ref) is Ending.APPLIED
        assert world.world.held(ref).state is ChangeState.MERGED


def test_a_change_by_hand_has_no_agent_and_its_author_does_not_count(world: RunnerWorld) -> None:
    wanda: Person = world.people["wanda"]
    ref = world.propose(PRODUCTION, author=wanda, trailers=())
    world.handle(ref)
    world.approve(ref, "wanda")
    assert world.handle(ref) is Ending.WAITING
    world.approve(ref, "wim")
    assert world.handle(ref) is Ending.APPLIED


def test_a_change_that_nothing_runs_for_is_left_to_people(world: RunnerWorld) -> None:
    ref = world.propose({"docs/hours.md": "Open every day.\n"})
    assert world.handle(ref) is Ending.NOTHING_TO_RUN
    assert world.kinds() == ["assessed"]
    assert world.world.held(ref).state is ChangeState.OPEN


class TestEmergency:
    FROZEN = SHOP_POLICY.replace(
        "freezes:\n  year-end: {start: 2026-12-18T00:00",
        "emergency: {from: leads, count: 2, lifts: freezes, lasts: 1h, review_within: 24h}\n"
        "freezes:\n  year-end: {start: 2026-11-18T00:00",
    )
    TRAILERS = (*TRAILERS, ("Countersign-Emergency", "orders cannot be placed"))

    def ask(self, world: RunnerWorld, number: int) -> ChangeRef:
        ref = world.propose({f"db/production/shop/V{number}__note.sql": ADD}, trailers=self.TRAILERS)
        assert world.handle(ref) is Ending.WAITING
        world.approve(ref, "wanda", "lea", "lou")
        return ref

    def test_it_runs_through_the_freeze_and_the_record_says_so(self) -> None:
        world = RunnerWorld(policy=self.FROZEN)
        ref = self.ask(world, 2)
        assert world.handle(ref) is Ending.APPLIED
        assert world.kinds() == ["assessed", "emergency", "intent", "executed"]
        told, decision = world.ledger.entries[1], world.ledger.entries[2].body["decision"]
        assert told.key == f"emergency/{world.ledger.entries[2].run}"
        assert told.body["decision"] == decision
        assert isinstance(decision, dict)
        assert decision["emergency"]["review_by"] > "2026-11-25"
        claims = told.body["claims"]
        assert isinstance(claims, dict)
        assert claims["emergency"] == "orders cannot be placed"

    def test_it_is_not_on_the_record_without_its_run(self) -> None:
        world = RunnerWorld(policy=self.FROZEN)
        ref = self.ask(world, 2)
        world.ledger.fail_next("append_all")
        with pytest.raises(LedgerFault):
            world.handle(ref)
        assert world.kinds() == ["assessed"]
        assert world.handle(ref) is Ending.APPLIED
        assert world.kinds() == ["assessed", "emergency", "intent", "executed"]

    def test_the_next_one_is_refused_until_the_review_is_due(self) -> None:
        world = RunnerWorld(policy=self.FROZEN)
        assert world.handle(self.ask(world, 2)) is Ending.APPLIED
        again = world.propose({"db/production/shop/V3__note.sql": ADD}, trailers=self.TRAILERS)
        assert world.handle(again) is Ending.REFUSED
        assert "second emergency" in str(outcome(world))

    def test_a_label_lifts_nothing(self) -> None:
        world = RunnerWorld(policy=self.FROZEN)
        ref = world.propose(PRODUCTION)
        world.forge.set_label(ref, "emergency", family="emergency")
        world.handle(ref)
        world.approve(ref, "wanda", "lea", "lou")
        assert world.handle(ref) is Ending.WAITING


def test_a_provider_that_no_broker_serves_is_refused_before_anything_exists() -> None:
    there = (
        'provider: postgres, role: "shop_{environment}", database: "shop_{environment}", server: "db.shop.example:5432", ttl: 10m'
    )
    assert there in SHOP_POLICY
    world = RunnerWorld(policy=SHOP_POLICY.replace(there, "provider: vault, path: database/creds/shop, role: shop, ttl: 10m"))
    ref = world.propose(STAGING)
    assert world.handle(ref) is Ending.REFUSED
    assert "no broker for provider 'vault'" in str(outcome(world))
    assert world.kinds() == ["assessed", "refused"]
    assert world.broker.minted == []


def test_the_phases_that_are_not_carried_out_yet_are_approved_all_the_same() -> None:
    """Planning and going back are a later stage; they are in the plan's digest already, and the run is what it was."""
    run = '    run: [migrate, "{files}"]\n'
    world = RunnerWorld(policy=SHOP_POLICY.replace(run, f"    plan: [migrate, --show]\n{run}    rollback: revert\n"))
    world.handle(world.propose(STAGING))
    assert [spec.argv[0] for spec in world.sandbox.specs] == ["migrate"]
    assert world.sandbox.specs[0].argv[1:] == ("db/staging/shop/V2__note.sql",)
    decision = world.ledger.entries[1].body["decision"]
    assert isinstance(decision, dict)
    assert (decision["plan"]["plan_argv"], decision["plan"]["rollback"]) == (["migrate", "--show"], "revert")


class TestInputs:
    """What a decision was made from stands with it, so that anybody can decide again."""

    def test_deciding_again_from_the_record_gives_what_the_record_says(self, world: RunnerWorld) -> None:
        for files in (STAGING, PRODUCTION, {"db/production/shop/V3.sql": "DROP TABLE executives;\n"}, {**STAGING, **PRODUCTION}):
            ref = world.propose(files)
            world.handle(ref)
            world.approve(ref, "wanda", "sam")
            world.handle(ref)
        judged = [entry for entry in world.ledger.entries if "decision" in entry.body]
        assert {entry.kind.value for entry in judged} == {"assessed", "refused", "intent"}
        for entry in judged:
            made_from = enclosed(entry.body)
            assert isinstance(made_from, Inputs)
            again = decide(shop_policy(), made_from.proposal, made_from.evidence, now=made_from.now)
            assert canonical_json(again.document()) == canonical_json(entry.body["decision"])

    def test_the_agents_words_are_not_among_them(self, world: RunnerWorld) -> None:
        ref = world.propose(STAGING, trailers=(*TRAILERS, ("Countersign-Test", "ran make"), ("Countersign-Not-Sure", "the lock")))
        world.handle(ref)
        everything = b"".join(entry.raw for entry in world.ledger.entries)
        for word in (b"ran make", b"the lock", b"@example.com"):
            assert word not in everything
