"""What an auditor looks at first: refusals, approvals that did not count, changes of the policy, runs without a good end.

Every exception names its record. None of them is a verdict: an approval that did not count shows that the control worked. A record
that had no room for what would show one is listed as well, with the part that it lacks.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from countersign.attestation.accounts.account import Account, account
from countersign.attestation.accounts.left_out import lost
from countersign.attestation.accounts.plain import Plain, number, part, parts, text, texts
from countersign.attestation.accounts.runs import Run, all_runs
from countersign.attestation.record import DECIDING

POLICY_PATH = ".countersign/"
"""Below it lies what decides over everything else."""

_OWN = ("opened the change", "is the sponsor", "has a commit in the change", "is an agent")
"""Words of the reasons for which an approval does not count because it was in one's own cause (`domain.counting`)."""


@dataclass(frozen=True, slots=True)
class Exceptional:
    """One exception: what kind, the record, and in words what and who."""

    kind: str
    told: Account
    what: str
    who: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """Give it as plain data."""
        told = self.told
        return {
            "change": told.change,
            "kind": self.kind,
            "record": told.kind,
            "recorded": told.recorded,
            "run": told.run,
            "seq": told.seq,
            "what": self.what,
            "who": list(self.who),
        }


KINDS = {
    "refused": "Refused",
    "voided-approval": "Approvals that did not count",
    "self-approval": "Attempts to approve one's own change",
    "policy-change": "Changes of the policy",
    "unapproved-merge": "Merged by people around the policy",
    "policy-in-force": "From here on another policy decided",
    "failed": "Runs that failed",
    "lost": "Runs that nobody saw the end of",
    "tainted": "Runs that showed a credential in their output",
    "unproved": "Credentials not proved dead",
    "open": "Runs without an outcome",
    "emergency": "Emergency changes",
    "expired": "Questions whose answer ran out, or whose change was closed",
    "promoted": "Kinds of change that go a tier milder",
    "demoted": "Kinds of change that lost it",
    "annotation": "Remarks on earlier records",
    "key_rotation": "Changes of the signing key",
    "shred": "Tokens whose meaning was destroyed",
}
_STAGES = {"assessed": "asked", "allowed": "to be merged by people", "intent": "to be run", "expired": "merged"}
"""What a record says of a change, where it is one of the policy. What expired otherwise was never merged."""

_TOLD_AGAIN = frozenset({"voided-approval", "self-approval"})
"""One approval that does not count is in every decision about its change from then on, and in the end of its question."""

_STOPPED = frozenset({"frozen", "refused"})
"""Effects under which nothing may be merged, whoever approved."""

_AS_RECORDED = frozenset({"emergency", "expired", "promoted", "demoted", "annotation", "key_rotation", "shred"})


def find_exceptions(predicates: Iterable[Mapping[str, object]], *, of: Container[int] | None = None) -> list[Exceptional]:
    """Give the exceptions among records, in the order of the log.

    `of` are the numbers of the records that are asked about, where others are there only to tell how runs ended.
    """
    records = list(predicates)
    found = [item for predicate in records for item in _of_record(predicate)]
    found += [item for run in all_runs(records) for item in _of_run(run)]
    found += _policies(records)
    asked = (item for item in found if of is None or item.told.seq in of)
    return list(_once(sorted(asked, key=lambda item: (item.told.seq, list(KINDS).index(item.kind), item.what))))


def _once(found: Iterable[Exceptional]) -> Iterator[Exceptional]:
    """Leave out where a later record of a change tells again of an approval that did not count, for the same reason."""
    told: set[tuple[object, ...]] = set()
    for item in found:
        same = (item.kind, item.told.change, item.who, item.what)
        if item.kind not in _TOLD_AGAIN or same not in told:
            yield item
        told.add(same)


def refusals_by_rule(found: Iterable[Exceptional]) -> dict[str, int]:
    """Count refusals by the rule that decided, most first."""
    count: Counter[str] = Counter()
    for item in found:
        if item.kind == "refused":
            count.update(item.told.rules or (item.told.stage or "unknown",))
    return dict(count.most_common())


