"""What Terraform would do, read from `terraform show -json` of a plan: bytes in, effects out. Runs nothing.

Only plans of format 1 are understood; an action, a part that is deferred or a plan that failed is unclear, and unclear refuses.
Kinds are resource types (`aws_db_instance`). Kinds of TURNS_OFF are in `protections`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from countersign.domain.analysers.protections import PROTECTIONS, lost
from countersign.domain.facts import Act, Measured, Unclear

LARGEST = 16 * 1024 * 1024
_MOST_RESOURCES = 20_000
_LONGEST_NAME = 200
_FORMAT = "1"

_ACTIONS: Mapping[tuple[str, ...], Act | None] = {
    ("no-op",): None,
    ("create",): None,
    ("read",): None,
    ("update",): None,
    ("delete",): Act.DELETES,
    ("delete", "create"): Act.REPLACES,
    ("create", "delete"): Act.REPLACES,
    ("forget",): Act.DELETES,
    ("create", "forget"): Act.REPLACES,
}
"""What is forgotten is there and belongs to nobody: who reads the plan must not take it for kept."""

_SOURCES = (
    *(".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".tfvars.json"),
    *("/terragrunt.hcl", "/terragrunt.hcl.json", "/root.hcl", ".terraform.lock.hcl"),
)
"""Sources, values, what Terragrunt makes sources of, and which version of a provider plans."""
_STATES = (".tfstate", ".tfstate.backup", ".tfstate.lock.info", ".tfplan")
_STATE_MARKS = (".tfstate", ".tfplan", ".terraform")
"""One is in every path that is state."""

Effects = tuple[tuple[Measured, ...], tuple[Unclear, ...]]


class _StrangeError(Exception):
    """The plan is not of a form that is understood."""


def is_source(path: str) -> bool:
    """Say whether Terraform reads the path: what it does cannot be told without a plan."""
    return f"/{path}".lower().endswith(_SOURCES)


def is_state(path: str) -> bool:
    """Say whether the path is one of Terraform's state, or a finished plan. Those never come with a change (incident 3)."""
    parts = path.lower().split("/")
    name = parts[-1]
    return name.endswith(_STATES) or ".tfstate." in name or bool({"terraform.tfstate.d", ".terraform"} & set(parts[:-1]))


def may_be_state(paths: Sequence[str]) -> bool:
    """Say at once whether any of them could be state; where this says yes, ask `is_state` one by one."""
    together = "/".join(paths)
    return (".t" in together or ".T" in together) and any(mark in together.lower() for mark in _STATE_MARKS)


def may_mean_terraform(pattern: str, sql_words: frozenset[str]) -> bool:
    """Say whether a rule's pattern of kinds could name a resource type: not a word of SQL, not a kind of Kubernetes."""
    if pattern[:1].isupper():
        return False
    return any(mark in pattern for mark in "*?") or pattern not in sql_words


def may_mean_protection(pattern: str) -> bool:
    """Say whether a rule's pattern could name a protection that is seen in a plan."""
    return any(fnmatchcase(name, pattern) for name in PROTECTIONS)


def effects(directory: str, plan: bytes) -> Effects:
    """Give what the plan of a root module does to what exists. `directory` is where it stands; "" is the top."""
    try:
        changes = _changes(_loaded(plan))
        found = [item for change in changes for item in _of(change, directory)]
    except _StrangeError as error:
        return (), (Unclear(directory or ".", 1, f"the Terraform plan {error}"),)
    return (
        tuple(sorted({item for item in found if isinstance(item, Measured)})),
        tuple(sorted({item for item in found if isinstance(item, Unclear)})),
    )


def _loaded(plan: bytes) -> Mapping[str, object]:
    if len(plan) > LARGEST:
        raise _StrangeError(f"has more than {LARGEST} bytes")
    try:
        document = json.loads(plan.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _StrangeError("is not JSON, or says a key twice") from None
    if not isinstance(document, dict):
        raise _StrangeError("is not an object")
    version = document.get("format_version")
    if not isinstance(version, str) or version.partition(".")[0] != _FORMAT:
        raise _StrangeError(f"is not of format {_FORMAT}")
    if document.get("errored", False) is not False:
        raise _StrangeError("was made with errors")
    if document.get("action_invocations") or document.get("deferred_action_invocations"):
        raise _StrangeError("invokes actions of a provider, which can do anything")
    if document.get("complete", True) is not True or document.get("deferred_changes"):
        raise _StrangeError("is not complete: something is deferred")
    return document


def _changes(document: Mapping[str, object]) -> list[Mapping[str, object]]:
    changes = document.get("resource_changes", [])
    if not isinstance(changes, list) or not all(isinstance(item, dict) for item in changes):
        raise _StrangeError("has resource_changes that are no list of objects")
    if len(changes) > _MOST_RESOURCES:
        raise _StrangeError(f"changes more than {_MOST_RESOURCES} resources")
    if "resource_changes" not in document and "planned_values" not in document:
        raise _StrangeError("says nothing of any resource")
    return changes


def _of(resource: Mapping[str, object], directory: str) -> Iterator[Measured | Unclear]:
    kind, address, change = resource.get("type"), resource.get("address"), resource.get("change")
    if not isinstance(kind, str) or not isinstance(address, str) or not isinstance(change, dict):
        raise _StrangeError("has a resource without type, address or change")
    actions = change.get("actions")
    if not isinstance(actions, list) or tuple(map(str, actions)) not in _ACTIONS:
        raise _StrangeError("has an action that is not known")
    if resource.get("mode") == "data":
        return
    name = address[:_LONGEST_NAME]
    act = _ACTIONS[tuple(map(str, actions))]
    if act is not None:
        yield Measured(act, kind[:_LONGEST_NAME], name, directory)
    for protection, what, sure in lost(kind, change):
        if sure:
            yield Measured(Act.TURNS_OFF, protection, f"{name}: {what}", directory)
        else:
            yield Unclear(directory or ".", 1, f"whether {what} stays on for {name} is known only after apply")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
