"""What protects a cloud resource, and when a planned change takes it away. One table, by the names that providers give.

Covers deletion protection, snapshots, versioning, backups, encryption and closed doors of the large providers; an attribute that
is not here is not seen, and a deletion is seen whatever its attributes.
"""

from collections.abc import Iterator, Mapping

ON, OFF, SET, NAMED = "on", "off", "set", "named"
"""How an attribute protects: by being true, by being false, by holding anything (a number above 0, text), by one of some words."""

_ATTRIBUTES: Mapping[str, tuple[str, str]] = {
    "deletion_protection": ("deletion_protection", ON),
    "deletion_protection_enabled": ("deletion_protection", ON),
    "enable_deletion_protection": ("deletion_protection", ON),
    "termination_protection": ("deletion_protection", ON),
    "enable_termination_protection": ("deletion_protection", ON),
    "disable_api_termination": ("deletion_protection", ON),
    "disable_api_stop": ("deletion_protection", ON),
    "purge_protection_enabled": ("deletion_protection", ON),
    "prevent_destroy": ("deletion_protection", ON),
    "prevent_deletion_if_contains_resources": ("deletion_protection", ON),
    "force_destroy": ("deletion_protection", OFF),
    "force_delete": ("deletion_protection", OFF),
    "skip_final_snapshot": ("final_snapshot", OFF),
    "final_snapshot_identifier": ("final_snapshot", SET),
    "final_snapshot_name": ("final_snapshot", SET),
    "backup_retention_period": ("backups", SET),
    "backup_retention_days": ("backups", SET),
    "snapshot_retention_limit": ("backups", SET),
    "delete_automated_backups": ("backups", OFF),
    "recovery_window_in_days": ("backups", SET),
    "storage_encrypted": ("encryption", ON),
    "encrypted": ("encryption", ON),
    "at_rest_encryption_enabled": ("encryption", ON),
    "transit_encryption_enabled": ("encryption", ON),
    "enable_key_rotation": ("key_rotation", ON),
    "publicly_accessible": ("public_access_block", OFF),
    "public_network_access_enabled": ("public_access_block", OFF),
    "block_public_acls": ("public_access_block", ON),
    "block_public_policy": ("public_access_block", ON),
    "ignore_public_acls": ("public_access_block", ON),
    "restrict_public_buckets": ("public_access_block", ON),
    "enable_logging": ("logging", ON),
    "object_lock_enabled": ("object_lock", ON),
}
_BLOCKS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("versioning", "enabled"): ("versioning", ON),
    ("versioning_configuration", "status"): ("versioning", NAMED),
    ("point_in_time_recovery", "enabled"): ("backups", ON),
    ("backup_configuration", "enabled"): ("backups", ON),
    ("settings", "deletion_protection_enabled"): ("deletion_protection", ON),
}
_RESOURCES = {
    "aws_s3_bucket_versioning": "versioning",
    "aws_s3_bucket_public_access_block": "public_access_block",
    "aws_s3_bucket_object_lock_configuration": "object_lock",
    "aws_backup_plan": "backups",
    "aws_backup_selection": "backups",
    "aws_cloudtrail": "logging",
}
"""Resources that are themselves a protection of another."""

_WORDS = frozenset({"Enabled"})
PROTECTIONS = frozenset(
    {kind for kind, _ in _ATTRIBUTES.values()} | {kind for kind, _ in _BLOCKS.values()} | set(_RESOURCES.values())
)

Lost = tuple[str, str, bool]
"""The protection, the attribute, and whether it is sure: False where the value is known only after apply."""


def lost(kind: str, change: Mapping[str, object]) -> Iterator[Lost]:
    """Give each protection that was there before the planned change and is not after it."""
    before, after, unknown = (_object(change.get(side)) for side in ("before", "after", "after_unknown"))
    if kind in _RESOURCES and before and not after:
        yield _RESOURCES[kind], kind, True
    if not before or not isinstance(change.get("after"), dict):
        return
    for name, (protection, how) in _ATTRIBUTES.items():
        if name in before and _protects(before[name], how):
            yield from _judged(protection, name, after.get(name), how, unknown=unknown.get(name))
    for (block, name), (protection, how) in _BLOCKS.items():
        was, now, open_ = (_first(side.get(block)) for side in (before, after, unknown))
        if _protects(was.get(name), how):
            yield from _judged(
                protection, f"{block}.{name}", now.get(name), how, unknown=open_.get(name) or unknown.get(block) is True
            )


def _judged(protection: str, what: str, value: object, how: str, *, unknown: object) -> Iterator[Lost]:
    if unknown is True:
        yield protection, what, False
    elif not _protects(value, how):
        yield protection, what, True


def _protects(value: object, how: str) -> bool:
    if how == ON:
        return value is True or value == "true"
    if how == OFF:
        return value is None or value is False or value == "false"
    if how == SET:
        return value not in (None, "", 0, False)
    return value in _WORDS


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _first(value: object) -> Mapping[str, object]:
    """Give a nested block: providers write it as a list of one."""
    if isinstance(value, list):
        return _object(value[0]) if value else {}
    return _object(value)
