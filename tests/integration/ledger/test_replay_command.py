"""`countersign audit replay`: what a runner recorded is decided again, from the record and the policy in the clone alone."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from countersign.adapters.engine import engine
from countersign.attestation.inputs import TOO_LARGE, enclose, enclosed
from countersign.attestation.record import Draft
from countersign.cli.main import main
from countersign.domain.ids import ChangeRef, Sha
from countersign.domain.inputs import Inputs
from countersign.domain.policy_sources import Source
from countersign.domain.policy_yaml import POLICY_FILE, load_policy
from countersign.domain.ports import ChangeState
from tests.builders import SHOP_POLICY, proposal
from tests.fakes.runner import RunnerWorld
from tests.support.audit import Remote, refused, signer, trust_line, trust_root
from tests.support.auditor import Auditor
from tests.support.decided import decided
from tests.support.drafts import draft_of

ADD = {"db/staging/shop/V2__note.sql": "ALTER TABLE orders ADD COLUMN note text;\n"}
DROP = {"db/production/shop/V3__gone.sql": "DROP TABLE orders;\n"}
POLICY = SHOP_POLICY.encode()


def moved(one: Draft, commit: Sha) -> Draft:
    """Give what a runner recorded, as if the protected branch had been at this commit."""
    inputs, change, policy = enclosed(one.body), one.body.get("change"), one.body.get("policy")
    if not isinstance(inputs, Inputs) or not isinstance(change, dict) or not isinstance(policy, dict):
        return one
    there = {**one.body, "change": change | {"base": commit}, "policy": policy | {"commit": commit}}
    return replace(one, body=enclose(there, replace(inputs, proposal=replace(inputs.proposal, base=commit))))


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote.make(tmp_path)


@pytest.fixture
def policy(remote: Remote) -> Sha:
    """Commit the policy, as the protected branch has it."""
    blob = remote.git("hash-object", "-w", "--stdin", data=POLICY).decode().strip()
    folder, name = POLICY_FILE.split("/")
    inner = remote.git("mktree", data=f"100644 blob {blob}\t{name}\n".encode()).decode().strip()
    tree = remote.git("mktree", data=f"040000 tree {inner}\t{folder}\n".encode()).decode().strip()
    people = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    commit = remote.git(*people, "commit-tree", tree, "-m", "Policy").decode().strip()
    remote.git("update-ref", "refs/heads/main", commit)
    return Sha(commit)


@pytest.fixture
def recorded(policy: Sha) -> list[Draft]:
    world = RunnerWorld()
    world.handle(world.propose(ADD))
    world.handle(world.propose(DROP))
    return [moved(draft_of(entry), policy) for entry in world.ledger.entries]


def auditor(remote: Remote, drafts: list[Draft], tmp_path: Path) -> Auditor:
    remote.clock.now = drafts[0].time
    remote.fill(drafts)
    return Auditor.of(remote.path, tmp_path, trust_line(signer()))


def run(who: Auditor, *args: str) -> int:
    return main(["audit", "replay", *args, "--repo", str(who.clone), "--trust-root", str(who.trust_file)])


def test_every_decision_of_a_runner_follows_again_byte_for_byte(
    remote: Remote, recorded: list[Draft], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    who = auditor(remote, recorded, tmp_path)
    decided = [seq for seq, one in enumerate(recorded) if "decision" in one.body]
    assert len(decided) >= 3
    for seq in decided:
        assert run(who, str(seq)) == 0
        assert f"record {seq}: same decision, byte for byte: " in capsys.readouterr().out
    assert run(who, recorded[0].key, "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["same"], document["decision"]["again"]) == (True, document["decision"]["recorded"])


def test_a_floor_is_read_from_the_copy_that_is_given(
    remote: Remote, policy: Sha, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    floor = (
        b"version: 1\nteams: {leads: [acme/leads]}\ntiers: {critical: {mode: approve, approvals: [{from: leads}]}}\n"
        b"unmatched: critical\nrules:\n  - {name: no words, paths: ['docs/**'], deny: No.}\n"
    )
    data = POLICY + f"extends: {{project: acme/policies, commit: {'a' * 40}, file: floor.yaml}}\n".encode()
    extended = load_policy(data, found={Source("floor.yaml", "acme/policies", "a" * 40): floor})
    one = decided(replace(proposal("docs/a.md"), base=policy), policy=extended)
    who = auditor(remote, [one], tmp_path)
    (tmp_path / "policy.yaml").write_bytes(data)
    (tmp_path / "floor.yaml").write_bytes(floor)
    (tmp_path / "other.yaml").write_bytes(floor.replace(b"docs/**", b"db/**"))
    given = ("0", "--policy", str(tmp_path / "policy.yaml"))
    assert run(who, *given, "--floor", str(tmp_path / "floor.yaml")) == 0
    assert "refused" in capsys.readouterr().out
    assert run(who, *given) == 3
    assert run(who, *given, "--floor", str(tmp_path / "other.yaml")) == 3
    assert "with other files beside the policy" in capsys.readouterr().err


def test_a_decision_that_does_not_follow_is_shown(
    remote: Remote, recorded: list[Draft], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decision = recorded[0].body["decision"]
    assert isinstance(decision, dict)
    forged = replace(recorded[0], body={**recorded[0].body, "decision": {**decision, "effect": "notify"}})
    who = auditor(remote, [forged], tmp_path)
    assert run(who, "0") == 1
    out = capsys.readouterr().out
    assert "ANOTHER decision follows" in out
    assert '-  "effect": "notify",' in out


@pytest.mark.parametrize(
    ("place", "other", "field"),
    [
        (("change", "head"), "9" * 40, "change.head"),
        (("change", "target_branch"), "release", "change.target_branch"),
        (("change", "iid"), 99, "change.iid"),
        (("binding",), f"sha256:{'9' * 64}", "binding"),
        (("actor", "author"), {"id": 2, "username": "ceo"}, "actor.author"),
        (("actor", "approvers"), [], "actor.approvers"),
        (("actor", "approvers", 0, "username"), "ceo", "actor.approvers"),
        (("actor", "approvers", 0, "head"), "9" * 40, "actor.approvers"),
    ],
)
def test_a_record_that_names_others_than_it_was_decided_from_is_shown(
    remote: Remote,
    policy: Sha,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    place: tuple[str | int, ...],
    other: object,
    field: str,
) -> None:
    world = RunnerWorld()
    ref = world.propose({".countersign/policy.yaml": world.policy + "# more\n"})
    world.handle(ref)
    world.approve(ref, "lea", "lou", "wanda")
    world.handle(ref)
    question, allowed = (moved(draft_of(entry), policy) for entry in world.ledger.entries)
    body = json.loads(json.dumps(allowed.body))
    inner = body
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = other
    who = auditor(remote, [question, replace(allowed, body=body)], tmp_path)
    assert run(who, "1") == 1
    assert f"the decision follows, but the record says OTHER than what it was made from: {field}" in capsys.readouterr().out
    assert run(who, "1", "--format", "json") == 1
    assert json.loads(capsys.readouterr().out)["wrong"] == [field]


def test_a_record_under_another_change_is_shown(
    remote: Remote, recorded: list[Draft], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Questions to the index, packets and the commit's trailers go by the change around the body."""
    who = auditor(remote, [replace(recorded[0], change=ChangeRef("acme/other", 999))], tmp_path)
    assert run(who, "0") == 1
    assert "the record says OTHER than what it was made from: predicate.change" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("told", "status", "said"),
    [
        ({"digest": f"sha256:{'0' * 64}", "version": "0.0.9"}, 4, f"; decided by 0.0.9 (sha256:{'0' * 64}), this is {engine()}"),
        (engine().document(), 1, "ANOTHER decision follows from what was recorded\n"),
        ({"digest": None, "version": "0.0.9"}, 1, f"; the record does not say by which program it was decided, this is {engine()}"),
    ],
)
def test_another_program_is_told_from_a_forged_decision(
    remote: Remote,
    recorded: list[Draft],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    told: object,
    status: int,
    said: str,
) -> None:
    body = dict(recorded[0].body)
    same = replace(recorded[0], body=body | {"engine": told})
    other = replace(same, key="assessed/other", body=body | {"engine": told, "decision": {**body["decision"], "effect": "notify"}})  # type: ignore[dict-item]
    who = auditor(remote, [same, other], tmp_path)
    assert run(who, "0") == 0
    assert ("decided by 0.0.9" in capsys.readouterr().out) is (status == 4)
    assert run(who, "1") == status
    assert said in capsys.readouterr().out
    assert run(who, "1", "--format", "json") == status
    assert json.loads(capsys.readouterr().out)["engine"] == {"again": engine().document(), "recorded": told}


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("copied", [False, True])
def test_what_another_program_computed_otherwise_is_told_from_a_forged_copy(
    remote: Remote, recorded: list[Draft], tmp_path: Path, capsys: pytest.CaptureFixture[str], known: bool, copied: bool
) -> None:
    body = json.loads(json.dumps(recorded[0].body))
    change = body["change"] | {"counts_as": {"new": "word"}} | ({"lines": 7} if copied else {})
    body |= {"binding": f"sha256:{'9' * 64}", "change": change}
    body |= {} if known else {"engine": {"digest": f"sha256:{'0' * 64}", "version": "0.0.9"}}
    who = auditor(remote, [replace(recorded[0], body=body)], tmp_path)
    assert run(who, "0") == (1 if known or copied else 4)
    out = capsys.readouterr().out
    assert ("this program computes OTHERWISE: binding, change.counts_as; decided by 0.0.9" in out) is not (known or copied)
    assert ("the record says OTHER than what it was made from: binding, change.counts_as" in out) is (known or copied)
    assert ("change.lines" in out) is copied


