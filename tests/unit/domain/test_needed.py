"""A rule that asks for a fact nobody has refuses; rules that ask for something else do not."""

import pytest

from countersign.domain.decide import decide
from countersign.domain.decision import Decision, Effect
from countersign.domain.facts import Facts, FileChange, FileStatus, Unclear
from tests.builders import NOON, file_change, proposal, shop_policy

RULES = "  - {name: words for people"
MODULE, MANIFEST, MIGRATION, IMAGE = "infra/shop/main.tf", "deploy/shop/x.yaml", "db/staging/shop/V1.sql", "docs/a.png"


def judged(watch: str, *files: str | FileChange, **facts: tuple[Unclear, ...] | tuple[str, ...]) -> Decision:
    policy = shop_policy((RULES, f"  - {{name: watch, {watch}, deny: No.}}\n{RULES}"))
    changes = tuple(file_change(file) if isinstance(file, str) else file for file in files)
    return decide(policy, proposal(found=Facts(changes, **facts)), now=NOON)  # type: ignore[arg-type]


def missing(decision: Decision) -> bool:
    found = [reason for reason in decision.reasons if reason.rule == "always: a missing fact refuses"]
    assert not found or decision.effect is Effect.REFUSED
    return bool(found)


@pytest.mark.parametrize(
    ("watch", "needs"),
    [
        ("plan: {deletes: [table, column, rows]}", False),
        ("plan: {deletes: [Namespace, PersistentVolumeClaim]}", False),
        ("plan: {deletes: [aws_db_instance]}", True),
        ('plan: {deletes: ["aws_*"]}', True),
        ('plan: {replaces: ["*"]}', True),
        ("plan: {deletes: [table, aws_s3_bucket]}", True),
        ("plan: {turns_off: [deletion_protection]}", True),
        ('plan: {turns_off: ["version*"]}', True),
        ("plan: {turns_off: [replicas, resource_limits]}", False),
        ("removes: [prevent_destroy]", False),
        ('paths: ["db/**"], plan: {deletes: [aws_db_instance]}', False),
        ('paths: ["infra/**"], plan: {deletes: [aws_db_instance]}', True),
    ],
)
def test_terraforms_sources_need_a_plan_where_a_rule_asks_what_terraform_does(watch: str, needs: bool) -> None:
    assert missing(judged(watch, MODULE)) is needs
    assert not missing(judged(watch, MIGRATION))
    assert not missing(judged(watch, MANIFEST))
    assert not missing(judged(watch, MODULE, planned=("infra/shop",)))
    assert not missing(judged(watch, MODULE, planned=("",)))
    assert missing(judged(watch, MODULE, planned=("infra/sho", "infra/shop/main.tf"))) is needs


@pytest.mark.parametrize(
    ("watch", "needs", "needs_new"),
    [
        ("plan: {deletes: [Namespace]}", True, False),
        ('plan: {deletes: ["*"]}', True, False),
        ("plan: {turns_off: [isolation]}", True, True),
        ("plan: {deletes: [table]}", False, False),
        ("plan: {deletes: [aws_db_instance], turns_off: [versioning]}", False, False),
        ('paths: ["other/**"], plan: {deletes: [Namespace]}', False, False),
    ],
)
def test_a_manifest_that_does_not_parse_is_needed_where_a_rule_asks_about_objects(watch: str, needs: bool, needs_new: bool) -> None:
    broken = (Unclear(MANIFEST, 3, "is not YAML"),)
    assert missing(judged(watch, MANIFEST, unparsed=broken)) is needs
    assert missing(judged(watch, MANIFEST, unread=broken)) is needs
    assert missing(judged(watch, file_change(MANIFEST, FileStatus.ADDED), unparsed=broken)) is needs_new
    assert not missing(judged(watch, IMAGE, unread=(Unclear(IMAGE, 1, "is not text"),)))


@pytest.mark.parametrize(
    ("watch", "needs"),
    [("removes: [x]", True), ('paths: ["docs/**"], removes: [x]', True), ('paths: ["db/**"], removes: [x]', False)],
)
def test_removed_lines_need_the_text_that_was_there(watch: str, needs: bool) -> None:
    unread = (Unclear(IMAGE, 1, "was a text file and is none any more"),)
    assert missing(judged(watch, IMAGE, unread=unread)) is needs
    assert not missing(judged(watch, file_change(IMAGE, FileStatus.ADDED), unread=unread))


def test_the_reason_names_file_and_rule() -> None:
    decision = judged("plan: {deletes: [aws_db_instance]}", MODULE)
    (reason,) = (item for item in decision.deciding if item.rule == "always: a missing fact refuses")
    assert reason.path == MODULE
    assert "rule 'watch'" in reason.text


@pytest.mark.parametrize(
    "path", ["terraform.tfstate", "infra/x/terraform.tfstate.backup", ".terraform/x", "infra/X.TFSTATE", "a/.Terraform/x"]
)
def test_state_in_a_change_is_refused_always(path: str) -> None:
    decision = judged("plan: {deletes: [table]}", path)
    assert "always: state stays where it is" in {reason.rule for reason in decision.deciding}
