"""The work of `countersign audit replay`: finds inputs and policy, decides again, compares.

A module of its own since only this action needs what reads policies.
"""

import argparse
import difflib
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from countersign.adapters.engine import engine
from countersign.adapters.gitcmd import OFFLINE, GitFailed, run_git
from countersign.attestation import readable
from countersign.attestation.contradiction import COMPUTED, contradicted
from countersign.attestation.inputs import Unrecorded, enclosed
from countersign.attestation.record import GIVEN_UP, Entry
from countersign.cli.audit.action import FINE, WRONG
from countersign.cli.audit.reading import read
from countersign.domain.decide import decide
from countersign.domain.ids import MalformedError, digest_of, sha
from countersign.domain.neutral import title
from countersign.domain.outcomes import LedgerFault
from countersign.domain.policy import Policy
from countersign.domain.policy_sources import Source
from countersign.domain.policy_yaml import POLICY_FILE, PolicyError, read_draft

OTHER_ENGINE = 4
"""Exit status: another decision follows, or another value of a field that programs compute, and another program made the record."""


def decide_again(options: argparse.Namespace) -> int:
    """Decide again what the named records decided; give the exit status."""
    reading = read(options)
    told = [entry for entry in reading.entries if options.id in _names(entry) and "decision" in entry.body]
    reading.warn()
    if not told:
        raise MalformedError(f"no record {options.id} with a decision in it; `countersign audit log` lists the records")
    if all(entry.kind in GIVEN_UP for entry in told):
        raise LedgerFault(" ".join(_end(entry) for entry in told))
    statuses = [reading.status, *(_compare(entry, options) for entry in told if entry.kind not in GIVEN_UP)]
    return WRONG if WRONG in statuses else max(statuses)


def _end(entry: Entry) -> str:
    """Say where the decision of a question is that ended."""
    question = entry.body.get("question")
    seq = question.get("seq") if isinstance(question, Mapping) else None
    asked = (
        f"record {seq}, which `countersign audit replay {seq}` decides again" if isinstance(seq, int) else "the question's record"
    )
    return (
        f"record {entry.seq} says how a question ended ({entry.kind.value}), and holds no decision of its own: that is in {asked}"
    )


def _names(entry: Entry) -> set[str | None]:
    return {str(entry.seq), PurePosixPath(entry.path).stem.partition("-")[2], entry.run, entry.key}


def _compare(entry: Entry, options: argparse.Namespace) -> int:
    try:
        found = enclosed(entry.body)
    except MalformedError as error:
        raise LedgerFault(f"record {entry.seq} cannot be decided again: {error}{_whose(entry)}") from None
    if isinstance(found, Unrecorded):
        raise LedgerFault(f"record {entry.seq} cannot be decided again: {found.why}")
    policy = _policy(entry, options)
    again = decide(policy, found.proposal, found.evidence, now=found.now)
    recorded, anew = readable.dump(entry.body["decision"]), readable.dump(again.document())
    same = recorded == anew
    wrong = contradicted(entry, found, again, policy) if same else []
    another = _another(entry)
    excused = another and COMPUTED.issuperset(wrong)
    if options.format == "json":
        document = {
            "decision": {"again": digest_of(anew), "recorded": digest_of(recorded)},
            "effect": again.effect.word,
            "engine": {"again": engine().document(), "recorded": entry.body.get("engine")},
            "same": same,
            "seq": entry.seq,
            "wrong": wrong,
        }
        print(json.dumps(document, sort_keys=True))
    elif wrong:
        told = f"{', '.join(wrong)}{_whose(entry) if another else ''}"
        but = "this program computes OTHERWISE" if excused else "the record says OTHER than what it was made from"
        print(f"record {entry.seq}: the decision follows, but {but}: {told}")
    elif same:
        at = found.now.isoformat()
        print(f"record {entry.seq}: same decision, byte for byte: {again.effect.word}, {len(again.reasons)} reasons, as of {at}")
        print(f"policy: {policy.digest}; decision: {digest_of(anew)}{_whose(entry) if another else ''}")
    else:
        print(f"record {entry.seq}: ANOTHER decision follows from what was recorded{_whose(entry)}")
        before, after = recorded.decode().splitlines(), anew.decode().splitlines()
        print("\n".join(difflib.unified_diff(before, after, "recorded", "decided again", lineterm="")))
    if same and not wrong:
        return FINE
    return OTHER_ENGINE if excused else WRONG


def _another(entry: Entry) -> bool:
    """Say whether another program decided, by the record. One that names none is taken for ours: that excuses nothing."""
    told = entry.body.get("engine")
    named = told.get("digest") if isinstance(told, Mapping) else None
    return isinstance(named, str) and named != engine().digest


def _whose(entry: Entry) -> str:
    """Say whose decision it was, where that is not known to be this program's; begins with what parts it from the text before."""
    told = entry.body.get("engine")
    if not isinstance(told, Mapping) or not isinstance(told.get("digest"), str):
        return f"; the record does not say by which program it was decided, this is {engine()}"
    if not _another(entry):
        return ""
    return f"; decided by {title(str(told.get('version')))} ({title(str(told['digest']))}), this is {engine()}"


def _policy(entry: Entry, options: argparse.Namespace) -> Policy:
    told = entry.body.get("policy")
    commit, digest = (told.get("commit"), told.get("digest")) if isinstance(told, Mapping) else (None, None)
    if not isinstance(commit, str) or not isinstance(digest, str):
        raise LedgerFault(f"record {entry.seq} does not name its policy")
    data = _committed(options.repo, commit) if options.policy is None else _from_file(options.policy)
    if digest_of(data) != digest:
        raise LedgerFault(f"the policy found is {digest_of(data)}, but record {entry.seq} was decided with {digest}")
    try:
        draft = read_draft(data, file=POLICY_FILE)
        policy = draft.policy({source: _beside(options, commit, source) for source in draft.wants})
    except PolicyError as error:
        raise LedgerFault(f"this version does not read the policy of record {entry.seq}: {error}") from None
    decision = entry.body["decision"]
    if policy.beside.digest != (decision.get("beside_digest") if isinstance(decision, Mapping) else None):
        beside = ", ".join(str(source) for source in draft.wants)
        raise LedgerFault(f"record {entry.seq} was decided with other files beside the policy ({beside}) than the clone has")
    return policy


def _beside(options: argparse.Namespace, commit: str, source: Source) -> bytes | None:
    """Give a file beside the policy: one of the repository from the same commit, a floor from the copy that was given."""
    if source.project:
        return None if options.floor is None else _from_file(options.floor)
    return _blob(options.repo, commit, source.path)


def _committed(repository: Path, commit: str) -> bytes:
    found = _blob(repository, commit, POLICY_FILE)
    if found is None:
        raise LedgerFault(
            f"the clone has no {POLICY_FILE} at {commit[:40]!r}; fetch that commit, or give the policy's bytes with --policy"
        )
    return found


def _blob(repository: Path, commit: str, path: str) -> bytes | None:
    try:
        name = f"{sha(commit)}:{path}"
        return run_git(["cat-file", "blob", name], cwd=repository, env_extra={"GIT_ALLOW_PROTOCOL": "none"}, config=OFFLINE)
    except (GitFailed, MalformedError):
        return None


def _from_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MalformedError(f"the policy {path} cannot be read: {error.strerror}") from None
