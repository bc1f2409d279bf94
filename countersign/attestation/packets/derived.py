"""What follows from the records of a packet: decision, plan, approvals, keys. Written out so that nobody has to dig for it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from countersign.attestation import commit as commits
from countersign.attestation import readable
from countersign.attestation.accounts.plain import Plain, part, parts, text
from countersign.attestation.accounts.story import tells_approvals
from countersign.attestation.packets.form import (
    APPROVALS,
    DECISION,
    HEAD,
    PLAN,
    POLICY,
    Files,
    beside_list,
    commit_file,
    policy_file,
)
from countersign.attestation.record import DECIDING
from countersign.attestation.sshsig import parse


def predicates(records: Sequence[bytes]) -> list[Plain]:
    """Give our part of each record."""
    return [part(json.loads(raw), "predicate") for raw in records]


def derived(records: Sequence[bytes]) -> dict[str, bytes]:
    """Write decision, plan and approvals: of the newest record that holds each, in the order of the log."""
    told = predicates(records)
    bodies = [part(item, "body") for item in told if text(item, "kind") in DECIDING and part(item, "body", "decision")]
    files: dict[str, bytes] = {}
    if bodies:
        decision = dict(part(bodies[-1], "decision"))
        files[DECISION] = readable.dump(decision)
        if part(decision, "plan"):
            files[PLAN] = readable.dump(dict(part(decision, "plan")))
    looked = [part(item, "body") for item in told if tells_approvals(text(item, "kind"), part(item, "body"))]
    if looked:
        counted: list[Mapping[str, object]] = list(parts(looked[-1], "actor", "approvers"))
        voided = list(parts(looked[-1], "decision", "discounted"))
        files[APPROVALS] = readable.dump(
            {"counted": [dict(item) for item in counted], "did_not_count": [dict(item) for item in voided]}
        )
    return files


def deciding(records: Sequence[bytes]) -> dict[str, str]:
    """Give the places of what decided, with the digests that records name: the newest policy, others, lists of files beside."""
    told = predicates(records)
    policies = [digest for item in told if (digest := text(item, "body", "policy", "digest"))]
    beside = [digest for item in told if (digest := text(item, "body", "decision", "beside_digest"))]
    newest = {POLICY: policies[-1]} if policies else {}
    return newest | {policy_file(one): one for one in policies if one != policies[-1]} | {beside_list(one): one for one in beside}


def newest_change(records: Sequence[bytes]) -> Plain:
    """Give what the newest record that compares trees says of the change."""
    found = [change for item in predicates(records) if text(change := part(item, "body", "change"), "tree")]
    return found[-1] if found else {}


@dataclass(frozen=True, slots=True)
class About:
    """What a packet is about. Without a change, it is about one record, which has a summary."""

    change: str | None
    summary: str
    log: str


def about(records: Sequence[bytes]) -> About:
    """Give it by the first record; `check.py` holds the others to it."""
    first = predicates(records)[0]
    repository, iid = text(first, "change", "repository"), text(first, "change", "iid")
    change = None if repository is None or iid is None else f"{repository}!{iid}"
    return About(change, text(first, "summary") or "", text(first, "log") or "")


def keys_of(files: Files, numbers: Sequence[int]) -> dict[str, list[str]]:
    """Name the keys that commits are signed with, by their fingerprints, and as whom each signs. Checks no signature.

    Raises:
        MalformedError: one of them is not a record's commit.
    """
    found: dict[str, set[str]] = {}
    for name in (HEAD, *map(commit_file, numbers)):
        commit = commits.parse(files[name])
        if commit.signature is not None:
            found.setdefault(parse(commit.signature).key.fingerprint, set()).add(commit.email)
    return {key: sorted(found[key]) for key in sorted(found)}
