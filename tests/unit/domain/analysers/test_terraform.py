"""What a plan says that Terraform would do. Anything strange in it is unclear, never harmless."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.domain.analysers.terraform import effects, is_source, is_state
from countersign.domain.facts import Act

HERE = "infra/production/shop"


def resource(actions: list[str], kind: str = "aws_db_instance", **sides: object) -> dict[str, object]:
    return {"address": f"{kind}.main", "mode": "managed", "type": kind, "name": "main", "change": {"actions": actions, **sides}}


def plan(*resources: object, **more: object) -> bytes:
    return json.dumps({"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": list(resources), **more}).encode()


def found(*resources: object) -> set[tuple[Act, str, str]]:
    measured, unclear = effects(HERE, plan(*resources))
    assert unclear == ()
    assert {item.path for item in measured} <= {HERE}
    return {(item.act, item.kind, item.name) for item in measured}


@pytest.mark.parametrize(
    ("actions", "act"),
    [
        (["no-op"], None),
        (["create"], None),
        (["read"], None),
        (["update"], None),
        (["delete"], Act.DELETES),
        (["delete", "create"], Act.REPLACES),
        (["create", "delete"], Act.REPLACES),
        (["forget"], Act.DELETES),
        (["create", "forget"], Act.REPLACES),
    ],
)
def test_actions(actions: list[str], act: Act | None) -> None:
    assert found(resource(actions)) == ({(act, "aws_db_instance", "aws_db_instance.main")} if act else set())


def test_data_sources_are_read_only_and_deposed_objects_are_objects() -> None:
    assert found(resource(["delete"]) | {"mode": "data"}) == set()
    assert found(resource(["delete"]) | {"deposed": "00000001"})


@pytest.mark.parametrize(
    ("kind", "before", "after", "protection"),
    [
        ("aws_db_instance", {"deletion_protection": True}, {"deletion_protection": False}, "deletion_protection"),
        ("aws_db_instance", {"deletion_protection": True}, {"deletion_protection": None}, "deletion_protection"),
        ("aws_db_instance", {"deletion_protection": True}, {}, "deletion_protection"),
        ("aws_db_instance", {"skip_final_snapshot": False}, {"skip_final_snapshot": True}, "final_snapshot"),
        ("aws_db_instance", {"final_snapshot_identifier": "x"}, {"final_snapshot_identifier": None}, "final_snapshot"),
        ("aws_db_instance", {"backup_retention_period": 7}, {"backup_retention_period": 0}, "backups"),
        ("aws_s3_bucket", {"versioning": [{"enabled": True}]}, {"versioning": [{"enabled": False}]}, "versioning"),
        ("aws_s3_bucket", {"versioning": [{"enabled": True}]}, {"versioning": []}, "versioning"),
        ("aws_s3_bucket", {"force_destroy": None}, {"force_destroy": True}, "deletion_protection"),
        (
            "aws_s3_bucket_versioning",
            {"versioning_configuration": [{"status": "Enabled"}]},
            {"versioning_configuration": [{"status": "Suspended"}]},
            "versioning",
        ),
        ("aws_s3_bucket_public_access_block", {"block_public_acls": True}, {"block_public_acls": False}, "public_access_block"),
        ("aws_lb", {"enable_deletion_protection": True}, {"enable_deletion_protection": False}, "deletion_protection"),
        ("aws_dynamodb_table", {"point_in_time_recovery": [{"enabled": True}]}, {"point_in_time_recovery": [{}]}, "backups"),
    ],
)
@pytest.mark.parametrize("actions", [["update"], ["delete", "create"]])
def test_protections(
    kind: str, before: Mapping[str, object], after: Mapping[str, object], protection: str, actions: list[str]
) -> None:
    turned_off = {what for act, what, _ in found(resource(actions, kind, before=before, after=after)) if act is Act.TURNS_OFF}
    assert turned_off == {protection}
    if after:
        assert not any(act is Act.TURNS_OFF for act, _, _ in found(resource(actions, kind, before=before, after=before)))


def test_a_protection_that_is_a_resource_of_its_own() -> None:
    gone = resource(["delete"], "aws_s3_bucket_versioning", before={"bucket": "x"}, after=None)
    assert (Act.TURNS_OFF, "versioning", "aws_s3_bucket_versioning.main: aws_s3_bucket_versioning") in found(gone)


def test_a_protection_that_is_known_only_after_apply_is_unclear() -> None:
    change = resource(
        ["update"], before={"deletion_protection": True}, after={"name": "x"}, after_unknown={"deletion_protection": True}
    )
    measured, (unclear,) = effects(HERE, plan(change))
    assert measured == ()
    assert "only after apply" in unclear.why


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 200_000,
        b'{"format_version": "1.2"}',
        b'{"format_version": "1.2", "resource_changes": null}',
        b'{"format_version": "1.2", "format_version": "1.2", "resource_changes": []}',
        b'{"format_version": "2.0", "resource_changes": []}',
        b'{"format_version": 1, "resource_changes": []}',
        b'{"resource_changes": []}',
        plan(errored=True),
        plan(complete=False),
        plan(deferred_changes=[{"reason": "x"}]),
        plan(action_invocations=[{"address": "action.aws_lambda_invoke.x"}]),
        plan("x"),
        plan({}),
        plan(resource(["destroy"])),
        plan(resource([])),
        plan(resource(["delete", "create", "delete"])),
        plan(resource(["create"]) | {"type": None}),
        plan(resource(["create"]) | {"change": []}),
        plan({"type": "x", "address": "x", "change": {"actions": "delete"}}),
    ],
)
def test_what_is_not_understood_is_unclear(data: bytes) -> None:
    measured, unclear = effects(HERE, data)
    assert measured == ()
    assert unclear


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5) | st.integers(),
        lambda x: (
            st.lists(x, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "address", "change", "actions", "before", "after", "mode", "versioning"]), x, max_size=6
            )
        ),
        max_leaves=20,
    )
)
def test_nothing_else_leaves_the_reader(value: object) -> None:
    effects("", plan(value))
    effects("", json.dumps(value).encode())


@pytest.mark.parametrize(
    "path",
    [
        "terraform.tfstate",
        "a/x.tfstate.backup",
        "a/terraform.tfstate.d/prod/x",
        "a/.terraform/x",
        "X.TFSTATE",
        "x.tfstate.1690000.backup",
        "out.tfplan",
    ],
)
def test_state_is_told_from_source(path: str) -> None:
    assert is_state(path)
    assert not is_source(path)


@pytest.mark.parametrize(
    "path",
    [
        "main.tf",
        "a/x.tf.json",
        "a/prod.auto.tfvars",
        "x.tofu",
        "X.TF",
        "terragrunt.hcl",
        "live/terragrunt.hcl",
        "a/.terraform.lock.hcl",
    ],
)
def test_sources(path: str) -> None:
    assert is_source(path)
    assert not is_state(path)


@pytest.mark.parametrize(
    "path", ["docs/tfstate.md", "backend.tfx", "a.terraform/x", "main.tf.md", "build.pkr.hcl", "my-terragrunt.hcl"]
)
def test_what_is_neither(path: str) -> None:
    assert not is_source(path)
    assert not is_state(path)
