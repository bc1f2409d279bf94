"""Words for what came of a run: the outcome's draft, and what the outbox keeps of it until then. Pure.

An intent is followed by exactly one outcome: executed, failed, or lost where nobody can tell. Where somebody can tell after all,
an annotation follows that (`found_since.py`). What commands and services said is given with tokens for values, in the outbox too.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from countersign.attestation.ocsf import ocsf
from countersign.attestation.record import Draft, Entry, RecordKind
from countersign.domain.canonical import canonical_json
from countersign.domain.ids import Digest, digest_of
from countersign.domain.run import RunResult
from countersign.domain.scope import Grant, Revocation
from countersign.domain.tokens.tokenizer import Tokenizer
from runners.fitting import OF_A_RUN, fitted
from runners.reached import reached
from runners.veil import note, said, tail

Body = dict[str, object]

NOT_ENDED: Final[Mapping[str, object]] = {"proof": None, "proof_detail": None, "revoked": None}

_NOT_KEPT: Final = "nothing of how it ended was kept where this runner looked: the one that ran it died, or could not write it down"
"""Why a run is lost. Whoever closes it cannot tell the two apart."""

_VERBS: Final = {RecordKind.EXECUTED: "Applied", RecordKind.FAILED: "Failed to apply", RecordKind.LOST: "Lost sight of"}


def outcome(  # noqa: PLR0913 - keyword-only; an end has as many parts
    intent: Entry,
    kept: Mapping[str, object] | None,
    revocations: Sequence[Revocation],
    *,
    timeline: Sequence[Mapping[str, object]],
    now: datetime,
    tokenizer: Tokenizer,
) -> Draft:
    """Say what came of an intent: executed, failed, or lost where nobody can tell.

    `kept` is what the outbox holds (`keep`); None where the command never ended under our eyes. `timeline` is what closing took.
    """
    kept = hidden(kept or {}, tokenizer)
    before = kept.get("timeline")
    kind = kind_of(kept)
    plan = plan_of(intent.body)
    return Draft(
        kind=kind,
        key=f"outcome/{intent.run}",
        summary=sentence(kind, intent),
        change=intent.change,
        run=intent.run,
        time=now,
        body=fitted(
            {
                "actor": intent.body.get("actor"),
                "change": intent.body.get("change"),
                "environment": plan.get("environment"),
                "ocsf": ocsf(kind),
                "outcome": kind.value,
                **came_of(intent, kept, {revocation.handle: ended(revocation, tokenizer) for revocation in revocations}),
                **({"why": _NOT_KEPT} if kind is RecordKind.LOST else {}),
                "timeline": [*(before if isinstance(before, list) else []), *(dict(step) for step in timeline)],
            },
            OF_A_RUN,
            counting(kept, tokenizer),
        ),
    )


def keep(  # noqa: PLR0913 - keyword-only; what happened has as many parts
    *,
    result: Mapping[str, object] | None,
    grants: Sequence[Grant],
    fault: str | None,
    timeline: Sequence[Mapping[str, object]],
    tokenizer: Tokenizer,
    began: bool = True,
) -> Body:
    """Write down what happened, for the outbox: everything that the outcome needs but the ends of the credentials.

    `began` is False where it is certain that nothing was minted and nothing was run.
    """
    return {
        **({} if began else {"began": False}),
        "epoch": tokenizer.key.epoch,
        "fault": None if fault is None else said(fault, tokenizer),
        "grants": [
            {
                "expires": grant.expires.isoformat(),
                "handle": grant.handle,
                "minted": grant.minted.isoformat(),
                "provider": grant.scope.provider,
                "public_id": grant.public_id,
                "scope_digest": grant.scope.digest(),
            }
            for grant in grants
        ],
        "project": tokenizer.project,
        "result": None if result is None else dict(result),
        "timeline": [dict(step) for step in timeline],
    }


def result_document(result: RunResult, *, spec_argv: Sequence[str], image: str, network: str, tokenizer: Tokenizer) -> Body:
    """Give a result as the record keeps it: outputs by digest, plus a tail for people who read the branch.

    Names of hosts stay: the policy beside the record names those that are allowed, and an auditor must see where the others went.
    Digests of outputs are sealed with the key for tokens: a plain one would confirm a guess of what the tail hides.
    """

    def sealed(digest: Digest) -> Digest:
        return tokenizer.key.seal(tokenizer.project, digest)

    return {
        "argv": list(spec_argv),
        "argv_digest": digest_of(canonical_json(list(spec_argv))),
        "backend": result.backend,
        **reached(result.connections),
        "ending": result.ending.value,
        "exit_code": result.exit_code,
        "finished": result.finished.isoformat(),
        "image": image,
        "ms": (result.finished - result.started) // timedelta(milliseconds=1),
        "network": network,
        "ok": result.ok,
        "profile_digest": result.profile_digest,
        "runtime": result.runtime,
        "started": result.started.isoformat(),
        "stderr": {"digest": sealed(result.stderr_digest), "tail": tail(result.stderr, tokenizer)},
        "stdout": {"digest": sealed(result.stdout_digest), "tail": tail(result.stdout, tokenizer)},
        "tainted": result.tainted,
    }


def kind_of(kept: Mapping[str, object]) -> RecordKind:
    """Say what a run ended as, by what was kept of it; lost where nothing was."""
    result, fault = kept.get("result"), kept.get("fault")
    if fault is not None:
        return RecordKind.FAILED
    if isinstance(result, Mapping):
        return RecordKind.EXECUTED if result.get("ok") is True else RecordKind.FAILED
    return RecordKind.LOST


def hidden(kept: Mapping[str, object], tokenizer: Tokenizer) -> Mapping[str, object]:
    """Hide again what the outbox gave: an earlier version may have put it there as it was. What is hidden stays as it is."""
    fault, result = kept.get("fault"), kept.get("result")
    found = dict(kept)
    if isinstance(fault, str):
        found["fault"] = said(fault, tokenizer)
    if isinstance(result, Mapping):
        tails = {name: told for name in ("stderr", "stdout") if isinstance(told := result.get(name), Mapping)}
        hidden = {name: {**told, "tail": tokenizer.tokenize(str(told.get("tail"))).text} for name, told in tails.items()}
        found["result"] = {**result, **hidden}
    return found


def _texts(body: Mapping[str, object]) -> list[str]:
    """Give the texts of an outcome in which tokens may stand."""
    fault, grants, result = body.get("fault"), body.get("grants"), body.get("result")
    tails = [result.get(name) for name in ("stderr", "stdout")] if isinstance(result, Mapping) else []
    details = [grant.get("proof_detail") for grant in grants] if isinstance(grants, list) else []
    return [
        str(fault or ""),
        *(str(told.get("tail")) for told in tails if isinstance(told, Mapping)),
        *map(str, filter(None, details)),
    ]


def sentence(kind: RecordKind, intent: Entry) -> str:
    """Say what came of an intent, in a line."""
    plan = plan_of(intent.body)
    return f"{_VERBS[kind]} {plan.get('action')} to {plan.get('environment') or 'no environment'}, {intent.change}"


def counting(kept: Mapping[str, object], tokenizer: Tokenizer) -> Callable[[Mapping[str, object]], Body]:
    """Give what adds to a body how many tokens stand in its texts."""
    return lambda body: {**body, "tokens": note(tokenizer, *_texts(body)) | {"epoch": kept.get("epoch", tokenizer.key.epoch)}}


def came_of(intent: Entry, kept: Mapping[str, object], ends: Mapping[str, Body]) -> Body:
    """Say what came of an intent by what was kept, and how each credential ended."""
    return {
        **({"began": False} if kept.get("began") is False and kind_of(kept) is RecordKind.FAILED else {}),
        "fault": kept.get("fault"),
        "grants": _grants(kept, ends),
        "intent": {"digest": intent.digest, "seq": intent.seq},
        "result": kept.get("result"),
    }


def _grants(kept: Mapping[str, object], ends: Mapping[str, Body]) -> list[Body]:
    """Put together how each credential began, where that was seen, and how it ended."""
    grants = kept.get("grants")
    minted = {str(grant["handle"]): grant for grant in grants} if isinstance(grants, list) else {}
    return [
        {"handle": handle, **minted.get(handle, {"minted": None}), **ends.get(handle, NOT_ENDED)}
        for handle in sorted(minted.keys() | ends.keys())
    ]


def ended(revocation: Revocation, tokenizer: Tokenizer) -> Body:
    """Say how a credential ended."""
    detail = said(revocation.detail, tokenizer)
    return {"proof": revocation.proof.value, "proof_detail": detail, "revoked": revocation.revoked.isoformat()}


def plan_of(body: Mapping[str, object]) -> Mapping[str, object]:
    """Give the plan that an intent holds; empty where it holds none."""
    decision = body.get("decision")
    plan = decision.get("plan") if isinstance(decision, Mapping) else None
    return plan if isinstance(plan, Mapping) else {}