def test_a_wrong_record_outweighs_another_program(remote: Remote, recorded: list[Draft], tmp_path: Path) -> None:
    body = dict(recorded[0].body)
    other = body | {
        "engine": {"digest": f"sha256:{'0' * 64}", "version": "1"},
        "decision": {**body["decision"], "effect": "notify"},  # type: ignore[dict-item]  # it is an object
    }
    remote.clock.now = recorded[0].time
    remote.fill([replace(recorded[0], body=other)])
    remote.writer(key=signer(9), trust=trust_root(signer(), signer(9))).append(refused("forged", time=recorded[0].time))
    who = Auditor.of(remote.path, tmp_path, trust_line(signer()))
    assert run(who, "0") == 1


def test_the_end_of_a_question_is_no_decision_and_says_where_it_is(
    remote: Remote, policy: Sha, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = RunnerWorld()
    ref = world.propose({".countersign/policy.yaml": world.policy + "# more\n"})
    world.handle(ref)
    world.world.set_state(ref, ChangeState.CLOSED)
    world.handle(ref)
    who = auditor(remote, [moved(draft_of(entry), policy) for entry in world.ledger.entries], tmp_path)
    assert run(who, "1") == 3
    said = capsys.readouterr().err
    assert "says how a question ended (expired)" in said
    assert "countersign audit replay 0" in said
    assert "older" not in said
    assert run(who, "0") == 0


def test_what_people_may_merge_is_decided_again(remote: Remote, policy: Sha, tmp_path: Path) -> None:
    world = RunnerWorld()
    ref = world.propose({".countersign/policy.yaml": world.policy + "# more\n"})
    world.handle(ref)
    world.approve(ref, "lea", "lou", "wanda")
    world.handle(ref)
    assert world.kinds() == ["assessed", "allowed"]
    who = auditor(remote, [moved(draft_of(entry), policy) for entry in world.ledger.entries], tmp_path)
    assert run(who, "1") == 0


def test_other_files_beside_the_policy_are_no_ground_for_another_decision(
    remote: Remote, recorded: list[Draft], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decision = recorded[0].body["decision"]
    assert isinstance(decision, dict)
    other = replace(recorded[0], body={**recorded[0].body, "decision": {**decision, "beside_digest": "sha256:" + "0" * 64}})
    who = auditor(remote, [other], tmp_path)
    assert run(who, "0") == 3
    assert "with other files beside the policy" in capsys.readouterr().err


def test_without_the_policy_or_the_inputs_nothing_is_said(
    remote: Remote, recorded: list[Draft], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without = {"digest": f"sha256:{'0' * 64}", "document": None, "why": TOO_LARGE}
    drafts = [
        moved(recorded[0], Sha("1" * 40)),
        replace(recorded[0], key="assessed/old", body={**recorded[0].body, "inputs": without}),
        refused("plain", time=recorded[0].time),
    ]
    who = auditor(remote, drafts, tmp_path)
    assert run(who, "0") == 3
    assert "give the policy's bytes with --policy" in capsys.readouterr().err
    given = tmp_path / "policy.yaml"
    given.write_bytes(POLICY)
    assert run(who, "0", "--policy", str(given)) == 0
    given.write_bytes(POLICY + b"\n")
    assert run(who, "0", "--policy", str(given)) == 3
    assert "but record 0 was decided with" in capsys.readouterr().err
    assert run(who, "0", "--policy", str(tmp_path / "none")) == 2
    assert run(who, "1") == 3
    assert "inputs not recorded" in capsys.readouterr().err
    assert run(who, "2") == 2
    assert run(who, "77") == 2
