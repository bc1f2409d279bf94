"""What the demo's report makes of records: also of runs that went wrong."""

from tests.stage.report import all_dead, marks, names_both, only_refused, timeline

GRANT = {
    "handle": "cs_1",
    "provider": "postgres",
    "public_id": "cs_1",
    "minted": "2026-11-25T22:36:56.980000+00:00",
    "revoked": "2026-11-25T22:36:57.898000+00:00",
    "proof": "dead",
    "proof_detail": "turned away",
}
NEVER_MINTED = {"handle": "cs_2", "minted": None, "revoked": None, "proof": None, "proof_detail": None}


def test_a_run_is_told_step_by_step() -> None:
    steps = [{"step": 1, "name": "observe", "ms": 30}, {"step": 5, "name": "run", "ms": 10}]
    lines = timeline({"kind": "executed", "timeline": steps, "grants": [GRANT]})
    assert lines[0].startswith("(1) observe       30 ms  ███")
    assert lines[0].count("█") == 3 * lines[1].count("█")
    assert lines[2:] == ["postgres cs_1: minted 22:36:56.980, revoked 22:36:57.898, dead", "  turned away"]


def test_a_credential_that_was_never_minted_is_told_too() -> None:
    lines = timeline({"kind": "lost", "timeline": [], "grants": [NEVER_MINTED]})
    assert lines[0] == "cs_2: minted never, revoked never, None"
    assert timeline({"kind": "lost", "timeline": None, "grants": None}) == []


def test_one_credential_that_is_not_dead_is_one_too_many() -> None:
    assert all_dead([{"grants": [GRANT]}, {}])
    assert not all_dead([{"grants": [GRANT, NEVER_MINTED]}])
    assert not all_dead([{"grants": [GRANT, {**GRANT, "proof": "alive"}]}])
    assert not all_dead([{}, {"grants": []}])


def test_a_mark_that_is_not_good_is_seen_among_gits_words() -> None:
    log = 'Good "git" signature for runner with ED25519 key\nG Ask about a change\nNo signature\nN Written by hand\nU Unknown key\n'
    assert marks(log) == ["G", "N", "U"]


def test_a_refused_change_has_only_refusals_and_they_name_rule_and_freeze() -> None:
    rule, freeze = {"text": "rule data that would be gone"}, {"text": "freeze stocktaking"}
    change = {"iid": 3}
    refused = {"kind": "refused", "change": change, "decision": {"reasons": [rule, freeze]}}
    other = {"kind": "executed", "change": {"iid": 4}}
    assert only_refused([refused, other], 3)
    assert not only_refused([other], 3)
    assert not only_refused([refused, {"kind": "intent", "change": change}], 3)
    assert names_both([refused], 3)
    assert not names_both([{**refused, "decision": {"reasons": [rule]}}], 3)
    assert not names_both([{**refused, "decision": {"reasons": [freeze]}}, other], 3)
