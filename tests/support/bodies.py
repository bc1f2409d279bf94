"""Bodies of records for tests that are not about what is in them: of each kind one, whole, in the form that runners write."""

from collections.abc import Mapping
from copy import deepcopy

from countersign.attestation.ocsf import ocsf
from countersign.attestation.record import OUTCOMES, RecordKind
from countersign.domain.ids import ChangeRef

Body = dict[str, object]
CHANGE = ChangeRef("acme/shop", 7)
HEAD, NOON = "1" * 40, "2026-03-01T12:00:00.250000+00:00"
HASH, OTHER_HASH = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
_TOKENS: Body = {"classes": ["secret"], "counts": {}, "epoch": 1, "ruleset": HASH}
_NAMED: Body = {
    "head": HEAD,
    "iid": CHANGE.iid,
    "repository": CHANGE.project,
    "source_branch": "proposals/shop-agent/7",
    "target_branch": "main",
    "url": f"https://forge.example/{CHANGE.project}/-/merge_requests/{CHANGE.iid}",
}
_SEEN: Body = _NAMED | {"base": "2" * 40, "counts_as": {}, "lines": 2, "paths": ["a", "b"], "paths_total": 2, "tree": "3" * 40}
_ACTOR: Body = {
    "agent": {"id": "shop-agent", "model": "", "strength": 1},
    "approvers": [{"at": NOON, "head": HEAD, "id": 11, "member_by": "group acme/data", "team": "data", "username": "wanda"}],
    "author": {"id": 2, "username": "shop-agent"},
    "sponsor": {"id": 3, "username": "sam"},
}
_ENGINE: Body = {"digest": HASH, "version": "0.1.0"}
_EVIDENCE: Body = {
    "answers": [{"digest": HASH, "path": "/projects/acme%2Fshop/merge_requests/7/approvals"}],
    "answers_left_out": {"count": 1, "digest": OTHER_HASH},
    "versions": [{"created": NOON, "head": HEAD}],
    "versions_total": 1,
}
_POLICY: Body = {"commit": "2" * 40, "digest": HASH}
_RATIONALE: Body = {"characters": 5, "digest": HASH, "text": "Asked"}
_SCOPE: Body = {"name": "database", "parameters": {"role": "migrate"}, "provider": "postgres", "ttl": 300}
_PLAN: Body = {
    "action": "migrate",
    "allow": ["db.shop.example:5432"],
    "argv": ["migrate"],
    "environment": "staging",
    "image": f"migrate@{HASH}",
    "inputs": [["a", "4" * 40]],
    "limits": {"memory": 1 << 28, "output": 65536, "pids": 64, "timeout": 300},
    "network": "staging",
    "network_tier": "vpn",
    "plan_argv": None,
    "plan_scopes": [],
    "region": None,
    "rollback": "revert",
    "rollback_scopes": [],
    "sandbox": "default",
    "scopes": [_SCOPE],
    "services": ["shop"],
}
_DECISION: Body = {
    "beside_digest": None,
    "discounted": [],
    "effect": "approve",
    "emergency": None,
    "environment": "staging",
    "expires": 3600,
    "needs": [{"count": 1, "emergency": False, "filled_by": ["wanda"], "team": "data"}],
    "plan": _PLAN,
    "policy_digest": HASH,
    "reasons": [
        {
            "decides": True,
            "effect": "approve",
            "path": "a",
            "place": ".countersign/policy.yaml:7:1",
            "rule": "migrations",
            "text": "a migration",
            "tier": "medium",
            "to_pass": None,
        }
    ],
    "satisfied": True,
    "services": ["shop"],
    "tier": "medium",
    "until": None,
}
_JUDGED: Body = {
    "actor": _ACTOR,
    "binding": HASH,
    "change": _SEEN,
    "claims": {"emergency": None, "environment": None, "rollback": None, "skill": None, "tests_unverified": 0},
    "decision": _DECISION,
    "engine": _ENGINE,
    "inputs": {"digest": HASH, "document": None, "why": "inputs not recorded: too large"},
    "policy": _POLICY,
    "rationale": _RATIONALE,
    "tokens": _TOKENS,
}
_UNSEEN: Body = {
    "change": _NAMED | {"base": None, "paths": [], "tree": None},
    "engine": _ENGINE,
    "rationale": _RATIONALE,
    "stage": "policy",
    "tokens": _TOKENS,
    "why": "the policy says no",
}
_ENDED: Body = {
    "actor": _ACTOR,
    "change": _SEEN,
    "decision": {"effect": "approve", "environment": "staging", "tier": "medium"},
    "engine": _ENGINE,
    "policy": _POLICY,
    "question": {"asked": NOON, "digest": HASH, "seq": 0},
    "why": "another question took its place",
}
_RESULT: Body = {
    "argv": ["migrate"],
    "argv_digest": HASH,
    "backend": "podman",
    "connections": [{"allowed": True, "attempts": 1, "name": "db.shop.example:5432", "received": 20, "sent": 10}],
    "connections_left_out": None,
    "ending": "exited",
    "exit_code": 0,
    "finished": NOON,
    "image": f"migrate@{HASH}",
    "ms": 1000,
    "network": "staging",
    "ok": True,
    "profile_digest": HASH,
    "runtime": "crun",
    "started": NOON,
    "stderr": {"digest": HASH, "tail": ""},
    "stdout": {"digest": HASH, "tail": "done"},
    "tainted": False,
}
_GRANT: Body = {
    "expires": NOON,
    "handle": "postgres/run-a/database",
    "minted": NOON,
    "proof": "dead",
    "proof_detail": "no such role",
    "provider": "postgres",
    "public_id": "cs_a",
    "revoked": NOON,
    "scope_digest": HASH,
}
_PROMOTION: Body = {
    "combination": {"skill": "add-a-column"},
    "in_force": True,
    "name": HASH,
    "since": "2026-03-01T12:00:00+00:00",
    "step": "medium -> low",
}
_BODIES: Mapping[RecordKind, Body] = {
    RecordKind.ASSESSED: _JUDGED,
    RecordKind.REFUSED: _UNSEEN,
    RecordKind.ALLOWED: _JUDGED | {"evidence": _EVIDENCE},
    RecordKind.INTENT: _JUDGED | {"evidence": _EVIDENCE} | {"leases": [{"handle": "postgres/run-a/database", "scope": _SCOPE}]},
    RecordKind.EMERGENCY: _JUDGED,
    RecordKind.EXPIRED: _ENDED | {"approvals": [{"at": NOON, "head": HEAD, "id": 11, "username": "wanda"}], "evidence": _EVIDENCE},
    RecordKind.SUPERSEDED: _ENDED | {"by": f"assessed/{OTHER_HASH}"},
    RecordKind.PROMOTED: {"policy": _POLICY, "promotion": _PROMOTION, "why": "it was earned"},
    RecordKind.DEMOTED: {"by": None, "promotion": _PROMOTION | {"in_force": False}, "why": "its run failed"},
    RecordKind.ANNOTATION: {
        "timestamp": {"authority": "https://tsa.example", "head": "log\n1\nAA==\n", "time": NOON, "token": "AA=="}
    },
}