def _of_record(predicate: Mapping[str, object]) -> Iterator[Exceptional]:
    told, body = account(predicate), part(predicate, "body")
    if told.kind == "refused":
        yield Exceptional("refused", told, told.why or "no reason is recorded", _asking(told))
    if told.kind in _AS_RECORDED:
        yield Exceptional(told.kind, told, told.summary, (*_asking(told), *told.approvers))
    for item in parts(body, "decision", "discounted"):
        why, who = text(item, "why") or "no reason is recorded", text(item, "person") or "unknown"
        yield Exceptional("voided-approval", told, why, (who,))
        if who in {told.sponsor, told.author, told.agent} or why.startswith(_OWN):
            yield Exceptional("self-approval", told, why, (who,))
    discounted = lost(body, "decision.discounted")
    if discounted:
        yield Exceptional("voided-approval", told, f"which others did not count cannot be told: {discounted}")
    merged = text(body, "ended", "state") == "merged"
    around = "; ".join(_around(body)) if merged else ""
    if around:
        yield Exceptional("unapproved-merge", told, around, _asking(told))
    stage = _STAGES.get(told.kind) if told.kind != "expired" or merged else None
    sure = any(path.startswith(POLICY_PATH) for path in told.paths)
    paths = "" if sure else lost(body, "change.paths")
    if stage is not None and (sure or paths):
        who = f"{stage}, by {', '.join(_asking(told)) or 'unknown'}{_approved(told, body)}"
        asked = f"the question, record {number(body, 'question', 'seq')}, has them"
        doubt = f"; whether it changes the policy cannot be told: {paths}; {asked}" if paths else ""
        yield Exceptional("policy-change", told, who + doubt, told.approvers)


def _approved(told: Account, body: Plain) -> str:
    unjudged = text(body, "unjudged") or lost(body, "actor.approvers")
    if unjudged:
        return f"; whose approval counts cannot be told: {unjudged}"
    return "" if told.kind == "assessed" else "; approved by " + (", ".join(told.approvers) or "nobody whose approval counts")


def _around(body: Plain) -> Iterator[str]:
    """Say in what a merge by people went around the policy, or that it cannot be told."""
    merged, asked = text(body, "ended", "head"), text(body, "change", "head")
    if merged != asked:
        yield f"nobody was asked about the commit that was merged, {merged or 'unknown'}, only about {asked or 'none'}"
    unjudged = text(body, "unjudged") or lost(body, "decision.needs")
    if unjudged:
        yield f"whether the approvals were there cannot be told: {unjudged}"
    judged = text(body, "decision", "judged")
    if judged in _STOPPED:
        yield f"{judged} by the policy"
    needs = [(need, len(texts(need, "filled_by"))) for need in parts(body, "decision", "needs")]
    short = [
        f"{have} of {number(need, 'count')} of {text(need, 'team')}" for need, have in needs if have < (number(need, "count") or 0)
    ]
    if short:
        yield "approved by " + ", ".join(short)


def _of_run(run: Run) -> Iterator[Exceptional]:
    if run.outcome is None:
        yield Exceptional("open", run.intent, "announced, and no outcome is on the record", _asking(run.intent))
        return
    told = run.outcome
    if told.kind == "failed":
        code = text(run.result, "exit_code")
        yield Exceptional(
            "failed", told, told.why or (f"exit status {code}" if code else text(run.result, "ending") or "failed"), _asking(told)
        )
    if told.kind == "lost":
        yield Exceptional(
            "lost", told, "whoever closed it found nothing of how it ended; its credentials were revoked", _asking(told)
        )
    if told.tainted:
        yield Exceptional("tainted", told, "a credential was seen in the output and taken out of it", _asking(told))
    for life in run.lifetimes:
        if life.proof != "dead":
            name = life.public_id or life.handle
            yield Exceptional("unproved", told, f"{name}: {life.proof or 'not tried'}; it expired at {life.expires.isoformat()}")


def _policies(records: Iterable[Mapping[str, object]]) -> Iterator[Exceptional]:
    before: str | None = None
    for predicate in records:
        digest = text(predicate, "body", "policy", "digest")
        if digest is None or text(predicate, "kind") not in DECIDING:
            continue
        if before is not None and digest != before:
            told = account(predicate)
            commit = text(predicate, "body", "policy", "commit") or "unknown"
            yield Exceptional("policy-in-force", told, f"{digest}, at commit {commit}; before it {before}")
        before = digest


def _asking(told: Account) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in (told.agent, told.sponsor, told.author) if name))