def body(kind: RecordKind, **more: object) -> Body:
    """Give one of this kind; `more` are fields to have another value."""
    if kind is RecordKind.HEARTBEAT:
        return {"open_runs": 0} | more
    numbers = {"ocsf": ocsf(kind)}
    return deepcopy(_ended(kind) if kind in OUTCOMES else _BODIES.get(kind, {})) | numbers | more


def found_since(**more: object) -> Body:
    """Give that of an annotation that tells what a lost run did."""
    told: Body = {
        "actor": _ACTOR,
        "change": _SEEN,
        "decision": {"environment": "staging", "tier": "low"},
        "fault": None,
        "found": "executed",
        "grants": [_GRANT],
        "intent": {"digest": HASH, "seq": 0},
        "of": {"digest": HASH, "seq": 1},
        "result": _RESULT,
        "run": "run-" + "a" * 20,
        "timeline": [{"began": NOON, "ms": 1400, "name": "run", "step": 5}],
        "tokens": _TOKENS,
        "why": "another runner had closed it as lost",
    }
    return deepcopy(told) | {"ocsf": ocsf(RecordKind.ANNOTATION)} | more


def refused_by_policy(**more: object) -> Body:
    """Give that of a refusal in which the policy spoke."""
    said = _DECISION | {"effect": "refused", "plan": None, "satisfied": False}
    return deepcopy(_JUDGED) | {"decision": said, "ocsf": ocsf(RecordKind.REFUSED), "stage": "policy", "why": "migrations"} | more


def _ended(kind: RecordKind) -> Body:
    ended: Body = {
        "actor": _ACTOR,
        "change": _SEEN,
        "environment": "staging",
        "fault": None,
        "grants": [_GRANT],
        "intent": {"digest": HASH, "seq": 0},
        "outcome": kind.value,
        "result": _RESULT,
        "timeline": [{"began": NOON, "ms": 1400, "name": "run", "step": 5}],
        "tokens": _TOKENS,
    }
    if kind is RecordKind.FAILED:
        return ended | {"fault": "the target is away", "result": None}
    return ended | {"result": None, "why": "nothing of how it ended was kept"} if kind is RecordKind.LOST else ended
